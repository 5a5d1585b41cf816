"""Private accounts: one asks, they decide, both are told; strangers see what is published, and none of the lists."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from platform_app.community import follows, privacy
from platform_app.db import Conn
from platform_app.errors import NotFound
from platform_app.identity.schemas import Account
from platform_app.messaging import reads as notifications
from platform_app.messaging.notify import notify
from platform_app.outbox import deliveries
from platform_app.outbox.subscribers import NOTIFICATIONS
from tests.lib.front_door import Caller, Door, open_door
from tests.lib.people import NOON, hours, sign_up
from tests.lib.stack import Stack


@pytest.fixture(scope="module")
def door(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox")) as door:
        yield door


def hidden_from(who: Caller, handle: str) -> list[int]:
    """What the lists of a person answer: followers, following, both with tags, posts, approaches."""
    paths = ("followers", "following", "follows", "posts", "approaches")
    return [who.call("GET", f"/people/{handle}/{path}").status_code for path in paths]


def test_who_wants_to_follow_a_private_account_asks_and_is_let_in(door: Door) -> None:
    ann, bob = door.member("ann"), door.member("bob")
    assert ann.call("PUT", "/privacy", {"private": True}).status_code == 204
    assert ann.call("GET", "/privacy").json() == {"private": True}
    assert bob.call("GET", f"/people/{ann.handle}").json()["private"]
    assert [bob.call("PUT", f"/people/{ann.handle}/follow").status_code for _ in range(2)] == [202, 202]
    asked = ann.call("GET", "/follow-requests").json()
    assert ([one["handle"] for one in asked["received"]], asked["sent"]) == ([bob.handle], [])
    assert [one["handle"] for one in bob.call("GET", "/follow-requests").json()["sent"]] == [ann.handle]
    assert hidden_from(bob, ann.handle) == [403] * 5
    assert ann.call("PUT", f"/follow-requests/{bob.handle}").status_code == 204
    assert hidden_from(bob, ann.handle) == [200] * 5
    assert ann.call("GET", "/follow-requests").json()["received"] == []
    assert ann.call("PUT", f"/follow-requests/{bob.handle}").status_code == 404
    assert bob.call("PUT", f"/people/{ann.handle}/follow").status_code == 204


def test_strangers_see_what_is_published_and_none_of_the_lists(door: Door) -> None:
    ann, fan, stranger = door.member("ann"), door.member("fan"), door.member("stranger")
    post = ann.made("/posts", {"title": "Published by a private person", "body": "b"})
    fan.call("PUT", f"/people/{ann.handle}/follow")
    ann.call("PUT", "/privacy", {"private": True})
    assert hidden_from(fan, ann.handle) == hidden_from(ann, ann.handle) == [200] * 5, "who followed before goes on"
    refused = door.visitor().call("GET", f"/people/{ann.handle}/followers")
    assert (refused.status_code, refused.json()["code"]) == (403, "private_account")
    assert hidden_from(stranger, ann.handle) == [403] * 5
    for who in (door.visitor(), door.browser_of(stranger)):
        page = who.look(f"/people/{ann.handle}")
        assert "This account is private" in page
        assert "Published by a private person" not in page
        assert "The last year" not in page
        for path in (f"/people/{ann.handle}?show=follows", f"/people/{ann.handle}/followers"):
            assert "This account is private" in who.look(path)
            assert f"/people/{fan.handle}" not in who.look(path)
        assert "Published by a private person" in who.look(f"/posts/{post}")
    seen = door.browser_of(fan).look(f"/people/{ann.handle}")
    assert "Published by a private person" in seen
    assert "The last year" in seen


def test_a_request_is_taken_back_or_declined(door: Door) -> None:
    ann, bob, cem = door.member("ann"), door.member("bob"), door.member("cem")
    ann.call("PUT", "/privacy", {"private": True})
    for who in (bob, cem):
        who.call("PUT", f"/people/{ann.handle}/follow")
    bob.call("DELETE", f"/people/{ann.handle}/follow")
    assert [one["handle"] for one in ann.call("GET", "/follow-requests").json()["received"]] == [cem.handle]
    assert ann.call("PUT", f"/follow-requests/{bob.handle}").status_code == 404
    assert ann.call("DELETE", f"/follow-requests/{cem.handle}").status_code == 204
    assert hidden_from(cem, ann.handle) == [403] * 5
    assert cem.call("PUT", f"/people/{ann.handle}/follow").status_code == 202, "they may ask again"


def test_a_browser_makes_it_private_asks_and_decides(door: Door) -> None:
    ann, bob = door.member("ann"), door.member("bob")
    hers, his = door.browser_of(ann), door.browser_of(bob)
    assert "Stays public" in hers.look("/settings/privacy")
    hers.send("/settings/privacy", private="1")
    asked = his.send(f"/people/{ann.handle}", f"/people/{ann.handle}/follow", fragment=True, on="1")
    assert "Requested" in asked.text
    assert "Requested" in his.look(f"/people/{ann.handle}")
    assert "Whom you ask" in his.look("/settings/privacy")
    assert f"/settings/privacy/requests/{bob.handle}" in hers.look("/settings/privacy")
    hers.send("/settings/privacy", f"/settings/privacy/requests/{bob.handle}", do="accept")
    assert ">Following<" in his.look(f"/people/{ann.handle}")
    hers.send("/settings/privacy", private="")
    assert ann.call("GET", "/privacy").json() == {"private": False}


def test_opening_an_account_lets_in_whoever_asks(door: Door) -> None:
    ann, bob = door.member("ann"), door.member("bob")
    ann.call("PUT", "/privacy", {"private": True})
    bob.call("PUT", f"/people/{ann.handle}/follow")
    ann.call("PUT", "/privacy", {"private": False})
    found = ann.call("GET", f"/people/{ann.handle}/followers").json()
    assert [one["handle"] for one in found["items"]] == [bob.handle]


def told(conn: Conn, who: Account) -> list[tuple[str, str]]:
    """(kind, link) of what a person is told, once everything that waits was handled."""
    for event_id, _ in deliveries.due(conn, NOTIFICATIONS, 1_000):
        for event in deliveries.take(conn, NOTIFICATIONS, [event_id]):
            notify(conn, event)
            deliveries.done(conn, NOTIFICATIONS, [event])
    return [(one.kind, one.link) for one in notifications.newest(conn, who.id)]


def test_both_are_told_and_a_request_that_is_gone_tells_nobody(conn: Conn) -> None:
    ann, bob, cem = sign_up(conn, "pia"), sign_up(conn, "tom"), sign_up(conn, "uwe")
    privacy.make_private(conn, ann.id, NOON)
    assert not follows.follow(conn, bob.id, ann.id, NOON)
    assert told(conn, ann) == [("asked_to_follow", "/settings/privacy")]
    privacy.accept(conn, ann.id, bob.id, hours(1))
    assert told(conn, bob) == [("let_follow", f"/people/{ann.handle}")]
    assert told(conn, ann) == [], "they know whom they let follow"
    follows.follow(conn, cem.id, ann.id, NOON)
    assert [kind for kind, _ in told(conn, ann)] == ["asked_to_follow"]
    follows.unfollow(conn, cem.id, ann.id, hours(1))
    assert told(conn, ann) == []
    follows.follow(conn, cem.id, ann.id, hours(2))
    privacy.decline(conn, ann.id, cem.id, hours(3))
    assert told(conn, ann) == told(conn, cem) == [], "a no is not told"


def test_a_block_ends_a_request_both_ways(conn: Conn) -> None:
    ann, bob = sign_up(conn, "pia"), sign_up(conn, "tom")
    for one, other in ((ann, bob), (bob, ann)):
        privacy.make_private(conn, one.id, NOON)
        follows.follow(conn, other.id, one.id, NOON)
    follows.block(conn, ann.id, bob.id, NOON)
    for one, other in ((ann, bob), (bob, ann)):
        with pytest.raises(NotFound):
            privacy.accept(conn, one.id, other.id, NOON)
