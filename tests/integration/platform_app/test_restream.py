"""Somebody who grants `lake` later has their rows streamed again, both sides of a follow included."""

from __future__ import annotations

import threading
import time

import pytest

from lake.contracts.tables import BY_NAME, TABLES
from platform_app.community import follows
from platform_app.community import service as community
from platform_app.community.schemas import Target
from platform_app.db import Database
from platform_app.identity import restream
from platform_app.identity import service as identity
from platform_app.identity.schemas import Account
from platform_app.profiles import service as profiles
from tests.lib.people import NOON, approach_by, hours, post_by, sign_up
from tests.lib.stack import Stack


@pytest.fixture(scope="module")
def late(database: Database) -> Account:
    """A person who has a row in most tables and did not agree to the lake."""
    with database.write("test") as conn:
        ann, bob = sign_up(conn, "Ann", lake=False), sign_up(conn, "Bob")
        for _ in range(5):
            post_id = post_by(conn, ann)
        approach_id = approach_by(conn, ann, post_by(conn, bob))
        community.comment(conn, ann.id, Target(post_id=post_id), body="More", now=NOON)
        community.vote(conn, bob.id, Target(approach_id=approach_id), 1, NOON)
        follows.follow(conn, ann.id, bob.id, NOON)
        follows.follow(conn, bob.id, ann.id, NOON)
        profiles.award_badge(conn, ann.id, "early", "gold", NOON)
    return ann


def versions(database: Database, person: Account) -> dict[tuple[str, object], int]:
    """The transaction that wrote each published row of a person."""
    found = {}
    with database.read() as conn:
        for table in TABLES:
            for column in table.people:
                query = f"SELECT {table.key[0]}, xmin::text::bigint FROM {table.full_name} WHERE {column} = %s"
                found.update({(table.name, key): xid for key, xid in conn.execute(query.encode(), (person.id,))})
    return found


def test_every_row_of_a_person_is_written_again_in_chunks(
    database: Database, late: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restream, "CHUNK", 2)
    before = versions(database, late)
    assert {name for name, _ in before} >= {"accounts", "consents", "posts", "approaches", "comments", "follows"}
    with database.write("decision") as conn:
        identity.decide_consent(conn, late.id, "lake", True, hours(1))
    touched = restream.work_off(database, "again")
    after = versions(database, late)
    assert before.keys() == after.keys()
    assert touched == len(before)
    assert all(after[row] != xid for row, xid in before.items())


def test_the_queue_is_empty_afterwards(database: Database, late: Account) -> None:
    restream.work_off(database, "again")
    assert restream.work_off(database, "once more") == 0


def test_one_person_can_be_streamed_again_by_command(app_stack: Stack, database: Database, late: Account) -> None:
    done = app_stack.command("platform_app", "restream", "--account", late.id)
    assert done.stdout == f"Touched {len(versions(database, late))} rows.\n"


def test_a_table_can_be_streamed_again_by_command(
    app_stack: Stack, database: Database, late: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert late
    with database.read() as conn:
        posts = conn.execute("SELECT count(*) FROM community.posts").fetchone()
    assert posts
    done = app_stack.command("platform_app", "restream", "--table", "posts")
    assert done.stdout == f"Touched {posts[0]} rows.\n"
    monkeypatch.setattr(restream, "CHUNK", 4)
    assert restream.restream_table(database, BY_NAME["posts"], "again") == posts[0]


def test_the_queue_is_worked_off_beside_the_requests(database: Database) -> None:
    stop = threading.Event()
    worker = threading.Thread(target=restream.follow, args=(database, 0.02, stop))
    worker.start()
    with database.write("decision") as conn:
        person = sign_up(conn, lake=False)
        identity.decide_consent(conn, person.id, "lake", True, hours(1))
    deadline = time.monotonic() + 20
    while waiting(database) and time.monotonic() < deadline:
        time.sleep(0.02)
    stop.set()
    worker.join(timeout=20)
    assert not waiting(database)


def waiting(database: Database) -> bool:
    with database.read() as conn:
        return conn.execute("SELECT 1 FROM identity.consent_events WHERE restream_wanted").fetchone() is not None
