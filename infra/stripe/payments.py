"""What happens to payments: customers, Checkout sessions, payment intents with their charge, refunds. No money moves."""

from __future__ import annotations

import time
from typing import Any

from infra.stripe.errors import StripeError, invalid, missing
from infra.stripe.store import Json, Store, fresh_id

DECLINED_CARDS = {"4000000000000002": "card_declined", "4000000000009995": "insufficient_funds"}
LATER_CARD = "4000000000000077"  # an asynchronous payment: completed at once, paid with a second event


def _made(kind: str, prefix: str, **fields: Any) -> Json:
    return {"id": fresh_id(prefix), "object": kind, "created": int(time.time()), "livemode": False, **fields}


def make_customer(store: Store, form: Json) -> Json:
    """POST /v1/customers"""
    fields = {"email": form.get("email"), "name": form.get("name"), "metadata": form.get("metadata", {})}
    return store.save(_made("customer", "cus", **fields))


def open_session(store: Store, form: Json, base: str) -> Json:
    """POST /v1/checkout/sessions: only mode `payment` with inline prices, which is what the shop uses."""
    if form.get("mode") != "payment":
        raise invalid("The stand-in knows mode=payment only.", "mode")
    if form.get("customer") and store.find("customer", form["customer"]) is None:
        raise invalid(f"No such customer: '{form['customer']}'", "customer")
    lines = [_line(item) for item in form.get("line_items", {}).values()]
    if not lines:
        raise invalid("Missing required param: line_items.", "line_items")
    if "success_url" not in form:
        raise invalid("Missing required param: success_url.", "success_url")
    session = _made(
        "checkout.session",
        "cs_test",
        mode="payment",
        amount_subtotal=sum(cents for cents, _, _ in lines),
        amount_total=sum(cents for cents, _, _ in lines),
        currency=lines[0][1],
        customer=form.get("customer"),
        client_reference_id=form.get("client_reference_id"),
        metadata=form.get("metadata", {}),
        success_url=form["success_url"],
        cancel_url=form.get("cancel_url"),
        expires_at=int(time.time()) + 86_400,
        payment_intent=None,
        payment_status="unpaid",
        status="open",
        description=lines[0][2],
        intent_metadata=(form.get("payment_intent_data") or {}).get("metadata", {}),
    )
    session["url"] = f"{base}/pay/{session['id']}"
    return store.save(session)


def _line(item: Json) -> tuple[int, str, str]:
    price = item.get("price_data") or {}
    try:
        cents = int(price["unit_amount"]) * int(item.get("quantity", "1"))
        line = cents, str(price["currency"]), str(price["product_data"]["name"])
    except (KeyError, ValueError, TypeError):
        raise invalid(
            "A line item needs price_data with currency, unit_amount and product_data.", "line_items"
        ) from None
    if cents < 50:
        raise StripeError(400, "invalid_request_error", "The amount is too small.", code="amount_too_small")
    return line


def pay_session(store: Store, key: str, card: str) -> Json:
    """The buyer presses Pay. A declined card is an error; a session that is paid already stays as it is."""
    with store.transaction():
        session = store.find("checkout.session", key)
        if session is None:
            raise missing("checkout.session", key)
        if session["status"] == "complete":
            return session
        if session["status"] != "open" or session["expires_at"] < time.time():
            raise StripeError(400, "invalid_request_error", "This Checkout session has expired.")
        if card in DECLINED_CARDS:
            raise StripeError(402, "card_error", "Your card was declined.", code=DECLINED_CARDS[card])
        return _complete(store, session, paid=card != LATER_CARD)


def _complete(store: Store, session: Json, *, paid: bool) -> Json:
    intent = _made(
        "payment_intent",
        "pi",
        amount=session["amount_total"],
        currency=session["currency"],
        customer=session["customer"],
        metadata=session["intent_metadata"],
        status="processing",
        latest_charge=None,
    )
    session |= {"status": "complete", "payment_intent": intent["id"], "url": None}
    store.save(intent)
    if paid:
        _settle(store, session, intent)
    store.save(session)
    store.emit("checkout.session.completed", session)
    if not paid:
        _settle(store, session, intent)
        store.emit("checkout.session.async_payment_succeeded", store.save(session))
    return session


def _settle(store: Store, session: Json, intent: Json) -> None:
    charge = _made(
        "charge",
        "ch",
        amount=intent["amount"],
        amount_refunded=0,
        currency=intent["currency"],
        customer=intent["customer"],
        metadata=intent["metadata"],
        payment_intent=intent["id"],
        paid=True,
        refunded=False,
        status="succeeded",
    )
    store.save(charge)
    store.save(intent | {"status": "succeeded", "latest_charge": charge["id"], "amount_received": intent["amount"]})
    session["payment_status"] = "paid"


def make_refund(store: Store, form: Json) -> Json:
    """POST /v1/refunds: part or all of a payment intent."""
    intent = store.find("payment_intent", form.get("payment_intent", ""))
    if intent is None:
        raise missing("payment_intent", form.get("payment_intent", ""))
    charge = store.find("charge", intent["latest_charge"] or "")
    if charge is None:
        raise invalid("This PaymentIntent has no successful charge to refund.", "payment_intent")
    left = charge["amount"] - charge["amount_refunded"]
    cents = int(form.get("amount", left))
    if not 0 < cents <= left:
        raise invalid(f"Refund amount ({cents}) is greater than unrefunded amount on charge ({left}).", "amount")
    refund = _made(
        "refund", "re", amount=cents, currency=charge["currency"], charge=charge["id"],
        payment_intent=intent["id"], status="succeeded", metadata=form.get("metadata", {}),
    )  # fmt: skip
    returned = charge["amount_refunded"] + cents
    store.save(charge | {"amount_refunded": returned, "refunded": returned == charge["amount"]})
    store.save(refund)
    store.emit("charge.refunded", charge | {"amount_refunded": returned, "refunded": returned == charge["amount"]})
    return refund
