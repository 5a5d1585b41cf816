"""The JSON API of purchases and receipts."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from fastapi import APIRouter

from api.access.entitlement import BILLING, entitle, rows_of
from api.access.guard import BillingEntitlement, KeyCaller
from api.metering.purchases import find_purchase, list_purchases
from api.metering.receipts import facts_of
from api.problems import Problem
from api.shop import ShopOf

router = APIRouter(prefix="/v1", tags=["metering"])


@router.get("/purchases")
async def get_purchases(right: BillingEntitlement, shop: ShopOf) -> dict[str, Any]:
    """The account's 100 newest purchases."""
    return {"purchases": [facts_of(each) for each in await list_purchases(shop.db, right.procurer_id)]}


@router.get("/receipts/{receipt_id}")
async def get_receipt(receipt_id: UUID, caller: KeyCaller, shop: ShopOf) -> dict[str, Any]:
    """A signed receipt, for keys with the scope `billing` or rows of its product."""
    purchase = await find_purchase(shop.db, caller.procurer_id, receipt_id)
    if purchase is None:
        raise Problem("not_found", "The account has no such receipt.", details={"what": "receipt"})
    if BILLING not in caller.scopes:
        entitle(caller, rows_of(purchase.product))
    return shop.signer.receipt(purchase)


@router.get("/receipt-key")
async def get_receipt_key(shop: ShopOf) -> dict[str, Any]:
    """The public key that receipts are signed with; open to everybody."""
    return shop.signer.published()
