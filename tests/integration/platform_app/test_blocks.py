"""Blocks count both ways and everywhere; mutes are noticed by the muter alone; what is hidden keeps its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest

from platform_app.community import follows, reads
from platform_app.community import service as community
from platform_app.community.schemas import Target
from platform_app.db import Conn
from platform_app.errors import Conflict, NotAllowed, NotFound
from platform_app.explore.followed import followed_posts
from platform_app.explore.schemas import Surface
from platform_app.identity.schemas import Account
from platform_app.moderation import blocks, hidden
from platform_app.web import ranked
from tests.integration.platform_app.test_notifications import told
from tests.lib.front_door import Caller, Door, open_door
from tests.lib.people import NOON, approach_by, moderator, post_by, sign_up
from tests.lib.stack import Stack


@pytest.fixture(scope="module")
def door(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox")) as door:
        yield door


REACHES: dict[str, Callable[[Conn, Account, UUID, UUID, Account], Any]] = {
    "answers": lambda conn, bob, post, _, __: approach_by(conn, bob, post),
    "remarks": lambda conn, bob, post, _, __: community.comment(conn, bob.id, Target(post_id=post), body="b", now=NOON),
    "remarks on an approach": lambda conn, bob, _, answer, __: community.comment(
        conn, bob.id, Target(approach_id=answer), body="b", now=NOON
    ),
    "votes": lambda conn, bob, post, _, __: community.vote(conn, bob.id, Target(post_id=post), -1, NOON),
    "follows": lambda conn, bob, _, __, ann: follows.follow(conn, bob.id, ann.id, NOON),
}


@pytest.mark.parametrize("reach", REACHES.values(), ids=list(REACHES))
@pytest.mark.parametrize("whose", ["the author's block", "the other one's block"])
def test_nobody_reaches_whom_they_have_a_block_with(conn: Conn, reach: Callable[..., Any], whose: str) -> None:
    ann, bob = sign_up(conn), sign_up(conn, "bob")
    post, answer = post_by(conn, ann), approach_by(conn, ann, None)
    pair = (ann, bob) if whose == "the author's block" else (bob, ann)
    follows.block(conn, pair[0].id, pair[1].id, NOON)
    with pytest.raises(NotAllowed) as refused:
        reach(conn, bob, post, answer, ann)
    assert refused.value.code == "blocked"
    blocks.unblock(conn, pair[0].id, pair[1].id)
    reach(conn, bob, post, answer, ann)


def ranked_for(conn: Conn, viewer: Account, surface: Surface) -> list[Any]:
    """What a ranking shows a viewer: their own, or everybody's."""
    whose = viewer.id if surface == "feed" else None
    page = ranked.read(conn, whose, surface, viewer=viewer.id, limit=100).page
    return [one.post or one.approach for one in page.items]


def seen(conn: Conn, viewer: Account, author: Account, post: UUID, theirs: UUID) -> set[str]:
    """Where a viewer comes across an author who wrote a post, and an answer and a comment under `theirs`."""
    under = reads.read_post(conn, theirs, viewer.id)
    lists: dict[str, list[Any]] = {
        "newest": reads.newest_posts(conn, viewer_id=viewer.id, limit=200),
        "followed": followed_posts(conn, viewer.id)[0],
        "the feed": ranked_for(conn, viewer, "feed"),
        "popular": ranked_for(conn, viewer, "popular"),
        "their posts": reads.posts_of(conn, author.id, viewer.id),
        "their approaches": reads.approaches_of(conn, author.id, viewer.id),
        "alone": reads.newest_approaches(conn, viewer.id),
        "answers": under.approaches,
        "comments": under.comments,
    }
    found = {name for name, items in lists.items() if any(item.author_id == author.id for item in items)}
    try:
        reads.read_post(conn, post, viewer.id)
    except NotFound:
        return found
    return found | {"its page"}


EVERYWHERE = {
    "newest",
    "followed",
    "the feed",
    "popular",
    "their posts",
    "their approaches",
    "alone",
    "answers",
    "comments",
    "its page",
}


