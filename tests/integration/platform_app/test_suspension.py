"""Suspensions: who imposes them on whom, how they end, and what a suspended person may still do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest

from lake.kit.clock import utc_now
from platform_app.db import Conn
from platform_app.errors import Conflict, Invalid, NotAllowed
from platform_app.identity import service as identity
from platform_app.moderation import log, suspensions
from tests.lib.front_door import Caller, Door, open_door
from tests.lib.people import moderator, sign_up
from tests.lib.stack import Stack


@pytest.fixture(scope="module")
def door(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox")) as door:
        yield door


def appointed(door: Door, app_stack: Stack, role: str) -> Caller:
    member = door.member(role)
    with psycopg.connect(app_stack.url("app")) as conn:
        conn.execute("UPDATE identity.accounts SET role = %s WHERE handle = %s", (role, member.handle))
    return member


@pytest.fixture(scope="module")
def keeper(door: Door, app_stack: Stack) -> Caller:
    return appointed(door, app_stack, "moderator")


ROLES = ("member", "moderator", "admin")


@pytest.mark.parametrize("actor", ["moderator", "admin"])
@pytest.mark.parametrize("subject", ROLES)
def test_who_suspends_whom(conn: Conn, actor: str, subject: str) -> None:
    allowed = subject == "member" or (actor, subject) == ("admin", "moderator")
    one = identity.appoint(conn, sign_up(conn).handle, actor)
    other = identity.appoint(conn, sign_up(conn).handle, subject)
    if allowed:
        suspensions.suspend(conn, one.id, other.id, days=7, reason="r", now=utc_now())
        assert suspensions.until(conn, other.id) is not None
        with pytest.raises(NotAllowed) as refused:
            log.moderator(conn, other.id)
        assert refused.value.code == ("not_a_moderator" if subject == "member" else "suspended")
        return
    with pytest.raises(NotAllowed) as refused:
        suspensions.suspend(conn, one.id, other.id, days=7, reason="r", now=utc_now())
    assert refused.value.code == "their_role"


def test_a_suspension_ends_by_itself_early_or_with_the_next(conn: Conn) -> None:
    ann, keeper, now = sign_up(conn), moderator(conn), utc_now()
    suspensions.suspend(conn, keeper.id, ann.id, days=1, reason="Rude.", now=now - timedelta(days=1, seconds=1))
    assert suspensions.until(conn, ann.id) is None
    with pytest.raises(Conflict):
        suspensions.lift(conn, keeper.id, ann.id, reason="r", now=now)
    suspensions.suspend(conn, keeper.id, ann.id, days=3, reason="Ruder.", now=now)
    suspensions.appeal(conn, ann.id, "Sorry.", now)
    with pytest.raises(Conflict):
        suspensions.appeal(conn, ann.id, "Really.", now)
    assert [one.appeal for one in suspensions.lasting(conn) if one.account_id == ann.id] == ["Sorry."]
    suspensions.suspend(conn, keeper.id, ann.id, days=30, reason="Rudest.", now=now)
    assert suspensions.until(conn, ann.id) == now + timedelta(days=30)
    suspensions.lift(conn, keeper.id, ann.id, reason="Well.", now=now)
    assert suspensions.until(conn, ann.id) is None
    with pytest.raises(Invalid):
        suspensions.suspend(conn, keeper.id, ann.id, days=2, reason="r", now=now)
    assert [entry.action for entry in log.shown_to(conn, ann.id)] == ["lift", "suspend", "suspend", "suspend"]


def test_a_suspended_person_reads_logs_in_and_appeals_once_but_writes_nothing(door: Door, keeper: Caller) -> None:
    ann = door.member("ann")
    theirs = door.member("bob").made("/posts", {"title": "t", "body": "b"})
    mine = ann.made("/posts", {"title": "t", "body": "b"})
    done = keeper.call("PUT", f"/people/{ann.handle}/suspension", {"days": 7, "reason": "Insults."})
    assert done.status_code == 200, done.text
    for method, path, body in (
        ("POST", "/posts", {"title": "t", "body": "b"}), ("POST", f"/posts/{theirs}/comments", {"body": "b"}),
        ("PUT", f"/posts/{theirs}/vote", {"value": 1}), ("PUT", f"/posts/{mine}", {"title": "t", "body": "b"}),
        ("PUT", "/people/" + keeper.handle + "/follow", None), ("PUT", "/profile", {}),
        ("POST", "/reports", {"target_kind": "post", "target_id": theirs, "category": "spam"}),
    ):  # fmt: skip
        refused = ann.call(method, path, body)
        assert (refused.status_code, refused.json()["code"]) == (403, "suspended"), path
    assert ann.call("GET", f"/posts/{theirs}").status_code == 200
    assert ann.call("PUT", "/notifications/read").status_code == 204
    assert ann.call("PUT", "/consents/lake", {"granted": True}).status_code in (200, 204)
    bob = "/people/" + str(ann.call("GET", f"/posts/{theirs}").json()["card"]["author_handle"])
    for method, path in (
        ("PUT", f"{bob}/mute"), ("DELETE", f"{bob}/mute"), ("PUT", f"{bob}/block"), ("DELETE", f"{bob}/block"),
    ):  # fmt: skip
        assert ann.call(method, path).status_code == 204, "they protect themselves"
    assert ann.call("GET", "/account/export").status_code == 200, "and take their data along"
    assert ann.call("GET", "/account/moderation").json()["suspended_until"] == done.json()["until"]
    browser = door.browser_of(ann)  # logs in
    page = browser.look("/settings/safety")
    assert "You cannot write until" in page
    assert "Insults." in page
    sent = browser.send("/settings/safety", "/settings/safety/appeal", text="I am sorry.")
    assert sent.status_code == 303
    assert "Moderators have your note" in browser.look("/settings/safety")
    assert ann.call("POST", "/account/appeal", {"text": "Again"}).json()["code"] == "already_appealed"
    assert "I am sorry." in door.browser_of(keeper).look("/moderate/reports")
    assert keeper.call("POST", f"/people/{ann.handle}/suspension/lift", {"reason": "Well."}).status_code == 204
    assert ann.call("PUT", "/profile", {}).status_code != 403
