"""Searching and writing in a browser: the line at the top, marked words, help, similar problems while one writes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, expect

from tests.lib.browser import PHONE
from tests.lib.stack import Stack
from tests.lib.visiting import sign_up, write_post

NARROW: ViewportSize = {"width": 360, "height": 740}
POSTS = [
    ("The water pump hums loudly", "Since Monday the pump makes a **humming noise** as soon as the valve is open."),
    ("Customers pay late", "Half of our invoices are settled after sixty days."),
    ("Pump leaks oil", "There is oil under the pump every morning. <script>alert(1)</script>"),
]


def test_a_person_searches_and_writes(
    new_page: Callable[..., Page], postgres: Stack, app_url: str, look: Callable[[Page, str], Path]
) -> None:
    page = new_page()
    sign_up(page, app_url, "Ann")
    for title, body in POSTS:
        write_post(page, app_url, title, body)
    postgres.command("platform_app", "embed")

    finder = page.get_by_role("banner").get_by_label("Search")
    finder.fill("humming pump")
    finder.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Results for “humming pump”")
    first = page.get_by_role("article").first
    expect(first.get_by_role("link", name="The water pump hums loudly")).to_be_visible()
    expect(first.locator("mark").first).to_be_visible()
    look(page, "results")
    page.emulate_media(color_scheme="dark")
    look(page, "results-dark")
    page.set_viewport_size(NARROW)
    look(page, "results-360")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.goto(f"{app_url}/search?q=zzqx")
    expect(page.get_by_text("Nothing fits “zzqx”.")).to_be_visible()
    look(page, "empty-360")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")
    page.goto(f"{app_url}/search")
    look(page, "start")

    page.goto(f"{app_url}/posts/new")
    page.get_by_label("The problem in one line").press_sequentially("Our water pump is humming", delay=5)
    expect(page.get_by_role("heading", name="Has somebody asked this before?")).to_be_visible()
    expect(page.locator("#hints").get_by_role("link", name="The water pump hums loudly")).to_be_visible()
    look(page, "hints")


def test_the_same_works_on_a_phone_without_scripts(new_page: Callable[..., Page], app_url: str) -> None:
    page = new_page(PHONE, scripts=False)
    page.goto(f"{app_url}/login")
    page.get_by_label("Mail address").fill("ann@example.org")
    page.get_by_label("Password").fill("eleven wild geese")
    page.get_by_role("button", name="Log in").click()
    page.goto(f"{app_url}/posts/new")
    page.get_by_label("The problem in one line").fill("Our water pump is humming")
    page.get_by_role("button", name="Look for similar problems and fitting tags").click()
    expect(page.locator("#hints").get_by_role("link", name="The water pump hums loudly")).to_be_visible()
    expect(page.get_by_label("The problem in one line")).to_have_value("Our water pump is humming")
    page.goto(f"{app_url}/search?q=pump")
    page.get_by_label("State").select_option("unanswered")
    page.get_by_role("button", name="Narrow").click()
    expect(page.get_by_label("What you look for")).to_have_value("pump is:unanswered")
    expect(page.get_by_role("article").first).to_be_visible()
