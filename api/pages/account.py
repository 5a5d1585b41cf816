"""A procurer's own pages: dashboard, keys, top-ups, and the return from Stripe's payment page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from api.access import keys
from api.access.entitlement import BILLING, entitle
from api.access.procurers import Session
from api.billing import topups
from api.billing.endpoints import till_of
from api.metering.purchases import balance_of, find_purchase, list_purchases
from api.pages.rendering import page
from api.pages.visit import Form, SignedIn
from api.problems import Problem
from api.shop import Shop, ShopOf
from lake.contracts.products import PRODUCTS

router = APIRouter(include_in_schema=False)

_CHOICES = ("catalogue", "billing", "rows:*", *(f"rows:{product.name}" for product in PRODUCTS))


async def _dashboard(request: Request, shop: Shop, session: Session, **more: Any) -> Response:
    procurer = session.caller.procurer_id
    problem: Problem | None = more.get("problem")
    return page(
        request,
        "dashboard.html",
        problem.status if problem else 200,
        balance=await balance_of(shop.db, procurer),
        keys=await keys.list_keys(shop.db, procurer),
        purchases=await list_purchases(shop.db, procurer, 25),
        topups=await topups.newest(shop.db, procurer),
        scopes=_CHOICES,
        now=shop.now(),
        shop_url=shop.settings.public_url,
        **{"fresh_key": None, "problem": None} | more,
    )


@router.get("/dashboard")
async def dashboard(request: Request, shop: ShopOf, session: SignedIn) -> Response:
    """Balance, keys, purchases, top-ups."""
    return await _dashboard(request, shop, session)


@router.post("/dashboard/keys")
async def make_key(request: Request, shop: ShopOf, session: SignedIn, form: Form) -> Response:
    """Make a key and show it, this once."""
    wanted = [scope for scope in _CHOICES if form.get(f"scope-{scope}")]
    try:
        days = int(form.get("days", "90"))
        shown, text = await keys.make_key(
            shop.db, session.caller.procurer_id, form.get("name", ""), wanted, days, shop.now()
        )
    except ValueError:
        return await _dashboard(request, shop, session, problem=Problem("invalid", "Give the days as a number."))
    except Problem as problem:
        return await _dashboard(request, shop, session, problem=problem)
    response = await _dashboard(request, shop, session, fresh_key={"text": text, "name": shown["name"]})
    response.headers["Cache-Control"] = "no-store"
    return response


@router.post("/dashboard/keys/{key_id}/revoke")
async def revoke_key(key_id: UUID, shop: ShopOf, session: SignedIn, _: Form) -> Response:
    """Revoke a key."""
    await keys.revoke_key(shop.db, session.caller.procurer_id, key_id, shop.now())
    return RedirectResponse("/dashboard#keys", 303)


@router.post("/dashboard/topups")
async def top_up(request: Request, shop: ShopOf, session: SignedIn, form: Form) -> Response:
    """Open Stripe's payment page for an amount."""
    try:
        amount = topups.checked_amount(form.get("amount", ""))
        topup = await topups.start(till_of(shop), entitle(session.caller, BILLING), amount, shop.now())
    except Problem as problem:
        return await _dashboard(request, shop, session, problem=problem)
    return RedirectResponse(topup["checkout_url"], 303)


@router.get("/billing/return")
async def back_from_checkout(
    topup: UUID, request: Request, shop: ShopOf, session: SignedIn, cancelled: bool = False
) -> Response:
    """Where Stripe sends the buyer back to; waits, by reloading itself, for Stripe's word."""
    found = await topups.find(shop.db, session.caller.procurer_id, topup)
    balance = await balance_of(shop.db, session.caller.procurer_id)
    waiting = found["credited_at"] is None and not cancelled
    return page(request, "checkout_return.html", topup=found, balance=balance, cancelled=cancelled, waiting=waiting)


@router.get("/receipts/{receipt_id}")
async def receipt(receipt_id: UUID, shop: ShopOf, session: SignedIn) -> Response:
    """A signed receipt as a file."""
    purchase = await find_purchase(shop.db, session.caller.procurer_id, receipt_id)
    if purchase is None:
        raise Problem("not_found", "The account has no such receipt.")
    name = f'attachment; filename="receipt-{receipt_id}.json"'
    return JSONResponse(shop.signer.receipt(purchase), headers={"Content-Disposition": name})
