"""Planted personal data is in bronze, and nowhere after it: no file, log, warehouse row, product or report."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from kafka import KafkaProducer

from lake.contracts.model import Pii, Table
from lake.contracts.names import TOPIC
from lake.contracts.tables import TABLES
from lake.kit.ids import new_id
from tests.lib.plants import PLANTS, SECRETS, found_in, open_columns, plant, sentence, texts_below, texts_of_database
from tests.lib.stack import Stack
from tests.lib.walk import Walk

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def planted(new_stack: Callable[..., Stack]) -> Walk:
    """The whole path walked over a community with plants, after each stop was made to fail on one."""
    walk = Walk(new_stack()).start().fill(None, people=300)
    plant(walk)
    make_the_app_refuse(walk)
    walk.stack.command("ingestion", "connect")
    make_landing_refuse(walk)
    make_release_refuse(walk)
    walk.go(upto="release")
    for verb in ("load", "model", "publish"):
        make_it_fail(walk, verb)
        walk.summaries[verb] = walk.stack.summary("lake", verb)
    return walk


def make_the_app_refuse(walk: Walk) -> None:
    """A statement that fails with a plant in its parameters: PostgreSQL's own log must not quote it."""
    with walk.app() as db, pytest.raises(psycopg.errors.CheckViolation):
        db.execute(
            "insert into community.tags (name, created_at) values (%s, now())",
            [sentence("name as it is", PLANTS["name as it is"])],
        )


def make_landing_refuse(walk: Walk) -> None:
    """A message that is no JSON, full of plants."""
    producer = KafkaProducer(bootstrap_servers=walk.stack.kafka)
    producer.send(TOPIC, key=b"{broken", value=("{ broken " + " ".join(PLANTS.values())).encode()).get(30)
    producer.close()


def make_release_refuse(walk: Walk) -> None:
    """A row that breaks a rule of its contract, full of plants."""
    with walk.app() as db:
        db.execute("alter table community.comments drop constraint comments_status_check")
        db.execute(
            "insert into community.comments (id, post_id, author_id, body, status, created_at) "
            "select %s, id, author_id, %s, %s, now() from community.posts limit 1",
            [new_id(), " ".join(PLANTS.values()), f"no such status {PLANTS['name as it is']}"],
        )


def make_it_fail(walk: Walk, verb: str) -> None:
    """The verb without its database: it fails after it has read its rows' source."""
    away = "postgresql://nobody:x@127.0.0.1:1/none"
    failed = walk.stack.command(
        "lake", verb, expect=None, LAKE_WAREHOUSE_OWNER_URL=away, LAKE_WAREHOUSE_LOAD_URL=away,
        LAKE_WAREHOUSE_DBT_URL=away, LAKE_WAREHOUSE_PUBLISH_URL=away,
    )  # fmt: skip
    assert failed.returncode != 0


def test_every_plant_is_in_bronze(planted: Walk) -> None:
    """The negative control: the search finds what is there."""
    bronze = found_in(texts_below(planted.root / "restricted" / "bronze", ()), PLANTS)
    assert bronze.keys() == PLANTS.keys()


def test_secrets_are_not_even_in_bronze(planted: Walk) -> None:
    assert found_in(texts_below(planted.root, ()), SECRETS) == {}
    with planted.app() as db:
        assert found_in(texts_of_database(db), SECRETS).keys() == SECRETS.keys(), "they are in the app"


def test_every_stop_was_made_to_fail(planted: Walk) -> None:
    assert planted.summaries["land"]["refused"] >= 1
    assert planted.summaries["release"]["refused"] >= 1


def test_no_file_or_log_holds_a_plant(planted: Walk) -> None:
    assert found_in(texts_below(planted.stack.run), PLANTS) == {}


def test_no_warehouse_row_holds_a_plant(planted: Walk) -> None:
    with planted.warehouse() as db:
        assert found_in(texts_of_database(db), PLANTS) == {}
        rows = dict(texts_of_database(db))
    assert any(text for text in rows.values()), "the warehouse is empty: nothing was searched"


@pytest.mark.parametrize(
    "table", [t for t in TABLES if any(c.pii is Pii.FREE_TEXT for c in t.columns)], ids=lambda t: t.name
)
def test_planted_rows_did_arrive_in_silver(planted: Walk, table: Table) -> None:
    """The rows passed with their plants masked; they were not merely withheld. What is dropped has no column to look at."""
    rows = planted.silver(table)
    kept = [c for c in open_columns()[table.name] if c in (rows[0] if rows else {})]
    assert kept, table.name
    for column in kept:
        arrived = [str(row[column]) for row in rows if "about the broken pump" in str(row[column])]
        assert len(arrived) >= len(PLANTS), f"{table.name}.{column}"
        assert all("<" in text for text in arrived), f"{table.name}.{column} has no placeholder"
