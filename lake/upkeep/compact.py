"""Compaction of tables that somebody names, however large: the old part settled, small files put together.

What `maintain` leaves because a table has outgrown its bounds is done here, with the same rules, behind the same readers and
under the same lease, by the lake's engine: on a Spark lake by the executors, which judge whole keys a part at a time.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches

from lake.contracts.model import Table
from lake.contracts.names import digest_path, silver_path
from lake.contracts.tables import BY_NAME
from lake.kit.errors import Stop
from lake.kit.log import get_log
from lake.settings import LakeSettings
from lake.store import START, LocalStore, Position, Store, open_store
from lake.store.pieces import pieces
from lake.upkeep import history, readers, small_files
from lake.upkeep.kept import Ages
from lake.upkeep.maintain import ages_at, turn_of_upkeep


@dataclass(frozen=True)
class Part:
    """One table of the lake that is compacted: silver's versions, or the digest of what bronze let go."""

    kind: str  # silver or digest
    table: Table

    @property
    def path(self) -> str:
        return silver_path(self.table) if self.kind == "silver" else digest_path(self.table)


@dataclass
class Compacted:
    """What was found and done: rows and bytes of the old parts, rows left out, and files before and after, by path."""

    rows: int = 0
    bytes: int = 0
    left_out: int = 0
    files_before: int = 0
    files_after: int = 0
    dry_run: bool = False
    held_back: list[str] = field(default_factory=list)  # of which a reader has seen nothing yet
    tables: dict[str, dict[str, int]] = field(default_factory=dict)
    seconds: float = 0.0

    def summary(self) -> dict[str, object]:
        """For the command's one line of JSON."""
        return {
            "in": self.rows, "out": self.rows - self.left_out, "refused": 0, "seconds": round(self.seconds, 3),
            "bytes": self.bytes, "files_before": self.files_before, "files_after": self.files_after,
            "dry_run": self.dry_run, "held_back": len(self.held_back), "tables": self.tables,
        }  # fmt: skip


def compact(settings: LakeSettings, names: Sequence[str], now: datetime, *, dry_run: bool = False) -> Compacted:
    """Settle what is old in the named tables and their digests, and put small files together.

    With `dry_run` nothing is written. Raises Stop for a table that is unknown, not there yet, or too large for this engine
    (before anything is done), Busy when other upkeep holds the lease for longer than a minute. Safe to run again.
    """
    started, store, done = time.monotonic(), open_store(settings), Compacted(dry_run=dry_run)
    found = parts(store, names)
    with turn_of_upkeep(store.root):
        ages, loaded = ages_at(now, readers.replayable_from(store.root)), readers.loaded(settings)
        old = {part.path: _old(store, part, ages) for part in found}
        if isinstance(store, LocalStore):
            _refuse_large({path: aged.bytes for path, aged in old.items()})
        for part in found:
            _one(store, part, old[part.path], ages, loaded, done, now)
    done.seconds = time.monotonic() - started
    get_log().info("compacted", **{key: value for key, value in done.summary().items() if key != "tables"})
    return done


def parts(store: Store, names: Sequence[str]) -> list[Part]:
    """What the named tables have in the lake. Raises Stop for a name that no table has, or that nothing is there of."""
    found: list[Part] = []
    for name in dict.fromkeys(names):
        if name not in BY_NAME:
            near = get_close_matches(name, BY_NAME, cutoff=0.4)
            raise Stop(
                f"There is no table {name!r}. "
                + (f"Did you mean {' or '.join(near)}?" if near else f"The tables are {', '.join(sorted(BY_NAME))}.")
            )
        mine = [part for kind in ("silver", "digest") if store.exists((part := Part(kind, BY_NAME[name])).path)]
        if not mine:
            raise Stop(f"Nothing of {name} is in the lake yet: run `python -m anonymizer release` first.")
        found += mine
    return found


def _old(store: Store, part: Part, ages: Ages) -> history.Aged:
    return (
        history.aged_silver(store, part.table, ages)
        if part.kind == "silver"
        else history.aged_digest(store, part.table)
    )


def _refuse_large(sizes: dict[str, int]) -> None:
    large = {path: size for path, size in sizes.items() if size > history.MOST_BYTES}
    if large:
        said = ", ".join(f"{path} ({size >> 20} MiB)" for path, size in large.items())
        names = " ".join(sorted({path.rpartition("/")[2] for path in large}))
        raise Stop(
            f"The old part of {said} is larger than the {history.MOST_BYTES >> 20} MiB that the embedded engine judges in one "
            f"process. Stop what runs (`make down`), then `make spark`, `make up`, `python -m lake engine spark`, "
            f"`python -m lake compact {names}` and `python -m lake engine local`."
        )


def _one(
    store: Store, part: Part, old: history.Aged, ages: Ages, loaded: Position, done: Compacted, now: datetime
) -> None:
    folder = store.root / part.path
    before = len(pieces(folder))
    line = {"rows": old.rows + old.settled_rows, "bytes": old.bytes, "left_out": 0, "files_before": before}
    upto = readers.slowest_reader(store, part.table, loaded) if part.kind == "silver" else Position(2**62)
    if upto == START:
        done.held_back.append(part.path)
    elif old.rows and not done.dry_run:
        line["left_out"] = _settle(store, part, ages, upto)
    if not done.dry_run:
        small_files.put_together(store, part.path, now.date().isoformat())
        small_files.tidy_log(folder)
    line["files_after"] = len(pieces(folder))
    done.tables[part.path] = line
    done.rows += line["rows"]
    done.bytes += line["bytes"]
    done.left_out += line["left_out"]
    done.files_before += before
    done.files_after += line["files_after"]


def _settle(store: Store, part: Part, ages: Ages, upto: Position) -> int:
    if part.kind == "silver":
        return history.settle_silver(store, part.table, ages, upto)[1]
    return history.settle_digest(store, part.table, ages.replayable)[1]
