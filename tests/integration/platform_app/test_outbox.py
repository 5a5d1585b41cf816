"""Business events: written with what happened or not at all, handled once by each subscriber through any kill."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from uuid import UUID, uuid4

import psycopg
import pytest

from infra.settings import CHECKOUT
from lake.kit.errors import Retry
from platform_app import leaving
from platform_app.community import follows
from platform_app.community import service as community
from platform_app.community.schemas import Target
from platform_app.db import Conn, Database
from platform_app.identity import service as identity
from platform_app.outbox import deliveries, worker
from platform_app.outbox.meters import OutboxMeters
from platform_app.outbox.publish import Event, publish
from platform_app.outbox.subscribers import SUBSCRIBERS
from platform_app.profiles import service as profiles
from tests.lib.events import newest, told
from tests.lib.ledger import SUBSCRIBER, entries, make_ledger, write_down
from tests.lib.people import NOON, approach_by, hours, post_by, sign_up, vocabulary
from tests.lib.stack import Stack


def test_what_people_do_is_told_with_ids_and_closed_words(conn: Conn) -> None:
    vocabulary(conn, "python")
    ann, bob = sign_up(conn, "Ann"), sign_up(conn, "Bob")
    before = newest(conn)
    post = post_by(conn, ann, tags=("python",))
    answer = approach_by(conn, bob, post)
    remark = community.comment(conn, ann.id, Target(approach_id=answer), body="Ah", now=hours(1))
    community.vote(conn, bob.id, Target(post_id=post), 1, hours(1))
    community.vote(conn, bob.id, Target(post_id=post), 1, hours(1))
    community.vote(conn, bob.id, Target(post_id=post), 0, hours(1))
    community.accept(conn, ann.id, answer, hours(2))
    community.unaccept(conn, ann.id, post, hours(3))
    follows.follow(conn, bob.id, ann.id, hours(4))
    follows.follow(conn, bob.id, ann.id, hours(4))
    follows.unfollow(conn, bob.id, ann.id, hours(5))
    follows.unfollow(conn, bob.id, ann.id, hours(5))
    identity.decide_consent(conn, bob.id, "email", True, hours(6))
    profiles.award_badge(conn, bob.id, "helper", "gold", hours(7))
    on_post = {"post_id": str(post), "approach_id": None, "author_id": str(ann.id)}
    found = told(conn, before)
    vote = found[3][1]
    assert found == [
        ("post.published", post, ann.id, {"kind": "problem"}),
        ("approach.published", answer, bob.id, {"kind": "idea", "post_id": str(post), "author_id": str(ann.id)}),
        ("comment.added", remark, ann.id, {"post_id": None, "approach_id": str(answer), "author_id": str(bob.id)}),
        ("vote.cast", vote, bob.id, on_post | {"value": 1, "before": 0}),
        ("vote.cast", vote, bob.id, on_post | {"value": 0, "before": 1}),
        ("approach.accepted", answer, ann.id, {"post_id": str(post), "author_id": str(bob.id)}),
        ("approach.unaccepted", answer, ann.id, {"post_id": str(post), "author_id": str(bob.id)}),
        ("account.followed", ann.id, bob.id, {}),
        ("account.unfollowed", ann.id, bob.id, {}),
        ("consent.decided", bob.id, bob.id, {"purpose": "email", "granted": True}),
        ("badge.awarded", bob.id, None, {"tier": "gold"}),
    ]


def test_an_event_carries_the_correlation_id_of_its_request_and_goes_with_it(database: Database) -> None:
    with database.write("request-1") as conn:
        ann = sign_up(conn)
    with database.read() as conn:
        query = "SELECT type, correlation_id FROM kernel.outbox WHERE subject_id = %s"
        assert conn.execute(query, (ann.id,)).fetchall() == [("account.registered", "request-1")]
    with database.write("request-2") as conn, conn.transaction(force_rollback=True):
        bob = sign_up(conn)
    with database.read() as conn:
        assert conn.execute(query, (bob.id,)).fetchall() == []


def test_whoever_leaves_is_in_no_event_but_that_they_left(conn: Conn) -> None:
    ann, bob, cy = sign_up(conn), sign_up(conn), sign_up(conn)
    post = post_by(conn, ann)
    follows.follow(conn, bob.id, ann.id, NOON)
    answer = approach_by(conn, bob, post)
    follows.follow(conn, cy.id, bob.id, NOON)
    before = newest(conn)
    leaving.leave(conn, ann.id, hours(9))
    row = conn.execute("SELECT count(*) FROM kernel.outbox WHERE id <= %s AND outbox::text ~ %s", (before, str(ann.id)))
    assert row.fetchone() == (0,)
    assert told(conn, before) == [("account.left", ann.id, None, {})]
    assert ("account.followed", bob.id, cy.id, {}) in told(conn)
    assert answer not in {subject for _, subject, _, _ in told(conn)}  # it told whose post it answers
    conn.execute("DELETE FROM kernel.deliveries")
    deliveries.purge(conn, 90_000)
    assert "account.left" not in {kind for kind, _, _, _ in told(conn)}


def test_what_everybody_has_handled_is_kept_for_some_days(conn: Conn) -> None:
    conn.execute("DELETE FROM kernel.outbox")
    ann = sign_up(conn)
    publish(conn, "account.registered", ann.id, ann.id, NOON)
    assert deliveries.purge(conn, 1) == 0  # nobody has handled it
    conn.execute("DELETE FROM kernel.deliveries")
    assert deliveries.purge(conn, 90_000) == 0
    assert deliveries.purge(conn, 1) == 2


@pytest.fixture
def ledger(app_stack: Stack, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a database with an empty ledger, which a subscriber writes down every event in that it hears of."""
    monkeypatch.setitem(SUBSCRIBERS, SUBSCRIBER, frozenset({"password.changed"}))
    make_ledger(app_stack.url("app_owner"))
    with psycopg.connect(app_stack.url("app_owner"), autocommit=True) as conn:
        conn.execute("DELETE FROM kernel.outbox")
    yield app_stack.url("app")
    with psycopg.connect(app_stack.url("app_owner"), autocommit=True) as conn:
        conn.execute("DELETE FROM kernel.outbox")


