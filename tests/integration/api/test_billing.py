"""Money from Stripe: credited once, whatever order, repetition, delay or forgery the webhooks come in."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.lib.shops import SECRET_KEY, WEBHOOK_SECRET, Buyer, TestShop, wait_for
from tests.lib.stack import Stack

USD = 1_000_000


def signed(body: dict[str, Any], secret: str = WEBHOOK_SECRET, at: int | None = None) -> tuple[bytes, dict[str, str]]:
    payload, moment = json.dumps(body).encode(), int(time.time()) if at is None else at
    mac = hmac.new(secret.encode(), f"{moment}.".encode() + payload, hashlib.sha256).hexdigest()
    return payload, {"Stripe-Signature": f"t={moment},v1={mac}"}


def send(shop: TestShop, body: dict[str, Any], **how: Any) -> httpx.Response:
    payload, headers = signed(body, **how)
    return httpx.post(f"{shop.url}/stripe/webhook", content=payload, headers=headers, trust_env=False)


def event(kind: str, thing: dict[str, Any]) -> dict[str, Any]:
    return {"id": f"evt_{uuid4().hex}", "object": "event", "type": kind, "data": {"object": thing}}


def opened(shop: TestShop, buyer: Buyer, amount: str = "20.00") -> str:
    """A top-up whose session nobody has paid; its id."""
    with shop.client(buyer) as client:
        return str(client.post("/v1/topups", json={"amount": amount}).raise_for_status().json()["topup_id"])


def session(topup: str, cents: int = 2_000, intent: str | None = None, paid: bool = True) -> dict[str, Any]:
    return {
        "id": f"cs_{topup}", "object": "checkout.session", "amount_total": cents, "currency": "usd",
        "payment_status": "paid" if paid else "unpaid", "payment_intent": intent or f"pi_{topup}",
        "metadata": {"topup_id": topup},
    }  # fmt: skip


def stripe_api(shop: TestShop, method: str, path: str, **data: str) -> httpx.Response:
    auth = {"Authorization": f"Bearer {SECRET_KEY}"}
    return httpx.request(method, f"{shop.stripe_url}/v1/{path}", data=data, headers=auth, trust_env=False)


@pytest.mark.parametrize(("method", "path"), [("GET", "/v1/account"), ("POST", "/v1/topups"), ("GET", "/v1/topups/x")])
def test_anonymous_gets_nothing(shop: TestShop, method: str, path: str) -> None:
    with shop.client() as client:
        assert client.request(method, path).status_code == 401


def test_a_topup_paid_on_stripes_page_is_credited_and_the_books_agree_with_stripe(shop: TestShop) -> None:
    buyer = shop.buyer()
    topup = shop.top_up(buyer, "25.00")
    wait_for(lambda: shop.credited(buyer, topup), "the webhook credits the top-up")
    with shop.client(buyer) as client:
        account = client.get("/v1/account").json()
    assert (account["balance"], account["currency"]) == ("25.000000", "USD")
    compared = json.loads(shop.command("reconcile", "--json").stdout)
    assert (compared["differences"], compared["sessions"] >= 1) == ([], True)


def test_a_declined_card_credits_nothing_and_can_be_tried_again(shop: TestShop) -> None:
    buyer = shop.buyer()
    topup = shop.top_up(buyer, "5.00", card="4000 0000 0000 0002")
    assert shop.balance(buyer.procurer_id) == 0
    page = httpx.post(topup["checkout_url"], data={"card": "4000000000009995"}, trust_env=False)
    assert (page.status_code, "declined" in page.text) == (402, True)
    httpx.post(topup["checkout_url"], trust_env=False)
    wait_for(lambda: shop.credited(buyer, topup), "the second card is taken")
    assert shop.balance(buyer.procurer_id) == 5 * USD


def test_a_payment_that_is_confirmed_later_is_credited_once(shop: TestShop) -> None:
    buyer = shop.buyer()
    topup = shop.top_up(buyer, "5.00", card="4000000000000077")
    wait_for(lambda: shop.credited(buyer, topup), "the second event credits it")
    assert shop.balance(buyer.procurer_id) == 5 * USD


@pytest.mark.parametrize("amount", ["0.99", "5.001", "-5", "1e3", "100000.01", ""])
def test_an_amount_that_is_none_is_refused(shop: TestShop, amount: str) -> None:
    with shop.client(shop.buyer()) as client:
        answer = client.post("/v1/topups", json={"amount": amount})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_a_repeated_event_and_a_second_event_of_the_same_session_credit_once(shop: TestShop) -> None:
    buyer = shop.buyer()
    topup = opened(shop, buyer)
    first = event("checkout.session.completed", session(topup))
    assert [send(shop, first).json()["new"] for _ in range(3)] == [True, False, False]
    send(shop, event("checkout.session.async_payment_succeeded", session(topup)))
    assert shop.balance(buyer.procurer_id) == 20 * USD


def test_without_its_guards_a_second_event_credits_twice(shop: TestShop) -> None:
    buyer = shop.buyer()
    topup = opened(shop, buyer)
    with (
        shop.rewritten("billing.credit", "v_topup.credited_at IS NOT NULL", "false"),
        shop.rewritten("billing.credit", "'topup', p_session,", "'topup', p_transaction::text,"),
    ):
        for kind in ("checkout.session.completed", "checkout.session.async_payment_succeeded"):
            send(shop, event(kind, session(topup)))
    assert shop.balance(buyer.procurer_id) == 40 * USD
    shop.sql("UPDATE billing.topups SET amount = %s WHERE topup_id = %s", (40 * USD, topup))
    shop.sql("DELETE FROM billing.topups WHERE topup_id = %s", (topup,))


@pytest.mark.parametrize(
    "how", [{"secret": "whsec_other"}, {"secret": ""}, {"at": 1_700_000_000}], ids=["forged", "empty", "old"]
)
def test_a_forged_or_old_event_is_refused(shop: TestShop, how: dict[str, Any]) -> None:
    buyer = shop.buyer()
    answer = send(shop, event("checkout.session.completed", session(opened(shop, buyer))), **how)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    assert shop.balance(buyer.procurer_id) == 0


def test_an_event_without_a_signature_is_refused(shop: TestShop) -> None:
    assert httpx.post(f"{shop.url}/stripe/webhook", json={}, trust_env=False).status_code == 400


def test_a_session_of_another_amount_or_topup_credits_nothing(shop: TestShop) -> None:
    buyer = shop.buyer()
    topup = opened(shop, buyer)
    for thing in (session(topup, cents=1), session(str(uuid4())), session("not-a-uuid"), session(topup, paid=False)):
        assert send(shop, event("checkout.session.completed", thing)).status_code == 200
    assert shop.balance(buyer.procurer_id) == 0


def test_an_event_that_cannot_be_read_is_set_aside_and_holds_nobody_up(shop: TestShop) -> None:
    buyer = shop.buyer()
    topup = opened(shop, buyer)
    broken: list[dict[str, Any]] = [{}, {"amount_refunded": "x"}, {"amount_refunded": 1, "payment_intent": ["a"]}]
    for thing in broken:
        assert send(shop, event("charge.refunded", thing)).status_code == 200
    send(shop, event("checkout.session.completed", session(topup)))
    assert shop.balance(buyer.procurer_id) == 20 * USD
    send(shop, event("charge.refunded", {"payment_intent": f"pi_{topup}", "amount_refunded": 999_999}))
    assert shop.balance(buyer.procurer_id) == 20 * USD
    waiting = shop.sql("SELECT type FROM billing.stripe_events WHERE outcome = 'set_aside'")
    assert len(waiting) >= 3


def test_refunds_in_any_order_and_number_return_what_stripe_returned(shop: TestShop) -> None:
    buyer = shop.buyer()
    topup = opened(shop, buyer)

    def refund(cents: int) -> dict[str, Any]:
        return event("charge.refunded", {"payment_intent": f"pi_{topup}", "amount_refunded": cents})

    send(shop, refund(500))  # overtakes the payment: it waits in the inbox
    assert shop.balance(buyer.procurer_id) == 0
    send(shop, event("checkout.session.completed", session(topup)))
    assert shop.balance(buyer.procurer_id) == 15 * USD
    for cents in (1_200, 500, 800, 1_200):  # late and repeated
        send(shop, refund(cents))
    assert shop.balance(buyer.procurer_id) == 8 * USD
    assert shop.sql("SELECT * FROM billing.differences") == []


def test_a_refund_of_money_already_spent_is_a_shortfall_not_a_debt(shop: TestShop) -> None:
    buyer = shop.buyer()
    topup = shop.top_up(buyer, "1.00")
    wait_for(lambda: shop.credited(buyer, topup), "the top-up is credited")
    with shop.client(buyer) as client:
        client.get("/v1/products/problem_trends_monthly/rows").raise_for_status()
    intent = shop.sql("SELECT payment_intent FROM billing.topups WHERE topup_id = %s", (topup["topup_id"],))[0]
    stripe_api(shop, "POST", "refunds", payment_intent=intent["payment_intent"]).raise_for_status()
    wait_for(lambda: shop.balance(buyer.procurer_id) == 0, "the refund arrives")
    short = shop.sql("SELECT -sum(amount) AS n FROM ledger.entries JOIN ledger.accounts USING (account_id) "
                     "WHERE kind = 'refund_shortfall' AND owner = %s", (buyer.procurer_id,))  # fmt: skip
    assert short[0]["n"] == 600_000
    assert shop.sql("SELECT * FROM billing.differences") == []


def test_a_shop_that_was_down_is_credited_when_it_is_back(shop: TestShop) -> None:
    buyer = shop.buyer()
    with shop.client(buyer) as client:
        topup = client.post("/v1/topups", json={"amount": "3.00"}).json()
    shop.stop("shop")
    httpx.post(topup["checkout_url"], trust_env=False)
    shop.start("shop")
    wait_for(lambda: shop.credited(buyer, topup), "Stripe tries again")


def test_an_event_that_never_came_is_a_difference_and_repair_fetches_it(shop: TestShop) -> None:
    for wrong in shop.sql("SELECT topup_id FROM billing.topups WHERE session_id LIKE 'cs_%-%'"):
        shop.sql("DELETE FROM billing.topups WHERE topup_id = %s", (wrong["topup_id"],))  # Stripe never saw these
    buyer = shop.buyer()
    with shop.client(buyer) as client:
        topup = client.post("/v1/topups", json={"amount": "7.00"}).json()
    shop.stop("stripe")
    shop.start("stripe", STRIPE_STANDIN_WEBHOOK_URL="")
    httpx.post(topup["checkout_url"], trust_env=False)
    differing = shop.command("reconcile")
    assert differing.returncode == 65
    assert f"Stripe's payment of top-up {topup['topup_id']}: ours 0.000000, theirs 7.000000" in differing.stdout
    repaired = shop.command("reconcile", "--repair")
    assert (repaired.returncode, shop.balance(buyer.procurer_id)) == (0, 7 * USD), repaired.stdout
    assert "they agree" in repaired.stdout


def test_without_its_tables_the_shop_says_what_makes_them(postgres: Stack) -> None:
    said = postgres.command("api", "reconcile", expect=65, API_DATABASE_URL=postgres.url("postgres", "template1"))
    assert "run `python -m api migrate`" in said.stderr


def test_the_stand_in_speaks_of_errors_as_stripe_does(shop: TestShop) -> None:
    assert httpx.get(f"{shop.stripe_url}/v1/events", trust_env=False).status_code == 401
    missing = stripe_api(shop, "GET", "payment_intents/pi_none").json()["error"]
    assert (missing["type"], missing["code"]) == ("invalid_request_error", "resource_missing")
    key = {"Idempotency-Key": uuid4().hex, "Authorization": f"Bearer {SECRET_KEY}"}
    url = f"{shop.stripe_url}/v1/customers"
    made = [httpx.post(url, data={"email": "a@b.example"}, headers=key, trust_env=False).json()["id"] for _ in range(2)]
    other = httpx.post(url, data={"email": "c@d.example"}, headers=key, trust_env=False)
    assert made[0] == made[1]
    assert (other.status_code, other.json()["error"]["type"]) == (400, "idempotency_error")
