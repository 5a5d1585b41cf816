"""Silver rows by hand: a lake in a folder, written as release writes it, with the cut moved when the test says so."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from lake.contracts.names import silver_path
from lake.contracts.tables import BY_NAME, TABLES
from lake.cut import LANES, announce_late, move_lane, prepare
from lake.schema import silver_schema
from lake.store import LocalStore, Position

Row = Mapping[str, Any]
DAY = "2026-01-01"


def pseudonym(*parts: object) -> str:
    """32 hexadecimal characters that stand for a thing, the same for the same parts."""
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:32]


class Silver:
    """Every silver table below `root`, empty at first. Positions count up from 0 with each row."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.store = LocalStore(root)
        self.next = 0
        self.held: dict[str, list[dict[str, Any]]] = {}
        prepare(self.store)
        for table in TABLES:
            self.store.create(silver_path(table), silver_schema(table))

    def put(self, table: str, *rows: Row, op: str = "upsert") -> Position:
        """Append rows (columns that are not given are null), each at a position of its own; returns the last."""
        made = [dict(row) | {"_position": self.next + n, "_revision": 0, "_op": op} for n, row in enumerate(rows)]
        self.next += len(made)
        self._append(table, made, Position(self.next - 1))
        return Position(self.next - 1)

    def hold(self, table: str, row: Row) -> None:
        """Take a row at the next position; `release` writes all that are held, a commit for each table."""
        self.held.setdefault(table, []).append(dict(row) | {"_position": self.next, "_revision": 0, "_op": "upsert"})
        self.next += 1

    def delete(self, table: str, *keys: Row) -> Position:
        return self.put(table, *keys, op="delete")

    def barrier(self, table: str) -> Position:
        return self.put(table, {}, op="barrier")

    def again(self, table: str, row: Row, position: Position, revision: int = 1) -> None:
        """Append a row once more at a position that is long past, as a new treatment does, and announce it."""
        self._append(table, [dict(row) | {"_position": position, "_revision": revision, "_op": "upsert"}], None)
        announce_late(self.store, table, position, position)

    def release(self) -> Position:
        """Write what is held, and move the cut to the last row written."""
        for table, rows in self.held.items():
            self._append(table, rows, Position(rows[-1]["_position"]))
        self.held = {}
        for lane in LANES:
            move_lane(self.store, lane, Position(self.next - 1))
        return Position(self.next - 1)

    def _append(self, table: str, rows: list[dict[str, Any]], upto: Position | None) -> None:
        schema = silver_schema(BY_NAME[table])
        rows = [row | {"_treatment": "test", "_day": DAY} for row in rows]
        arrow = pa.Table.from_pylist(rows, schema)
        app, at = ("release", upto) if upto is not None else ("again", Position(self._turn()))
        assert self.store.append(silver_path(BY_NAME[table]), arrow, app=app, upto=at)

    def _turn(self) -> int:
        self.turns = getattr(self, "turns", -1) + 1
        return self.turns
