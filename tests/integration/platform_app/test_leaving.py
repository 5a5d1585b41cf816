"""Deleting an account: nothing of the person stays, what others wrote keeps its place, and the receipt can be read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.rows import dict_row

from platform_app import answers
from platform_app.community import attachments, drafts, follows, privacy, reads, saved, states, threads
from platform_app.community import service as community
from platform_app.community.groups import reads as group_reads
from platform_app.community.groups import rules as groups
from platform_app.community.schemas import Target
from platform_app.db import Conn, Database
from platform_app.errors import Conflict
from platform_app.explore import history, rankings
from platform_app.explore.history import Impression
from platform_app.explore.scoring import ALGORITHM
from platform_app.identity import erasure
from platform_app.identity import service as identity
from platform_app.leaving import leave
from platform_app.messaging import quiet
from platform_app.moderation import blocks, reports
from platform_app.outbox import deliveries
from platform_app.profiles import resumes, showing, work
from platform_app.profiles import service as profiles
from platform_app.sealing import Sealer
from platform_app.uploads import service as uploads
from platform_app.uploads.store import Store
from tests.lib.front_door import PASSWORD, Door, open_door
from tests.lib.people import NOON, approach_by, hours, moderator, post_by, sign_up, vocabulary
from tests.lib.plants import texts_of_database
from tests.lib.specimens import picture
from tests.lib.stack import Stack

MINE = "zanzibarquux"


def mentions(app_stack: Stack, *words: str) -> dict[str, list[str]]:
    """Which relations of the whole database hold which of the words."""
    with psycopg.connect(app_stack.url("postgres", "app"), row_factory=dict_row) as connection:
        found: dict[str, list[str]] = {}
        for relation, text in texts_of_database(connection):
            for word in words:
                if word.lower() in text.lower():
                    found.setdefault(word, []).append(relation)
        return found


def everything_of(conn: Conn, name: str = MINE) -> Any:  # noqa: PLR0915 - everything is much
    """A person who has done everything that one can do, with a word of theirs in every text."""
    me, other = sign_up(conn, name), sign_up(conn, "other")
    vocabulary(conn, "rust")
    profiles.edit_profile(
        conn, me.id, headline=MINE, bio=MINE, website_url=f"https://{MINE}.example", location=MINE, now=NOON
    )
    profiles.award_badge(conn, me.id, "helper", "gold", NOON)
    lonely = community.write_post(conn, me.id, title=MINE, body=MINE, tags=["rust"], now=NOON)
    answered = community.write_post(conn, me.id, title=MINE, body=MINE, tags=["rust"], now=NOON)
    theirs = post_by(conn, other)
    answer = approach_by(conn, other, answered)
    mine = approach_by(conn, me, theirs, body=f"{MINE} rust")
    community.accept(conn, other.id, mine, NOON)
    discussed = approach_by(conn, me, None, body=MINE)
    community.comment(conn, other.id, Target(approach_id=discussed), body="Why?", now=NOON)
    community.comment(conn, me.id, Target(post_id=theirs), body=MINE, now=NOON)
    argued = post_by(conn, other)
    replied = community.comment(conn, me.id, Target(post_id=argued), body=MINE, now=NOON)
    community.comment(conn, other.id, Target(post_id=argued), body="No.", parent_id=replied, now=NOON)
    gone = community.comment(conn, me.id, Target(post_id=theirs), body=MINE, now=NOON)
    community.delete_comment(conn, me.id, gone, NOON)
    closed = community.write_post(conn, me.id, title=MINE, body=MINE, now=NOON)
    approach_by(conn, other, closed)
    states.close(conn, me.id, closed, reason="settled", note=MINE, now=NOON)
    community.edit_post(conn, me.id, answered, title=f"{MINE} 2", body=MINE, tags=[], now=hours(1))
    community.edit_approach(conn, me.id, mine, body=f"{MINE} rust 2", now=hours(1))
    mark = me.id.hex[-8:]
    groups.create(conn, me.id, slug=f"alone-{mark}", name=MINE, about=MINE, now=NOON)
    shared = groups.create(conn, me.id, slug=f"shared-{mark}", name="Ours", about=MINE, now=NOON)
    groups.join(conn, other.id, shared, NOON)
    community.write_post(conn, me.id, title=MINE, body=MINE, group_id=shared, now=NOON)
    theirs_too = groups.create(conn, other.id, slug=f"theirs-{mark}", name="Theirs", joining="approval", now=NOON)
    groups.join(conn, me.id, theirs_too, NOON)
    strict = groups.create(conn, other.id, slug=f"strict-{mark}", name="Strict", now=NOON)
    groups.join(conn, me.id, strict, NOON)
    groups.remove(conn, other.id, strict, me.id, NOON)
    privacy.make_private(conn, other.id, NOON)
    follows.follow(conn, me.id, other.id, NOON)
    privacy.make_private(conn, me.id, NOON)
    follows.follow(conn, other.id, me.id, NOON)
    watched = groups.create(conn, other.id, slug=f"watched-{mark}", name="Watched", now=NOON)
    groups.follow(conn, me.id, watched, NOON)
    drafts.save(conn, me.id, "post", drafts.Words(MINE, MINE), now=NOON)
    drafts.save(conn, other.id, "approach", drafts.Words(body="Yes."), post_id=lonely, now=NOON)
    saved.save(conn, me.id, Target(post_id=theirs), NOON)
    saved.save(conn, other.id, Target(post_id=lonely), NOON)
    community.vote(conn, me.id, Target(post_id=theirs), 1, NOON)
    community.vote(conn, other.id, Target(post_id=lonely), 1, NOON)
    community.mark_duplicate(conn, other.id, theirs, lonely, NOON)
    follows.follow(conn, me.id, other.id, NOON)
    follows.follow(conn, other.id, me.id, NOON)
    follows.follow_tag(conn, me.id, "rust", NOON)
    blocks.block(conn, me.id, sign_up(conn, "kept-away").id, NOON)
    answers.claim(conn, Sealer(Path()), me.id, "a-key", b"", NOON)
    blocks.mute(conn, other.id, me.id, NOON)
    reports.file(conn, me.id, "post", theirs, category="spam", body=MINE, now=NOON)
    reports.file(conn, other.id, "post", answered, category="spam", body=MINE, now=NOON)
    reports.decide(conn, moderator(conn).id, answered, uphold=True, reason=MINE, now=NOON)
    identity.issue_reset_token(conn, me.id, NOON)
    quiet.choose(conn, me.id, 22, 7, "UTC")
    identity.decide_consent(conn, me.id, "recommendations", True, NOON)
    seen = Impression(me.id, "post", theirs, "feed", 1, ALGORITHM, "new", NOON)
    assert history.add_impressions(conn, [seen]) == 1
    rankings.keep(conn, me.id, rankings.settle(conn, me.id, "feed", NOON))
    with TemporaryDirectory() as folder:
        everything_brought(conn, Store(Path(folder)), me.id, lonely)
    return {
        "me": me,
        "other": other,
        "answered": answered,
        "theirs": theirs,
        "answer": answer,
        "discussed": discussed,
        "argued": argued,
    }


def everything_brought(conn: Conn, store: Store, me: UUID, post: UUID) -> None:
    """Every kind of file that a person can bring, with what is said about each and how they work."""
    text, image = uploads.prepare(f"{MINE} Python".encode(), "attachment"), uploads.prepare(picture(), "portfolio")
    kept = uploads.keep(conn, store, me, text, purpose="attachment", name=MINE, now=NOON)
    attachments.attach(conn, me, Target(post_id=post), kept.id, NOON)
    shown = uploads.keep(conn, store, me, image, purpose="portfolio", name=MINE, now=NOON)
    showing.add_item(
        conn, me, NOON, title=MINE, summary=MINE, url=f"https://{MINE}.example", file_id=shown.id, skills=["sql"]
    )
    showing.set_face(conn, store, me, uploads.prepare(picture(), "avatar"), NOON)
    resumes.upload(conn, store, me, text, MINE, NOON)
    resumes.take_over(conn, me, ["python"], years=True, now=NOON)
    work.edit_working_life(conn, me, NOON, availability="busy", time_zone="Europe/Berlin")
    conn.execute("INSERT INTO profiles.reputation VALUES (%s, 1, 1, 0, now())", (me,))
    conn.execute("INSERT INTO profiles.github VALUES (%s, %s, '{}', 0, 0, 'never', now())", (me, MINE))
    conn.execute("INSERT INTO profiles.featured VALUES (%s, %s, now(), now())", (me, me))


def test_nothing_of_a_person_who_left_stays_in_any_table(database: Database, app_stack: Stack) -> None:
    with database.write("t") as conn:
        made = everything_of(conn)
    me = str(made["me"].id)
    assert len(mentions(app_stack, me)[me]) >= 13
    with database.write("t") as conn:
        leave(conn, made["me"].id, NOON)
    assert mentions(app_stack, me, MINE) == {me: ["identity.erasure_requests", "kernel.outbox"]}
    with database.write("t") as conn:  # what says that they left goes when everybody has heard it
        conn.execute("DELETE FROM kernel.deliveries")
        deliveries.purge(conn, days=7)
    assert mentions(app_stack, me, MINE) == {me: ["identity.erasure_requests"]}
    # The control: a table that is forgotten is seen.
    with database.write("t") as conn:
        community.comment(conn, made["other"].id, Target(post_id=made["theirs"]), body=f"I miss {MINE}", now=NOON)
    assert mentions(app_stack, MINE) == {MINE: ["community.comments"]}


def test_what_others_wrote_keeps_its_place(conn: Conn) -> None:
    made = everything_of(conn)
    leave(conn, made["me"].id, NOON)
    left = reads.read_post(conn, made["answered"])
    assert (left.card.title, left.card.body, left.card.author_name, left.card.status) == (
        "[deleted]", "[deleted]", "Deleted user", "closed",
    )  # fmt: skip
    assert [one.id for one in left.approaches] == [made["answer"]]
    ours = group_reads.group_named(conn, f"shared-{made['me'].id.hex[-8:]}", made["other"].id)
    assert (ours.my_role, ours.name, ours.about, ours.members) == ("owner", "Ours", "", 1)
    theirs = reads.read_post(conn, made["theirs"])
    assert (theirs.accepted_approach_id, theirs.duplicate_of, theirs.approaches) == (None, None, [])
    assert (theirs.card.score, theirs.card.approaches, theirs.card.comments) == (0, 0, 0)
    assert reads.read_approach(conn, made["discussed"]).body == "[deleted]"
    assert threads.discussion(conn, Target(approach_id=made["discussed"])).threads[0].root.body == "Why?"
    [mine] = threads.discussion(conn, Target(post_id=made["argued"])).threads
    assert (mine.root.author_name, mine.root.body, [one.body for one in mine.replies]) == ("Deleted", "", ["No."])
    row = conn.execute("SELECT hours_to_first_approach FROM community.posts WHERE id = %s", (made["theirs"],))
    assert row.fetchone() == (None,)


def test_a_second_person_who_leaves_finds_the_same_heir(conn: Conn) -> None:
    for name in ("one", "two"):
        made = everything_of(conn, name)
        leave(conn, made["me"].id, NOON)
    assert conn.execute("SELECT count(*) FROM identity.accounts WHERE status = 'deleted'").fetchone() == (1,)


def test_the_only_administrator_stays(conn: Conn) -> None:
    boss = identity.appoint(conn, sign_up(conn, "boss").handle, "admin")
    with pytest.raises(Conflict, match="only administrator"):
        leave(conn, boss.id, NOON)
    identity.appoint(conn, sign_up(conn, "heir").handle, "admin")
    leave(conn, boss.id, NOON)


@pytest.fixture(scope="module")
def door(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox")) as door:
        yield door


def finish(app_stack: Stack, receipt: dict[str, Any]) -> int:
    """Answer the open requests as the lake does, with its role."""
    with psycopg.connect(app_stack.url("app_erasure")) as connection:
        return connection.execute(
            "UPDATE identity.erasure_requests SET account_id = NULL, state = 'done', finished_at = now(), receipt = %s "
            "WHERE state = 'open'",
            [json.dumps(receipt)],
        ).rowcount


RECEIPT = {
    "number": 3, "places": [{"name": "Kafka", "about": "Expires.", "clean_from": "2026-12-01T00:00:00+00:00", "rows": 0}],
    "stays": ["Published numbers."], "scan": {"files": 5, "bytes": 1234, "relations": 7, "found": 0},
}  # fmt: skip


def test_the_api_deletes_an_account_with_the_right_password_alone(door: Door, app_stack: Stack) -> None:
    ann = door.member("ann")
    wrong = ann.call("DELETE", "/account", {"password": "not this one"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "wrong_password")
    assert door.visitor().call("DELETE", "/account", {"password": PASSWORD}).status_code == 401
    right = ann.call("DELETE", "/account", {"password": PASSWORD})
    assert right.status_code == 202, right.text
    assert ann.call("GET", "/session").status_code == 401
    path = f"/erasures/{right.json()['receipt_token']}"
    assert door.visitor().call("GET", path).json()["state"] == "open"
    assert door.visitor().call("GET", "/erasures/no-such-token").status_code == 404
    assert finish(app_stack, RECEIPT) >= 1
    done = door.visitor().call("GET", path).json()
    assert (done["state"], done["receipt"]) == ("done", RECEIPT)


def test_wrong_passwords_are_limited(door: Door) -> None:
    eve = door.member("eve")
    codes = [eve.call("DELETE", "/account", {"password": f"guess number {n}"}).status_code for n in range(9)]
    assert codes[0] == 422
    assert codes[-1] == 429


def test_at_a_browser_one_is_told_asked_and_led_to_the_receipt(door: Door, app_stack: Stack) -> None:
    bob = door.browser_of(door.member("bob"))
    told = bob.look("/settings/account")
    assert "cannot be taken back" in told
    wrong = bob.send("/settings/account", "/settings/account/delete", password="no")
    assert wrong.status_code == 422
    assert "This is not your password." in wrong.text
    sent = bob.send("/settings/account", "/settings/account/delete", password=PASSWORD)
    assert sent.status_code == 303
    link = sent.headers["location"]
    assert "Keep this page" in bob.look(link)
    assert link in door.mail_to(bob.email, link)
    assert bob.client.get("/settings/account").headers["location"].startswith("/login")
    finish(app_stack, RECEIPT)
    assert "2026-12-01" in door.visitor().look(link)
    door.visitor().look("/erasure/unknown", 404)


def test_administrators_see_requests_and_nobody_else_does(door: Door, database: Database, app_stack: Stack) -> None:
    boss = door.member("boss")
    leaver = door.member("leaver")
    leaver.call("DELETE", "/account", {"password": PASSWORD})
    at_browser = door.browser_of(boss)
    at_browser.look("/moderate/erasures", 403)
    with database.write("t") as conn:
        identity.appoint(conn, boss.handle, "admin")
    assert "open" in at_browser.look("/moderate/erasures")


def test_the_role_that_works_requests_off_may_do_nothing_else(app_stack: Stack, database: Database) -> None:
    with psycopg.connect(app_stack.url("app_erasure"), autocommit=True) as connection:
        for statement in (
            "SELECT token_hash FROM identity.erasure_requests",
            "INSERT INTO identity.erasure_requests (id) VALUES (gen_random_uuid())",
            "DELETE FROM identity.erasure_requests",
            "UPDATE identity.erasure_requests SET requested_at = now()",
            "SELECT id FROM identity.accounts",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
    with database.write("t") as conn:
        assert erasure.latest(conn) is not None
