"""Reputation follows votes and acceptances, however often they are told, and can be computed anew."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from lake.kit.clock import utc_now
from platform_app.community import second_thoughts
from platform_app.community import service as community
from platform_app.community.schemas import Target
from platform_app.db import Conn, Database
from platform_app.identity.schemas import Account
from platform_app.leaving import leave
from platform_app.moderation import suspensions
from platform_app.outbox.meters import OutboxMeters
from platform_app.outbox.publish import Event
from platform_app.outbox.subscribers import REPUTATION
from platform_app.outbox.worker import Worker
from platform_app.profiles import reputation
from platform_app.profiles.schemas import Reputation
from tests.lib.people import NOON, approach_by, moderator, post_by, sign_up
from tests.lib.stack import Stack


@pytest.fixture
def author(conn: Conn) -> Account:
    return sign_up(conn, "author")


def score(conn: Conn, who: Account) -> int:
    reputation.compute(conn, who.id)
    return reputation.reputation_of(conn, who.id).score


def vote(conn: Conn, target: Target, *values: int) -> None:
    for value in values:
        community.vote(conn, sign_up(conn, "voter").id, target, value, NOON)


@pytest.mark.parametrize(("values", "expected"), [((1,), 5), ((1, 1, -1), 8), ((-1, -1), 0), ((), 0)])
def test_votes_on_a_post(conn: Conn, author: Account, values: tuple[int, ...], expected: int) -> None:
    vote(conn, Target(post_id=post_by(conn, author)), *values)
    assert score(conn, author) == expected


def test_an_approach_brings_more_and_an_acceptance_by_somebody_else_most(conn: Conn, author: Account) -> None:
    asker = sign_up(conn, "asker")
    answer = approach_by(conn, author, post_by(conn, asker))
    vote(conn, Target(approach_id=answer), 1)
    community.accept(conn, asker.id, answer, NOON)
    assert score(conn, author) == 25
    own = post_by(conn, author)
    community.accept(conn, author.id, approach_by(conn, author, own), NOON)
    assert score(conn, author) == 25, "one's own acceptance brings nothing"


def test_a_day_brings_no_more_than_two_hundred(conn: Conn, author: Account) -> None:
    answer = approach_by(conn, author, post_by(conn, sign_up(conn, "asker")))
    vote(conn, Target(approach_id=answer), *[1] * 25)
    assert score(conn, author) == 200
    community.vote(conn, sign_up(conn, "late").id, Target(approach_id=answer), 1, NOON + timedelta(days=1))
    assert score(conn, author) == 210


def test_what_is_deleted_or_cast_by_suspended_people_brings_nothing(conn: Conn, author: Account) -> None:
    post = post_by(conn, author)
    voter = sign_up(conn, "voter")
    community.vote(conn, voter.id, Target(post_id=post), 1, NOON)
    assert score(conn, author) == 5
    keeper = moderator(conn)
    suspensions.suspend(conn, keeper.id, voter.id, days=1, reason="Bought.", now=utc_now())
    assert score(conn, author) == 0
    suspensions.lift(conn, keeper.id, voter.id, reason="Not so.", now=utc_now())
    assert score(conn, author) == 5
    suspensions.suspend(conn, keeper.id, voter.id, days=1, reason="It was.", now=utc_now() - timedelta(days=2))
    assert score(conn, author) == 5, "it is over"
    community.delete_post(conn, author.id, post, NOON)
    assert score(conn, author) == 0


@pytest.mark.parametrize("kind", ["posts", "approaches"])
def test_what_is_deleted_and_brought_back_brings_what_it_brought(database: Database, kind: str) -> None:
    worker = Worker(database, {REPUTATION: reputation.refresh}, OutboxMeters())
    with database.write("t") as conn:
        author = sign_up(conn, "author")
        item = post_by(conn, author) if kind == "posts" else approach_by(conn, author, None)
        vote(conn, Target(post_id=item) if kind == "posts" else Target(approach_id=item), 1)
    worker.work_off()
    with database.write("t") as conn:
        before = reputation.reputation_of(conn, author.id)
        (community.delete_post if kind == "posts" else community.delete_approach)(conn, author.id, item, NOON)
    worker.work_off()
    with database.write("t") as conn:
        assert reputation.reputation_of(conn, author.id).score == 0
        second_thoughts.restore(conn, author.id, kind, item, NOON)
    worker.work_off()
    with database.read() as conn:
        assert before.score > 0
        assert reputation.reputation_of(conn, author.id) == before


def test_the_worker_keeps_it_and_hearing_twice_changes_nothing(database: Database, app_stack: Stack) -> None:
    with database.write("t") as conn:
        who, asker = sign_up(conn, "who"), sign_up(conn, "asker")
        answer = approach_by(conn, who, post_by(conn, asker))
        vote(conn, Target(approach_id=answer), 1, 1)
        community.accept(conn, asker.id, answer, NOON)
    worker = Worker(database, {REPUTATION: reputation.refresh}, OutboxMeters())
    assert worker.work_off() >= 3
    with database.write("t") as conn:
        assert reputation.reputation_of(conn, who.id) == Reputation(35, 20, 15)
        again = Event(UUID(int=1), "vote.cast", answer, None, {"author_id": str(who.id)}, "t", NOON)
        reputation.refresh(conn, again)
        reputation.refresh(conn, again)
        assert reputation.reputation_of(conn, who.id).score == 35
    said = app_stack.command("platform_app", "reputation").stdout
    assert "people have a reputation" in said
    with database.write("t") as conn:
        assert reputation.reputation_of(conn, who.id).score == 35, "computed anew it is the same"
        leave(conn, who.id, NOON)
        assert reputation.reputation_of(conn, who.id).score == 0
