"""Rows that come at positions that readers have passed: written there all the same, and announced (`lake.cut`).

Their commits carry a position of their own, a count of runs, so that they can stand beside a follower's.
"""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer import quarantine
from anonymizer.bronze import READ, Reach
from anonymizer.lane import Lane
from anonymizer.treat import treat_changes
from lake.contracts.model import Table
from lake.contracts.names import BRONZE, silver_path
from lake.cut import announce_late
from lake.store import Position, Store

LANDED_LATE = "release-landed-late"


def release_replayed(lane: Lane, reach: Reach) -> None:
    """Release what landing took out of its quarantine at positions the lane has passed.

    Called before the lane moves beyond the note that names them; a repetition finds them in silver and writes nothing.
    """
    places = [place for note, replayed in reach.replays if note <= reach.upto for place in replayed]
    if not places:
        return
    for table in lane.tables:
        passed = max(lane.position(), lane.store.position(silver_path(table), "release"))
        _release(lane, table, [place for place in places if place <= passed])


def _release(lane: Lane, table: Table, places: Iterable[int]) -> None:
    wanted = pc.field("_position").isin(pa.array(list(places), pa.int64()))
    have = set(lane.store.read(silver_path(table), columns=["_position"], where=wanted)["_position"].to_pylist())
    found = lane.store.read(BRONZE, columns=list(READ), where=wanted & (pc.field("table") == table.name))
    rows = [row for row in found.sort_by("_position").to_pylist() if row["_position"] not in have]
    if not rows:
        return
    outcome = treat_changes(table, rows, lane.tools, lane.people.consents)
    lane.counts.add(outcome, len(rows))
    run = lane.store.position(silver_path(table), LANDED_LATE)
    quarantine.keep(
        lane.store, outcome.refused, app=f"{LANDED_LATE}-{table.name}-{run}", upto=Position(rows[-1]["_position"])
    )
    append_late(lane.store, table, outcome.versions, LANDED_LATE)


def append_late(store: Store, table: Table, versions: pa.Table, app: str) -> None:
    """Append versions at old positions in a commit of `app`'s own count, and say where they are."""
    if not versions.num_rows:
        return
    path = silver_path(table)
    run = store.position(path, app)
    store.append(path, versions, app=app, upto=Position(run + 1), after=run)
    places = versions["_position"]
    announce_late(store, table.name, Position(pc.min(places).as_py()), Position(pc.max(places).as_py()))
