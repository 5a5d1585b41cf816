"""A private account in a real browser: making it one, asking, accepting; also at 360 pixels and in the dark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, expect

from tests.lib.visiting import sign_up

NARROW: ViewportSize = {"width": 360, "height": 780}


def test_one_asks_and_is_let_in(app_url: str, new_page: Callable[..., Page], look: Callable[[Page, str], Path]) -> None:
    mira, otto = new_page(), new_page(NARROW)
    sign_up(mira, app_url, "Mira")
    sign_up(otto, app_url, "Otto")
    mira.goto(f"{app_url}/settings/privacy")
    mira.get_by_role("button", name="Make it private").click()
    expect(mira.get_by_role("status")).to_contain_text("Your account is private")
    otto.goto(f"{app_url}/people/mira")
    expect(otto.get_by_text("This account is private.")).to_be_visible()
    look(otto, "private-person-360")
    otto.get_by_role("button", name="Follow Mira").click()
    expect(otto.get_by_role("button", name="Requested Mira")).to_be_visible()
    otto.goto(f"{app_url}/settings/privacy")
    look(otto, "privacy-asked-360")
    mira.goto(f"{app_url}/settings/privacy")
    look(mira, "privacy")
    mira.emulate_media(color_scheme="dark")
    look(mira, "privacy-dark")
    mira.get_by_role("button", name="Accept Otto").click()
    expect(mira.get_by_text("Nobody asks at the moment.")).to_be_visible()
    otto.goto(f"{app_url}/people/mira")
    expect(otto.get_by_role("button", name="Following Mira")).to_be_visible()
    expect(otto.get_by_role("heading", name="The last year")).to_be_visible()
