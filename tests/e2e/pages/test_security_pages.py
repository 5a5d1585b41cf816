"""People guard their account in a browser: second factor, log-ins, tokens, other sites, mail address, data."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pyotp
import pytest
from playwright.sync_api import Page, ViewportSize, expect

from platform_app.migrations.runner import migrate
from tests.lib.front_door import PASSWORD, Caller, Door, open_door
from tests.lib.provider import Person, Provider, serve_provider
from tests.lib.stack import Stack

Look = Callable[[Page, str], Path]
NARROW: ViewportSize = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with serve_provider() as running:
        yield running


@pytest.fixture(scope="module")
def door(postgres: Stack, provider: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    postgres.recreate("app")
    migrate(postgres.url("app_owner"))
    assets = postgres.place.installed("npm") / "node_modules"
    outbox = tmp_path_factory.mktemp("outbox")
    with open_door(postgres.url("app"), outbox, assets=assets, **provider.settings()) as opened:
        yield opened


def log_in(page: Page, door: Door, member: Caller) -> None:
    page.goto(f"{door.url}/login")
    page.get_by_label("Mail address").fill(member.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()


def log_out(page: Page) -> None:
    page.locator(".menu summary").click()
    page.get_by_role("button", name="Log out", exact=True).click()
    expect(page.get_by_text("You are logged out.")).to_be_visible()


def choose_password(page: Page, door: Door, address: str) -> None:
    """By a link that comes by mail, as somebody does who forgot theirs or never had one."""
    page.goto(f"{door.url}/reset")
    page.get_by_label("Mail address of your account").fill(address)
    page.get_by_role("button", name="Send me a link").click()
    page.goto(next(word for word in door.mail_to(address, "/reset/").split() if "/reset/" in word))
    page.get_by_label("New password").fill(PASSWORD)
    page.locator("main form button").click()
    expect(page.get_by_text("Your password is set. Log in with it.")).to_be_visible()


def an_hour_passes(stack: Stack) -> None:
    """Codes that were used are long over."""
    with psycopg.connect(stack.url("app")) as conn:
        conn.execute("UPDATE identity.factors SET last_step = last_step - 120")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_the_second_factor_is_set_up_and_asked_for(
    door: Door, postgres: Stack, new_page: Callable[..., Page], look: Look, scripts: bool
) -> None:
    page, member = new_page(scripts=scripts), door.member("ada")
    log_in(page, door, member)
    page.goto(f"{door.url}/settings/security")
    look(page, "security")
    page.get_by_role("button", name="Set it up").click()
    expect(page.get_by_role("img", name="QR code with the secret")).to_be_visible()
    look(page, "factor")
    phone = pyotp.TOTP(page.locator("code.secret").inner_text().replace(" ", ""))
    confirm(page, "000000")
    expect(page.get_by_text("This code is wrong")).to_be_visible()
    expect(page.get_by_label("Code", exact=True)).to_have_attribute("aria-invalid", "true")
    confirm(page, phone.now())
    expect(page.locator(".codes li")).to_have_count(10)
    look(page, "recovery-codes")
    recovery = page.locator(".codes code").first.inner_text()
    page.get_by_role("link", name="I have written them down").click()
    expect(page.get_by_text("You have 10 recovery codes left")).to_be_visible()
    look(page, "security-on")
    for code in (phone.now, lambda: recovery):
        log_out(page)
        an_hour_passes(postgres)
        log_in(page, door, member)
        expect(page.get_by_role("heading", name="The second step")).to_be_visible()
        look(page, "second-step")
        page.get_by_label("Code").fill(code())
        page.keyboard.press("Enter")
        expect(page.get_by_role("link", name="Write", exact=True)).to_be_visible()
    page.goto(f"{door.url}/settings/security")
    expect(page.get_by_text("You have 9 recovery codes left")).to_be_visible()


def confirm(page: Page, code: str) -> None:
    page.get_by_label("Code", exact=True).fill(code)
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Turn it on").click()


def test_another_log_in_is_ended_and_a_new_password_ends_the_rest(
    door: Door, new_page: Callable[..., Page], look: Look
) -> None:
    member = door.member("bea")
    here, there = new_page(), new_page()
    for page in (here, there):
        log_in(page, door, member)
    here.goto(f"{door.url}/settings/security")
    log_ins = here.get_by_role("region", name="Where you are logged in")
    expect(log_ins.get_by_role("listitem")).to_have_count(3)
    expect(log_ins.get_by_text("This one")).to_have_count(1)
    look(here, "log-ins")
    log_ins.get_by_role("button", name=re.compile("^End the log-in of Chrome")).click()
    expect(here.get_by_text("That log-in is ended.")).to_be_visible()
    there.goto(f"{door.url}/settings/security")
    expect(there.get_by_role("heading", name="Log in")).to_be_visible()
    here.get_by_label("Present password").fill(PASSWORD)
    here.get_by_label("New password").fill("twelve tame geese")
    here.get_by_role("button", name="Change the password").click()
    expect(here.get_by_text("Your password is changed.")).to_be_visible()
    expect(log_ins.get_by_role("listitem")).to_have_count(1)


def test_a_token_is_made_copied_and_revoked(door: Door, page: Page, look: Look) -> None:
    log_in(page, door, door.member("cleo"))
    page.goto(f"{door.url}/settings/tokens")
    look(page, "tokens-empty")
    page.get_by_label("What it is for").fill("backup script")
    page.locator(".chip", has_text="Change").click()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Make the token").click()
    text = page.locator(".made code.secret").inner_text()
    look(page, "token")
    program = door.visitor()
    program.token = text
    assert program.made("/posts", {"title": "From a script", "body": "b"})
    page.get_by_role("button", name="Revoke backup script").click()
    expect(page.get_by_text("The token is revoked.")).to_be_visible()
    assert program.call("GET", "/session").status_code == 401


def test_a_new_person_confirms_the_address_and_is_reminded_until_then(door: Door, page: Page, look: Look) -> None:
    page.goto(f"{door.url}/signup")
    for label, value in (("Your name", "Dina"), ("Handle", "dina"), ("Mail address", "dina@example.org")):
        page.get_by_label(label).fill(value)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create the account").click()
    expect(page.get_by_text("Confirm your mail address: we have sent you a link.")).to_be_visible()
    look(page, "reminder")
    found = re.search(r"(/verify/\S+)", door.mail_to("dina@example.org", "/verify/"))
    assert found
    page.goto(door.url + found.group(1))
    look(page, "verify")
    page.get_by_role("button", name="Yes, it is mine").click()
    expect(page.get_by_text("Your mail address is confirmed.")).to_be_visible()
    expect(page.get_by_text("we have sent you a link")).to_have_count(0)
    look(page, "account")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_somebody_comes_with_an_account_at_another_site_and_links_a_second(
    door: Door, provider: Provider, new_page: Callable[..., Page], look: Look, scripts: bool
) -> None:
    name = "edda" if scripts else "elsa"
    provider.person = Person(901 + scripts, name, name.title(), f"{name}@example.net")
    page = new_page(scripts=scripts)
    page.goto(f"{door.url}/login")
    look(page, "log-in")
    page.get_by_role("link", name="Continue with GitHub").click()
    expect(page.get_by_label("Handle")).to_have_value(name)
    look(page, "almost-there")
    page.get_by_role("button", name="Create the account").click()
    expect(page.get_by_role("link", name="Write", exact=True)).to_be_visible()
    page.goto(f"{door.url}/settings/security")
    expect(page.locator("#links-head ~ ul").get_by_text("Choose a password first.")).to_be_visible()
    log_out(page)
    choose_password(page, door, f"{name}@example.net")
    page.get_by_label("Mail address").fill(f"{name}@example.net")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("link", name="Write", exact=True)).to_be_visible()
    page.goto(f"{door.url}/settings/security")
    page.locator("summary", has_text="Link Example Works").click()
    page.get_by_label("Your password").last.fill(PASSWORD)
    page.get_by_role("button", name="Go to Example Works").click()
    expect(page.get_by_text("The account is linked: you can log in with it.")).to_be_visible()
    look(page, "linked")
    log_out(page)
    page.get_by_role("link", name="Continue with Example Works").click()
    expect(page.get_by_role("link", name="Write", exact=True)).to_be_visible()


def test_all_data_is_downloaded(door: Door, page: Page) -> None:
    log_in(page, door, door.member("faye"))
    page.goto(f"{door.url}/settings/account")
    with page.expect_download() as started:
        page.get_by_role("link", name="Download it").click()
    assert re.fullmatch(r"headwater-data-\d{4}-\d\d-\d\d\.zip", started.value.suggested_filename)
    assert started.value.path().read_bytes().startswith(b"PK")


@pytest.fixture
def admin(door: Door, postgres: Stack) -> Caller:
    member = door.member("boss")
    with psycopg.connect(postgres.url("app")) as conn:
        conn.execute("UPDATE identity.accounts SET role = 'admin' WHERE handle = %s", (member.handle,))
    return member


def test_an_administrator_looks_somebody_up_and_it_is_written_down(
    door: Door, admin: Caller, page: Page, look: Look
) -> None:
    gil = door.member("gil")
    log_in(page, door, admin)
    page.goto(f"{door.url}/admin/accounts")
    page.get_by_label("Handle, name or whole mail address").fill(gil.handle)
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Account of Gil").click()
    page.get_by_label("Why you look").fill("Ticket 42: cannot log in")
    page.get_by_role("button", name="Look, and write it down").click()
    expect(page.get_by_text(gil.email)).to_be_visible()
    look(page, "admin-account")
    page.get_by_role("link", name="audit log").click()
    expect(page.get_by_role("row", name=re.compile(f"{gil.handle}.*Ticket 42"))).to_be_visible()
    look(page, "audit")


def test_a_narrow_phone_in_the_dark_sees_every_page_whole(
    door: Door, admin: Caller, new_page: Callable[..., Page], look: Look
) -> None:
    page = new_page(NARROW)
    page.emulate_media(color_scheme="dark")
    log_in(page, door, admin)
    page.goto(f"{door.url}/settings/security")
    page.get_by_role("button", name="Set it up").click()
    for path in (
        "/settings/security", "/settings/security/factor", "/settings/tokens", "/settings/account", "/settings/consent",
        "/settings/profile", "/admin/accounts", "/admin/audit",
    ):  # fmt: skip
        page.goto(door.url + path)
        look(page, f"phone{path.replace('/', '-')}")
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"], path


def test_a_keyboard_reaches_what_guards_the_account(door: Door, page: Page) -> None:
    log_in(page, door, door.member("hana"))
    page.goto(f"{door.url}/settings/security")
    page.get_by_label("Present password").focus()
    reached = []
    for _ in range(4):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.innerText || document.activeElement.name"))
    assert reached[:3] == ["new_password", "Change the password", "Set it up"]
