"""The JSON API of the catalogue: what is for sale, its versions, and their quality and privacy reports."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from api.access.guard import CatalogueEntitlement
from api.catalogue.manifest import Manifest
from api.money import to_text
from api.problems import Problem
from api.shop import Shop, ShopOf
from lake.contracts.products import CURRENCY, Product

router = APIRouter(prefix="/v1/products", tags=["catalogue"])


def describe(product: Product, newest: Manifest | None) -> dict[str, Any]:
    """A product as the catalogue shows it: no value of any row."""
    return {
        "product": product.name,
        "title": product.title,
        "about": product.about,
        "period": product.period.value,
        "columns": [
            {
                "name": column.name,
                "type": column.type.value,
                "about": column.about,
                "unit": getattr(column, "unit", None),
                "grain": column in product.grain,
            }
            for column in product.columns
        ],
        "price_per_row": to_text(newest.price.micro_per_row if newest else product.micro_per_row),
        "currency": newest.price.currency if newest else CURRENCY,
        "privacy": {
            "k": product.k,
            "dominance_percent": product.dominance_percent,
            "rounding": product.rounding,
            "delay_days": product.delay_days,
            "method": product.method,
        },
        "newest": summary(newest) if newest else None,
    }


def summary(manifest: Manifest) -> dict[str, Any]:
    """A version in a list."""
    return {
        "version": manifest.version,
        "created_at": manifest.created_at,
        "rows": manifest.rows,
        "periods": manifest.periods,
        "price_per_row": to_text(manifest.price.micro_per_row),
        "currency": manifest.price.currency,
        "content_sha256": manifest.content_sha256,
    }


def newest_of(shop: Shop, product: str) -> Manifest | None:
    """The newest version's manifest, or None before the first."""
    return shop.shelf.manifest(product) if shop.shelf.versions(product) else None


@router.get("")
async def list_products(_: CatalogueEntitlement, shop: ShopOf) -> dict[str, Any]:
    """Every product, with its newest version."""
    return {"products": [describe(product, newest) for product, newest in shop.shelf.current()]}


@router.get("/{product}")
async def get_product(product: str, _: CatalogueEntitlement, shop: ShopOf) -> dict[str, Any]:
    """One product: columns, price, privacy rules, newest version."""
    return describe(shop.shelf.product(product), newest_of(shop, product))


@router.get("/{product}/versions")
async def list_versions(product: str, _: CatalogueEntitlement, shop: ShopOf) -> dict[str, Any]:
    """Every published version of a product, newest first; all stay readable."""
    numbers = shop.shelf.versions(product)
    return {"product": product, "versions": [summary(shop.shelf.manifest(product, number)) for number in numbers]}


@router.get("/{product}/versions/{version}")
async def get_version(product: str, version: int, _: CatalogueEntitlement, shop: ShopOf) -> dict[str, Any]:
    """One version as its manifest describes it."""
    return shop.shelf.manifest(product, version).model_dump(mode="json")


@router.get("/{product}/versions/{version}/{report}")
async def get_report(product: str, version: int, report: str, _: CatalogueEntitlement, shop: ShopOf) -> dict[str, Any]:
    """The quality or the privacy report of a version: `report` is `quality` or `privacy`."""
    manifest = shop.shelf.manifest(product, version)
    if report not in ("quality", "privacy"):
        raise Problem("not_found", "The reports are `quality` and `privacy`.", details={"what": "report"})
    found = manifest.quality if report == "quality" else manifest.privacy
    return {"product": product, "version": version, "content_sha256": manifest.content_sha256, report: found}
