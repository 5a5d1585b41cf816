"""The JSON API of the balance and its top-ups, and Stripe's webhook."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from api.access.guard import BillingEntitlement
from api.billing import inbox, topups
from api.metering.purchases import balance_of
from api.money import to_text
from api.shop import Shop, ShopOf
from lake.contracts.products import CURRENCY

router = APIRouter(tags=["billing"])


class TopUpOrder(BaseModel):
    """An amount to pay, as a decimal string of the currency unit."""

    amount: str = Field(examples=["25.00"], max_length=20)


def till_of(shop: Shop) -> topups.Till:
    """Where the shop makes top-ups."""
    return topups.Till(shop.db, shop.stripe, shop.settings.public_url)


def show(topup: dict[str, Any]) -> dict[str, Any]:
    """A top-up as the edge shows it."""
    return {
        "topup_id": str(topup["topup_id"]),
        "amount": to_text(topup["amount"]),
        "refunded": to_text(topup["refunded"]),
        "currency": CURRENCY,
        "checkout_url": topup["checkout_url"],
        "created_at": topup["created_at"].isoformat(),
        "credited_at": topup["credited_at"].isoformat() if topup["credited_at"] else None,
    }


@router.get("/v1/account")
async def get_account(right: BillingEntitlement, shop: ShopOf) -> dict[str, Any]:
    """The account's balance."""
    balance = await balance_of(shop.db, right.procurer_id)
    return {"procurer_id": str(right.procurer_id), "balance": to_text(balance), "currency": CURRENCY}


@router.post("/v1/topups", status_code=201)
async def start_topup(order: TopUpOrder, right: BillingEntitlement, shop: ShopOf) -> dict[str, Any]:
    """Open a Stripe Checkout page for an amount; the balance grows once Stripe says that it is paid."""
    amount = topups.checked_amount(order.amount)
    return show(await topups.start(till_of(shop), right, amount, shop.now()))


@router.get("/v1/topups/{topup_id}")
async def get_topup(topup_id: UUID, right: BillingEntitlement, shop: ShopOf) -> dict[str, Any]:
    """A top-up; `credited_at` is null until Stripe's word has come."""
    return show(await topups.find(shop.db, right.procurer_id, topup_id))


@router.post("/stripe/webhook")
async def take_webhook(request: Request, shop: ShopOf) -> dict[str, bool]:
    """Stripe's events: verified, kept, then handled; a duplicate is answered like the first."""
    event = shop.stripe.verified(await request.body(), request.headers.get("stripe-signature"))
    fresh = await inbox.receive(shop.db, event, shop.now())
    await inbox.handle_waiting(shop.db, shop.now())
    return {"received": True, "new": fresh}
