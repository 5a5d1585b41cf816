"""Buying in a browser: choose a slice, see its price, buy and download it."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.access.entitlement import entitle, rows_of
from api.access.procurers import Session
from api.datasets import service
from api.datasets.endpoints import paid_headers
from api.datasets.formats import CSV, FORMATS, JSON, choose_format
from api.datasets.query import MOST_ROWS
from api.metering.purchases import balance_of
from api.pages.rendering import page
from api.pages.visit import Form, SignedIn
from api.problems import Problem
from api.shop import Shop, ShopOf
from lake.contracts.model import Type

router = APIRouter(include_in_schema=False)


def _filters(shop: Shop, product: str, fields: Mapping[str, str]) -> list[tuple[str, str]]:
    """The grain filters that the form's fields say; empty fields say nothing."""
    pairs = []
    for column in shop.shelf.product(product).grain:
        names = ("gte", "lte") if column.type is Type.DATE else ("in",)
        pairs += [(f"{column.name}.{op}", fields.get(f"{column.name}.{op}", "").replace(" ", "")) for op in names]
    return [*((name, text) for name, text in pairs if text), ("limit", str(MOST_ROWS))]


async def _shown(
    request: Request,
    shop: Shop,
    session: Session,
    product: str,
    fields: Mapping[str, str],
    problem: Problem | None = None,
) -> Response:
    declared = shop.shelf.product(product)
    quoted, slice_rows, manifest = None, 0, shop.shelf.manifest(product)
    if problem is None or problem.code == "insufficient_balance":
        try:
            right = entitle(session.caller, rows_of(product))
            asked = await service.ask(shop, right, product, _filters(shop, product, fields))
            quoted, slice_rows = await service.price(shop, right, asked), len(asked.rows)
        except Problem as refusal:
            problem = refusal
    balance = quoted.balance if quoted else await balance_of(shop.db, session.caller.procurer_id)
    return page(
        request, "buy.html", problem.status if problem else 200, product=declared, manifest=manifest, fields=fields,
        quoted=quoted, slice_rows=slice_rows, balance=balance, problem=problem, formats=FORMATS,
    )  # fmt: skip


@router.get("/products/{product}/buy")
async def choose(product: str, request: Request, shop: ShopOf, session: SignedIn) -> Response:
    """The form, with the price of what it says now."""
    return await _shown(request, shop, session, product, request.query_params)


@router.post("/products/{product}/buy")
async def download(product: str, request: Request, shop: ShopOf, session: SignedIn, form: Form) -> Response:
    """Charge, then send the file."""
    try:
        chosen = choose_format(None, form.get("format", CSV.name))
        right = entitle(session.caller, rows_of(product))
        pairs = _filters(shop, product, form)
        asked = await service.ask(shop, right, product, pairs)
        answer = await service.answer(shop, right, asked, chosen, None, pairs)
    except Problem as problem:
        return await _shown(request, shop, session, product, form, problem)
    suffix = "arrows" if chosen.name == "arrow" else chosen.name
    name = f"{product}-v{answer.asked.manifest.version:04d}.{suffix}"
    media = "application/json" if chosen is JSON else chosen.media_type
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(answer.body, headers=headers | paid_headers(answer), media_type=media)
