"""People at the app's pages: sign up, post, answer, accept, withdraw consent; with scripts, without, on a phone, in the dark."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.lib.browser import PHONE
from tests.lib.stack import Stack
from tests.lib.visiting import PASSWORD, sign_up, write_post

Look = Callable[[Page, str], Path]


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_problem_is_posted_answered_and_solved(
    app_url: str, new_page: Callable[..., Page], look: Look, scripts: bool
) -> None:
    suffix = "Ada" if scripts else "Ida"
    asker, solver = new_page(scripts=scripts), new_page(scripts=scripts)
    sign_up(asker, app_url, suffix, "Counts about many people")
    problem = write_post(asker, app_url, f"{suffix}'s pump does not start", "It hums, then:\n\n```\nE42\n```\n")
    look(asker, "post")

    sign_up(solver, app_url, f"{suffix}bel")
    solver.get_by_role("link", name=f"{suffix}'s pump does not start").click()
    solver.get_by_role("button", name="Vote for").first.click()
    expect(solver.get_by_role("button", name="Vote for").first).to_have_attribute("aria-pressed", "true")
    solver.get_by_text("Add a comment").first.click()
    solver.get_by_label("Comment", exact=True).first.fill("Since when?")
    solver.get_by_role("button", name="Comment", exact=True).first.click()
    expect(solver.locator(".comment")).to_contain_text("Since when?")
    solver.get_by_label("How would you solve it?").fill("Clean the *inlet*. It worked for me.")
    solver.locator(".chip", has_text="A guide").click()
    solver.get_by_role("button", name="Post the approach").click()
    expect(solver.get_by_text("It worked for me.")).to_be_visible()

    asker.goto(problem)
    expect(asker.get_by_text("Since when?")).to_be_visible()
    asker.get_by_role("button", name="This solved it").click()
    expect(asker.get_by_text("Accepted: this solved it")).to_be_visible()
    expect(asker.get_by_text("Solved", exact=True)).to_be_visible()
    look(asker, "solved")

    solver.goto(f"{app_url}/people/{suffix.lower()}")
    solver.get_by_role("button", name="Follow").click()
    expect(solver.get_by_role("button", name="Following")).to_be_visible()
    solver.goto(f"{app_url}/?feed=followed")
    expect(solver.get_by_role("link", name=f"{suffix}'s pump does not start")).to_be_visible()
    look(solver, "feed")


def test_consent_is_withdrawn_with_one_click(app_url: str, page: Page, look: Look) -> None:
    sign_up(page, app_url, "Cora", "Counts about many people", "Mail about what happens here")
    page.get_by_text("Cora").first.click()
    page.get_by_role("link", name="What you agreed to").click()
    counts = page.get_by_role("region", name="Counts about many people")
    expect(counts.get_by_text("You agree", exact=True)).to_be_visible()
    expect(counts.get_by_text("If you withdraw:")).to_be_visible()
    look(page, "agreed")
    counts.get_by_role("button", name="Withdraw").click()
    expect(counts.get_by_text("You do not agree")).to_be_visible()
    mail = page.get_by_role("region", name="Mail about what happens here")
    expect(mail.get_by_text("You agree", exact=True)).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("Withdrew"))).to_have_count(1)
    look(page, "withdrawn")


def test_an_approach_stands_on_its_own(app_url: str, page: Page) -> None:
    sign_up(page, app_url, "Dora")
    page.goto(f"{app_url}/approaches")
    page.get_by_role("link", name="Write an approach").click()
    page.get_by_label("The approach in one line").fill("Keep a log of every change")
    page.get_by_label("How it works").fill("1. Write it down.\n2. Read it again.")
    page.get_by_role("button", name="Publish it").click()
    expect(page.get_by_role("heading", name="Keep a log of every change")).to_be_visible()
    expect(page.locator(".text ol li")).to_have_count(2)


def test_a_moderator_adds_a_tag_that_others_choose(
    app_url: str, postgres: Stack, new_page: Callable[..., Page]
) -> None:
    keeper, member = new_page(), new_page()
    sign_up(keeper, app_url, "Greta")
    postgres.command("platform_app", "appoint", "greta", "moderator")
    keeper.goto(f"{app_url}/moderate")
    keeper.get_by_label("Tag", exact=True).fill("water")
    keeper.get_by_role("button", name="Add the tag").click()
    expect(keeper.get_by_text("The tag is in the list.")).to_be_visible()
    sign_up(member, app_url, "Hanna")
    member.goto(f"{app_url}/posts/new")
    member.locator(".chip", has_text="water").click()
    member.get_by_label("The problem in one line").fill("The well is dry")
    member.get_by_label("The whole story").fill("Since June.")
    member.get_by_role("button", name="Post it").click()
    member.get_by_role("link", name="water", exact=True).click()
    expect(member.get_by_role("link", name="The well is dry")).to_be_visible()
    member.get_by_role("button", name="Follow").click()
    expect(member.get_by_role("button", name="Following")).to_be_visible()


def test_a_mistake_is_named_beside_its_field_and_nothing_typed_is_lost(app_url: str, page: Page, look: Look) -> None:
    page.goto(f"{app_url}/signup")
    page.get_by_label("Your name").fill("Irma")
    page.get_by_label("Handle").fill("x!")
    page.get_by_label("Mail address").fill("irma@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create the account").click()
    expect(page.get_by_label("Handle")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Mail address")).to_have_value("irma@example.org")
    look(page, "mistake")


def test_nothing_is_wider_than_a_phone(app_url: str, new_page: Callable[..., Page], look: Look) -> None:
    phone = new_page(PHONE)
    sign_up(phone, app_url, "Jana")
    body = "A long line of code:\n\n```\n" + "x" * 200 + "\n```\n\nhttps://example.org/" + "y" * 150
    problem = write_post(phone, app_url, "Everything " + "very" * 30 + " long", body)
    for path in (problem, f"{app_url}/", f"{app_url}/posts/new", f"{app_url}/settings/consent", f"{app_url}/tags"):
        phone.goto(path)
        assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], path
    phone.goto(problem)
    look(phone, "phone")


def test_a_keyboard_reaches_everything(app_url: str, page: Page) -> None:
    page.goto(f"{app_url}/login")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.get_by_label("Mail address").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Password")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Log in")).to_be_focused()
