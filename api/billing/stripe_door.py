"""The one door to Stripe: customers, Checkout sessions, refunds, events and webhook signatures.

The address comes from the settings, so that the same code speaks to Stripe and to the local stand-in.
Amounts are cents here; micro-units stay inside the shop.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import stripe

from api.problems import Problem

_TIMEOUT = 20  # seconds
_RETRIES = 2  # each carries the same idempotency key
_BACK = 30 * 86_400  # Stripe lists the events of 30 days


@dataclass(frozen=True)
class Event:
    """A verified event: its id, type, and body as Stripe sent it."""

    event_id: str
    type: str
    body: dict[str, Any]


@dataclass(frozen=True)
class CheckoutOrder:
    """A Checkout session to open, in cents."""

    topup_id: UUID
    customer: str
    cents: int
    currency: str
    success_url: str
    cancel_url: str


@dataclass(frozen=True)
class Session:
    """A Checkout session as Stripe has it."""

    session_id: str
    url: str | None
    topup_id: str | None
    payment_intent: str | None
    cents: int
    paid: bool


class StripeDoor:
    """Stripe's API with one secret key. Problem `payments_unavailable` when it does not answer as it should."""

    def __init__(self, base: str, secret_key: str, webhook_secret: str) -> None:
        self._webhook_secret = webhook_secret
        self._base = base.rstrip("/")
        self._key = secret_key
        self._opened: stripe.StripeClient | None = None

    @property
    def _client(self) -> stripe.StripeClient:
        if self._opened is None:
            self._opened = stripe.StripeClient(
                self._key,
                base_addresses={"api": self._base},
                max_network_retries=_RETRIES,
                http_client=stripe.HTTPXClient(timeout=_TIMEOUT),
            )
        return self._opened

    async def make_customer(self, procurer_id: UUID, email: str, organisation: str) -> str:
        """A customer for a procurer; the same one when asked again."""
        try:
            made = await self._client.v1.customers.create_async(
                {"email": email, "name": organisation, "metadata": {"procurer_id": str(procurer_id)}},
                {"idempotency_key": f"customer-{procurer_id}"},
            )
        except stripe.StripeError as error:
            raise _unavailable(error) from error
        return made.id

    async def open_checkout(self, order: CheckoutOrder) -> Session:
        """A hosted payment page for a top-up; the same one when asked again."""
        topup = str(order.topup_id)
        try:
            made = await self._client.v1.checkout.sessions.create_async(
                {
                    "mode": "payment",
                    "customer": order.customer,
                    "client_reference_id": topup,
                    "metadata": {"topup_id": topup},
                    "payment_intent_data": {"metadata": {"topup_id": topup}},
                    "line_items": [
                        {
                            "quantity": 1,
                            "price_data": {
                                "currency": order.currency.lower(),
                                "unit_amount": order.cents,
                                "product_data": {"name": "Headwater prepaid balance"},
                            },
                        }
                    ],
                    "success_url": order.success_url,
                    "cancel_url": order.cancel_url,
                },
                {"idempotency_key": f"topup-{topup}"},
            )
        except stripe.StripeError as error:
            raise _unavailable(error) from error
        return session_of(made.to_dict())

    async def refund(self, payment_intent: str, cents: int, reason_key: str) -> str:
        """Return part of a payment; the books follow when Stripe's event arrives."""
        try:
            made = await self._client.v1.refunds.create_async(
                {"payment_intent": payment_intent, "amount": cents}, {"idempotency_key": f"refund-{reason_key}"}
            )
        except stripe.StripeError as error:
            raise _unavailable(error) from error
        return made.id

    async def sessions(self) -> AsyncIterator[Session]:
        """Every Checkout session, newest first."""
        try:
            listed = await self._client.v1.checkout.sessions.list_async({"limit": 100})
            async for each in listed.auto_paging_iter():
                yield session_of(each.to_dict())
        except stripe.StripeError as error:
            raise _unavailable(error) from error

    async def refunds(self) -> AsyncIterator[tuple[str, int]]:
        """Every refund that succeeded: payment intent, cents."""
        try:
            listed = await self._client.v1.refunds.list_async({"limit": 100})
            async for each in listed.auto_paging_iter():
                if each.status in ("succeeded", "pending"):
                    yield _id_of(each.to_dict()["payment_intent"]) or "", each.amount
        except stripe.StripeError as error:
            raise _unavailable(error) from error

    async def events(self, now: int) -> list[Event]:
        """The events of the last 30 days, oldest first: what missed webhooks are repaired from."""
        try:
            listed = await self._client.v1.events.list_async({"limit": 100, "created": {"gte": now - _BACK}})
            found = [_event(each.to_dict()) async for each in listed.auto_paging_iter()]
        except stripe.StripeError as error:
            raise _unavailable(error) from error
        return found[::-1]

    def verified(self, payload: bytes, signature: str | None) -> Event:
        """The event of a webhook whose signature holds; Problem `bad_request` for any other, or without a secret."""
        if not self._webhook_secret.strip():  # an empty secret verifies against an empty key, which anyone can forge
            raise Problem("bad_request", "The webhook has no secret: set API_STRIPE_WEBHOOK_SECRET.")
        try:
            stripe.WebhookSignature.verify_header(
                payload, signature, self._webhook_secret, stripe.Webhook.DEFAULT_TOLERANCE
            )
            return _event(json.loads(payload))
        except (stripe.SignatureVerificationError, UnicodeDecodeError) as error:
            raise Problem("bad_request", "The webhook's signature does not hold.") from error
        except (ValueError, KeyError, TypeError) as error:
            raise Problem("bad_request", "The webhook's body is no event.") from error


def session_of(body: dict[str, Any]) -> Session:
    """A Checkout session out of Stripe's JSON."""
    return Session(
        session_id=body["id"],
        url=body.get("url"),
        topup_id=(body.get("metadata") or {}).get("topup_id"),
        payment_intent=_id_of(body.get("payment_intent")),
        cents=body.get("amount_total") or 0,
        paid=body.get("payment_status") == "paid",
    )


def _event(body: dict[str, Any]) -> Event:
    return Event(str(body["id"]), str(body["type"]), body)


def _id_of(reference: Any) -> str | None:
    found: str | None = reference["id"] if isinstance(reference, dict) else reference
    return found


def _unavailable(error: stripe.StripeError) -> Problem:
    return Problem("payments_unavailable", f"Stripe refused or did not answer ({type(error).__name__}). Try again.")
