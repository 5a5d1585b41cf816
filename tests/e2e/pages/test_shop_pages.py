"""A procurer at the shop's pages: from sign-up over Stripe's payment page to a downloaded file, without any script."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.lib.browser import PHONE
from tests.lib.shelf import publish_version, trend_rows, weekly_rows
from tests.lib.shops import PASSWORD, TestShop, open_shop
from tests.lib.stack import Stack

Look = Callable[[Page, str], Path]


@pytest.fixture(scope="module")
def shop(postgres: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestShop]:
    run = tmp_path_factory.mktemp("shop")
    publish_version(run / "gold", trend_rows())
    publish_version(run / "gold", weekly_rows(), "problem_activity_weekly")
    with open_shop(postgres, run) as opened:
        yield opened


def _sign_up(page: Page, shop: TestShop, name: str) -> None:
    page.goto(shop.url)
    page.get_by_role("link", name="Sign up").click()
    page.get_by_label("Organisation").fill(name)
    page.get_by_label("E-mail").fill(f"{name.lower()}@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_procurer_pays_buys_and_downloads(
    shop: TestShop, new_page: Callable[..., Page], look: Look, tmp_path: Path, scripts: bool
) -> None:
    page = new_page(scripts=scripts)
    page.goto(shop.url)
    look(page, "home")
    _sign_up(page, shop, "Atlas" if scripts else "Borea")

    page.get_by_label("Add, in USD").fill("5.00")
    page.get_by_role("button", name="Pay with Stripe").click()
    page.get_by_label("Card number").fill("4000 0000 0000 0002")
    look(page, "pay")
    page.get_by_role("button", name="Pay 5.00 USD").click()
    expect(page.get_by_role("alert")).to_contain_text("declined")
    page.get_by_label("Card number").fill("4242 4242 4242 4242")
    page.get_by_role("button", name="Pay 5.00 USD").click()
    expect(page.get_by_role("heading", name="Paid")).to_be_visible()
    look(page, "paid")

    page.get_by_role("link", name="To the dashboard").click()
    page.get_by_role("button", name="Make the key").click()
    expect(page.locator("#fresh-key")).to_contain_text("hwk_")
    look(page, "dashboard-key")

    page.get_by_role("link", name="Catalogue", exact=True).click()
    page.get_by_role("link", name="Problem trends by month and tag").click()
    look(page, "product")
    page.get_by_role("link", name="Choose rows and see the price").click()
    page.get_by_label("Tag").fill("clay, garden")
    page.get_by_role("button", name="Show the price").click()
    expect(page.locator("#price")).to_have_text("0.24")
    look(page, "buy")
    with page.expect_download() as download:
        page.get_by_role("button", name="Buy and download").click()
    file = tmp_path / "rows.csv"
    download.value.save_as(file)
    assert len(file.read_text().splitlines()) == 13

    page.goto(f"{shop.url}/dashboard")
    expect(page.locator("#balance")).to_have_text("4.76")
    look(page, "dashboard")


def test_pages_fit_a_phone_and_the_keyboard_reaches_the_content_first(
    shop: TestShop, new_page: Callable[..., Page], look: Look
) -> None:
    page = new_page(PHONE)
    for path in ("/", "/products/problem_trends_monthly", "/signup"):
        page.goto(f"{shop.url}{path}")
        look(page, f"phone{path.replace('/', '-')}")
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
