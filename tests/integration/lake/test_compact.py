"""Compaction of named tables: what maintain's rules say, behind the same readers, and what stops it before it begins."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.settings import CHECKOUT
from lake.contracts.names import BRONZE
from lake.cut import cut
from lake.kit.errors import Stop
from lake.load import compare, load
from lake.schema import BRONZE as BRONZE_SCHEMA
from lake.schema import SETTLED
from lake.settings import LakeSettings
from lake.store import Busy, lease
from lake.upkeep import history, maintain, raw
from lake.upkeep.budget import Budget
from lake.upkeep.compact import compact
from lake.upkeep.tidier import JOB
from tests.integration.lake.test_maintain import LATER, current, restricted
from tests.integration.lake.test_maintain import history as versions
from tests.lib.silver import DAY, Silver


def three_versions(settings: LakeSettings, silver: Silver) -> None:
    """One row in three versions, released and loaded."""
    silver.put("tags", {"name": "a"}, {"name": "a"}, {"name": "a"})
    silver.release()
    load(settings)


def test_superseded_versions_go_and_nobody_sees_a_difference(settings: LakeSettings, silver: Silver) -> None:
    three_versions(settings, silver)
    restricted(silver, BRONZE, BRONZE_SCHEMA, 0, 1)
    raw.let_go(silver.store, DAY, cut(silver.store), Budget(60.0, 1 << 30))
    done = compact(settings, ["tags"], LATER)
    assert set(done.tables) == {"silver/tags", "restricted/digest/tags"}
    assert (done.rows, done.left_out) == (5, 2)
    assert (current(settings.root), versions(silver)) == (1, 1)
    assert set(silver.store.read("silver/tags", columns=["_day"])["_day"].to_pylist()) == {SETTLED}
    assert all(table.equal for table in compare(settings))
    assert compact(settings, ["tags"], LATER).left_out == 0


def test_what_the_warehouse_has_not_loaded_is_held_back(settings: LakeSettings, silver: Silver) -> None:
    silver.put("tags", {"name": "a"}, {"name": "a"})
    silver.release()
    assert compact(settings, ["tags"], LATER).held_back == ["silver/tags"]
    assert versions(silver) == 2


def test_a_dry_run_says_what_there_is_and_changes_nothing(settings: LakeSettings, silver: Silver) -> None:
    three_versions(settings, silver)
    before = silver.store.version("silver/tags")
    said = compact(settings, ["tags"], LATER, dry_run=True)
    assert (said.tables["silver/tags"]["rows"], said.left_out) == (3, 0)
    assert (silver.store.version("silver/tags"), versions(silver)) == (before, 3)


def test_an_unknown_name_is_answered_with_the_nearest_ones(settings: LakeSettings, silver: Silver) -> None:
    with pytest.raises(Stop, match="Did you mean votes"):
        compact(settings, ["vots"], LATER)
    with pytest.raises(Stop, match="The tables are account_skills, accounts, "):
        compact(settings, ["0000"], LATER)


def test_a_table_that_is_not_there_says_what_to_run(settings: LakeSettings) -> None:
    with pytest.raises(Stop, match="anonymizer release"):
        compact(settings, ["tags"], LATER)


def test_what_is_too_large_for_this_engine_says_how_to_go_on_and_maintain_names_it(
    settings: LakeSettings, silver: Silver, monkeypatch: pytest.MonkeyPatch
) -> None:
    three_versions(settings, silver)
    monkeypatch.setattr(history, "MOST_BYTES", 1)
    with pytest.raises(Stop, match="lake engine spark"):
        compact(settings, ["tags"], LATER)
    left = maintain.maintain(settings, LATER)
    assert (left.too_large, left.left) == (1, ["lake compact tags"])
    assert versions(silver) == 3


def test_it_waits_for_other_upkeep_and_gives_up(
    settings: LakeSettings, silver: Silver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(maintain, "PATIENCE", 0.1)
    with lease(settings.root, JOB), pytest.raises(Busy):
        compact(settings, ["tags"], LATER)


def test_the_command_prints_one_line_and_writes_the_diary(
    settings: LakeSettings, silver: Silver, tmp_path: Path
) -> None:
    three_versions(settings, silver)
    environment = os.environ | {
        "HEADWATER_RUN": str(tmp_path / "run"),
        "LAKE_ROOT": str(settings.root),
        "LAKE_WAREHOUSE_LOAD_URL": settings.warehouse_load_url.get_secret_value(),
    }
    command = [sys.executable, "-m", "lake", "compact", "tags", "--json", "--now", LATER.isoformat()]
    done = subprocess.run(command, env=environment, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    (line,) = done.stdout.splitlines()
    assert (json.loads(line)["in"], json.loads(line)["out"]) == (3, 1)
    (entry,) = (tmp_path / "run/jobs.jsonl").read_text().splitlines()
    assert (json.loads(entry)["job"], json.loads(entry)["exit"]) == ("lake compact", 0)
