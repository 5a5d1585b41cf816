"""The JSON API of accounts and keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from api.access import keys, procurers
from api.access.guard import PasswordCaller, address, limit
from api.shop import ShopOf

router = APIRouter(prefix="/v1", tags=["access"])


class SignUp(BaseModel):
    """A new account."""

    email: str = Field(max_length=254)
    password: str = Field(max_length=procurers.LONGEST_PASSWORD)
    organisation: str = Field(max_length=200)


class Procurer(BaseModel):
    """An account."""

    procurer_id: UUID
    email: str


class KeyOrder(BaseModel):
    """A key to make."""

    name: str = "key"
    scopes: list[str] = Field(default=["catalogue", "billing", "rows:*"], max_length=50)
    days: int = Field(default=90, description="Days until it expires.")


class Key(BaseModel):
    """What is shown of a key."""

    key_id: UUID
    name: str
    prefix: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None


class NewKey(Key):
    """A new key with its text, shown this once."""

    key: str


@router.post("/procurers", status_code=201)
async def sign_up(order: SignUp, request: Request, shop: ShopOf) -> Procurer:
    """Make a procurer's account."""
    limit(shop, request, "attempts", address(request), shop.settings.attempts_per_minute)
    made = await procurers.sign_up(shop.db, order.email, order.password, order.organisation, shop.now())
    return Procurer(procurer_id=made, email=order.email.strip().lower())


@router.post("/keys", status_code=201)
async def make_key(order: KeyOrder, caller: PasswordCaller, shop: ShopOf) -> NewKey:
    """Make an API key (HTTP Basic with the account's address and password). Its text is shown once."""
    shown, text = await keys.make_key(shop.db, caller.procurer_id, order.name, order.scopes, order.days, shop.now())
    return NewKey(**shown, key=text)


@router.get("/keys")
async def list_keys(caller: PasswordCaller, shop: ShopOf) -> dict[str, list[Key]]:
    """The account's keys (HTTP Basic)."""
    found: list[dict[str, Any]] = await keys.list_keys(shop.db, caller.procurer_id)
    return {"keys": [Key(**key) for key in found]}


@router.delete("/keys/{key_id}", status_code=204)
async def revoke_key(key_id: UUID, caller: PasswordCaller, shop: ShopOf) -> Response:
    """Revoke a key, effective with the next request (HTTP Basic)."""
    await keys.revoke_key(shop.db, caller.procurer_id, key_id, shop.now())
    return Response(status_code=204)
