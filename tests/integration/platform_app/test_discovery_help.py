"""What the machine does by itself: tags for posts that have few, and problems for newcomers, each with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

import psycopg
import pytest

from infra.settings import CHECKOUT
from platform_app import leaving
from platform_app.community import follows
from platform_app.community import service as community
from platform_app.db import Conn
from platform_app.discovery import embedding, meaning, starts
from platform_app.discovery.embedder import Embedder, Vector
from platform_app.discovery.reaction import follow
from platform_app.identity import service as identity
from platform_app.identity.schemas import Account
from platform_app.outbox.publish import Event
from platform_app.profiles import resumes, showing, work
from platform_app.profiles import service as profiles
from platform_app.suggestions.reads import suggested
from platform_app.uploads import service as uploads
from platform_app.uploads.store import Store
from tests.lib.events import newest, told
from tests.lib.people import NOON, hours, sign_up, vocabulary
from tests.lib.stack import Stack

PUMPS = [f"The water pump {sound} {when}" for sound in ("hums", "whistles", "rattles") for when in ("at night", "on Monday", "loudly")]  # fmt: skip


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder(CHECKOUT / ".run" / "models")


@pytest.fixture
def conn(app_stack: Stack) -> Iterator[Conn]:
    with psycopg.connect(app_stack.url("app")) as conn:
        yield conn
        conn.rollback()


def react(conn: Conn, embedder: Embedder) -> None:
    """Let the subscriber hear everything that was told in this transaction."""
    rows = conn.execute(
        "SELECT e.id, e.type, e.subject_id, e.actor_id, e.data, e.correlation_id, e.occurred_at FROM kernel.outbox e "
        "JOIN kernel.deliveries d ON d.event_id = e.id AND d.subscriber = 'embeddings' ORDER BY e.id"
    ).fetchall()
    hear = follow(embedder)
    for row in rows:
        hear(conn, Event(*row))
    conn.execute("DELETE FROM kernel.deliveries")


def pumps(conn: Conn, embedder: Embedder) -> list[UUID]:
    """Nine problems with pumps by several people, tagged by them."""
    vocabulary(conn, "hydraulics", "finance")
    made = [
        community.write_post(conn, sign_up(conn).id, title=title, body=title, tags=["hydraulics"], now=hours(at))
        for at, title in enumerate(PUMPS)
    ]
    react(conn, embedder)
    return made


def tags_of(conn: Conn, post: UUID) -> list[tuple[str, str]]:
    rows = conn.execute("SELECT tag, source FROM community.taggings WHERE post_id = %s ORDER BY tag", (post,))
    return [(row[0], row[1]) for row in rows.fetchall()]


def join(conn: Conn, name: str, *, headline: str | None = None, agrees: bool = True) -> Account:
    person = sign_up(conn, name)
    identity.decide_consent(conn, person.id, "recommendations", agrees, NOON)
    profiles.edit_profile(conn, person.id, headline=headline, bio=None, website_url=None, location=None, now=NOON)
    return person


def test_a_post_without_tags_gets_those_of_its_neighbours_and_it_is_told(conn: Conn, embedder: Embedder) -> None:
    pumps(conn, embedder)
    ann = sign_up(conn, "Ann")
    post = community.write_post(conn, ann.id, title="My water pump hums", body="It hums at night.", now=hours(20))
    before = newest(conn)
    react(conn, embedder)
    assert tags_of(conn, post) == [("hydraulics", "machine")]
    ((kind, _, actor, data),) = told(conn, before)
    assert (kind, actor) == ("tag.applied", None)
    assert data == data | {"post_id": str(post), "tag": "hydraulics", "source": "machine"}
    assert 60 <= int(str(data["confidence"])) <= 100
    row = conn.execute("SELECT confidence FROM community.taggings WHERE post_id = %s", (post,)).fetchone()
    assert row == (data["confidence"],), "and the lake hears of it with the tag"
    conn.execute(
        "INSERT INTO kernel.deliveries SELECT 'embeddings', id, now() FROM kernel.outbox WHERE subject_id = %s", (post,)
    )
    react(conn, embedder)  # heard twice, nothing changes
    assert tags_of(conn, post) == [("hydraulics", "machine")]


def test_a_post_that_means_something_else_gets_none_and_one_with_tags_keeps_to_them(
    conn: Conn, embedder: Embedder
) -> None:
    pumps(conn, embedder)
    vocabulary(conn, "noise", "water")
    ann = sign_up(conn, "Ann")
    other = community.write_post(conn, ann.id, title="Customers pay late", body="After sixty days.", now=hours(20))
    mine = community.write_post(
        conn, ann.id, title="My water pump hums", body="At night.", tags=["noise", "water"], now=hours(20)
    )  # fmt: skip
    react(conn, embedder)
    assert tags_of(conn, other) == []
    assert tags_of(conn, mine) == [("noise", "author"), ("water", "author")]


def test_an_edited_post_loses_what_no_longer_fits(conn: Conn, embedder: Embedder) -> None:
    pumps(conn, embedder)
    ann = sign_up(conn, "Ann")
    post = community.write_post(conn, ann.id, title="My water pump hums", body="It hums at night.", now=hours(20))
    react(conn, embedder)
    community.edit_post(
        conn, ann.id, post, title="Customers pay late", body="After sixty days.", tags=[], now=hours(21)
    )
    react(conn, embedder)
    assert tags_of(conn, post) == []


def test_a_newcomer_starts_with_what_is_near_to_their_profile(conn: Conn, embedder: Embedder) -> None:
    made = pumps(conn, embedder)
    ann = join(conn, "ann", headline="Repairs water pumps and hydraulic machines")
    react(conn, embedder)
    found = suggested(conn, ann.id).problems
    assert found
    assert {one.id for one in found} <= set(made)
    assert {one.words for one in found} == {"fits what you tell about yourself"}
    stored = conn.execute("SELECT DISTINCT reason FROM discovery.starts WHERE account_id = %s", (ann.id,)).fetchall()
    assert stored == [("like_profile",)]


def questions(conn: Conn, embedder: Embedder, skill: str) -> set[UUID]:
    """Problems with one piece of software, by several people."""
    words = (f"{skill} is slow", f"A query in {skill} does not end", f"How do I learn {skill}?")
    made = {community.write_post(conn, sign_up(conn).id, title=one, body=one, now=hours(5)) for one in words}
    react(conn, embedder)
    return made


def start_of(conn: Conn, person: Account) -> set[UUID]:
    rows = conn.execute("SELECT post_id FROM discovery.starts WHERE account_id = %s", (person.id,))
    return {row[0] for row in rows.fetchall()}


def test_skills_are_enough_to_start_with(conn: Conn, embedder: Embedder) -> None:
    made = questions(conn, embedder, "PostgreSQL")
    ann, bob = join(conn, "ann"), join(conn, "bob")
    work.set_skills(conn, ann.id, {"PostgreSQL": "expert"}, NOON)
    showing.add_item(conn, bob.id, NOON, title="Reports", skills=["PostgreSQL"])
    react(conn, embedder)
    assert made <= start_of(conn, ann)
    assert made <= start_of(conn, bob)


def test_a_resume_counts_for_its_owner_who_agreed_and_is_found_by_nobody(
    conn: Conn, embedder: Embedder, tmp_path: Path
) -> None:
    made = questions(conn, embedder, "PostgreSQL")
    ann, unwilling = join(conn, "ann"), join(conn, "unwilling", agrees=False)
    paper = uploads.prepare(b"Skills: PostgreSQL, Rust\nSecret project Quagga", "resume")
    for person in (ann, unwilling):
        resumes.upload(conn, Store(tmp_path), person.id, paper, "cv.txt", NOON)
    react(conn, embedder)
    assert made <= start_of(conn, ann)
    assert start_of(conn, unwilling) == set()
    told = embedding.text_of(conn, ann.id)
    assert told
    assert told.words == ""
    assert meaning.vector_of(conn, ann.id) is None
    resumes.remove(conn, ann.id, hours(1))
    react(conn, embedder)
    assert start_of(conn, ann) == set()


def test_nothing_of_a_resume_but_its_skills_is_looked_at(conn: Conn, tmp_path: Path) -> None:
    ann, asked = join(conn, "ann", headline="Mends pumps"), list[Sequence[str]]()

    class Noting(Embedder):
        there = True

        def embed(self, texts: Sequence[str]) -> list[Vector]:
            asked.append(texts)
            return [[1.0] + [0.0] * 383]

    paper = uploads.prepare(b"Ann Quagga, Ghent\nSkills: PostgreSQL", "resume")
    resumes.upload(conn, Store(tmp_path), ann.id, paper, "cv.txt", NOON)
    starts.refresh(conn, ann.id, NOON, Noting(tmp_path))
    assert asked == [["Mends pumps. PostgreSQL"]]


def test_followed_tags_come_in_turns_with_it(conn: Conn, embedder: Embedder) -> None:
    pumps(conn, embedder)
    late = community.write_post(conn, sign_up(conn).id, title="Paid late", body="x", tags=["finance"], now=hours(30))
    ann = join(conn, "ann", headline="Repairs water pumps")
    follows.follow_tag(conn, ann.id, "finance", NOON)
    react(conn, embedder)
    found = suggested(conn, ann.id).problems
    assert [one.words for one in found[:2]] == ["fits what you tell about yourself", "because you follow finance"]
    assert found[1].id == late
    assert len({one.id for one in found}) == len(found)


def test_who_tells_nothing_or_did_not_agree_has_no_start(conn: Conn, embedder: Embedder) -> None:
    pumps(conn, embedder)
    silent, unwilling = join(conn, "silent"), join(conn, "unwilling", headline="Repairs water pumps", agrees=False)
    react(conn, embedder)
    assert {one.reason for one in suggested(conn, silent.id).problems} == {"popular"}
    assert not suggested(conn, unwilling.id).agreed
    ids = [silent.id, unwilling.id]
    assert conn.execute("SELECT 1 FROM discovery.starts WHERE account_id = ANY(%s)", (ids,)).fetchone() is None


def test_who_withdraws_or_leaves_loses_it(conn: Conn, embedder: Embedder) -> None:
    pumps(conn, embedder)
    ann, bob = join(conn, "ann", headline="Repairs water pumps"), join(conn, "bob", headline="Repairs water pumps")
    react(conn, embedder)

    def kept(person: Account) -> bool:
        query = "SELECT 1 FROM discovery.starts WHERE account_id = %s"
        return conn.execute(query, (person.id,)).fetchone() is not None

    assert kept(ann)
    assert kept(bob)
    identity.decide_consent(conn, ann.id, "recommendations", False, hours(1))
    react(conn, embedder)
    assert not kept(ann)
    leaving.leave(conn, bob.id, hours(2))
    assert not kept(bob)
