"""The JSON API of rows and quotes."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Header, Request, Response

from api.access.guard import RowsEntitlement
from api.datasets import service
from api.datasets.formats import JSON, choose_format
from api.datasets.query import DEFAULT_LIMIT, MOST_ROWS
from api.metering.purchases import Bought
from api.money import to_text
from api.problems import Problem
from api.shop import ShopOf
from lake.contracts.products import CURRENCY

router = APIRouter(prefix="/v1/products", tags=["rows"])

_FILTERS = (
    "Filters: `<column>=value` or `<column>.<op>=value`, op one of eq, ne, in (comma-separated), gt, gte, lt, lte. "
    "Filters on grain columns choose the slice that is bought; filters on measures narrow the answer and cost nothing."
)


def _parameter(name: str, kind: str, about: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": {"type": kind}, "description": about}


_PARAMETERS = [
    _parameter("select", "string", "Columns of the answer, comma-separated."),
    _parameter("sort", "string", "Columns to sort by, comma-separated, `-` before one to descend."),
    _parameter("limit", "integer", f"Rows of a page: {DEFAULT_LIMIT} by default, at most {MOST_ROWS}."),
    _parameter("cursor", "string", "Where the next page starts, from the page before."),
    _parameter("version", "integer", "A published version; the newest by default."),
    _parameter("format", "string", "json, csv, arrow or parquet, instead of Accept."),
]
_EXTRA = {"parameters": _PARAMETERS}


def paid_headers(answer: service.Answer) -> dict[str, str]:
    """Price, balance, version and receipt, for every format."""
    bought = answer.bought
    return {
        "Headwater-Price": to_text(bought.price_now),
        "Headwater-Balance": to_text(bought.balance_now),
        "Headwater-Currency": CURRENCY,
        "Headwater-Version": str(answer.asked.manifest.version),
        "Headwater-Receipt": str(bought.purchase.purchase_id),
        "Headwater-Repeat": "true" if bought.outcome != "bought" else "false",
        "Headwater-Free-Until": bought.purchase.free_until.isoformat(),
        "Headwater-Rows": str(answer.page.table.num_rows),
        "Headwater-Rows-Total": str(answer.page.total),
        **({"Idempotent-Replayed": "true"} if bought.outcome == "replayed" else {}),
    }


def purchase_summary(bought: Bought) -> dict[str, Any]:
    """What a JSON answer says of its price."""
    purchase = bought.purchase
    return {
        "receipt_id": str(purchase.purchase_id),
        "price": to_text(bought.price_now),
        "balance": to_text(bought.balance_now),
        "currency": CURRENCY,
        "repeat": bought.outcome != "bought",
        "free_until": purchase.free_until.isoformat(),
        "slice_rows": purchase.slice_rows,
        "charged_rows": purchase.charged_rows if bought.outcome == "bought" else 0,
        "receipt_price": to_text(purchase.price),
    }


@router.get(
    "/{product}/rows", openapi_extra=_EXTRA, description=f"Rows of a product, paid from the balance. {_FILTERS}"
)
async def get_rows(
    product: str,
    request: Request,
    right: RowsEntitlement,
    shop: ShopOf,
    idempotency_key: Annotated[str | None, Header(max_length=255, min_length=1)] = None,
) -> Response:
    """Charge in one transaction, then answer."""
    pairs = request.query_params.multi_items()
    form = choose_format(request.headers.get("accept"), request.query_params.get("format"))
    asked = await service.ask(shop, right, product, pairs)
    standing = {"ETag": asked.etag(form), "Cache-Control": "private, no-cache", "Vary": "Accept, Authorization"}
    if request.headers.get("if-none-match") == standing["ETag"]:
        return Response(
            status_code=304,
            headers=standing | {"Headwater-Price": to_text(0), "Headwater-Version": str(asked.manifest.version)},
        )
    answer = await service.answer(shop, right, asked, form, idempotency_key, pairs)
    headers = standing | paid_headers(answer) | {"ETag": answer.asked.etag(form)}
    link = _next_link(request, answer)
    if link:
        headers["Link"] = f'<{link}>; rel="next"'
    body = _envelope(answer, link) if form is JSON else answer.body
    return Response(body, headers=headers, media_type=form.media_type)


def _next_link(request: Request, answer: service.Answer) -> str | None:
    if answer.next_cursor is None:
        return None
    kept = [(name, text) for name, text in request.query_params.multi_items() if name != "cursor"]
    return f"{request.url.path}?{urlencode([*kept, ('cursor', answer.next_cursor)])}"


def _envelope(answer: service.Answer, link: str | None) -> bytes:
    return orjson.dumps(
        {
            "product": answer.asked.query.product,
            "version": answer.asked.manifest.version,
            "purchase": purchase_summary(answer.bought),
            "count": answer.page.table.num_rows,
            "total": answer.page.total,
            "next": link,
            "cursor": answer.next_cursor,
            "rows": orjson.Fragment(answer.body),
        }
    )


@router.get(
    "/{product}/quote", openapi_extra=_EXTRA, description=f"What the same request for rows would cost. {_FILTERS}"
)
async def get_quote(product: str, request: Request, right: RowsEntitlement, shop: ShopOf) -> dict[str, Any]:
    """Free, and silent about values: it depends on grain filters and on what the account has paid."""
    if "cursor" in request.query_params:
        raise Problem(
            "bad_value", "A quote is for a whole query: leave the cursor out.", details={"parameter": "cursor"}
        )
    asked = await service.ask(shop, right, product, request.query_params.multi_items())
    quoted = await service.price(shop, right, asked)
    return {
        "product": product,
        "version": asked.manifest.version,
        "slice_rows": len(asked.rows),
        "charged_rows": quoted.charged_rows,
        "price_per_row": to_text(asked.manifest.price.micro_per_row),
        "price": to_text(quoted.price),
        "balance": to_text(quoted.balance),
        "currency": CURRENCY,
        "covered": quoted.price <= quoted.balance,
    }