def publish_some(database: Database, many: int) -> list[UUID]:
    found = []
    for _ in range(many):
        with database.write(f"request-{uuid4()}") as conn:
            someone = uuid4()
            found.append(publish(conn, "password.changed", someone, someone, NOON))
    return found


def made(database: Database, react: worker.React = write_down) -> worker.Worker:
    return worker.Worker(database, {SUBSCRIBER: react}, OutboxMeters())


def work(url: str, *words: str) -> int:
    """Let a worker of its own process work off what is due; returns how it ended."""
    command = [sys.executable, "-m", "tests.lib.ledger", url, *words]
    return subprocess.run(command, cwd=CHECKOUT, check=False, timeout=60).returncode


def test_kill_9_between_a_reaction_and_its_commit_neither_loses_nor_doubles(database: Database, ledger: str) -> None:
    events = publish_some(database, 6)
    for _ in range(3):
        assert work(ledger, "--failpoint", worker.REACTED) == -signal.SIGKILL
    assert work(ledger) == 0
    assert entries(ledger) == events


def test_a_reaction_outside_the_transaction_of_its_delivery_is_doubled_by_the_same_kill(
    database: Database, ledger: str
) -> None:
    events = publish_some(database, 2)
    assert work(ledger, "--outside", "--failpoint", worker.REACTED) == -signal.SIGKILL
    assert work(ledger, "--outside") == 0
    assert entries(ledger) == [events[0], *events]


def test_two_workers_share_what_is_due(database: Database, ledger: str) -> None:
    events = publish_some(database, 40)
    with Database(ledger, size=2) as other:
        workers = [threading.Thread(target=made(base).work_off) for base in (database, other)]
        for one in workers:
            one.start()
        for one in workers:
            one.join(60)
    assert sorted(entries(ledger)) == sorted(events)


