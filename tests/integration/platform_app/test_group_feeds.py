"""What groups write in the feeds of those who are in them or follow them, and of nobody else where it is by approval."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from platform_app.db import Database
from tests.lib.front_door import Caller, Door, open_door
from tests.lib.people import vocabulary
from tests.lib.stack import Stack


@pytest.fixture(scope="module")
def door(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox")) as door:
        yield door


@pytest.fixture(autouse=True)
def fresh(database: Database, door: Door) -> None:
    """Nothing is kept of the tests before."""
    with database.write("t") as conn:
        conn.execute("DELETE FROM explore.rankings")
        vocabulary(conn, "rust")
    door.app.state.hot.clear()


def begin(owner: Caller, slug: str, joining: str = "open") -> str:
    return owner.made("/groups", {"slug": slug, "name": slug.title(), "joining": joining})


def written(who: Caller, title: str, group: str, **more: object) -> str:
    return who.made("/posts", {"title": title, "body": "It hums.", "group_id": group, **more})


def told(who: Caller, path: str) -> dict[str, str]:
    """Title to the reason in words, of one page of the JSON API."""
    answer = who.call("GET", path)
    assert answer.status_code == 200, answer.text
    return {(one["post"] or one["approach"])["title"]: one["words"] for one in answer.json()["items"]}


def followed(who: Caller) -> list[str]:
    return [post["title"] for post in who.call("GET", "/posts?feed=followed").json()["items"]]


def everywhere(who: Caller, door: Door) -> str:
    """All that the app chooses to show somebody, as pages."""
    door.app.state.hot.clear()
    browser = door.browser_of(who)
    paths = ("/", "/?feed=followed", "/?feed=popular", "/explore")
    return "".join(browser.look(path) for path in paths) + door.visitor().look("/explore")


def test_what_ones_group_writes_is_in_the_feed_and_says_why(door: Door) -> None:
    owner, member, fan, stranger = (door.member(name) for name in ("owner", "member", "fan", "stranger"))
    group = begin(owner, "pump-folk")
    member.call("PUT", "/groups/pump-folk/membership")
    assert fan.call("PUT", "/groups/pump-folk/follow").status_code == 204
    assert fan.call("PUT", "/groups/pump-folk/follow").status_code == 204, "twice is once"
    written(owner, "The pump hums", group)
    assert told(member, "/feed")["The pump hums"] == "because you are in Pump-Folk"
    assert told(fan, "/feed")["The pump hums"] == "because you follow Pump-Folk"
    assert told(stranger, "/feed")["The pump hums"] == "new here"
    assert followed(member) == followed(fan) == ["The pump hums"]
    assert followed(owner) == followed(stranger) == [], "one's own is not what one follows"
    assert "because you are in Pump-Folk" in door.browser_of(member).look("/")


def test_following_a_group_is_seen_at_once_and_ends_with_joining(door: Door) -> None:
    owner, fan = door.member("owner"), door.member("fan")
    group = begin(owner, "ladder-folk")
    written(owner, "Who lends a ladder?", group)
    assert told(fan, "/feed")["Who lends a ladder?"] == "new here"
    fan.call("PUT", "/groups/ladder-folk/follow")
    assert [one["slug"] for one in fan.call("GET", "/groups/followed").json()] == ["ladder-folk"]
    assert told(fan, "/feed")["Who lends a ladder?"] == "because you follow Ladder-Folk"
    fan.call("DELETE", "/groups/ladder-folk/follow")
    assert told(fan, "/feed")["Who lends a ladder?"] == "new here"
    browser = door.browser_of(fan)
    browser.send("/groups/ladder-folk", "/groups/ladder-folk/membership", do="follow")
    assert "You follow" in browser.look("/groups")
    browser.send("/groups/ladder-folk", "/groups/ladder-folk/membership", do="join")
    assert fan.call("GET", "/groups/followed").json() == []
    assert told(fan, "/feed")["Who lends a ladder?"] == "because you are in Ladder-Folk"
    fan.call("DELETE", "/groups/ladder-folk/membership")
    assert told(fan, "/feed")["Who lends a ladder?"] == "new here"


def test_what_a_group_by_approval_writes_reaches_its_members_alone(door: Door) -> None:
    owner, member, stranger = (door.member(name) for name in ("owner", "member", "stranger"))
    group = begin(owner, "quiet-folk", "approval")
    member.call("PUT", "/groups/quiet-folk/membership")
    owner.call("PUT", f"/groups/quiet-folk/members/{member.handle}", {"role": "member"})
    refused = stranger.call("PUT", "/groups/quiet-folk/follow")
    assert (refused.status_code, refused.json()["code"]) == (403, "by_approval")
    stranger.call("PUT", f"/people/{owner.handle}/follow")
    stranger.call("PUT", f"/people/{member.handle}/follow")
    stranger.call("PUT", "/tags/rust/follow")
    post = written(owner, "Among us: a secret hum", group, tags=["rust"])
    member.made(f"/posts/{post}/approaches", {"title": "Among us: oil", "body": "Oil it among us."})
    for voter in (door.member(f"voter{number}") for number in range(4)):
        voter.call("PUT", f"/posts/{post}/vote", {"value": 1})
    assert told(member, "/feed")["Among us: a secret hum"] == "because you are in Quiet-Folk"
    assert "Among us" in everywhere(member, door)
    assert "mong us" not in everywhere(stranger, door)
    assert "Among us: a secret hum" not in told(stranger, "/feed").keys() | told(stranger, "/explore").keys()
    assert followed(stranger) == []


def test_who_leaves_a_group_by_approval_sees_no_more_of_it_on_any_page(door: Door) -> None:
    owner, member = door.member("owner"), door.member("member")
    group = begin(owner, "late-folk", "approval")
    member.call("PUT", "/groups/late-folk/membership")
    owner.call("PUT", f"/groups/late-folk/members/{member.handle}", {"role": "member"})
    for number in range(3):
        written(owner, f"Late {number}", group)
    first = member.call("GET", "/feed?limit=1").json()
    member.call("DELETE", "/groups/late-folk/membership")
    rest = told(member, f"/feed?limit=50&cursor={first['next_cursor']}")
    assert not [title for title in rest if title.startswith("Late")]


def test_a_group_that_closes_itself_is_seen_by_no_follower(door: Door) -> None:
    owner, fan = door.member("owner"), door.member("fan")
    group = begin(owner, "shy-folk")
    fan.call("PUT", "/groups/shy-folk/follow")
    written(owner, "Shy and humming", group)
    assert "Shy and humming" in told(fan, "/feed")
    owner.call("PUT", "/groups/shy-folk", {"name": "Shy", "joining": "approval"})
    assert "Shy and humming" not in told(fan, "/feed")
    assert followed(fan) == []
