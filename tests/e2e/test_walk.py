"""From the app to the shelf on a real community: what silver, the warehouse and the products hold afterwards."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from lake.contracts.model import Table
from lake.contracts.products import PRODUCTS
from lake.contracts.tables import TABLES
from lake.kit.clock import utc_now
from lake.kit.ids import new_id
from platform_app.db import Database
from platform_app.identity import restream
from platform_app.identity import service as identity
from tests.lib.stack import Stack
from tests.lib.walk import Walk, days_on, difference

pytestmark = pytest.mark.timeout(1200)


NOT_IN_A_DUMP = {
    "follows", "tag_follows", "working_lives", "account_skills", "portfolio_items", "portfolio_skills", "attachments", "saved_items", "groups",
    "memberships", "group_follows", "notifications", "impressions",
}  # fmt: skip
"""What an invented community has instead: test_walk_on_spark.py compares its rows, with both engines."""


@pytest.fixture(scope="module")
def walk(new_stack: Callable[..., Stack]) -> Walk:
    """The path walked once on Cardano, or on an invented community where there is no dump."""
    data = os.environ.get("HEADWATER_DATA")
    folder = Path(data) / "stackexchange" / "cardano" if data else None
    return Walk(new_stack()).start().fill(folder).go()


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_silver_has_exactly_the_live_rows_whose_people_all_consent(walk: Walk, table: Table) -> None:
    expected = walk.expected(table)
    assert walk.actual(table) == expected
    assert expected or table.name in NOT_IN_A_DUMP, "the comparison is empty"


def test_the_warehouse_equals_silver_row_for_row(walk: Walk) -> None:
    walk.stack.command("lake", "compare")


def test_at_least_thirty_rows_are_published(walk: Walk) -> None:
    manifests = [m for p in PRODUCTS if (m := walk.manifest(p.name))]
    assert sum(m["rows"] for m in manifests) >= 30


def test_a_second_run_changes_nothing(walk: Walk) -> None:
    before = {p.name: walk.manifest(p.name) for p in PRODUCTS}
    sizes = {t.name: len(walk.silver(t)) for t in TABLES}
    walk.go()
    assert {verb: walk.summaries[verb]["out"] for verb in ("land", "release", "load")} == dict.fromkeys(
        ("land", "release", "load"), 0
    )
    assert {p.name: walk.manifest(p.name) for p in PRODUCTS} == before
    assert {t.name: len(walk.silver(t)) for t in TABLES} == sizes


def account(walk: Walk, name: str, *, agrees: bool) -> UUID:
    """A person of one's own, written straight into the app's tables."""
    person = new_id()
    with walk.app() as db:
        db.execute(
            "insert into identity.accounts (id, email, handle, display_name, role, status, origin, created_at) "
            "values (%s, %s, %s, %s, 'member', 'active', 'signup', now())",
            [person, f"{name}@example.org", name, name.title()],
        )
        db.execute(
            "insert into identity.consents (id, account_id, purpose, granted, decided_at) "
            "values (%s, %s, 'lake', %s, now())",
            [new_id(), person, agrees],
        )
    return person


def post(walk: Walk, author: UUID, body: str = "How do I keep bees in a small yard?") -> UUID:
    """A problem of theirs."""
    written = new_id()
    with walk.app() as db:
        db.execute(
            "insert into community.posts (id, author_id, kind, title, body, language, status, created_at, updated_at) "
            "values (%s, %s, 'problem', 'A question', %s, 'en', 'open', now(), now())",
            [written, author, body],
        )
        db.execute(
            "insert into community.taggings (id, post_id, author_id, tag, source, created_at) "
            "select %s, %s, %s, name, 'author', now() from community.tags order by name limit 1",
            [new_id(), written, author],
        )
    return written


def decide(walk: Walk, person: UUID, granted: bool) -> None:
    """Change their mind through the app's own service; granting also streams their rows again."""
    with Database(walk.stack.url("app")) as database:
        with database.write("test-decide") as connection:
            identity.decide_consent(connection, person, "lake", granted, utc_now())
        restream.work_off(database, "test-restream")


