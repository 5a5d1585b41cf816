"""From the warehouse to the shelf: what is published, what is withheld, and what stays as it was for ever."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pytest

from lake.contracts.names import product_path
from lake.contracts.products import PRODUCT_BY_NAME
from lake.kit.errors import Stop
from lake.load import load
from lake.model import PROJECT, model
from lake.publish import publish
from lake.publish.shelf import Version, current, versions
from lake.settings import LakeSettings
from tests.integration.lake.conftest import make_settings
from tests.lib.community import Community, busy_months
from tests.lib.silver import Silver
from tests.lib.stack import Stack

TRENDS = "problem_trends_monthly"
MONTHS = [date(2026, month, 1) for month in range(1, 7)]
JULY = datetime(2026, 8, 15, tzinfo=UTC)  # June is closed, July is not
LATER = datetime(2026, 9, 24, tzinfo=UTC)  # forty days on: July is closed


class World:
    """A community, the warehouse and the shelf; the tests of this file follow one another through its time."""

    def __init__(self, settings: LakeSettings, run: Path) -> None:
        self.settings, self.run = settings, run
        self.silver = Silver(settings.root)
        self.community = Community(self.silver)
        self.community.tags("large", "middle", "small", "tiny", "remedy", "viral")

    def walk(self, now: datetime) -> dict[str, Any]:
        self.silver.release()
        load(self.settings)
        model(self.settings, self.run, now)
        return publish(self.settings, now).summary()

    def folder(self, product: str = TRENDS) -> Path:
        return self.settings.root / product_path(product)

    def version(self, product: str = TRENDS) -> Version:
        found = current(self.folder(product))
        assert found is not None
        return found

    def ask(self, query: str) -> list[Any]:
        with psycopg.connect(self.settings.warehouse_dbt_url.get_secret_value()) as connection:
            return connection.execute(query.encode()).fetchall()


@pytest.fixture(scope="module")
def world(postgres: Stack, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Six closed months are modelled and published once for the whole file."""
    postgres.recreate("warehouse")
    folder = tmp_path_factory.mktemp("world")
    made = World(make_settings(postgres, folder / "lake"), folder / "run")
    busy_months(made.community, MONTHS)
    _viral(made.community, date(2026, 3, 10))
    made.walk(JULY)
    return made


def _viral(community: Community, day: date) -> None:
    """Fifteen people use a tag; one of their problems draws most of its votes."""
    posts = [community.problem(f"viral {n}", day, "viral") for n in range(15)]
    for n in range(40):
        community.vote(f"fan {n}", day, posts[0] if n < 25 else posts[n - 25])


def row(rows: pa.Table, **grain: object) -> dict[str, Any]:
    found = [one for one in rows.to_pylist() if all(one[name] == value for name, value in grain.items())]
    assert len(found) == 1
    return dict(found[0])


def test_each_cell_has_what_its_people_allow(world: World) -> None:
    rows = world.version().rows()
    january = [one["tag"] for one in rows.to_pylist() if one["period"] == date(2026, 1, 1)]
    assert sorted(january) == ["large", "middle", "other"]
    assert row(rows, period=date(2026, 1, 1), tag="large") == {
        "period": date(2026, 1, 1), "tag": "large", "problems": 30, "authors": 30, "approaches": 20,
        "unanswered_share": 35, "accepted_share": 50, "median_hours_to_first_approach": 6, "votes": 30,
    }  # fmt: skip
    middle = row(rows, period=date(2026, 1, 1), tag="middle")
    assert (middle["authors"], middle["approaches"]) == (10, None), "eight people wrote approaches: fewer than ten"
    assert middle["unanswered_share"] is None, "four people are on one side of it"


def test_a_number_that_is_mostly_one_persons_is_withheld(world: World) -> None:
    viral = row(world.version().rows(), period=date(2026, 3, 1), tag="viral")
    assert (viral["authors"], viral["votes"]) == (15, None)


def test_what_is_published_is_what_the_manifest_says(world: World) -> None:
    version = world.version()
    manifest = version.manifest
    assert manifest["rows"] == version.rows().num_rows == sum(one["rows"] for one in manifest["files"])
    assert manifest["periods"] == {
        "first": "2026-01-01",
        "last": "2026-06-01",
        "count": 6,
        "closed_through": "2026-06-01",
    }
    assert manifest["quality"]["passed"]
    assert manifest["privacy"]["k"] == 10
    assert manifest["privacy"]["cells_suppressed"] % 5 == 0
    assert set(version.rows().column_names) == {column.name for column in PRODUCT_BY_NAME[TRENDS].columns}


def test_a_period_that_is_not_closed_is_not_published(world: World) -> None:
    assert max(world.version().periods) == "2026-06-01"
    weeks = {date.fromisoformat(day) for day in world.version("problem_activity_weekly").periods}
    assert max(weeks) < date(2026, 7, 1)


def test_unsuppressed_numbers_are_out_of_reach_for_the_role_that_publishes(world: World) -> None:
    with psycopg.connect(world.settings.warehouse_publish_url.get_secret_value()) as connection:
        for relation in ("work.int_trend_cells", "silver.posts", "loaded.posts"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"select 1 from {relation}".encode())
            connection.rollback()


