"""Two windows with one text in a real browser: the second is shown both, on a phone and in the dark too, and loses nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.lib.visiting import sign_up, write_post

Look = Callable[[Page, str], Path]
THEIRS, MINE = "The fuse is blown.\n\nI have measured it.", "It hums, and then it stops."


def _save(page: Page, words: str) -> None:
    page.locator("textarea").fill(words)
    page.get_by_role("button", name="Save", exact=True).click()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
@pytest.mark.parametrize("what", ["post", "profile"])
def test_the_second_window_is_shown_both_texts(
    app_url: str, new_page: Callable[..., Page], look: Look, what: str, scripts: bool
) -> None:
    page = new_page(scripts=scripts)
    name = f"Ed{'s' if scripts else 'n'}{what}"
    sign_up(page, app_url, name)
    where = f"{app_url}/settings/profile"
    if what == "post":
        where = f"{write_post(page, app_url, 'A pump hums', 'It hums.')}/edit"
    page.goto(where)
    other = page.context.new_page()
    other.goto(where)
    _save(other, THEIRS)
    _save(page, MINE)
    expect(page.get_by_role("heading", name="What is saved now")).to_be_visible()
    expect(page.locator("pre.receipt")).to_have_text(THEIRS)
    expect(page.locator("textarea")).to_have_value(MINE)
    look(page, f"both-texts-{what}")
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    look(page, f"both-texts-{what}-phone-dark")
    page.get_by_role("button", name="Save", exact=True).click()
    page.goto(where)
    expect(page.locator("textarea")).to_have_value(MINE)
