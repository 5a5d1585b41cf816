"""Closing, locking and reopening posts with a reason, and the links between posts that ask the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID

import pytest

from platform_app.community import batch, reads, states
from platform_app.community import service as community
from platform_app.community.schemas import LinkRow, Target
from platform_app.db import Conn, Database
from platform_app.errors import Conflict, Invalid, NotAllowed, Refused
from platform_app.identity import service as identity
from platform_app.identity.schemas import Account
from tests.lib.front_door import Door, open_door
from tests.lib.people import NOON, approach_by, hours, moderator, post_by, sign_up
from tests.lib.stack import Stack


@pytest.fixture(scope="module")
def door(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox")) as door:
        yield door


def test_an_author_closes_and_reopens_their_own(conn: Conn) -> None:
    ann, bob = sign_up(conn, "Ann"), sign_up(conn)
    post = post_by(conn, ann)
    community.accept(conn, ann.id, approach_by(conn, bob, post), NOON)
    states.close(conn, ann.id, post, reason="settled", note="It was the fuse.", now=hours(1))
    view = reads.read_post(conn, post)
    assert (view.card.status, view.closed_reason) == ("closed", "settled")
    assert [(one.change, one.reason, one.note, one.actor_name) for one in view.changes] == [
        ("closed", "settled", "It was the fuse.", "Ann")
    ]
    with pytest.raises(Conflict, match="closed"):
        approach_by(conn, bob, post)
    states.reopen(conn, ann.id, post, now=hours(2))
    view = reads.read_post(conn, post)
    assert (view.card.status, view.closed_reason, view.changes) == ("solved", None, [])
    assert [one.change for one in states.changes_of(conn, post)] == ["reopened", "closed"]


def test_what_a_moderator_closed_only_a_moderator_reopens(conn: Conn) -> None:
    ann, keeper = sign_up(conn), moderator(conn)
    post = post_by(conn, ann)
    states.close(conn, keeper.id, post, reason="off_topic", now=hours(1))
    with pytest.raises(NotAllowed, match="only a moderator"):
        states.reopen(conn, ann.id, post, now=hours(2))
    states.reopen(conn, keeper.id, post, now=hours(2))
    assert reads.read_post(conn, post).card.status == "open"


LOCKED: dict[str, Callable[[Conn, Account, UUID, UUID], object]] = {
    "an approach": lambda c, who, post, _: approach_by(c, who, post),
    "a comment": lambda c, who, post, _: community.comment(c, who.id, Target(post_id=post), body="a", now=NOON),
    "a comment on an approach": lambda c, who, _, answer: community.comment(
        c, who.id, Target(approach_id=answer), body="a", now=NOON
    ),
    "a vote": lambda c, who, post, _: community.vote(c, who.id, Target(post_id=post), 1, NOON),
    "a vote on an approach": lambda c, who, _, answer: community.vote(c, who.id, Target(approach_id=answer), 1, NOON),
}


@pytest.mark.parametrize("what", LOCKED)
def test_a_locked_post_takes_nothing(conn: Conn, what: str) -> None:
    ann, bob, cem, keeper = sign_up(conn), sign_up(conn), sign_up(conn), moderator(conn)
    post = post_by(conn, ann)
    answer = approach_by(conn, bob, post)
    LOCKED[what](conn, cem, post, answer)
    states.lock(conn, keeper.id, post, reason="heated", now=NOON)
    with pytest.raises(Conflict) as refusal:
        LOCKED[what](conn, sign_up(conn), post, answer)
    assert refusal.value.code == "post_locked"
    states.unlock(conn, keeper.id, post, now=NOON)
    LOCKED[what](conn, sign_up(conn), post, answer)


def test_a_locked_post_is_changed_by_moderators_alone(conn: Conn) -> None:
    ann, keeper = sign_up(conn), moderator(conn)
    post = post_by(conn, ann)
    answer = approach_by(conn, ann, post)
    states.lock(conn, keeper.id, post, reason="review", now=NOON)

    def edit_both(who: Account) -> Iterator[Callable[[], None]]:
        yield lambda: community.edit_post(conn, who.id, post, title="t", body="b", tags=[], now=NOON)
        yield lambda: community.edit_approach(conn, who.id, answer, body="b", now=NOON)

    for edit in edit_both(ann):
        with pytest.raises(Conflict, match="locked"):
            edit()
    for edit in edit_both(keeper):
        edit()


def test_duplicates_and_related_posts_are_linked_both_ways(conn: Conn) -> None:
    ann, bob = sign_up(conn), sign_up(conn)
    older, newer, other = post_by(conn, ann), post_by(conn, bob), post_by(conn, ann)
    community.mark_duplicate(conn, bob.id, newer, older, NOON)
    batch.add_links(conn, [LinkRow(UUID(int=7), other, older, ann.id, "related", NOON)])
    linked = {
        post: {(one.id, one.relation) for one in states.linked_posts(conn, post)} for post in (older, newer, other)
    }
    assert linked == {
        older: {(newer, "duplicated_by"), (other, "related")},
        newer: {(older, "duplicate_of")},
        other: {(older, "related")},
    }
    assert reads.read_post(conn, newer).closed_reason == "duplicate"
    states.reopen(conn, bob.id, newer, now=hours(1))
    assert states.linked_posts(conn, newer) == []
    assert reads.read_post(conn, newer).duplicate_of is None
    community.delete_post(conn, ann.id, other, NOON)
    assert states.linked_posts(conn, older) == []


def test_a_solved_post_can_be_a_duplicate_and_no_longer(conn: Conn) -> None:
    ann = sign_up(conn)
    older, newer = post_by(conn, ann), post_by(conn, ann)
    community.accept(conn, ann.id, approach_by(conn, ann, newer), NOON)
    community.mark_duplicate(conn, ann.id, newer, older, NOON)
    states.reopen(conn, ann.id, newer, now=NOON)
    view = reads.read_post(conn, newer)
    assert (view.card.status, view.duplicate_of) == ("solved", None)


CASES: dict[str, tuple[type[Refused], str, Callable[[Conn, Account, UUID], object]]] = {
    "a close by a stranger": (
        NotAllowed, "not_the_author", lambda c, _, p: states.close(c, sign_up(c).id, p, reason="settled", now=NOON),
    ),
    "a reason that is none": (Invalid, "invalid", lambda c, a, p: states.close(c, a.id, p, reason="bad", now=NOON)),
    "a note that is too long": (
        Invalid, "invalid", lambda c, a, p: states.close(c, a.id, p, reason="settled", note="x" * 501, now=NOON),
    ),
    "a reopening of what is open": (Conflict, "not_closed", lambda c, a, p: states.reopen(c, a.id, p, now=NOON)),
    "a lock by the author": (
        NotAllowed, "not_a_moderator", lambda c, a, p: states.lock(c, a.id, p, reason="heated", now=NOON),
    ),
    "an unlocking of what is not locked": (
        Conflict, "not_locked", lambda c, _, p: states.unlock(c, moderator(c).id, p, now=NOON),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_the_rules_forbid_is_refused(conn: Conn, case: str) -> None:
    kind, code, attempt = CASES[case]
    ann = sign_up(conn)
    with pytest.raises(kind) as refusal:
        attempt(conn, ann, post_by(conn, ann))
    assert refusal.value.code == code


def test_states_change_through_the_api_and_at_a_browser(door: Door, database: Database) -> None:
    ann, keeper = door.member("annie"), door.member("keeper")
    with database.write("t") as conn:
        identity.appoint(conn, keeper.handle, "moderator")
    older, post = (ann.made("/posts", {"title": title, "body": "b"}) for title in ("The older one", "The newer one"))
    page = f"/posts/{post}"
    assert ann.call("PUT", f"{page}/closed", {"reason": "settled", "note": "Done."}).status_code == 204
    assert ann.call("GET", f"{page}/changes").json()[0]["note"] == "Done."
    assert ann.call("DELETE", f"{page}/closed").status_code == 204
    at_browser, at_desk = door.browser_of(ann), door.browser_of(keeper)
    at_browser.look(f"{page}/lock", 403)
    unclear = at_browser.send(f"{page}/close", reason="duplicate", of="the other one")
    assert unclear.status_code == 422
    assert "address of the older problem" in unclear.text
    assert at_browser.send(f"{page}/close", reason="duplicate", of=f"{door.url}/posts/{older}#x").status_code == 303
    assert "The older one" in door.visitor().look(page)
    assert "The newer one" in door.visitor().look(f"/posts/{older}")
    assert at_browser.send(page, f"{page}/reopen").status_code == 303
    assert at_desk.send(f"{page}/lock", reason="heated", note="Be kind.").status_code == 303
    shown = at_browser.look(page)
    assert "Be kind." in shown
    assert "Add a comment" not in shown
    assert "Your approach" not in shown
    assert keeper.call("DELETE", f"{page}/locked").status_code == 204
    assert keeper.call("PUT", f"{page}/locked", {"reason": "review"}).status_code == 204
    assert at_desk.send(page, f"{page}/unlock").status_code == 303
    assert "Your approach" in at_browser.look(page)
