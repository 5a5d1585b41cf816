"""What release reads of bronze: how far it may go, and the changes of some tables page by page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from lake.contracts.names import BRONZE
from lake.store import START, Position, Span, Store

IMAGES = ("c", "u", "r")
HIDING = ("t", "b")  # a truncation, or a finished snapshot: everything older of the table is not current
NOTES = pc.field("op") == "m"
LOOK = 100_000
"""So many positions are looked at for a page's end, at least: a backlog is not read through again for each page of it."""
READ = ("_position", "table", "op", "key", "before", "after", "_day")


@dataclass(frozen=True)
class Reach:
    """How far bronze may be released, and the finished snapshots on the way, inside which a lane does not rest."""

    upto: Position
    snapshots: tuple[tuple[int, int], ...] = ()
    replays: tuple[tuple[int, tuple[int, ...]], ...] = ()  # where a replay is noted, and the old positions it filled
    newest_at: datetime | None = None  # when the newest row was committed in PostgreSQL; None inside a snapshot

    def rests(self, at: Position) -> bool:
        """Whether readers may stand here: not between a snapshot's start and its end, where the barrier comes."""
        return not any(start <= at < end for start, end in self.snapshots)


def reach(store: Store, after: Position) -> Reach:
    """To the end of bronze, or to what lies before a snapshot that is still under way."""
    if not store.exists(BRONZE):
        return Reach(after)
    rows = store.changes(BRONZE, after=after, columns=["_position", "op", "committed_at"])
    if not rows.num_rows:
        return Reach(after)
    places = rows["_position"]
    noted = pc.any(pc.equal(rows["op"], "m")).as_py()
    notes = (
        store.changes(BRONZE, after=after, columns=["_position", "after"], where=NOTES) if noted else rows.slice(0, 0)
    )
    started, snapshots, replays = None, [], []
    for row in notes.to_pylist():
        about = orjson.loads(row["after"] or "{}")
        if about.get("kind") == "replay":
            replays.append((row["_position"], tuple(about["positions"])))
        if about.get("kind") != "snapshot":
            continue
        if about["state"] == "started" and started is None:
            started = row["_position"]
        elif about["state"] in ("completed", "abandoned") and started is not None:
            snapshots.append((started, row["_position"]))
            started = None
    upto = pc.max(places).as_py() if started is None else started - 1
    newest = pc.max(rows["committed_at"]).as_py() if started is None else None
    return Reach(Position(upto), tuple(snapshots), tuple(replays), newest)


def page(store: Store, tables: Iterable[str], after: Position, upto: Position, limit: int) -> tuple[pa.Table, Position]:
    """About the first `limit` changes of the tables between two positions, and the position to which they are all of
    them."""
    span = page_span(tables, after, upto)
    upto = page_end(store, span, limit)
    return store.changes(BRONZE, after=after, upto=upto, columns=READ, where=_wanted(span)), upto


def page_span(tables: Iterable[str], after: Position, upto: Position) -> Span:
    """The changes of the tables between two positions, to be read wherever they are treated."""
    return Span(BRONZE, after, upto, READ, {"table": tuple(tables), "op": (*IMAGES, *HIDING, "d")})


def page_end(store: Store, span: Span, limit: int) -> Position:
    """The position to which about the first `limit` changes of a span are all of them.

    Positions have gaps, up to a whole epoch when the topic was made anew: where nothing lies, it looks twice as far.
    """
    seen, ahead = span.after, max(LOOK, 4 * limit)
    while True:
        near = Position(min(span.upto, seen + ahead))
        if near - span.after <= limit:
            return near
        places = store.changes(BRONZE, after=seen, upto=near, columns=["_position"], where=_wanted(span))["_position"]
        if len(places) > limit:
            return Position(places[limit - 1].as_py())
        if len(places) or near == span.upto:
            return near
        seen, ahead = near, 2 * ahead


def _wanted(span: Span) -> pc.Expression:
    return pc.field("table").isin(list(span.only["table"])) & pc.field("op").isin(list(span.only["op"]))


def hides(row: dict[str, Any]) -> Position:
    """Up to where a truncation or a finished snapshot hides a table's older rows."""
    return Position(orjson.loads(row["after"])["hides"])


def end(store: Store) -> Position:
    """The last position in bronze that may be released; START when there is none."""
    return reach(store, START).upto
