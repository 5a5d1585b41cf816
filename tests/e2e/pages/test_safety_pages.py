"""In a browser: reporting, deciding, blocking, being suspended, and the administrators' console; by light, dark and phone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Page, ViewportSize, expect

from platform_app.migrations.runner import migrate
from tests.lib.front_door import PASSWORD, Caller, Door, open_door
from tests.lib.stack import Stack

Look = Callable[[Page, str], Path]
NARROW: ViewportSize = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def door(postgres: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    postgres.recreate("app")
    migrate(postgres.url("app_owner"))
    assets = postgres.place.installed("npm") / "node_modules"
    with open_door(postgres.url("app"), tmp_path_factory.mktemp("outbox"), assets=assets) as door:
        yield door


@pytest.fixture(scope="module")
def boss(door: Door, postgres: Stack) -> Caller:
    member = door.member("boss")
    with psycopg.connect(postgres.url("app")) as conn:
        conn.execute("UPDATE identity.accounts SET role = 'admin' WHERE handle = %s", (member.handle,))
    return member


def log_in(page: Page, door: Door, member: Caller) -> None:
    page.goto(f"{door.url}/login")
    page.get_by_label("Mail address").fill(member.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("link", name="Write", exact=True)).to_be_visible()


def test_a_report_is_made_decided_and_learned_of(
    door: Door, boss: Caller, new_page: Callable[..., Page], look: Look
) -> None:
    ann, bob = door.member("ann"), door.member("bob")
    post = ann.made("/posts", {"title": "The best pills", "body": "Cheap, at www.pills.example"})
    reader, desk, writer = new_page(), new_page(), new_page(NARROW)
    log_in(reader, door, bob)
    reader.goto(f"{door.url}/posts/{post}")
    look(reader, "post")
    reader.get_by_role("link", name="Report").click()
    reader.get_by_label("Spam or advertising").check()
    reader.get_by_label("What should moderators know?").fill("The third today.")
    look(reader, "report")
    reader.get_by_role("button", name="Send the report").click()
    expect(reader.get_by_role("status")).to_contain_text("a moderator will look")
    log_in(desk, door, boss)
    desk.goto(f"{door.url}/moderate/reports")
    look(desk, "queue")
    desk.get_by_role("link", name="Spam or advertising").click()
    desk.get_by_role("button", name="Take it").click()
    expect(desk.get_by_role("button", name="Give it back")).to_be_visible()
    look(desk, "case")
    desk.get_by_label("right: hide it", exact=True).check()
    desk.get_by_label("Why").locator("visible=true").fill("We sell no pills here.")
    desk.get_by_role("button", name="Decide").click()
    expect(desk.get_by_text("Hidden", exact=True).first).to_be_visible()
    reader.goto(f"{door.url}/posts/{post}")
    expect(reader.get_by_text("This was reported, and is hidden.")).to_be_visible()
    expect(reader.get_by_label("How would you solve it?")).to_be_hidden()
    look(reader, "hidden")
    log_in(writer, door, ann)
    writer.goto(f"{door.url}/posts/{post}")
    expect(writer.get_by_text("only its author and moderators see this")).to_be_visible()
    writer.goto(f"{door.url}/settings/safety")
    expect(writer.get_by_text("We sell no pills here.")).to_be_visible()
    look(writer, "safety-phone")
    assert writer.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


def test_somebody_is_blocked_on_their_page_and_unblocked_again(door: Door, page: Page, look: Look) -> None:
    ann, bob = door.member("ann"), door.member("bob")
    bob.made("/posts", {"title": "Of no interest", "body": "b"})
    log_in(page, door, ann)
    page.goto(f"{door.url}/people/{bob.handle}")
    expect(page.get_by_role("link", name="Of no interest")).to_be_visible()
    page.locator(".keep summary").click()
    look(page, "person-menu")
    page.get_by_role("button", name="Block", exact=True).click()
    expect(page.get_by_text("You have blocked Bob")).to_be_visible()
    expect(page.get_by_role("link", name="Of no interest")).to_be_hidden()
    page.goto(f"{door.url}/settings/safety")
    page.get_by_role("button", name="Unblock Bob").click()
    expect(page.get_by_role("button", name="Unblock Bob")).to_be_hidden()


def test_a_suspended_person_sees_why_and_appeals(
    door: Door, boss: Caller, new_page: Callable[..., Page], look: Look
) -> None:
    cleo = door.member("cleo")
    boss.call("PUT", f"/people/{cleo.handle}/suspension", {"days": 7, "reason": "Insults in four comments."})
    page = new_page(NARROW)
    page.emulate_media(color_scheme="dark")
    log_in(page, door, cleo)
    page.get_by_role("link", name="Why, and how to appeal").click()
    expect(page.get_by_text("Insults in four comments.")).to_be_visible()
    page.get_by_label("Why should it end earlier?").fill("I have read the rules now.")
    look(page, "suspended")
    page.get_by_role("button", name="Send the note").click()
    expect(page.get_by_text("Moderators have your note").first).to_be_visible()
    page.goto(f"{door.url}/posts/new")
    page.get_by_label("The problem in one line").fill("t")
    page.get_by_label("The whole story").fill("b")
    page.get_by_role("button", name="Post it").click()
    expect(page.get_by_text("You cannot write until").first).to_be_visible()
    desk = new_page()
    log_in(desk, door, boss)
    desk.goto(f"{door.url}/moderate/reports")
    expect(desk.get_by_text("I have read the rules now.")).to_be_visible()


def test_the_console_leads_to_everything(door: Door, boss: Caller, page: Page, look: Look) -> None:
    dora = door.member("dora")
    log_in(page, door, boss)
    page.locator(".menu summary").first.click()
    page.get_by_role("link", name="Console").click()
    look(page, "console")
    page.get_by_role("link", name="Accounts").click()
    page.get_by_label("Handle, name or whole mail address").fill(dora.handle)
    page.get_by_role("button", name="Search").click()
    look(page, "accounts")
    page.get_by_role("link", name="Account of Dora").click()
    page.get_by_label("Why you look").fill("Ticket 7")
    page.get_by_role("button", name="Look, and write it down").click()
    page.get_by_text("Change the role").click()
    look(page, "account")
    page.get_by_label("Role").select_option("moderator")
    page.get_by_label("Why").locator("visible=true").fill("She helps.")
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_role("status")).to_contain_text("The role is changed.")
    page.goto(f"{door.url}/admin/jobs")
    look(page, "jobs")
