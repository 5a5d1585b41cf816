"""Threads, second thoughts and closed problems in a real browser: with scripts, without, on a phone, in the dark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.lib.browser import PHONE
from tests.lib.visiting import sign_up, write_post

Look = Callable[[Page, str], Path]
CODE = "It fails:\n\n```python\n@cache\ndef load(path: str) -> int:\n    # too slow\n    return len('x') * 42\n```\n\n```diff\n+ new\n- old\n```"


def _comment(page: Page, words: str) -> None:
    page.get_by_text("Add a comment").first.click()
    page.get_by_label("Comment", exact=True).first.fill(words)
    page.get_by_role("button", name="Comment", exact=True).first.click()
    expect(page.get_by_text(words)).to_be_visible()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_thread_grows_collapses_and_forgets(
    app_url: str, new_page: Callable[..., Page], look: Look, scripts: bool
) -> None:
    name = "Tess" if scripts else "Tina"
    page = new_page(scripts=scripts)
    sign_up(page, app_url, name)
    problem = write_post(page, app_url, f"{name} has a slow function", CODE)
    expect(page.locator(".text code .k").first).to_have_text("def")
    _comment(page, "How slow is it?")
    for answer, above in (("Ten seconds.", "How slow is it?"), ("On which machine?", "Ten seconds.")):
        page.locator(".comment", has_text=above).get_by_role("link", name="Reply").first.click()
        page.get_by_label("Reply").fill(answer)
        page.get_by_role("button", name="Reply").click()
        expect(page.get_by_text(answer)).to_be_visible()
    page.goto(problem)
    expect(page.locator(".depth-3")).to_contain_text("On which machine?")
    look(page, "thread")
    page.get_by_text("2 replies").click()
    expect(page.get_by_text("Ten seconds.")).to_be_hidden()
    page.locator(".comment", has_text="How slow is it?").get_by_role("link", name="Edit").click()
    page.get_by_label("Comment").fill("How slow is it exactly?")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("edited")).to_be_visible()
    page.goto(problem)
    page.locator(".comment", has_text="How slow is it exactly?").get_by_role("button", name="Delete").first.click()
    look(page, "undo")
    page.get_by_role("button", name="Bring it back").click()
    expect(page.get_by_text("How slow is it exactly?")).to_be_visible()
    page.goto(problem)
    page.get_by_role("link", name="Close", exact=True).click()
    look(page, "close")
    page.get_by_text("It has settled itself").click()
    page.get_by_label("What others should know").fill("A cache did it.")
    page.get_by_role("button", name="Close it").click()
    expect(page.get_by_text("A cache did it.")).to_be_visible()
    look(page, "closed")
    page.get_by_role("button", name="Reopen").click()
    expect(page.get_by_role("heading", name="Your approach")).to_be_visible()


def test_threads_fit_a_phone_and_the_dark(app_url: str, new_page: Callable[..., Page], look: Look) -> None:
    phone = new_page(PHONE | {"width": 360})
    phone.emulate_media(color_scheme="dark")
    sign_up(phone, app_url, "Vera")
    problem = write_post(phone, app_url, "A problem on the road", CODE)
    _comment(phone, "A long word: " + "x" * 80)
    phone.get_by_role("link", name="Reply").first.click()
    phone.get_by_label("Reply").fill("An answer to it.")
    phone.get_by_role("button", name="Reply").click()
    expect(phone.get_by_text("An answer to it.")).to_be_visible()
    for path in (problem, f"{problem}/close", f"{problem}/comments"):
        phone.goto(path)
        assert phone.evaluate("document.documentElement.scrollWidth") <= 360, path
    phone.goto(problem)
    look(phone, "phone")
