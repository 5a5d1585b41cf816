"""Versions of silver, and rows of the digests, that nobody needs any more.

What is older than its days is rewritten into one settled part when it has grown by a share of it, not before: so a row
is rewritten a bounded number of times, however large the table is, and a run costs nothing where nothing has aged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from lake.contracts.model import Table
from lake.contracts.names import digest_path, silver_path
from lake.landed import keep_newest
from lake.schema import SETTLED
from lake.store import START, LocalStore, Position, Store
from lake.store.pieces import Piece, pieces, settle
from lake.upkeep.kept import Ages, kept

SHARE = 0.2  # of the settled rows: so many aged ones make a rewrite worth it
MOST_DAYS = 30  # or so many days, that the days do not grow in number
MOST_BYTES = 512 << 20  # a larger old part is no work for a bounded run: `lake compact`
ALL = "9"  # sorts after every day


@dataclass(frozen=True)
class Aged:
    """What lies before a day in a table: rows and bytes that are settled already, and those that are not."""

    days: int
    rows: int
    settled_rows: int
    bytes: int

    @property
    def need(self) -> float:
        """How pressing it is; from 1 on it is time."""
        if not self.rows:
            return 0.0
        return max(self.rows / max(1.0, SHARE * self.settled_rows), self.days / MOST_DAYS)


def aged(found: Sequence[Piece], before: str) -> Aged:
    """The old part of a table, by its log alone."""
    old = [piece for piece in found if piece.day < before]
    fresh = [piece for piece in old if piece.day != SETTLED]
    settled = sum(piece.rows for piece in old if piece.day == SETTLED)
    return Aged(len({p.day for p in fresh}), sum(p.rows for p in fresh), settled, sum(p.bytes for p in old))


def aged_silver(store: Store, table: Table, ages: Ages) -> Aged:
    return aged(pieces(store.root / silver_path(table)), ages.history)


def aged_digest(store: Store, table: Table) -> Aged:
    return aged(pieces(store.root / digest_path(table)), ALL)


def settle_silver(store: Store, table: Table, ages: Ages, upto: Position) -> tuple[int, int]:
    """Rewrite a table's old part without what the rule leaves out; returns rows seen and left out."""
    path = silver_path(table)
    if not isinstance(store, LocalStore):
        rule, old = kept(table, ages), aged_silver(store, table, ages)
        left_out = store.compact(path, keep=lambda rows: _settled(rule(rows), ages), upto=upto, by=table.key)
        return old.rows + old.settled_rows, left_out
    judged = [*table.key, "_position", "_revision", "_op", "_day"]

    def keep(old: pa.Table) -> pa.Table:
        recent = store.changes(path, after=START, upto=upto, columns=judged, where=pc.field("_day") >= ages.history)
        stays = kept(table, ages, among=recent)(old)
        return _on(stays, SETTLED)

    return settle(store.root / path, keep, before=ages.history, upto=upto)


def settle_digest(store: Store, table: Table, replayable: Position) -> tuple[int, int]:
    """Rewrite a table's digest with the newest version of each key; returns rows seen and left out."""
    keep: Callable[[pa.Table], pa.Table] = keep_newest(store, table, replayable, SETTLED)
    if not isinstance(store, LocalStore):
        old = aged_digest(store, table)
        left_out = store.compact(digest_path(table), keep=keep, upto=Position(2**62), by=("key",))
        return old.rows + old.settled_rows, left_out
    return settle(store.root / digest_path(table), keep, before=ALL, upto=Position(2**62))


def _on(rows: pa.Table, day: str) -> pa.Table:
    days = pa.array([day] * rows.num_rows, pa.string())
    return rows.set_column(rows.schema.get_field_index("_day"), "_day", days)


def _settled(rows: pa.Table, ages: Ages) -> pa.Table:
    """The same rows, with those that are old in the settled part."""
    days = pc.if_else(pc.less(rows["_day"], ages.history), SETTLED, rows["_day"])
    return rows.set_column(rows.schema.get_field_index("_day"), "_day", days)
