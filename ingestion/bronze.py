"""Bronze as landing reads and writes it: rows for Arrow, and what a restart has to know about what landed before."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from ingestion.messages import Row
from ingestion.repeats import Identity
from lake.contracts.names import BRONZE as PATH
from lake.kit.clock import utc_now
from lake.schema import BRONZE, KEPT_FOR_EVER
from lake.store import START, Position, Store

CHANGES = ("c", "u", "d", "t")
"""The operations that come from the write-ahead log; they alone can be repeats and count for a transaction."""
NOTES = ("t", "b", "m", "e", "n")
"""The operations that are kept for ever."""

WITHHELD = "x"
"""A row of an erased person: its table, position and transaction are kept, so that everything adds up, and nothing else."""

Note = dict[str, Any]


class Rows:
    """Bronze rows under construction, column by column."""

    def __init__(self) -> None:
        self._columns: dict[str, list[Any]] = {name: [] for name in BRONZE.names if name not in ("landed_at", "_day")}

    def __len__(self) -> int:
        return len(self._columns["_position"])

    def change(self, at: Position, row: Row, correlation_id: str | None) -> None:
        """A change as it came; a truncation also says what it hides."""
        after = _dump({"kind": "truncate", "hides": at}) if row.op == "t" else row.after
        self._add(at, row.table, row.op, row.key or None, row.before, after, row.lsn, row.tx_id, row.committed_us,
                  row.snapshot, correlation_id)  # fmt: skip

    def note(self, at: Position, op: str, after: Note, *, table: str | None = None, tx_id: int | None = None,
             correlation_id: str | None = None) -> None:  # fmt: skip
        """A row that is no change: barrier b, marker m, suspect transaction e, new epoch n."""
        self._add(at, table, op, None, None, _dump(after), None, tx_id, None, None, correlation_id)

    def newest_commit(self) -> int | None:
        """When the newest of the rows was committed, in µs since 1970; None when none of them is a change."""
        return max((at for at in self._columns["committed_at"] if at is not None), default=None)

    def _add(self, *values: Any) -> None:
        for column, value in zip(self._columns.values(), values, strict=True):
            column.append(value)

    def table(self) -> pa.Table:
        """The rows as Arrow, landed now."""
        now = utc_now()
        columns = [pa.array(self._columns[field.name], field.type) for field in BRONZE if field.name in self._columns]
        landed = pa.array([now] * len(self), BRONZE.field("landed_at").type)
        today = now.date().isoformat()
        days = [KEPT_FOR_EVER if op in NOTES else today for op in self._columns["op"]]
        return pa.Table.from_arrays([*columns, landed, pa.array(days, pa.string())], schema=BRONZE)


def _dump(value: Note) -> str:
    return orjson.dumps(value).decode()


def notes(store: Store, ops: Iterable[str], after: Position = START) -> list[Note]:
    """The rows of bronze beyond a position that are no changes, in order of position, each with its `after` read."""
    columns = ["_position", "table", "op", "after", "tx_id", "correlation_id"]
    wanted = pc.field("op").isin(list(ops)) & (pc.field("_day") == KEPT_FOR_EVER)
    rows = store.changes(PATH, after=after, columns=columns, where=wanted)
    return [{**row, "after": orjson.loads(row["after"] or "{}")} for row in rows.to_pylist()]


def identities(store: Store, lsns: set[int], since: Position) -> set[Identity]:
    """The changes beyond `since` in bronze whose LSN is one of those given."""
    where = pc.field("lsn").isin(pa.array(sorted(lsns), pa.int64())) & pc.field("op").isin(list(CHANGES))
    rows = store.read(PATH, columns=["lsn", "table", "key"], where=where & (pc.field("_position") > since))
    columns = (rows[name].to_pylist() for name in ("lsn", "table", "key"))
    return {(lsn, table, key or "") for lsn, table, key in zip(*columns, strict=True)}


def changes_of(store: Store, tx_id: int, since: Position) -> int:
    """How many changes of a transaction bronze holds beyond `since`."""
    counted = pc.field("op").isin([*CHANGES, WITHHELD])
    where = (pc.field("tx_id") == tx_id) & counted & (pc.field("_position") > since)
    return int(store.read(PATH, columns=["_position"], where=where).num_rows)


def newest_lsn(store: Store, after: Position, upto: Position) -> int:
    """The highest LSN of a change between two positions; -1 without one."""
    where = pc.field("op").isin(list(CHANGES)) & (pc.field("_position") > after) & (pc.field("_position") <= upto)
    found = pc.max(store.read(PATH, columns=["lsn"], where=where)["lsn"]).as_py()
    return -1 if found is None else int(found)