def test_a_reaction_that_trips_holds_nobody_up_and_waits_for_somebody_in_the_end(
    database: Database, ledger: str
) -> None:
    events = publish_some(database, 3)
    tripping = True

    def react(conn: Conn, event: Event) -> None:
        write_down(conn, event)
        if tripping and event.id == events[1]:
            raise RuntimeError("what it says may hold a name")

    looking = made(database, react)
    for _ in range(deliveries.MOST_ATTEMPTS):
        looking.work_off()
        with psycopg.connect(ledger, autocommit=True) as conn:
            conn.execute("UPDATE kernel.deliveries SET due_at = now() WHERE due_at < 'infinity'")
    looking.work_off()
    assert entries(ledger) == [events[0], events[2]]
    with database.read() as conn:
        (one,) = [each for each in deliveries.waiting(conn) if each.subscriber == SUBSCRIBER]
    assert (one.deliveries, one.failing, one.given_up, one.faults) == (1, 1, 1, ["RuntimeError"])
    tripping = False
    with database.write("again") as conn:
        assert deliveries.try_again(conn) == 1
    assert looking.work_off() == 1
    assert sorted(entries(ledger)) == sorted(events)


def test_pauses_grow_up_to_an_hour(database: Database, ledger: str) -> None:
    publish_some(database, 1)

    def react(_: Conn, __: Event) -> None:
        raise RuntimeError

    pauses = []
    for _ in range(deliveries.MOST_ATTEMPTS - 1):
        made(database, react).work_off()
        with psycopg.connect(ledger, autocommit=True) as conn:
            row = conn.execute(
                "WITH old AS (SELECT due_at - now() AS pause FROM kernel.deliveries WHERE subscriber = %s) "
                "UPDATE kernel.deliveries SET due_at = now() WHERE subscriber = %s "
                "RETURNING (SELECT extract(epoch FROM pause) FROM old)",
                (SUBSCRIBER, SUBSCRIBER),
            ).fetchone()
            assert row
            pauses.append(float(row[0]))
    wanted = [min(4.0**attempt, 3600) for attempt in range(deliveries.MOST_ATTEMPTS - 1)]
    assert [round(pause / wish, 0) for pause, wish in zip(pauses, wanted, strict=True)] == [1] * len(wanted)


def test_a_reaction_that_takes_too_long_lets_the_others_go_first(database: Database, ledger: str) -> None:
    events = publish_some(database, 3)

    def react(conn: Conn, event: Event) -> None:
        if event.id == events[0]:
            conn.execute("SET LOCAL statement_timeout = '50ms'")
            conn.execute("SELECT pg_sleep(5)")
        write_down(conn, event)

    assert made(database, react).work_off() == 2
    assert entries(ledger) == events[1:]
    with database.read() as conn:
        (one,) = [each for each in deliveries.waiting(conn) if each.subscriber == SUBSCRIBER]
    assert (one.deliveries, one.failing, one.faults) == (1, 1, ["Busy"])


def test_a_server_that_is_away_is_no_fault_of_an_event(database: Database, ledger: str) -> None:
    publish_some(database, 1)

    def react(_: Conn, __: Event) -> None:
        raise Retry("away")

    with pytest.raises(Retry, match="away"):
        made(database, react).work_off()
    assert entries(ledger) == []
    with database.read() as conn:
        (one,) = [each for each in deliveries.waiting(conn) if each.subscriber == SUBSCRIBER]
    assert (one.deliveries, one.failing) == (1, 0)


@pytest.mark.usefixtures("ledger")
@pytest.mark.parametrize("relayed", [False, True])
def test_without_a_relay_nothing_waits_for_one_and_nobody_who_left_stays(database: Database, relayed: bool) -> None:
    with database.write("t") as conn:
        ann = sign_up(conn)
        post_by(conn, ann)
        leaving.leave(conn, ann.id, hours(9))
        conn.execute("DELETE FROM kernel.deliveries WHERE subscriber <> 'relay'")  # the others have handled it
    worker.Worker(database, {}, OutboxMeters(), relayed=relayed).tidy_up(threading.Event())
    with database.read() as conn:
        assert [kind for kind, _, _, _ in told(conn)] == (["account.left"] if relayed else [])


def test_what_is_kept_no_longer_goes_chunk_by_chunk_until_one_comes_back_short(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "CHUNK", 10)
    rows, asked = 25, []

    def tidy(_: Conn, most: int) -> int:
        nonlocal rows
        removed = min(rows, most)
        rows -= removed
        asked.append(removed)
        return removed

    worker.Worker(database, {}, OutboxMeters(), tidy={"rows": tidy}).tidy_up(threading.Event())
    assert asked == [10, 10, 5]
