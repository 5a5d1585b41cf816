"""Top-ups of the prepaid balance through Stripe Checkout."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from api.access.entitlement import Entitlement
from api.billing.stripe_door import CheckoutOrder, StripeDoor
from api.db import Database
from api.money import MICRO_PER_CENT, from_text
from api.problems import Problem
from lake.contracts.products import CURRENCY, MICRO
from lake.kit.ids import new_id

LEAST, MOST = 1 * MICRO, 100_000 * MICRO
_SHOWN = "topup_id, amount, checkout_url, created_at, credited_at, refunded"


@dataclass(frozen=True)
class Till:
    """Where a top-up is made: the database, Stripe, and the address that Stripe sends the buyer back to."""

    db: Database
    stripe: StripeDoor
    public_url: str


def checked_amount(text: str) -> int:
    """The amount in micro-units; Problem `invalid` when it is none, too small, too large or not whole cents."""
    try:
        amount = from_text(text)
    except ValueError as error:
        raise Problem("invalid", f"Correct the amount: {error}.", details={"field": "amount"}) from None
    if amount % MICRO_PER_CENT or not LEAST <= amount <= MOST:
        raise Problem("invalid", "A top-up is 1.00 to 100000.00, in whole cents.", details={"field": "amount"})
    return amount


async def start(till: Till, right: Entitlement, amount: int, now: datetime) -> dict[str, Any]:
    """Open a Checkout session for an amount in micro-units; answers the top-up with the address of the payment page."""
    customer = await _customer(till, right.procurer_id)
    topup = new_id()
    await till.db.run(
        "INSERT INTO billing.topups (topup_id, procurer_id, amount, created_at) VALUES (%s, %s, %s, %s)",
        (topup, right.procurer_id, amount, now),
    )
    back = f"{till.public_url.rstrip('/')}/billing/return?topup={topup}"
    session = await till.stripe.open_checkout(
        CheckoutOrder(topup, customer, amount // MICRO_PER_CENT, CURRENCY, back, f"{back}&cancelled=1")
    )
    await till.db.run(
        "UPDATE billing.topups SET session_id = %s, checkout_url = %s WHERE topup_id = %s AND session_id IS NULL",
        (session.session_id, session.url, topup),
    )
    return await find(till.db, right.procurer_id, topup)


async def find(db: Database, procurer: UUID, topup: UUID) -> dict[str, Any]:
    """A top-up of this procurer; Problem `not_found` when there is none."""
    found = await db.one(
        f"SELECT {_SHOWN} FROM billing.topups WHERE topup_id = %s AND procurer_id = %s", (topup, procurer)
    )
    if found is None:
        raise Problem("not_found", "The account has no such top-up.", details={"what": "topup"})
    return found


async def newest(db: Database, procurer: UUID) -> list[dict[str, Any]]:
    """The procurer's ten newest top-ups."""
    return await db.all(
        f"SELECT {_SHOWN} FROM billing.topups WHERE procurer_id = %s ORDER BY created_at DESC LIMIT 10", (procurer,)
    )


async def _customer(till: Till, procurer: UUID) -> str:
    known = await till.db.one(
        "SELECT p.email, p.organisation, c.stripe_id FROM access.procurers p "
        "LEFT JOIN billing.customers c USING (procurer_id) WHERE procurer_id = %s",
        (procurer,),
    )
    if known is None:
        raise Problem("not_found", "The account is gone.", details={"what": "account"})
    if known["stripe_id"]:
        return str(known["stripe_id"])
    made = await till.stripe.make_customer(procurer, known["email"], known["organisation"])
    await till.db.run("INSERT INTO billing.customers VALUES (%s, %s) ON CONFLICT DO NOTHING", (procurer, made))
    return made
