"""Buying a slice of a version: one call of `metering.buy`, which locks, decides, charges and claims in one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from api.access.entitlement import Entitlement
from api.catalogue.manifest import Manifest
from api.db import Database
from api.money import to_text
from api.problems import Problem
from lake.kit.ids import new_id

FIELDS = (
    "purchase_id", "procurer_id", "product", "version", "content_sha256", "query", "query_hash", "slice_rows",
    "charged_rows", "micro_per_row", "price", "balance_after", "bought_at", "free_until",
)  # fmt: skip
_COLUMNS = ", ".join(FIELDS)
_BUY = (
    "SELECT outcome, price_now, balance_now, (purchase).* "
    "FROM metering.buy(%s, %s, %s, %s, %s, %s, %s, %s::int4multirange, %s, %s, %s, %s)"
)
_QUOTE = "SELECT charged_rows, price, balance FROM metering.quote(%s, %s, %s, %s, %s::int4multirange, %s, %s)"


@dataclass(frozen=True)
class Slice:
    """What is bought: a version, the canonical query, its hash, and the numbers of its rows as a multirange."""

    manifest: Manifest
    query: str
    query_hash: bytes
    rows: str


@dataclass(frozen=True)
class Claim:
    """An Idempotency-Key and the fingerprint (SHA-256) of the request it came with."""

    key: str
    fingerprint: bytes


@dataclass(frozen=True)
class Purchase:
    """A purchase, in micro-units. `price` is what it cost when it was made."""

    purchase_id: UUID
    procurer_id: UUID
    product: str
    version: int
    content_sha256: str
    query: str
    query_hash: bytes
    slice_rows: int
    charged_rows: int
    micro_per_row: int
    price: int
    balance_after: int
    bought_at: datetime
    free_until: datetime


@dataclass(frozen=True)
class Bought:
    """What a request did: `outcome` bought, repeated or replayed; what it cost now; the balance after it."""

    outcome: str
    price_now: int
    balance_now: int
    purchase: Purchase


@dataclass(frozen=True)
class Quote:
    """What a slice would cost now, in micro-units, and the balance."""

    charged_rows: int
    price: int
    balance: int


def purchase_of(row: dict[str, Any]) -> Purchase:
    """The purchase in a row of `metering.purchases`."""
    return Purchase(**{name: row[name] for name in FIELDS})


async def buy(db: Database, right: Entitlement, piece: Slice, claim: Claim | None, now: datetime) -> Bought:
    """Charge for a slice and commit, or find it paid. Problem `insufficient_balance` or `idempotency_…`: no charge."""
    row = await db.one(
        _BUY,
        (
            new_id(), right.procurer_id, piece.manifest.product, piece.manifest.version, piece.manifest.content_sha256,
            piece.query, piece.query_hash, piece.rows, piece.manifest.price.micro_per_row,
            claim.key if claim else None, claim.fingerprint if claim else None, now,
        ),
    )  # fmt: skip
    if row is None:
        raise AssertionError("metering.buy answers one row")
    _refuse(row)
    return Bought(row["outcome"], row["price_now"], row["balance_now"], purchase_of(row))


def _refuse(row: dict[str, Any]) -> None:
    match row["outcome"]:
        case "short":
            price, balance = to_text(row["price_now"]), to_text(row["balance_now"])
            raise Problem(
                "insufficient_balance",
                f"This costs {price} and the balance is {balance}: top it up, then ask again. Nothing was charged.",
                details={
                    "price": price, "balance": balance, "currency": "USD", "missing": to_text(row["price_now"] - row["balance_now"]),
                    "charged_rows": row["charged_rows"], "slice_rows": row["slice_rows"], "version": row["version"],
                },
                headers={"Headwater-Price": price, "Headwater-Balance": balance},
            )  # fmt: skip
        case "key_conflict":
            raise Problem("idempotency_conflict", "Use a new Idempotency-Key for a new request. Nothing was charged.")
        case "key_expired":
            raise Problem("idempotency_expired", "The 30 days of this purchase are over: use a new Idempotency-Key.")


async def quote(db: Database, right: Entitlement, piece: Slice, now: datetime) -> Quote:
    """What `buy` would charge now; changes nothing."""
    manifest = piece.manifest
    row = await db.one(
        _QUOTE,
        (
            right.procurer_id, manifest.product, manifest.version, piece.query_hash, piece.rows,
            manifest.price.micro_per_row, now,
        ),
    )  # fmt: skip
    if row is None:
        raise AssertionError("metering.quote answers one row")
    return Quote(row["charged_rows"], row["price"], row["balance"])


async def find_purchase(db: Database, procurer: UUID, purchase: UUID) -> Purchase | None:
    """A purchase of this procurer."""
    row = await db.one(
        f"SELECT {_COLUMNS} FROM metering.purchases WHERE purchase_id = %s AND procurer_id = %s", (purchase, procurer)
    )
    return purchase_of(row) if row else None


async def list_purchases(db: Database, procurer: UUID, most: int = 100) -> list[Purchase]:
    """The procurer's newest purchases."""
    rows = await db.all(
        f"SELECT {_COLUMNS} FROM metering.purchases WHERE procurer_id = %s ORDER BY bought_at DESC LIMIT %s",
        (procurer, most),
    )
    return [purchase_of(row) for row in rows]


async def balance_of(db: Database, procurer: UUID) -> int:
    """The prepaid balance in micro-units."""
    row = await db.one("SELECT balance FROM ledger.accounts WHERE kind = 'prepaid' AND owner = %s", (str(procurer),))
    return int(row["balance"]) if row else 0
