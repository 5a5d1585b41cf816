"""The doors of the JSON API: a request's key or password becomes a `Caller`, limited; a right becomes an `Entitlement`."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request

from api.access import keys, procurers
from api.access.entitlement import Caller, Entitlement, entitle, rows_of
from api.problems import Problem
from api.shop import Shop, ShopOf


def address(request: Request) -> str:
    """Where the request comes from, for limits of callers without a key."""
    return request.client.host if request.client else "unknown"


def limit(shop: Shop, request: Request, policy: str, caller: str, quota: int) -> None:
    """Take one request from the caller's quota; the answer will carry where that leaves them."""
    request.state.limit_headers = shop.limiter.take(policy, caller, quota).headers()


async def key_caller(request: Request, shop: ShopOf) -> Caller:
    """The caller of `Authorization: Bearer hwk_…`; Problem `unauthenticated` or `rate_limited`."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not text.strip():
        limit(shop, request, "anonymous", address(request), shop.settings.anonymous_per_minute)
        raise Problem("unauthenticated", "Send `Authorization: Bearer <API key>`; make a key on the dashboard.")
    try:
        caller = await keys.check_key(shop.db, text.strip(), shop.now())
    except Problem:
        limit(shop, request, "anonymous", address(request), shop.settings.anonymous_per_minute)
        raise
    limit(shop, request, "key", str(caller.key_id), shop.settings.requests_per_minute)
    return caller


async def password_caller(request: Request, shop: ShopOf) -> Caller:
    """The caller of HTTP Basic (address and password), which manages keys; few attempts are allowed."""
    limit(shop, request, "attempts", address(request), shop.settings.attempts_per_minute)
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    try:
        email, colon, password = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        email, colon, password = "", "", ""
    if scheme.lower() != "basic" or not colon:
        raise Problem("unauthenticated", "Send the account's e-mail address and password as HTTP Basic.")
    return await procurers.check_password(shop.db, email, password)


def needs(scope: str) -> Callable[..., Awaitable[Entitlement]]:
    """A dependency that asks for a key with one fixed scope."""

    async def entitled(caller: Annotated[Caller, Depends(key_caller)]) -> Entitlement:
        return entitle(caller, scope)

    return entitled


async def rows_entitlement(product: str, caller: Annotated[Caller, Depends(key_caller)]) -> Entitlement:
    """The right to rows of the product in the path."""
    return entitle(caller, rows_of(product))


KeyCaller = Annotated[Caller, Depends(key_caller)]
PasswordCaller = Annotated[Caller, Depends(password_caller)]
RowsEntitlement = Annotated[Entitlement, Depends(rows_entitlement)]
CatalogueEntitlement = Annotated[Entitlement, Depends(needs("catalogue"))]
BillingEntitlement = Annotated[Entitlement, Depends(needs("billing"))]
