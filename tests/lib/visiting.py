"""A person at the app's pages in a browser: `sign_up`, `write_post`."""

from __future__ import annotations

from playwright.sync_api import Page, expect

PASSWORD = "eleven wild geese"


def sign_up(page: Page, app_url: str, name: str, *agreed: str) -> None:
    """Sign up as a person of this name who agrees to some purposes."""
    page.goto(f"{app_url}/")
    page.get_by_role("link", name="Sign up").first.click()
    for box in page.get_by_role("checkbox").all():
        expect(box).not_to_be_checked()
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Handle").fill(name.lower())
    page.get_by_label("Mail address").fill(f"{name.lower()}@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    for purpose in agreed:
        page.get_by_label(purpose).check()
    page.get_by_role("button", name="Create the account").click()
    expect(page.get_by_role("link", name="Write", exact=True)).to_be_visible()


def write_post(page: Page, app_url: str, title: str, body: str) -> str:
    """Post a problem; returns its address."""
    page.goto(f"{app_url}/posts/new")
    page.get_by_label("The problem in one line").fill(title)
    page.get_by_label("The whole story").fill(body)
    page.get_by_role("button", name="Post it").click()
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    return page.url
