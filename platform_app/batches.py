"""Long work in resumable batches: a batch's rows and the note that it was written commit together.

The importer and the generator hand in stages; a batch that an earlier run wrote is recognised by its first id, last
id and size, and is not written again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Generic, TypeVar

from platform_app.db import Conn, Database

Raw = TypeVar("Raw")
Row = TypeVar("Row")
SIZE = 2_000  # rows of the source in one batch


class Unfit(Exception):
    """A row that cannot be imported; the message is the reason, without a value, and is counted."""


class Skipped(Exception):
    """A row of a kind that is not imported on purpose; the message is the reason, and is counted."""


@dataclass
class Tally:
    """What a run did. in = out + already + refused + skipped, in rows of the source; `tables` counts rows written."""

    rows_in: int = 0
    rows_out: int = 0
    already: int = 0  # written by an earlier run
    refused: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    tables: Counter[str] = field(default_factory=Counter)

    def summary(self, seconds: float) -> dict[str, Any]:
        """The run as the line that `--json` prints."""
        return {
            "in": self.rows_in,
            "out": self.rows_out,
            "refused": self.refused.total(),
            "seconds": round(seconds),
            "already": self.already,
            "skipped": self.skipped.total(),
            "rows_per_second": round(self.rows_out / seconds) if seconds > 0 else 0,
            "tables": dict(sorted(self.tables.items())),
            "reasons": dict(sorted((self.refused + self.skipped).items())),
        }


@dataclass(frozen=True)
class Stage(Generic[Raw, Row]):
    """One kind of row: `see` runs for every raw row, in order, and remembers what later rows need; `make` only for
    rows that are written. Both raise Unfit or Skipped. `write` returns the new rows by table."""

    name: str
    rows: Callable[[], Iterable[Raw]]
    id_of: Callable[[Raw], str]
    see: Callable[[Raw], Any]
    make: Callable[[Any], Row]
    write: Callable[[Conn, list[Row]], dict[str, int]]
    size: int = SIZE


@dataclass(frozen=True)
class Batch:
    """Where a batch sits in its stage, and what it is recognised by."""

    number: int
    first_id: str
    last_id: str
    rows: int


class Run:
    """One run over all stages of a source."""

    def __init__(
        self, database: Database, source: str, correlation_id: str, on_batch: Callable[[str, int], None]
    ) -> None:
        self._database = database
        self._source = source
        self._correlation_id = correlation_id
        self._on_batch = on_batch
        self.tally = Tally()

    def stage(self, stage: Stage[Raw, Row]) -> None:
        """Write what no earlier run has written. Raises what the source raises; whole batches before it are kept."""
        done = self._done(stage.name)
        for number, raws in enumerate(_chunks(stage.rows(), stage.size)):
            batch = Batch(number, stage.id_of(raws[0]), stage.id_of(raws[-1]), len(raws))
            seen = self._sort_out(raws, stage.see)
            self.tally.rows_in += len(raws)
            if (written := done.get(batch)) is not None:
                self.tally.already += written
                if len(seen) > written:
                    self.tally.refused["refused by an earlier run"] += len(seen) - written
            else:
                self._write(stage, batch, self._sort_out(seen, stage.make))
            self._on_batch(stage.name, len(raws))

    def _sort_out(self, items: list[Any], step: Callable[[Any], Any]) -> list[Any]:
        """Apply a step to each item; count and leave out what it turns away."""
        kept = []
        for item in items:
            try:
                kept.append(step(item))
            except Unfit as reason:
                self.tally.refused[str(reason)] += 1
            except Skipped as reason:
                self.tally.skipped[str(reason)] += 1
        return kept

    def _write(self, stage: Stage[Raw, Row], batch: Batch, rows: list[Row]) -> None:
        with self._database.write(self._correlation_id) as conn:
            counts = stage.write(conn, rows)
            conn.execute(
                "INSERT INTO kernel.import_progress (source, stage, batch, first_id, last_id, rows_in, rows_out) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (source, stage, batch) DO UPDATE SET "
                "first_id = excluded.first_id, last_id = excluded.last_id, rows_in = excluded.rows_in, "
                "rows_out = excluded.rows_out, written_at = now()",
                (self._source, stage.name, batch.number, batch.first_id, batch.last_id, batch.rows, len(rows)),
            )
        self.tally.rows_out += len(rows)
        self.tally.tables.update(counts)

    def _done(self, stage: str) -> dict[Batch, int]:
        with self._database.read() as conn:
            rows = conn.execute(
                "SELECT batch, first_id, last_id, rows_in, rows_out FROM kernel.import_progress "
                "WHERE source = %s AND stage = %s",
                (self._source, stage),
            ).fetchall()
        return {Batch(*row[:4]): row[4] for row in rows}


def remember(database: Database, source: str, fact: str, value: str, correlation_id: str) -> str:
    """Note a fact about a source once; returns what was noted first."""
    with database.write(correlation_id) as conn:
        conn.execute(
            "INSERT INTO kernel.import_progress (source, stage, batch, first_id, last_id, rows_in, rows_out) "
            "VALUES (%s, %s, 0, %s, %s, 0, 0) ON CONFLICT (source, stage, batch) DO NOTHING",
            (source, fact, value, value),
        )
        row = conn.execute(
            "SELECT first_id FROM kernel.import_progress WHERE source = %s AND stage = %s AND batch = 0", (source, fact)
        ).fetchone()
    return str(row[0]) if row else value


def _chunks(rows: Iterable[Raw], size: int) -> Iterator[list[Raw]]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, size)):
        yield chunk
