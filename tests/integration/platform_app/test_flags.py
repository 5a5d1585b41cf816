"""Flags: who sees a feature, who may switch it, and that each switch is written down."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platform_app.flags import AUDIENCES, FLAGS, Rule, Rules, hundredth
from tests.lib.front_door import Caller, Door, open_door
from tests.lib.stack import Stack

LIVE = "/static/live.js"


@pytest.fixture(scope="module")
def door(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox")) as door:
        yield door


def browser(door: Door, stack: Stack, role: str) -> Caller:
    return door.browser_of(program(door, stack, role))


def switch(
    admin: Caller, percent: object, audience: str, reason: str = "a try", flag: str = "live_notifications"
) -> int:
    path = f"/admin/flags/{flag}"
    return admin.send("/admin/flags", path, percent=percent, audience=audience, reason=reason).status_code


def test_a_switch_is_seen_at_once_and_written_down(door: Door, app_stack: Stack) -> None:
    admin, member = browser(door, app_stack, "admin"), browser(door, app_stack, "member")
    assert LIVE in member.look("/")
    for percent, audience, seen in ((0, "everybody", False), (100, "moderators", False), (100, "members", True)):
        assert switch(admin, percent, audience) == 303
        assert (LIVE in member.look("/")) is seen
    assert "live_notifications: 0 % of everybody. a try" in admin.look("/admin/audit")


@pytest.mark.parametrize(
    ("percent", "audience", "reason", "flag", "status"),
    [
        (101, "members", "r", "suggestions", 422), ("-1", "members", "r", "suggestions", 422),
        ("x", "members", "r", "suggestions", 422), (50, "nobody", "r", "suggestions", 422),
        (50, "members", "", "suggestions", 422), (50, "members", "r", "unheard_of", 404),
    ],
)  # fmt: skip
def test_what_is_no_switch_is_refused(
    door: Door, app_stack: Stack, percent: object, audience: str, reason: str, flag: str, status: int
) -> None:
    assert switch(browser(door, app_stack, "admin"), percent, audience, reason, flag) == status


def program(door: Door, stack: Stack, role: str) -> Caller:
    member = door.member(role)
    with psycopg.connect(stack.url("app")) as conn:
        conn.execute("UPDATE identity.accounts SET role = %s WHERE handle = %s", (role, member.handle))
    return member


def test_a_program_of_an_administrator_switches_too(door: Door, app_stack: Stack) -> None:
    admin = program(door, app_stack, "admin")
    rule = {"percent": 0, "audience": "moderators"}
    assert admin.call("PUT", "/admin/flags/suggestions", {**rule, "reason": "by program"}).status_code == 204
    found = {flag["name"]: flag for flag in admin.call("GET", "/admin/flags").json()}
    assert set(found) == set(FLAGS)
    assert found["suggestions"].items() >= rule.items()
    assert "suggestions: 0 % of moderators. by program" in admin.call("GET", "/admin/audit").text
    assert admin.call("PUT", "/admin/flags/unheard_of", {**rule, "reason": "r"}).status_code == 404
    for wrong in ({"percent": 101}, {"audience": "nobody"}, {"reason": " "}):
        assert admin.call("PUT", "/admin/flags/suggestions", {**rule, "reason": "r", **wrong}).status_code == 422


@pytest.mark.parametrize("role", ["member", "moderator"])
def test_no_other_program_switches_or_looks(door: Door, app_stack: Stack, role: str) -> None:
    other = program(door, app_stack, role)
    body = {"percent": 0, "audience": "members", "reason": "r"}
    assert other.call("PUT", "/admin/flags/suggestions", body).status_code == 403
    assert other.call("GET", "/admin/flags").status_code == 403


@pytest.mark.parametrize("role", ["member", "moderator"])
def test_only_administrators_switch(door: Door, app_stack: Stack, role: str) -> None:
    other = browser(door, app_stack, role)
    other.look("/admin/flags", 403)
    assert other.send("/settings/profile", "/admin/flags/suggestions", percent=0).status_code == 403


@given(st.uuids(), st.integers(0, 100), st.integers(0, 100), st.sampled_from(sorted(AUDIENCES)))
def test_a_share_that_grows_takes_nothing_away(who: UUID, one: int, other: int, audience: str) -> None:
    small, large = sorted((one, other))
    rules = [Rules({"f": Rule("f", percent, audience)}) for percent in (small, large)]
    assert rules[0].is_on("f", who, "admin") <= rules[1].is_on("f", who, "admin")
    assert Rules({"f": Rule("f", 100, audience)}).is_on("f", who, "admin")
    assert not Rules({"f": Rule("f", 0, audience)}).is_on("f", who, "admin")


def test_hundredths_are_even_and_differ_from_flag_to_flag() -> None:
    people = [uuid4() for _ in range(4_000)]
    shares = [sum(hundredth(flag, who) < 25 for who in people) / len(people) for flag in FLAGS]
    assert all(0.21 < share < 0.29 for share in shares)
    one, other = ({who for who in people if hundredth(flag, who) < 25} for flag in FLAGS)
    assert len(one & other) < len(one) / 2
