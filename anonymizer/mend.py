"""The verb `compare`: say where silver is not what has landed, and mend it where bronze still holds what is needed.

A row that is missing is treated again at its own position; one that should not be there gets a tombstone. What bronze
holds no more, or what a tombstone cannot outdo, is read anew from the app by the one repair, `ingestion resnapshot`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.bronze import READ
from anonymizer.compare import Difference, compare, silver_key
from anonymizer.late import append_late
from anonymizer.release import Room
from anonymizer.treat import tombstones_at, treat_changes
from anonymizer.vault import Vault
from lake.contracts.model import Table
from lake.contracts.names import BRONZE, silver_path
from lake.cut import cut
from lake.kit.errors import Stop
from lake.kit.log import get_log
from lake.landed import landed
from lake.store import Store

APP = "release-mend"


def audit(store: Store, vault: Vault, tables: Sequence[Table], open_room: Callable[[], Room] | None) -> dict[str, Any]:
    """Compare, and with a way to open a room mend what differs and compare again.

    Raises Stop, which names the repair, when something still differs.
    """
    found = compare(store, vault, tables)
    wrong = [one for one in found if len(one)]
    for one in wrong:
        get_log().warning("silver_differs", table=one.table.name, missing=len(one.missing), stale=len(one.stale), extra=len(one.extra))  # fmt: skip
    if wrong and open_room is not None:
        room = open_room()
        for one in wrong:
            mend(room, one)
        if left := [one.table.name for one in compare(store, vault, [one.table for one in wrong]) if len(one)]:
            raise Stop(
                f"Silver still differs from what has landed in {', '.join(left)}. "
                f"Run `python -m ingestion resnapshot {' '.join(left)}`, which reads these tables anew."
            )
    return {
        "in": sum(one.rows for one in found),
        "out": len(found),
        "refused": sum(len(one) for one in wrong),
        "missing": sum(len(one.missing) for one in wrong),
        "stale": sum(len(one.stale) for one in wrong),
        "extra": sum(len(one.extra) for one in wrong),
        "waiting": sum(one.waiting for one in found),
        "unstreamed": sum(one.unstreamed for one in found),
        "differing": [one.table.name for one in wrong],
        "repaired": bool(wrong) and open_room is not None,
    }


def mend(room: Room, found: Difference) -> None:
    """Append what is missing from one table at its position, and tombstones for what should not be there."""
    table = found.table
    places = pa.array([*found.missing.values(), *found.stale.values()], pa.int64())
    where = pc.field("_position").isin(places) & (pc.field("table") == table.name)
    rows = room.store.read(BRONZE, columns=list(READ), where=where).sort_by("_position").to_pylist()
    treated = treat_changes(table, rows, room.lane.tools, room.registry.people.consents).versions
    append_late(room.store, table, pa.concat_tables([treated, _tombstones(room, found)]).sort_by("_position"), APP)


def _tombstones(room: Room, found: Difference) -> pa.Table:
    """Where the row was deleted, if it was; otherwise right over the version that nobody knows of."""
    table, vault = found.table, room.lane.tools.vault
    rows = landed(room.store, table, cut(room.store)).rows
    gone = rows.filter(pc.equal(rows["op"], "d"))
    deleted = {
        silver_key(table, text, vault): at
        for text, at in zip(gone["key"].to_pylist(), gone["_position"].to_pylist(), strict=True)
    }
    keys = list(found.extra)
    columns = {name: pa.array([key[n] for key in keys], pa.string()) for n, name in enumerate(table.key)}
    places = [max(found.extra[key], deleted.get(key, -1)) for key in keys]
    made = tombstones_at(table, pa.table(columns), places)
    above = _highest_revision(room.store, table, places) + 1
    revisions = pa.array([above] * made.num_rows, pa.int32())
    return made.set_column(made.schema.get_field_index("_revision"), "_revision", revisions)


def _highest_revision(store: Store, table: Table, places: Sequence[int]) -> int:
    where = pc.field("_position").isin(pa.array(places, pa.int64()))
    found = store.read(silver_path(table), columns=["_revision"], where=where)["_revision"]
    return pc.max(found).as_py() or 0
