"""A procurer at the shop, over HTTP alone: signs up, makes a key, buys balance through Checkout, buys rows of a product."""

from __future__ import annotations

import time
from decimal import ROUND_UP, Decimal
from html.parser import HTMLParser
from typing import Any, cast

import httpx

from lake.kit.errors import Retry, Stop

Json = dict[str, Any]
_ENOUGH = Decimal(25)  # the least that is bought at once, in the currency's unit


class Procurer:
    """One account at the shop. Every method raises `Stop` or `Retry` with the shop's own words when it is refused."""

    def __init__(self, shop: str, email: str, password: str, client: httpx.Client) -> None:
        self._shop, self._login, self._client = shop, (email, password), client
        self.key = ""

    def enter(self, known_key: str) -> None:
        """Use the key of an earlier run while it is good; otherwise sign up where needed and make a new key."""
        self.key = known_key
        if known_key and self._send("GET", "/v1/account").is_success:
            return
        email, password = self._login
        order = {"email": email, "password": password, "organisation": "Demo Research"}
        signed_up = self._client.post(f"{self._shop}/v1/procurers", json=order)
        if signed_up.status_code != httpx.codes.CONFLICT:  # which means that an earlier run has signed up
            _object(signed_up)
        made = self._client.post(f"{self._shop}/v1/keys", json={"name": "demo"}, auth=self._login)
        self.key = str(_object(made)["key"])

    def products(self) -> list[Json]:
        """The catalogue: each product with `newest` (None before its first version)."""
        return cast(list[Json], self._get("/v1/products")["products"])

    def privacy(self, product: str, version: int) -> Json:
        """The privacy report of a version."""
        return cast(Json, self._get(f"/v1/products/{product}/versions/{version}/privacy")["privacy"])

    def balance(self) -> Decimal:
        return Decimal(self._get("/v1/account")["balance"])

    def quote(self, product: str) -> Decimal:
        """What all rows of a product's newest version cost now, in the currency's unit."""
        return Decimal(self._get(f"/v1/products/{product}/quote")["price"])

    def top_up(self, needed: Decimal) -> None:
        """Buy balance at Stripe Checkout until it covers `needed`, and wait until the shop has Stripe's word for it."""
        missing = needed - self.balance()
        if missing <= 0:
            return
        amount = max(_ENOUGH, missing.quantize(Decimal(1), rounding=ROUND_UP))
        order = _object(self._send("POST", "/v1/topups", json={"amount": f"{amount}.00"}))
        self._pay(order["checkout_url"])
        end = time.monotonic() + 30
        while not self._get(f"/v1/topups/{order['topup_id']}")["credited_at"]:
            if time.monotonic() > end:
                raise Retry("The payment was made, but the shop has not heard of it within 30 s. Run it again.")
            time.sleep(0.1)

    def _pay(self, checkout_url: str) -> None:
        """What a buyer does at Checkout: open the page, and send its form as it stands."""
        page = self._client.get(checkout_url)
        form = _Form()
        form.feed(page.text)
        if page.is_error or form.action is None:
            raise Stop(f"The payment page answered {page.status_code} and shows no form: look at the log of stripe.")
        self._client.post(str(page.url.join(form.action)), data=form.fields)

    def buy(self, product: str, limit: int) -> Json:
        """All rows of a product's newest version, at most `limit` of them on the page."""
        return self._get(f"/v1/products/{product}/rows", limit=limit)

    def receipt(self, receipt_id: str) -> Json:
        """A receipt with its signature."""
        return self._get(f"/v1/receipts/{receipt_id}")

    def _get(self, path: str, **query: int) -> Json:
        return _object(self._send("GET", path, params=query))

    def _send(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            return self._client.request(
                method, f"{self._shop}{path}", headers={"Authorization": f"Bearer {self.key}"}, **more
            )
        except httpx.TransportError as error:
            raise Retry(f"The shop does not answer ({type(error).__name__}): run `make up`, then try again.") from None


def _object(answer: httpx.Response) -> Json:
    """The answer's JSON object; the problem's own title and detail as a `Stop` when it is an error."""
    try:
        body = answer.json()
    except ValueError:
        body = {}
    if answer.is_error or not isinstance(body, dict):
        why = " ".join(str(body[part]) for part in ("title", "detail") if isinstance(body, dict) and part in body)
        raise Stop(f"The shop answered {answer.status_code} to {answer.request.url.path}: {why or 'see its log'}")
    return body


class _Form(HTMLParser):
    """The first form of a page that posts: where it goes, and its fields as they are filled in."""

    def __init__(self) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self._inside = self._done = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form" and not self._done and values.get("method", "").lower() == "post":
            self.action, self._inside = values.get("action", ""), True
        elif self._inside and "name" in values and (tag == "input" or values.get("type") == "submit"):
            self.fields.setdefault(values["name"], values.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._inside:
            self._inside, self._done = False, True
