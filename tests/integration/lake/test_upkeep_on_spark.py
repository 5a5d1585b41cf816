"""Upkeep of a lake that Spark writes: the same rules, done by Spark, and nobody sees a difference."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lake.contracts.names import BRONZE, digest_path
from lake.contracts.tables import BY_NAME
from lake.load import compare, load
from lake.schema import BRONZE as BRONZE_SCHEMA
from lake.schema import SETTLED
from lake.settings import LakeSettings
from lake.store import open_store
from lake.store.engine import switch
from lake.store.spark import SparkStore
from lake.upkeep.compact import compact
from lake.upkeep.maintain import maintain
from tests.integration.lake.conftest import make_settings
from tests.integration.lake.test_maintain import LATER, restricted
from tests.lib.silver import Silver
from tests.lib.spark import spark_settings, stop_spark
from tests.lib.stack import Stack

# Spark's Python side leaves the closing of its sockets to the garbage collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket.socket:pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture(scope="module", autouse=True)
def one_spark() -> Iterator[None]:
    yield
    stop_spark()


def grown(settings: LakeSettings) -> None:
    """One row in three versions with its landed changes, released and loaded; from then on Spark writes the lake."""
    silver = Silver(settings.root)
    silver.put("tags", {"name": "a"}, {"name": "a"}, {"name": "a"}, {"name": "b"})
    silver.barrier("votes")
    silver.release()
    load(settings)
    restricted(silver, BRONZE, BRONZE_SCHEMA, 0, 1)
    switch(settings.root, "spark")


def test_upkeep_of_a_lake_that_spark_writes(postgres: Stack, tmp_path: Path) -> None:
    """Bronze folded, old versions and digests settled, small files put together, superseded files gone: by Spark."""
    postgres.recreate("warehouse")
    settings = make_settings(postgres, tmp_path / "lake")
    grown(settings)
    settings = spark_settings(settings.root, **{n: v for n, v in settings if n.startswith("warehouse_")})
    done = maintain(settings.model_copy(update={"upkeep_seconds": 900.0}), LATER)  # a step of Spark's takes seconds
    assert (done.raw_removed, done.seen, done.left_out, done.left) == (2, 5, 2, [])
    store = open_store(settings)
    assert isinstance(store, SparkStore)
    left = store.read("silver/tags", columns=["name", "_day"]).sort_by("name")
    assert left.to_pylist() == [{"name": "a", "_day": SETTLED}, {"name": "b", "_day": SETTLED}]
    assert store.read("silver/votes", columns=["_op"])["_op"].to_pylist() == ["barrier"]
    assert store.read(digest_path(BY_NAME["tags"]), columns=["_position", "_day"]).to_pylist() == [
        {"_position": 0, "_day": SETTLED}, {"_position": 1, "_day": SETTLED},
    ]  # fmt: skip
    assert all(table.equal for table in compare(settings))
    again = compact(settings, ["tags"], LATER)
    assert (again.rows, again.left_out) == (4, 0)
