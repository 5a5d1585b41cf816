"""The bell: it rings while a page is open, without a script it is right on the next page, and it leads to what happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.lib.browser import PHONE
from tests.lib.stack import Stack
from tests.lib.visiting import sign_up, write_post

Look = Callable[[Page, str], Path]


@pytest.fixture(scope="module")
def worker(kafka: Stack, app_url: str) -> Iterator[Stack]:
    """The worker that hands out events, beside the app."""
    assert app_url
    kafka.up("worker")
    yield kafka
    kafka.terminate("worker")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_the_bell_rings_for_an_answer_and_leads_to_it(
    worker: Stack, app_url: str, new_page: Callable[..., Page], look: Look, scripts: bool
) -> None:
    name = "Nora" if scripts else "Nils"
    asker, solver = new_page(scripts=scripts), new_page()
    sign_up(asker, app_url, name)
    problem = write_post(asker, app_url, f"{name}'s valve leaks", "A drop a minute.")
    bell = asker.get_by_role("link", name="Notifications")
    expect(bell.locator(".bell-count")).to_be_hidden()
    sign_up(solver, app_url, f"{name}bert")
    solver.goto(problem)
    solver.get_by_label("How would you solve it?").fill("Turn it to the left.")
    solver.get_by_role("button", name="Post the approach").click()
    expect(solver.get_by_text("Turn it to the left.")).to_be_visible()
    if not scripts:
        for _ in range(50):
            asker.reload()
            if bell.locator(".bell-count").is_visible():
                break
    expect(bell.locator(".bell-count")).to_have_text("1")
    bell.click()
    expect(asker.get_by_role("button", name=f"{name}bert answered your problem")).to_be_visible()
    look(asker, "notifications")
    asker.get_by_role("button", name=f"{name}bert answered your problem").click()
    expect(asker.get_by_role("heading", name=f"{name}'s valve leaks")).to_be_visible()
    expect(bell.locator(".bell-count")).to_be_hidden()


def test_on_a_phone_one_chooses_what_one_is_told(
    worker: Stack, app_url: str, new_page: Callable[..., Page], look: Look
) -> None:
    page = new_page(PHONE)
    sign_up(page, app_url, "Phil")
    page.goto(f"{app_url}/notifications")
    expect(page.get_by_text("Nothing yet.")).to_be_visible()
    page.get_by_role("link", name="What you are told").last.click()
    page.get_by_label("Somebody follows you").select_option(label="Nowhere")
    look(page, "settings")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(page.get_by_label("Somebody follows you")).to_have_value("none")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