@pytest.fixture
def met(conn: Conn) -> tuple[Account, Account, UUID, UUID]:
    """Ann follows Bob, who wrote a post, an approach of his own, and an answer and a comment under Cleo's post."""
    ann, bob, cleo = sign_up(conn), sign_up(conn, "bob"), sign_up(conn, "cleo")
    follows.follow(conn, ann.id, bob.id, NOON)
    theirs = post_by(conn, cleo)
    approach_by(conn, bob, theirs)
    approach_by(conn, bob, None)
    community.comment(conn, bob.id, Target(post_id=theirs), body="b", now=NOON)
    return ann, bob, post_by(conn, bob), theirs


def test_a_block_hides_both_from_each_other_and_ends_their_follows(
    conn: Conn, met: tuple[Account, Account, UUID, UUID]
) -> None:
    ann, bob, post, theirs = met
    assert seen(conn, ann, bob, post, theirs) == EVERYWHERE
    follows.block(conn, bob.id, ann.id, NOON)
    assert seen(conn, ann, bob, post, theirs) == set()
    assert not reads.follow_state(conn, ann.id, bob.id)
    assert blocks.between(conn, ann.id, bob.id)
    assert blocks.between(conn, bob.id, ann.id)
    assert [kept.handle for kept in blocks.blocked_by(conn, bob.id)] == [ann.handle]
    assert blocks.blocked_by(conn, ann.id) == []
    assert seen(conn, sign_up(conn), bob, post, theirs) == EVERYWHERE - {"followed"}


def test_a_mute_takes_somebody_off_the_muters_lists_alone(conn: Conn, met: tuple[Account, Account, UUID, UUID]) -> None:
    ann, bob, post, theirs = met
    blocks.mute(conn, ann.id, bob.id, NOON)
    assert seen(conn, ann, bob, post, theirs) == {"its page"}
    mine = post_by(conn, ann)
    approach_by(conn, bob, mine)  # nothing refuses them
    assert "newest" in seen(conn, bob, ann, mine, mine)
    blocks.unmute(conn, ann.id, bob.id)
    assert seen(conn, ann, bob, post, theirs) == EVERYWHERE


def test_nobody_is_told_of_those_they_keep_away(conn: Conn) -> None:
    ann, bob = sign_up(conn), sign_up(conn, "bob")
    post = post_by(conn, ann)
    approach_by(conn, bob, post)
    assert [kind for kind, _, _ in told(conn, ann)] == ["answered"]
    blocks.mute(conn, ann.id, bob.id, NOON)
    community.comment(conn, bob.id, Target(post_id=post), body="b", now=NOON)
    assert told(conn, ann) == []  # what came before is not shown either
    blocks.unmute(conn, ann.id, bob.id)
    assert [kind for kind, _, _ in told(conn, ann)] == ["answered"]
    follows.block(conn, ann.id, bob.id, NOON)
    community.write_post(conn, bob.id, title="t", body=f"@{ann.handle} look!", now=NOON)
    assert told(conn, ann) == []
    assert told(conn, bob) == []


def test_a_moderator_is_muted_but_not_blocked_and_nobody_blocks_themselves(conn: Conn) -> None:
    ann, keeper = sign_up(conn), moderator(conn)
    with pytest.raises(NotAllowed) as refused:
        follows.block(conn, ann.id, keeper.id, NOON)
    assert refused.value.code == "moderator"
    blocks.mute(conn, ann.id, keeper.id, NOON)
    for act in (follows.block, blocks.mute):
        with pytest.raises(NotAllowed):
            act(conn, ann.id, ann.id, NOON)