def in_silver(walk: Walk, table: str, column: str, domain: str, value: UUID) -> bool:
    name = walk.pseudonym(domain, value)
    return any(row[column] == name for row in walk.silver(next(t for t in TABLES if t.name == table)))


def test_consent_granted_late_lets_earlier_rows_in(walk: Walk) -> None:
    person = account(walk, "late-larry", agrees=False)
    written = post(walk, person)
    walk.go(upto="release")
    assert not in_silver(walk, "posts", "id", "post", written)
    decide(walk, person, True)
    walk.go(upto="release")
    assert in_silver(walk, "posts", "id", "post", written)
    assert difference(walk) == {}


def test_consent_withdrawn_takes_every_row_out_again(walk: Walk) -> None:
    person = account(walk, "leaving-lea", agrees=True)
    written = post(walk, person)
    walk.go(upto="load")
    assert in_silver(walk, "posts", "id", "post", written)
    decide(walk, person, False)
    walk.go(upto="load")
    assert not in_silver(walk, "posts", "id", "post", written)
    assert difference(walk) == {}
    walk.stack.command("lake", "compare")


def test_a_row_of_two_people_needs_both(walk: Walk) -> None:
    one, other = account(walk, "pair-paula", agrees=True), account(walk, "pair-quinn", agrees=False)
    follow = new_id()
    with walk.app() as db:
        db.execute(
            "insert into community.follows (id, follower_id, followee_id, created_at) values (%s, %s, %s, now())",
            [follow, one, other],
        )
    walk.go(upto="release")
    assert not in_silver(walk, "follows", "id", "follow", follow)
    decide(walk, other, True)
    walk.go(upto="release")
    assert in_silver(walk, "follows", "id", "follow", follow)
    decide(walk, one, False)
    walk.go(upto="release")
    assert not in_silver(walk, "follows", "id", "follow", follow)
    assert difference(walk) == {}


def test_a_deleted_row_stays_deleted_after_upkeep_and_replay(walk: Walk) -> None:
    person = account(walk, "gone-gus", agrees=True)
    written = post(walk, person)
    walk.go(upto="load")
    with walk.app() as db:
        db.execute("delete from community.taggings where post_id = %s", [written])
        db.execute("delete from community.posts where id = %s", [written])
    walk.go(upto="load")
    walk.stack.command("lake", "maintain")
    walk.stack.command("ingestion", "replay")
    walk.stack.command("anonymizer", "release", "--replay")
    walk.go(upto="load")
    assert not in_silver(walk, "posts", "id", "post", written)
    assert difference(walk) == {}
    walk.stack.command("lake", "compare")


def cells(walk: Walk) -> dict[str, list[dict[str, Any]]]:
    return {p.name: walk.product(p.name) for p in PRODUCTS if walk.manifest(p.name)}


def newest(walk: Walk) -> dict[str, int]:
    return {p.name: (walk.manifest(p.name) or {}).get("version", 0) for p in PRODUCTS}


def test_twelve_new_authors_and_forty_days_bring_a_new_version(walk: Walk) -> None:
    before, versions = cells(walk), newest(walk)
    for number in range(12):
        post(walk, account(walk, f"newcomer-{number}", agrees=True))
    walk.go(now=days_on(40))
    after = cells(walk)
    assert all(row in after[name] for name, rows in before.items() for row in rows), "a frozen cell changed"
    assert sum(map(len, after.values())) > sum(map(len, before.values())), "twelve people are enough for a cell"
    assert newest(walk) != versions


def test_one_new_post_alone_changes_no_published_number(walk: Walk) -> None:
    before, versions = cells(walk), newest(walk)
    person = account(walk, "single-sam", agrees=True)
    now, old = post(walk, person), post(walk, person)
    with walk.app() as db:
        db.execute("update community.posts set created_at = %s where id = %s", [published_period(before), old])
    walk.go(now=days_on(40))
    assert in_silver(walk, "posts", "id", "post", now), "the post did arrive"
    assert in_silver(walk, "posts", "id", "post", old)
    assert cells(walk) == before
    assert newest(walk) == versions


def published_period(found: dict[str, list[dict[str, Any]]]) -> Any:
    return next(rows[0]["period"] for rows in found.values() if rows)
