"""Finding each other, in a real browser: the feed with its reasons, the explore page, the lists of people; also at 360 pixels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, expect

from tests.lib.visiting import sign_up, write_post

NARROW: ViewportSize = {"width": 360, "height": 780}
SUGGESTIONS = "Suggestions made for you"


def wide(page: Page) -> bool:
    """Whether the page is wider than its window."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def test_people_find_each_other(app_url: str, new_page: Callable[..., Page], look: Callable[[Page, str], Path]) -> None:
    hugo, rosa, narrow = new_page(), new_page(), new_page(NARROW, scripts=False)
    sign_up(hugo, app_url, "Hugo")
    for title in ("The pump in the cellar hums at night", "How do two calendars stay the same?", "Who lends a ladder?"):
        write_post(
            hugo, app_url, title, "It hums, and nobody can sleep. I have oiled it and turned it off and on again."
        )
    sign_up(rosa, app_url, "Rosa", SUGGESTIONS)
    rosa.goto(f"{app_url}/explore")
    expect(rosa.get_by_role("heading", name="Explore", exact=True)).to_be_visible()
    expect(rosa.get_by_text("new here").first).to_be_visible()
    look(rosa, "explore")
    rosa.get_by_role("link", name="The pump in the cellar hums at night").click()
    rosa.get_by_role("link", name="Hugo").first.click()
    rosa.get_by_role("button", name="Follow Hugo").click()
    expect(rosa.get_by_role("button", name="Following Hugo")).to_be_visible()
    rosa.goto(f"{app_url}/")
    expect(rosa.get_by_role("link", name="For you", exact=True)).to_have_attribute("aria-current", "page")
    expect(rosa.get_by_text("because you follow Hugo").first).to_be_visible()
    look(rosa, "home")
    rosa.emulate_media(color_scheme="dark")
    look(rosa, "home-dark")
    rosa.get_by_role("link", name="Followed", exact=True).click()
    expect(rosa.get_by_role("heading", name="From what you follow")).to_be_visible()
    rosa.goto(f"{app_url}/people/hugo?show=follows")
    look(rosa, "follow-section-dark")
    rosa.goto(f"{app_url}/people/hugo/followers")
    expect(rosa.get_by_role("link", name="Followers 1")).to_be_visible()
    look(rosa, "followers-dark")
    hugo.goto(f"{app_url}/groups/new")
    hugo.get_by_label("Name", exact=True).fill("Pump menders")
    hugo.get_by_label("Name in links").fill("pump-menders")
    hugo.get_by_role("button", name="Begin it").click()
    rosa.goto(f"{app_url}/groups/pump-menders")
    rosa.get_by_role("button", name="Follow", exact=True).click()
    expect(rosa.get_by_role("button", name="Following", exact=True)).to_be_visible()
    look(rosa, "group-followed-dark")
    hugo.goto(f"{app_url}/people/hugo/followers")
    hugo.get_by_role("button", name="Follow Rosa").click()
    expect(hugo.get_by_role("button", name="Following Rosa")).to_be_visible()
    for name, path in (
        ("front", "/"),
        ("explore", "/explore"),
        ("popular", "/?feed=popular"),
        ("people", "/people/hugo/followers"),
        ("group", "/groups/pump-menders"),
    ):
        narrow.goto(f"{app_url}{path}")
        look(narrow, f"{name}-360")
        assert not wide(narrow), path
