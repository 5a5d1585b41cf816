"""Upkeep on a real lake and warehouse: deleted stays deleted, readers are not overtaken, bronze goes after its days."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from lake.contracts.names import BRONZE, QUARANTINE, digest_path
from lake.contracts.tables import BY_NAME
from lake.load import compare, load
from lake.quality.silver import validate_silver
from lake.schema import BRONZE as BRONZE_SCHEMA
from lake.schema import QUARANTINE as QUARANTINE_SCHEMA
from lake.settings import LakeSettings
from lake.sql import ask, open_door
from lake.store import Position
from lake.upkeep.maintain import maintain
from tests.lib.silver import DAY, Silver

SOON = datetime.fromisoformat(DAY).replace(tzinfo=UTC) + timedelta(days=1)
LATER = SOON + timedelta(days=60)


def current(root: Path, table: str = "tags") -> int:
    relation = ask(open_door(root), f"select count(*) from silver.{table}")
    assert relation is not None
    return int(relation.fetchall()[0][0])


def history(silver: Silver, table: str = "tags") -> int:
    return int(silver.store.read(f"silver/{table}", columns=["_position"]).num_rows)


def restricted(silver: Silver, path: str, schema: pa.Schema, *positions: int) -> None:
    silver.store.create(path, schema)
    row = {"op": "c", "table": "tags", "_day": DAY}
    keys = [json.dumps({"name": f"tag{at}"}) for at in positions]
    made = [row | {"_position": at, "key": k, "after": k} for at, k in zip(positions, keys, strict=True)]
    rows = pa.Table.from_pylist(made, schema)
    silver.store.append(path, rows, app="test", upto=Position(max(positions)))


def test_deleted_stays_deleted_through_compaction_and_replay(settings: LakeSettings, silver: Silver) -> None:
    """Delete, compact, replay of quarantine: still deleted, in the lake and in the warehouse."""
    at = silver.put("tags", {"name": "gone"})
    silver.put("tags", {"name": "stays"})
    silver.delete("tags", {"name": "gone"})
    silver.release()
    load(settings)
    restricted(silver, QUARANTINE, QUARANTINE_SCHEMA, at)  # an older change of the key waits in quarantine
    assert maintain(settings, LATER).left_out == 1, "the superseded version goes, the tombstone stays"
    silver.again("tags", {"name": "gone"}, at)
    load(settings)
    assert current(settings.root) == 1
    assert all(table.equal for table in compare(settings))
    assert {t.table: t.warehouse_rows for t in compare(settings)}["tags"] == 1


def test_without_the_tombstone_the_replay_would_bring_it_back(settings: LakeSettings, silver: Silver) -> None:
    """The twin: with nothing older held anywhere the tombstone goes, and a change from nowhere would rise again."""
    at = silver.put("tags", {"name": "gone"})
    silver.delete("tags", {"name": "gone"})
    silver.release()
    load(settings)
    assert maintain(settings, LATER).left_out == 2
    silver.again("tags", {"name": "gone"}, at)
    assert current(settings.root) == 1


def test_history_is_kept_for_its_days(settings: LakeSettings, silver: Silver) -> None:
    silver.put("tags", {"name": "a"}, {"name": "a"}, {"name": "a"})
    silver.release()
    load(settings)
    assert maintain(settings, SOON).left_out == 0
    assert maintain(settings, LATER).left_out == 2
    assert maintain(settings, LATER).left_out == 0
    assert (current(settings.root), history(silver)) == (1, 1)


def test_nothing_beyond_the_slowest_reader_is_touched(settings: LakeSettings, silver: Silver) -> None:
    silver.put("tags", {"name": "a"}, {"name": "a"})
    silver.release()
    load(settings)
    silver.put("tags", {"name": "a"}, {"name": "a"})
    silver.release()  # released, not loaded
    maintain(settings, LATER)
    assert history(silver) == 3
    load(settings)
    assert all(table.equal for table in compare(settings))


def test_a_barrier_stays_in_force(settings: LakeSettings, silver: Silver) -> None:
    at = silver.put("tags", {"name": "ghost"})
    silver.barrier("tags")
    silver.put("tags", {"name": "real"})
    silver.release()
    load(settings)
    maintain(settings, LATER)
    silver.again("tags", {"name": "ghost"}, at)
    load(settings)
    assert current(settings.root) == 1
    assert all(table.equal for table in compare(settings))


@pytest.mark.parametrize(("now", "left"), [(SOON, 3), (LATER, 1)])
def test_bronze_is_kept_for_days_and_never_ahead_of_release(
    settings: LakeSettings, silver: Silver, now: datetime, left: int
) -> None:
    silver.put("tags", {"name": "a"}, {"name": "b"})
    silver.release()
    load(settings)
    restricted(silver, BRONZE, BRONZE_SCHEMA, 0, 1, 2)  # the last has not been released yet
    maintain(settings, now)
    positions = silver.store.read(BRONZE, columns=["_position"])["_position"]
    assert (len(positions), pc.max(positions).as_py()) == (left, 2)


def test_many_small_files_become_few(settings: LakeSettings, silver: Silver) -> None:
    for n in range(12):
        silver.put("tags", {"name": f"tag{n}"})
    silver.release()
    load(settings)
    maintain(settings, SOON)
    assert len(silver.store.files("silver/tags")) == 1
    assert current(settings.root) == 12


def test_what_does_not_fit_into_a_run_is_said_and_done_by_the_next(settings: LakeSettings, silver: Silver) -> None:
    silver.put("tags", {"name": "a"}, {"name": "a"})
    silver.release()
    load(settings)
    nothing = maintain(settings.model_copy(update={"upkeep_seconds": 0.0}), LATER)
    assert nothing.left_out == 0
    assert "silver tags" in nothing.left
    done = maintain(settings, LATER)
    assert (done.left_out, done.left) == (1, [])


def test_raw_changes_leave_only_into_the_digest(settings: LakeSettings, silver: Silver) -> None:
    silver.put("tags", {"name": "a"}, {"name": "b"})
    silver.release()
    load(settings)
    restricted(silver, BRONZE, BRONZE_SCHEMA, 0, 1)
    assert maintain(settings, LATER).raw_removed == 2
    digest = silver.store.read(digest_path(BY_NAME["tags"])).sort_by("_position")
    assert digest["key"].to_pylist() == ['{"name": "tag0"}', '{"name": "tag1"}']
    assert None not in digest["hash"].to_pylist()


def test_a_table_without_news_holds_no_other_up(settings: LakeSettings, silver: Silver) -> None:
    silver.put("tags", {"name": "quiet"})
    silver.release()
    load(settings)
    validate_silver(silver.store)
    silver.put("votes", {"id": "1" * 32}, {"id": "1" * 32})
    silver.release()
    load(settings)
    assert maintain(settings, LATER).left_out == 1


def test_the_warehouse_forgets_tombstones_that_nothing_can_undo(settings: LakeSettings, silver: Silver) -> None:
    silver.put("tags", {"name": "gone"})
    silver.delete("tags", {"name": "gone"})
    silver.put("tags", {"name": "stays"})
    silver.release()
    load(settings)
    assert maintain(settings, LATER).warehouse_removed == 1
    load(settings)
    assert all(table.equal for table in compare(settings))
