"""The shop's pages without a script: sign up, pay, make a key, buy, download; and forms from elsewhere."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from uuid import uuid4

import httpx
import pytest

from tests.lib.shelf import trend_rows
from tests.lib.shops import PASSWORD, TestShop, wait_for

NOBODYS = "6f1d7a0e-3c52-4c7b-9a54-0d2f7c1b8e11"

BUY = "/products/problem_trends_monthly/buy"


@pytest.fixture
def browser(shop: TestShop) -> Iterator[httpx.Client]:
    with shop.client(follow_redirects=True) as client:
        client.headers["Accept"] = "text/html"
        yield client


def token(page: httpx.Response) -> str:
    found = re.findall(r'name="form_token" value="([^"]+)"', page.text)
    assert found, page.text[:500]
    return str(found[-1])


def signed_up(browser: httpx.Client) -> str:
    email = f"{uuid4().hex}@pages.example"
    form = {"organisation": "Pages & Co", "email": email, "password": PASSWORD}
    page = browser.post("/signup", data=form | {"form_token": token(browser.get("/signup"))})
    assert "Pages &amp; Co" in page.text
    return email


def test_the_landing_page_and_product_pages_show_no_value(browser: httpx.Client) -> None:
    landing = browser.get("/").text
    assert "Problem trends by month and tag" in landing
    assert "0.02 USD" in landing
    product = browser.get("/products/problem_trends_monthly").text
    text = re.sub(r"<[^>]+>", " ", product)
    assert "Privacy report" in product
    for row in trend_rows():
        assert not re.search(rf"\b{row['tag']}\b", text) or row["tag"] == "other"
    assert browser.get("/products/problem_solution_links").status_code == 200
    assert browser.get("/products/nothing").status_code == 404


def test_from_sign_up_to_a_downloaded_file(shop: TestShop, browser: httpx.Client) -> None:
    signed_up(browser)
    dashboard = browser.get("/dashboard")
    payment = browser.post("/dashboard/topups", data={"amount": "10", "form_token": token(dashboard)})
    assert "Pay 10.00 USD" in payment.text
    back = browser.post(str(payment.url), data={"card": "4242424242424242"})
    assert back.url.path == "/billing/return"
    wait_for(lambda: "now 10.00 USD" in browser.get(str(back.url)).text, "the payment is confirmed")

    quoted = browser.get(BUY, params={"tag.in": "clay, kiln", "period.gte": "2025-03-01"})
    assert '<strong id="price">0.16</strong>' in quoted.text
    form = {"tag.in": "clay, kiln", "period.gte": "2025-03-01", "format": "csv", "form_token": token(quoted)}
    for price in ("0.160000", "0.000000"):
        file = browser.post(BUY, data=form)
        assert file.headers["headwater-price"] == price
    assert file.headers["content-disposition"] == 'attachment; filename="problem_trends_monthly-v0001.csv"'
    assert len(file.text.strip().splitlines()) == 9

    dashboard = browser.get("/dashboard")
    assert "9.84" in dashboard.text
    receipt = re.search(r'href="(/receipts/[^"]+)"', dashboard.text)
    assert receipt is not None
    assert browser.get(receipt[1]).json()["receipt"]["charged_rows"] == 8


def test_a_key_made_on_the_dashboard_is_shown_once_works_and_can_be_revoked(
    shop: TestShop, browser: httpx.Client
) -> None:
    signed_up(browser)
    form = {"name": "note<book>", "days": "30", "scope-catalogue": "1", "form_token": token(browser.get("/dashboard"))}
    page = browser.post("/dashboard/keys", data=form)
    found = re.search(r'id="fresh-key">([^<]+)<', page.text)
    assert found is not None
    assert "note&lt;book&gt;" in page.text
    again = browser.get("/dashboard").text
    assert found[1] not in again
    bearer = {"Authorization": f"Bearer {html.unescape(found[1])}"}
    with shop.client() as api:
        assert api.get("/v1/products", headers=bearer).status_code == 200
        revoke = re.search(r'action="(/dashboard/keys/[^"]+/revoke)"', again)
        assert revoke is not None
        browser.post(revoke[1], data={"form_token": token(browser.get("/dashboard"))})
        assert api.get("/v1/products", headers=bearer).status_code == 401


def test_a_balance_that_is_too_small_is_said_on_the_page(browser: httpx.Client) -> None:
    signed_up(browser)
    page = browser.get(BUY)
    assert "Top up the balance" in page.text
    refused = browser.post(BUY, data={"form_token": token(page)})
    assert (refused.status_code, "top it up" in refused.text) == (402, True)


@pytest.mark.parametrize("path", ["/dashboard", BUY, f"/receipts/{NOBODYS}"])
def test_anonymous_is_sent_to_log_in_and_back(browser: httpx.Client, path: str) -> None:
    page = browser.get(path)
    assert (page.url.path, page.url.params["next"]) == ("/login", path)


def test_log_in_goes_back_only_to_our_own_pages(shop: TestShop, browser: httpx.Client) -> None:
    email = signed_up(browser)
    browser.post("/logout", data={"form_token": token(browser.get("/dashboard"))})
    assert browser.get("/dashboard").url.path == "/login"
    with shop.client() as client:
        form = {"email": email, "password": PASSWORD, "form_token": token(client.get("/login"))}
        for wanted, got in (
            (BUY, BUY),
            ("https://elsewhere.example", "/dashboard"),
            ("//elsewhere.example", "/dashboard"),
        ):
            client.cookies.delete("headwater_shop", domain="127.0.0.1") if "headwater_shop" in client.cookies else None
            form["form_token"] = token(client.get("/login"))
            assert client.post("/login", data=form | {"next": wanted}).headers["location"] == got
        client.cookies.clear()
        wrong = client.post("/login", data=form | {"form_token": token(client.get("/login")), "password": "wrong"})
    assert (wrong.status_code, "wrong" in wrong.text) == (401, True)


@pytest.mark.parametrize("sent", ["", "forged"])
@pytest.mark.parametrize("path", ["/dashboard/topups", "/dashboard/keys", BUY, "/logout"])
def test_a_form_from_elsewhere_is_refused(browser: httpx.Client, path: str, sent: str) -> None:
    signed_up(browser)
    answer = browser.post(path, data={"amount": "5", "form_token": sent} if sent else {"amount": "5"})
    assert (answer.status_code, "from elsewhere" in answer.text) == (403, True)
    assert "Pages &amp; Co" in browser.get("/dashboard").text  # still signed in, nothing done


def test_another_sessions_token_is_refused(shop: TestShop, browser: httpx.Client) -> None:
    signed_up(browser)
    stolen = token(browser.get("/dashboard"))
    with shop.client(follow_redirects=True) as other:
        other.headers["Accept"] = "text/html"
        signed_up(other)
        assert other.post("/dashboard/keys", data={"name": "x", "form_token": stolen}).status_code == 403


class Outline(HTMLParser):
    """Which form fields a page has, and which of them a label names."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: list[dict[str, str | None]] = []
        self.labelled: set[str | None] = set()
        self.inside_label = 0
        self.headings = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        self.headings += tag == "h1"
        if tag == "label":
            self.inside_label += 1
            self.labelled.add(known.get("for"))
        if tag in ("input", "select") and known.get("type") != "hidden" and not self.inside_label:
            self.fields.append(known)

    def handle_endtag(self, tag: str) -> None:
        self.inside_label -= tag == "label"


def test_every_page_has_one_heading_a_language_and_labelled_fields_and_no_script(browser: httpx.Client) -> None:
    pages = ["/", "/products/problem_trends_monthly", "/login", "/signup", "/problems"]
    texts = [browser.get(path).text for path in pages]
    signed_up(browser)
    texts += [browser.get(path).text for path in ("/dashboard", BUY)]
    for text in texts:
        outline = Outline()
        outline.feed(text)
        assert outline.headings == 1
        assert [field for field in outline.fields if field.get("id") not in outline.labelled] == []
        assert '<html lang="en">' in text
        assert "<script" not in text
        assert " style=" not in text


def test_pages_forbid_scripts_and_frames(browser: httpx.Client) -> None:
    policy = browser.get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert browser.get("/static/shop.css").headers["content-type"].startswith("text/css")