def test_what_is_hidden_keeps_its_place_without_its_words(conn: Conn) -> None:
    ann, bob, keeper = sign_up(conn), sign_up(conn, "bob"), moderator(conn)
    post = community.write_post(conn, ann.id, title="Rude", body="Rude words", now=NOON)
    answer = approach_by(conn, bob, post, body="Rude answer")
    remark = community.comment(conn, bob.id, Target(post_id=post), body="Rude remark", now=NOON)
    for kind, target, author in (("post", post, ann), ("approach", answer, bob), ("comment", remark, bob)):
        hidden.put(conn, kind, target, author.id, "moderator", NOON)
    for viewer in (None, sign_up(conn).id):
        view = reads.read_post(conn, post, viewer)
        texts = [view.card.title, view.card.body, view.approaches[0].body, view.comments[0].body]
        assert texts == [hidden.HIDDEN] * 4
        assert reads.read_approach(conn, answer, viewer).body == hidden.HIDDEN
        assert post not in [card.id for card in reads.newest_posts(conn, viewer_id=viewer)]
    assert reads.read_post(conn, post, ann.id).card.title == "Rude"
    assert reads.read_post(conn, post, ann.id).comments[0].body == hidden.HIDDEN
    assert reads.newest_posts(conn, viewer_id=ann.id)[0].hidden
    assert "Rude" in str(reads.read_post(conn, post, keeper.id).comments)
    with pytest.raises(Conflict) as refused:
        approach_by(conn, sign_up(conn), post)
    assert refused.value.code == "hidden"
    hidden.take(conn, post)
    assert reads.read_post(conn, post).card.title == "Rude"


def test_blocks_and_mutes_by_http(door: Door) -> None:
    ann, bob = door.member("ann"), door.member("bob")
    theirs = bob.made("/posts", {"title": "t", "body": "b"})
    for thing, listed in (("block", "blocked"), ("mute", "muted")):
        assert ann.call("PUT", f"/people/{bob.handle}/{thing}").status_code == 204
        assert ann.call("PUT", f"/people/{bob.handle}/{thing}").status_code == 204  # again: the same
        assert [kept["handle"] for kept in ann.call("GET", "/blocks").json()[listed]] == [bob.handle]
        assert theirs not in [post["id"] for post in ann.call("GET", "/posts").json()["items"]]
        assert bob.call("GET", "/blocks").json() == {"blocked": [], "muted": []}
        assert ann.call("DELETE", f"/people/{bob.handle}/{thing}").status_code == 204
    assert theirs in [post["id"] for post in ann.call("GET", "/posts").json()["items"]]
    assert ann.call("PUT", "/people/nobody-here/block").status_code == 404


def test_the_copy_of_ones_data_says_whom_one_blocked_and_not_by_whom_one_was(door: Door, app_stack: Stack) -> None:
    ann, bob = door.member("ann"), door.member("bob")
    ann.call("PUT", f"/people/{bob.handle}/block")
    with psycopg.connect(app_stack.url("app")) as conn:
        row = conn.execute("SELECT id FROM identity.accounts WHERE handle = %s", (ann.handle,)).fetchone()
    assert row is not None
    assert b"moderation.blocks.json" in ann.call("GET", "/account/export").content
    assert b"moderation.blocks.json" not in bob.call("GET", "/account/export").content


def _refusal(caller: Caller, path: str) -> str:
    return str(caller.call("POST", path, {"body": "b"}).json()["code"])


def test_a_refusal_names_the_rule_and_not_the_person_who_set_it(door: Door) -> None:
    ann, bob = door.member("ann"), door.member("bob")
    post = ann.made("/posts", {"title": "t", "body": "b"})
    ann.call("PUT", f"/people/{bob.handle}/block")
    assert _refusal(bob, f"/posts/{post}/approaches") == "blocked"
    assert bob.call("GET", f"/posts/{post}").status_code == 404


def test_blocking_and_muting_at_a_browser(door: Door) -> None:
    ann, bob = door.browser_of(door.member("ann")), door.member("bob")
    page = f"/people/{bob.handle}"
    assert ann.send(page, f"{page}/block", on="1").status_code == 303
    assert "Unblock" in ann.look(page)
    assert bob.handle in ann.look("/settings/safety")
    assert ann.send("/settings/safety", f"{page}/block", on="", back="/settings/safety").status_code == 303
    assert ann.send(page, f"{page}/mute", on="1").status_code == 303
    assert "Unmute" in ann.look(page)
