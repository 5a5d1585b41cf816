"""How far release has come: the position up to which every silver table holds all that may pass.

Release works in lanes (tables with free text do not hold up the others); each lane moves its own position on this
small table, and the cut is the smallest. Readers load nothing beyond it.

Rows that enter silver late, at a position that the cut has already passed (a replay of quarantine, a day treated
again), are announced here as ranges, so that a reader that goes by position can go back for them.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from lake.contracts.model import Pii, Table
from lake.kit.clock import utc_now
from lake.store import Position, Store

CUT = "silver/_cut"
LATE = "silver/_late"
LANES = ("plain", "text")

_CUT_SCHEMA = pa.schema([pa.field("_position", pa.int64()), pa.field("_day", pa.string())])
_LATE_SCHEMA = pa.schema(
    [
        pa.field("_position", pa.int64()),  # number of the announcement, 0, 1, 2, …
        pa.field("table", pa.string()),
        pa.field("first", pa.int64()),  # the range of positions that gained rows, both ends included
        pa.field("last", pa.int64()),
        pa.field("_day", pa.string()),
    ]
)


@dataclass(frozen=True)
class Late:
    """Rows of a table appeared between two positions, both included, after the cut had passed them."""

    number: int
    table: str
    first: Position
    last: Position


def lane_of(table: Table) -> str:
    """Which lane of release a table belongs to: 'text' when it has free text, else 'plain'."""
    return "text" if any(column.pii is Pii.FREE_TEXT for column in table.columns) else "plain"


def cut(store: Store) -> Position:
    """The position up to which all silver tables are complete; START before the first release."""
    return min(lane_position(store, lane) for lane in LANES)


def lane_position(store: Store, lane: str) -> Position:
    """How far one lane has come."""
    return store.position(CUT, lane)


def move_lane(store: Store, lane: str, upto: Position) -> None:
    """Say that every table of a lane is complete up to a position. The last commit of a batch."""
    store.append(CUT, _CUT_SCHEMA.empty_table(), app=lane, upto=upto)


def announce_late(store: Store, table: str, first: Position, last: Position) -> None:
    """Say that rows of a table were appended at positions that readers have passed."""
    store.create(LATE, _LATE_SCHEMA)
    at = store.position(LATE, "late")
    number = Position(at + 1)
    row = {"_position": number, "table": table, "first": first, "last": last, "_day": utc_now().date().isoformat()}
    store.append(LATE, pa.Table.from_pylist([row], _LATE_SCHEMA), app="late", upto=number, after=at)


def late_since(store: Store, number: int = -1) -> list[Late]:
    """The announcements after a number, oldest first; a reader keeps the last number with its own position."""
    if not store.exists(LATE):
        return []
    rows = store.changes(LATE, after=Position(number)).sort_by("_position")
    return [Late(r["_position"], r["table"], Position(r["first"]), Position(r["last"])) for r in rows.to_pylist()]


def prepare(store: Store) -> None:
    """Make the table of lanes when it is missing."""
    store.create(CUT, _CUT_SCHEMA)
