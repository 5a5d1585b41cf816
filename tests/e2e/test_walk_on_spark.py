"""The whole path with the lake written by Spark: the same commands, and the same rows as the embedded engine's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lake.contracts.model import Table
from lake.contracts.names import silver_path
from lake.contracts.products import PRODUCTS
from lake.contracts.tables import TABLES
from lake.kit.clock import utc_now
from lake.store import LocalStore
from lake.store.engine import engine_of
from platform_app.db import Database
from platform_app.identity import restream
from platform_app.identity import service as identity
from tests.lib.stack import Stack
from tests.lib.walk import Walk, difference

pytestmark = pytest.mark.timeout(1800)
PEOPLE = 400  # enough for products with k = 10


@pytest.fixture(scope="module")
def walk(new_stack: Callable[..., Stack]) -> Walk:
    """The path walked once, by an engine that was chosen before the first row."""
    walk = Walk(new_stack()).start()
    walk.stack.command("lake", "engine", "spark")
    return walk.fill(None, PEOPLE).go()


def versions(root: Path, table: Table) -> list[dict[str, Any]]:
    """Every version in silver, in order, without the day on which it was written."""
    rows = LocalStore(root).read(silver_path(table)).drop_columns(["_day"]).to_pylist()
    return sorted(rows, key=lambda row: (row["_position"], row["_revision"], str(row)))


def test_both_engines_make_the_same_silver_of_one_stream(walk: Walk, tmp_path: Path) -> None:
    assert engine_of(walk.root) == "spark"
    for room, verb in (("ingestion", "land"), ("anonymizer", "release")):
        walk.stack.command(room, verb, LAKE_ROOT=str(tmp_path / "lake"))
    assert engine_of(tmp_path / "lake") == "local"
    for table in TABLES:
        assert versions(walk.root, table) == versions(tmp_path / "lake", table), table.name
    assert difference(walk) == {}


def test_the_warehouse_equals_silver_and_versions_are_published(walk: Walk) -> None:
    walk.stack.command("lake", "compare")
    assert sum(manifest["rows"] for p in PRODUCTS if (manifest := walk.manifest(p.name))) > 0


def test_a_withdrawn_consent_takes_every_row_and_every_byte_out(walk: Walk) -> None:
    with walk.app() as connection:
        (first, *_) = connection.execute(
            "select author_id from community.posts join identity.consents c on c.account_id = author_id "
            "where c.purpose = 'lake' and c.granted group by 1 order by count(*) desc, 1 limit 1"
        ).fetchall()
    person = first["author_id"]
    name = walk.pseudonym("account", person)
    assert name in stored(walk)
    with Database(walk.stack.url("app")) as database:
        with database.write("test-withdraw") as connection_of_app:
            identity.decide_consent(connection_of_app, person, "lake", False, utc_now())
        restream.work_off(database, "test-restream")
    walk.go(upto="load")
    assert difference(walk) == {}
    walk.stack.command("lake", "compare")
    assert name not in stored(walk)


def stored(walk: Walk) -> set[object]:
    """Everything that stands in an author's column of any file below silver, whether the log names it or not."""
    import pyarrow.parquet as pq

    files = (walk.root / "silver" / "posts").rglob("*.parquet")
    return {author for file in files for author in pq.read_table(file, columns=["author_id"])["author_id"].to_pylist()}


def test_upkeep_by_spark_leaves_every_row(walk: Walk) -> None:
    walk.stack.summary("lake", "maintain")
    assert difference(walk) == {}
    walk.stack.command("lake", "compare")