def test_nothing_of_dbt_holds_a_rows_value(world: World) -> None:
    assert telling(world, world.run) == []


def telling(world: World, run: Path) -> list[Path]:
    """The files of a dbt run that hold a person of the community, or what dbt says about failing rows."""
    left = [path for path in (run / "dbt").rglob("*") if path.is_file()]
    assert left
    people = [str(person).encode() for (person,) in world.ask("select distinct author_id from silver.posts")]
    found = [path for path in left if any(person in path.read_bytes() for person in people)]
    return found + [path for path in left if path.name == "run_results.json"]


def test_the_same_input_twice_makes_no_new_version(world: World) -> None:
    assert world.walk(JULY)["new_versions"] == {}
    assert [version.number for version in versions(world.folder())] == [1]


def test_one_new_post_alone_changes_no_published_number(world: World) -> None:
    before = {product: world.version(product).rows() for product in PRODUCT_BY_NAME}
    counted = "select count(*), sum(problems) from work.int_trend_cells"
    unsuppressed = world.ask(counted)
    for day in (date(2026, 6, 3), date(2026, 8, 14)):  # a closed month, as from a late import, and the running one
        world.community.problem("newcomer", day, "large", "small")
    assert world.walk(JULY)["new_versions"] == {}
    assert {product: world.version(product).rows() for product in PRODUCT_BY_NAME} == before
    assert world.ask(counted) != unsuppressed, "the post did reach the models"


def test_twelve_new_authors_and_forty_days_bring_a_new_version_and_repeat_the_old(world: World) -> None:
    old = world.version()
    for n in range(12):
        world.community.problem(f"new author {n}", date(2026, 7, 9), "large")
    assert world.walk(LATER)["new_versions"][TRENDS] == 2
    new = world.version()
    assert sorted(new.periods - old.periods) == ["2026-07-01"]
    assert old.files[0] in new.files, "the frozen periods are the same file, byte for byte"
    assert (new.folder / old.files[0]["path"]).read_bytes() == (old.folder / old.files[0]["path"]).read_bytes()


def test_versions_subtracted_from_each_other_tell_nothing(world: World) -> None:
    first, second = (version.rows() for version in versions(world.folder())[:2])
    held = {(one["period"], one["tag"]): one for one in second.to_pylist()}
    assert all(held[one["period"], one["tag"]] == one for one in first.to_pylist())
    assert {period for period, _ in held if period not in set(first["period"].to_pylist())} == {date(2026, 7, 1)}


def test_a_delta_reader_opens_a_version_as_it_stands(world: World) -> None:
    from deltalake import DeltaTable

    version = world.version()
    assert DeltaTable(version.folder).to_pyarrow_table().num_rows == version.manifest["rows"]


@pytest.mark.parametrize(
    ("guard", "without"),
    [
        ("{{ measure }}_contributors >= {{ product.k }}", "true"),
        (" and {{ measure }}_largest * 100 <= {{ product.dominance_percent }} * {{ measure }}", ""),
        ("and members >= least_members", ""),
    ],
    ids=["k", "dominance", "lonely other"],
)
def test_without_its_rule_a_mart_is_refused(world: World, tmp_path: Path, guard: str, without: str) -> None:
    """The test that guards the marts does not lean on the macro that suppresses: it fails when the macro is broken."""
    if guard.startswith("and members"):
        _lonely(world)
    shutil.copytree(PROJECT, tmp_path / "dbt")
    macro = tmp_path / "dbt" / "macros" / "privacy.sql"
    assert guard in macro.read_text()
    macro.write_text(macro.read_text().replace(guard, without))
    for path in (tmp_path / "dbt").rglob("unit_tests.yml"):
        path.unlink()  # they would notice too, and first
    with pytest.raises(Stop, match="enough_contributors"):
        model(world.settings, tmp_path / "run", LATER, tmp_path / "dbt")
    assert telling(world, tmp_path / "run") == []
    with pytest.raises(Stop, match="did not pass"):
        publish(world.settings, LATER)


def _lonely(world: World) -> None:
    """A month in which a single tag is called "other": there is nothing it could hide among."""
    for n in range(15):
        world.community.problem(f"lonely {n}", date(2025, 11, 9), "other")
    world.silver.release()
    load(world.settings)


def test_a_product_that_fails_its_gate_is_not_published_and_the_others_are(world: World, tmp_path: Path) -> None:
    model(world.settings, world.run, LATER)
    before = len(versions(world.folder()))
    root = tmp_path / "lake"
    settings = world.settings.model_copy(update={"root": root})
    with psycopg.connect(settings.warehouse_dbt_url.get_secret_value()) as connection:
        connection.execute("update gold.problem_trends_monthly set problems = 11 where tag = 'large'")
    with pytest.raises(Stop, match=r"problem_trends_monthly is not published: .*rounded"):
        publish(settings, LATER)
    assert current(root / product_path(TRENDS)) is None
    assert current(root / product_path("problem_activity_weekly")) is not None
    assert len(versions(world.folder())) == before


def test_a_manifest_is_plain_json(world: World) -> None:
    assert json.loads((world.version().folder / "manifest.json").read_text())["product"] == TRENDS
