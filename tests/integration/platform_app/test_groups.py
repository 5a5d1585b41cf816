"""Groups: joining, order, what they write, who is told of it, and what happens when their owner leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID

import pytest

from platform_app.community import reads as posts
from platform_app.community import service as community
from platform_app.community import states
from platform_app.community.groups import reads, rules
from platform_app.community.schemas import Target
from platform_app.db import Conn, Database
from platform_app.errors import Conflict, Invalid, NotAllowed, NotFound, Refused
from platform_app.identity.schemas import Account
from platform_app.leaving import leave
from platform_app.messaging import reads as notifications
from platform_app.messaging.notify import notify
from platform_app.outbox import deliveries
from platform_app.outbox.subscribers import NOTIFICATIONS
from tests.lib.front_door import Door, open_door
from tests.lib.people import NOON, hours, moderator, post_by, sign_up
from tests.lib.stack import Stack


@pytest.fixture(scope="module")
def door(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox")) as door:
        yield door


def begin(conn: Conn, owner: Account, slug: str = "menders", joining: str = "open") -> UUID:
    return rules.create(conn, owner.id, slug=slug, name="Menders", about="We mend.", joining=joining, now=NOON)


def written_in(conn: Conn, author: Account, group: UUID) -> UUID:
    return community.write_post(conn, author.id, title="How?", body="b", group_id=group, now=NOON)


def told(conn: Conn, who: Account) -> list[tuple[str, str | None, str]]:
    """(kind, title, link) of what a person is told, once everything that waits was handled."""
    for event_id, _ in deliveries.due(conn, NOTIFICATIONS, 1_000):
        for event in deliveries.take(conn, NOTIFICATIONS, [event_id]):
            notify(conn, event)
            deliveries.done(conn, NOTIFICATIONS, [event])
    return [(one.kind, one.title, one.link) for one in notifications.newest(conn, who.id)]


def test_an_open_group_is_joined_written_in_and_left(conn: Conn) -> None:
    ann, bob = sign_up(conn), sign_up(conn)
    group = begin(conn, ann)
    with pytest.raises(NotAllowed, match="Only members"):
        written_in(conn, bob, group)
    assert rules.join(conn, bob.id, group, NOON) == rules.join(conn, bob.id, group, NOON) == "joined"
    post = written_in(conn, bob, group)
    assert [card.id for card in posts.posts_of_group(conn, group)] == [post]
    assert posts.read_post(conn, post).group_slug == "menders"
    seen = reads.group_named(conn, "menders", bob.id)
    assert (seen.members, seen.posts, seen.my_role, seen.joined) == (2, 1, "member", True)
    rules.leave(conn, bob.id, group, NOON)
    assert reads.groups_of(conn, bob.id) == []
    with pytest.raises(NotAllowed, match="Only members"):
        written_in(conn, bob, group)
    with pytest.raises(Conflict, match="You own this group"):
        rules.leave(conn, ann.id, group, NOON)


def test_where_moderators_decide_one_asks_and_is_let_in(conn: Conn) -> None:
    ann, bob, cem = sign_up(conn), sign_up(conn), sign_up(conn)
    group = begin(conn, ann, joining="approval")
    assert rules.join(conn, bob.id, group, NOON) == "asked"
    rules.join(conn, cem.id, group, NOON)
    with pytest.raises(NotAllowed):
        written_in(conn, bob, group)
    with pytest.raises(NotAllowed):
        rules.admit(conn, bob.id, group, bob.id, NOON)
    assert [one.account_id for one in reads.members(conn, group, "asked")] == [bob.id, cem.id]
    rules.admit(conn, ann.id, group, bob.id, NOON)
    rules.remove(conn, ann.id, group, cem.id, NOON)
    assert [one.account_id for one in reads.members(conn, group)] == [ann.id, bob.id]
    assert reads.members(conn, group, "asked") == []
    written_in(conn, bob, group)
    assert ("asked", "Menders", "/groups/menders/members") in told(conn, ann)
    assert told(conn, bob) == [("admitted", "Menders", "/groups/menders")]


def test_moderators_keep_order_and_the_owner_appoints_them(conn: Conn) -> None:
    ann, bob, cem, site = sign_up(conn), sign_up(conn), sign_up(conn), moderator(conn)
    group = begin(conn, ann)
    for who in (bob, cem):
        rules.join(conn, who.id, group, NOON)
    with pytest.raises(NotAllowed, match="moderators"):
        rules.appoint(conn, bob.id, group, cem.id, "moderator", NOON)
    rules.appoint(conn, ann.id, group, bob.id, "moderator", NOON)
    with pytest.raises(NotAllowed, match="owner"):
        rules.appoint(conn, bob.id, group, cem.id, "moderator", NOON)
    post = written_in(conn, cem, group)
    states.close(conn, bob.id, post, reason="unclear", now=NOON)
    states.lock(conn, bob.id, post, reason="review", now=NOON)
    states.unlock(conn, bob.id, post, now=NOON)
    states.reopen(conn, bob.id, post, now=NOON)
    elsewhere = post_by(conn, cem)
    with pytest.raises(NotAllowed):
        states.close(conn, bob.id, elsewhere, reason="unclear", now=NOON)
    rules.take_out(conn, bob.id, post, NOON)
    assert posts.read_post(conn, post).group_slug is None
    with pytest.raises(NotAllowed):
        states.close(conn, bob.id, post, reason="unclear", now=NOON)
    with pytest.raises(NotAllowed):
        rules.remove(conn, bob.id, group, ann.id, NOON)
    rules.appoint(conn, ann.id, group, bob.id, "owner", NOON)
    assert [(one.account_id, one.role) for one in reads.members(conn, group)] == [
        (ann.id, "moderator"), (bob.id, "owner"), (cem.id, "member"),
    ]  # fmt: skip
    rules.edit(conn, site.id, group, name="Better", about="", joining="approval", now=NOON)
    assert reads.group_named(conn, "menders").name == "Better"


def test_members_are_told_of_what_is_written_once_until_they_look(conn: Conn) -> None:
    ann, bob, cem = sign_up(conn), sign_up(conn), sign_up(conn)
    group = begin(conn, ann)
    for who in (bob, cem):
        rules.join(conn, who.id, group, NOON)
    rules.tell(conn, cem.id, group, False)
    first, second = written_in(conn, ann, group), written_in(conn, ann, group)
    assert first != second
    found = told(conn, bob)
    assert found == [("in_group", "How?", f"/posts/{second}")]
    assert notifications.newest(conn, bob.id)[0].times == 2
    assert told(conn, cem) == told(conn, ann) == []


def test_people_are_told_of_replies_and_of_what_others_close(conn: Conn) -> None:
    ann, bob, keeper = sign_up(conn), sign_up(conn), moderator(conn)
    post = post_by(conn, ann)
    remark = community.comment(conn, bob.id, Target(post_id=post), body="a", now=NOON)
    community.comment(conn, ann.id, Target(post_id=post), body="b", parent_id=remark, now=hours(1))
    states.close(conn, keeper.id, post, reason="unclear", now=hours(2))
    assert told(conn, bob) == [("replied", "How?", f"/posts/{post}")]
    assert ("closed", "How?", f"/posts/{post}") in told(conn, ann)


def test_a_group_passes_on_when_its_owner_leaves(conn: Conn) -> None:
    ann, bob, cem = sign_up(conn), sign_up(conn), sign_up(conn)
    group = begin(conn, ann)
    rules.join(conn, bob.id, group, hours(1))
    rules.join(conn, cem.id, group, hours(2))
    rules.appoint(conn, ann.id, group, cem.id, "moderator", NOON)
    alone = begin(conn, ann, "alone")
    post = written_in(conn, bob, group)
    leave(conn, ann.id, hours(3))
    found = reads.group_named(conn, "menders", cem.id)
    assert (found.my_role, found.about, found.members) == ("owner", "", 2)
    assert posts.read_post(conn, post).group_slug == "menders"
    with pytest.raises(NotFound):
        reads.group_named(conn, "alone")
    assert alone


CASES: dict[str, tuple[type[Refused], Callable[[Conn, Account], object]]] = {
    "a name in links that is malformed": (Invalid, lambda c, a: begin(c, a, "No good")),
    "a name in links that a page has": (Invalid, lambda c, a: begin(c, a, "new")),
    "a name in links that is taken": (Conflict, lambda c, a: [begin(c, a), begin(c, a)]),
    "a way of joining that is none": (Invalid, lambda c, a: begin(c, a, joining="bribe")),
    "a leaving of what one is not in": (NotFound, lambda c, a: rules.leave(c, sign_up(c).id, begin(c, a), NOON)),
}


@pytest.mark.parametrize("case", CASES)
def test_what_the_rules_forbid_is_refused(conn: Conn, case: str) -> None:
    kind, attempt = CASES[case]
    with pytest.raises(kind):
        attempt(conn, sign_up(conn))


def test_members_are_paged_owner_and_moderators_first(conn: Conn) -> None:
    ann = sign_up(conn)
    group = begin(conn, ann)
    people = [sign_up(conn) for _ in range(6)]
    for number, who in enumerate(people):
        rules.join(conn, who.id, group, hours(number // 2))
    rules.appoint(conn, ann.id, group, people[5].id, "moderator", NOON)
    seen: list[UUID] = []
    after = None
    while page := reads.members(conn, group, after=after, limit=2):
        seen += [one.account_id for one in page]
        after = page[-1].id
    assert len(seen) == len(set(seen)) == 7
    assert seen[:2] == [ann.id, people[5].id]


def test_a_group_lives_through_the_api(door: Door) -> None:
    ann, bob = door.member("annie"), door.member("bobby")
    assert ann.made("/groups", {"slug": "sailors", "name": "Sailors", "joining": "approval"})
    assert bob.call("PUT", "/groups/sailors/membership").json() == {"state": "asked"}
    assert bob.call("GET", "/groups/sailors/members?state=asked").json() == []
    assert [one["handle"] for one in ann.call("GET", "/groups/sailors/members?state=asked").json()] == [bob.handle]
    assert bob.call("PUT", f"/groups/sailors/members/{bob.handle}", {}).status_code == 403
    assert ann.call("PUT", f"/groups/sailors/members/{bob.handle}", {}).status_code == 204
    group = bob.call("GET", "/groups/sailors").json()
    assert (group["my_state"], group["members"]) == ("joined", 2)
    post = bob.made("/posts", {"title": "t", "body": "b", "group_id": group["id"]})
    assert [one["id"] for one in door.visitor().call("GET", "/groups/sailors/posts").json()["items"]] == [post]
    assert bob.call("PUT", "/groups/sailors/told", {"told": False}).status_code == 204
    assert ann.call("PUT", f"/groups/sailors/members/{bob.handle}", {"role": "moderator"}).status_code == 204
    assert bob.call("PUT", "/groups/sailors", {"name": "All sailors"}).status_code == 204
    assert [one["slug"] for one in bob.call("GET", "/groups/mine").json()] == ["sailors"]
    assert [one["name"] for one in bob.call("GET", "/groups?q=SAIL").json()] == ["All sailors"]
    assert bob.call("GET", "/groups?q=%25").json() == []
    assert bob.call("DELETE", f"/posts/{post}/group").status_code == 204
    assert ann.call("DELETE", f"/groups/sailors/members/{bob.handle}").status_code == 204
    assert bob.call("DELETE", "/groups/sailors/membership").status_code == 404


def test_a_group_lives_at_a_browser(door: Door, database: Database) -> None:
    ann, bob = door.member("annie"), door.member("bobby")
    owner, guest = door.browser_of(ann), door.browser_of(bob)
    wrong = owner.send("/groups/new", name="Rowers", slug="x", joining="open")
    assert wrong.status_code == 422
    assert 'value="Rowers"' in wrong.text
    assert (
        owner.send("/groups/new", name="Rowers", slug="rowers", joining="approval").headers["location"]
        == "/groups/rowers"
    )
    assert "Ask to join" in guest.look("/groups/rowers")
    assert guest.send("/groups/rowers", "/groups/rowers/membership", do="join").status_code == 303
    assert "You asked to join" in guest.look("/groups/rowers")
    assert "Asking to join" in owner.look("/groups/rowers/members")
    assert "Asking to join" not in guest.look("/groups/rowers/members")
    sent = owner.send("/groups/rowers/members", f"/groups/rowers/members/{bob.handle}", do="admit")
    assert sent.headers["location"] == "/groups/rowers/members"
    assert "In the group" in guest.look("/posts/new?group=rowers")
    post = guest.send("/posts/new?group=rowers", "/posts/new", title="An oar", body="b", group="rowers").headers[
        "location"
    ]
    assert "An oar" in door.visitor().look("/groups/rowers")
    assert "Rowers" in door.visitor().look(post)
    assert "Rowers" in guest.look("/groups")
    guest.look("/groups/rowers/edit", 403)
    assert owner.send("/groups/rowers/edit", name="All rowers", about="*Row!*", joining="open").status_code == 303
    assert "<em>Row!</em>" in door.visitor().look("/groups/rowers")
    assert owner.send(post, f"{post}/ungroup").status_code == 303
    assert guest.send("/groups/rowers", "/groups/rowers/membership", do="leave").status_code == 303
    assert "Join" in guest.look("/groups/rowers")


def test_moderators_of_a_group_close_and_lock_what_is_written_there_on_its_pages(door: Door) -> None:
    owner, ann = door.member("owner"), door.member("ann")
    owner.made("/groups", {"slug": "orderly", "name": "Orderly"})
    assert ann.call("PUT", "/groups/orderly/membership").status_code == 200
    at_browser, hers = door.browser_of(owner), door.browser_of(ann)
    page = hers.send("/posts/new", title="How?", body="b", group="orderly").headers["location"]
    assert f"{page}/lock" in at_browser.look(page)
    assert f"{page}/lock" not in hers.look(page)
    hers.look(f"{page}/lock", 403)
    assert at_browser.send(f"{page}/lock", reason="heated").status_code == 303
    locked = hers.look(page)
    for gone in ("edit", "close", "delete"):
        assert f"{page}/{gone}" not in locked
    assert at_browser.send(page, f"{page}/unlock").status_code == 303
    assert at_browser.send(f"{page}/close", reason="settled").status_code == 303
    assert hers.send(page, f"{page}/reopen").status_code == 403
    assert at_browser.send(page, f"{page}/reopen").status_code == 303
    elsewhere = hers.send("/posts/new", title="How?", body="b").headers["location"]
    at_browser.look(f"{elsewhere}/lock", 403)
    assert owner.call("GET", f"/posts/{page.removeprefix('/posts/')}").json()["keeps_order"] is True


def test_whoever_was_taken_out_joins_again_when_a_moderator_lets_them(door: Door) -> None:
    owner, ann = door.member("owner"), door.member("ann")
    owner.made("/groups", {"slug": "strict", "name": "Strict"})
    mine, hers = "/groups/strict/membership", f"/groups/strict/members/{ann.handle}"
    assert ann.call("PUT", mine).status_code == 200
    assert owner.call("DELETE", hers).status_code == 204
    assert ann.call("PUT", mine).json()["code"] == "barred"
    assert ann.call("GET", "/groups/strict/members?state=barred").json() == []
    assert [one["handle"] for one in owner.call("GET", "/groups/strict/members?state=barred").json()] == [ann.handle]
    assert "Taken out" not in door.browser_of(ann).look("/groups/strict/members")
    at_browser = door.browser_of(owner)
    assert "Taken out" in at_browser.look("/groups/strict/members")
    assert at_browser.send("/groups/strict/members", hers, do="admit").status_code == 303
    assert ann.call("PUT", mine).json()["state"] == "joined"
    assert owner.call("DELETE", hers).status_code == 204
    assert owner.call("PUT", hers, {"role": "member"}).status_code == 204
    assert ann.call("PUT", mine).json()["state"] == "joined"
