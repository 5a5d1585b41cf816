"""The administrators' console, by HTTP as a stranger, a member, a moderator and an administrator."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from platform_app.outbox import deliveries
from tests.integration.platform_app.test_moderation import appointed
from tests.lib.front_door import Caller, Door, open_door
from tests.lib.stack import Stack


@pytest.fixture(scope="module")
def door(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox")) as door:
        yield door


@pytest.fixture(scope="module")
def boss(door: Door, app_stack: Stack) -> Caller:
    return door.browser_of(appointed(door, app_stack, "admin"))


PAGES = ["/admin", "/admin/accounts", "/admin/accounts/nobody", "/admin/jobs", "/admin/audit"]


@pytest.mark.parametrize("path", PAGES)
def test_the_console_is_for_administrators(door: Door, app_stack: Stack, boss: Caller, path: str) -> None:
    assert door.visitor().client.get(path).headers["Location"].startswith("/login")
    for role in ("member", "moderator"):
        door.browser_of(appointed(door, app_stack, role)).look(path, 403)
    boss.look(path)


FORMS = ["/role", "/log-ins", "/address", ""]


@pytest.mark.parametrize("act", FORMS, ids=["role", "log-ins", "address", "look"])
def test_what_it_changes_is_for_administrators_too(door: Door, app_stack: Stack, act: str) -> None:
    ann = door.member("ann")
    for role in ("member", "moderator"):
        other = door.browser_of(appointed(door, app_stack, role))
        refused = other.send("/settings/account", f"/admin/accounts/{ann.handle}{act}", role="admin", reason="r")
        assert refused.status_code == 403
    assert ann.call("GET", "/session").json()["role"] == "member"


def test_accounts_are_found_and_the_search_is_written_down(door: Door, boss: Caller, app_stack: Stack) -> None:
    ann, bob = door.member("ann"), door.member("bob")
    assert f"@{ann.handle}<" in boss.look(f"/admin/accounts?q={ann.handle}")
    assert f"@{bob.handle}<" not in boss.look(f"/admin/accounts?q={ann.handle}")
    assert f"@{ann.handle}<" in boss.look(f"/admin/accounts?q={ann.email.upper()}")
    page = boss.look(f"/admin/accounts?q={ann.email}")
    assert page.count(ann.email) == 1, "the address is in the field alone"
    assert "Nobody fits" in boss.look(f"/admin/accounts?q={ann.email[:8]}@")
    assert f"@{ann.handle}<" in boss.look("/admin/accounts?state=unconfirmed&role=member")
    assert f"@{ann.handle}<" not in boss.look("/admin/accounts?state=suspended")
    boss.look("/admin/accounts?state=odd", 422)
    audit = boss.look("/admin/audit")
    assert "accounts.search" in audit
    assert ann.email not in audit


def test_a_role_is_changed_with_a_reason_that_its_holder_reads(door: Door, boss: Caller) -> None:
    ann = door.member("ann")
    form = f"/admin/accounts/{ann.handle}"
    assert "Say why" in boss.send(form, f"{form}/role", role="moderator", reason=" ").text
    assert boss.send(form, f"{form}/role", role="moderator", reason="She helps.").status_code == 303
    assert ann.call("GET", "/session").json()["role"] == "moderator"
    assert boss.send(form, f"{form}/role", role="moderator", reason="Again").status_code == 409
    assert boss.send(form, f"{form}/role", role="king", reason="r").status_code == 422
    assert "She helps." in door.browser_of(ann).look("/settings/safety")
    own = f"/admin/accounts/{boss.handle}"
    assert boss.send(own, f"{own}/role", role="member", reason="r").status_code == 403


def test_whoever_becomes_a_moderator_is_blocked_by_nobody(door: Door, boss: Caller) -> None:
    ann, bob = door.member("ann"), door.member("bob")
    bob.call("PUT", f"/people/{ann.handle}/block")
    form = f"/admin/accounts/{ann.handle}"
    boss.send(form, f"{form}/role", role="moderator", reason="She helps.")
    assert bob.call("GET", "/blocks").json()["blocked"] == []


def test_all_log_ins_are_ended(door: Door, boss: Caller) -> None:
    ann = door.member("ann")
    form = f"/admin/accounts/{ann.handle}"
    assert boss.send(form, f"{form}/log-ins", reason="Her phone was stolen.").status_code == 303
    assert ann.call("GET", "/session").status_code == 401


def test_an_address_is_confirmed_by_hand_once(door: Door, boss: Caller) -> None:
    ann = door.member("ann")
    form = f"/admin/accounts/{ann.handle}"
    assert "Confirm the address by hand" in boss.send(form, reason="Ticket 1").text
    assert boss.send(form, f"{form}/address", reason="She called.").status_code == 303
    assert boss.send(form, f"{form}/address", reason="She called.").status_code == 409
    found = boss.look(f"/admin/accounts?q={ann.handle}")
    assert "<td>not confirmed<" not in found


def test_what_failed_is_seen_and_tried_again(door: Door, boss: Caller, app_stack: Stack) -> None:
    door.member("ann").made("/posts", {"title": "t", "body": "b"})
    with psycopg.connect(app_stack.url("app")) as conn:
        row = conn.execute("SELECT subscriber, event_id FROM kernel.deliveries ORDER BY event_id DESC").fetchone()
        assert row is not None
        for _ in range(deliveries.MOST_ATTEMPTS):
            deliveries.failed(conn, row[0], row[1], "ValueError")
    page = boss.look("/admin/jobs")
    assert "ValueError" in page
    assert "given up" in page
    assert "failing" in boss.look("/admin")
    assert boss.send("/admin/jobs", "/admin/jobs/again").status_code == 303
    assert "Nothing failed." in boss.look("/admin/jobs")
