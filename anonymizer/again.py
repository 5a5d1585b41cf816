"""Rows treated once more: those in quarantine after a fix, and a day of a table after its treatment changed.

Both write versions at positions that readers have passed, announce them (`lake.cut.announce_late`), and can run beside
a follower: their commits carry a position of their own, a count of runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer import quarantine
from anonymizer.bronze import IMAGES, READ
from anonymizer.late import append_late
from anonymizer.policy import Tools
from anonymizer.release import Room
from anonymizer.treat import treat_changes
from lake.contracts.model import Table
from lake.contracts.names import BRONZE, silver_path
from lake.contracts.tables import BY_NAME
from lake.cut import lane_of, lane_position
from lake.kit.errors import Stop
from lake.store import Position, Store

REPLAY, AGAIN = "release-replay", "release-again"
Rows = Sequence[dict[str, Any]]
Summary = dict[str, Any]


def replay(room: Room) -> Summary:
    """Try the rows in quarantine again. What passes enters silver at its old position, below whatever came since; what
    nobody consents to any more is erased; the rest stays."""
    waiting = quarantine.waiting(room.store)
    released, refused, done = 0, 0, list[int]()
    for table in {row["table"]: BY_NAME[row["table"]] for row in waiting if row["table"] in BY_NAME}.values():
        rows = [row for row in waiting if row["table"] == table.name]
        have = _revisions(room.store, table, rows)
        outcome = treat_changes(table, [r for r in rows if r["_position"] not in have], *_with(room))
        append_late(room.store, table, outcome.versions, REPLAY)
        still = {row["_position"] for row, _ in outcome.refused}
        done += [row["_position"] for row in rows if row["_position"] not in still]
        released, refused = released + outcome.versions.num_rows, refused + len(still)
    quarantine.remove(room.store, done)
    return {"in": len(waiting), "out": released, "refused": refused}


def again(room: Room, day: str, name: str) -> Summary:
    """Treat what landed on a day once more: the same positions, a higher revision, today's treatment and consent."""
    if (table := BY_NAME.get(name)) is None:
        raise Stop(f"There is no published table {name!r}. The tables are: {', '.join(sorted(BY_NAME))}.")
    where = (pc.field("_day") == day) & (pc.field("table") == name) & pc.field("op").isin(list(IMAGES))
    where &= pc.field("_position") <= int(lane_position(room.store, lane_of(table)))
    rows = room.store.read(BRONZE, columns=list(READ), where=where).sort_by("_position").to_pylist()
    if not rows:
        raise Stop(f"Bronze holds nothing of {name!r} from {day}. It keeps some days; older rows come by re-snapshot.")
    revisions = {place: revision + 1 for place, revision in _revisions(room.store, table, rows).items()}
    outcome = treat_changes(table, rows, *_with(room), revisions)
    # A row that changed hands has its tombstone; a delete is no treatment.
    upserts = outcome.versions.filter(pc.equal(outcome.versions["_op"], "upsert"))
    append_late(room.store, table, upserts, AGAIN)
    runs = room.store.position(silver_path(table), AGAIN)
    quarantine.keep(room.store, outcome.refused, app=f"{AGAIN}-{name}-{runs}", upto=Position(rows[-1]["_position"]))
    return {"in": len(rows), "out": upserts.num_rows, "refused": len(outcome.refused), "withheld": outcome.withheld}


def _with(room: Room) -> tuple[Tools, Any]:
    return room.lane.tools, room.registry.people.consents


def _revisions(store: Store, table: Table, rows: Rows) -> dict[int, int]:
    """Position → highest revision, of those of the rows' positions that silver has."""
    places = pa.array([row["_position"] for row in rows], pa.int64())
    where = pc.field("_position").isin(places) & (pc.field("_op") == "upsert")
    found = store.read(silver_path(table), columns=["_position", "_revision"], where=where)
    best: dict[int, int] = {}
    for place, revision in zip(found["_position"].to_pylist(), found["_revision"].to_pylist(), strict=True):
        best[place] = max(revision, best.get(place, 0))
    return best
