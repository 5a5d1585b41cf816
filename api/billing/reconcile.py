"""Do the books agree? Ledger with itself, with the purchases, with the top-ups, and with Stripe. Prints the differences."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from api.billing import inbox
from api.billing.stripe_door import StripeDoor
from api.db import Database
from api.money import MICRO_PER_CENT
from lake.kit.clock import utc_now


@dataclass(frozen=True)
class Difference:
    """Two figures that should be equal, in micro-units, and what they are of."""

    what: str
    ours: int
    theirs: int


@dataclass(frozen=True)
class Books:
    """The result: how much was compared, and what differs."""

    transactions: int
    purchases: int
    sessions: int
    differences: tuple[Difference, ...]


async def reconcile(db: Database, stripe: StripeDoor) -> Books:
    """Compare everything; an empty list of differences is the proof."""
    found = await db.all("SELECT what, ours, theirs FROM billing.differences ORDER BY what")
    differences = [Difference(**row) for row in found]
    sessions, against_stripe = await _against_stripe(db, stripe)
    counts = await db.one(
        "SELECT (SELECT count(*) FROM ledger.transactions) AS transactions, (SELECT count(*) FROM metering.purchases) AS purchases"
    )
    if counts is None:
        raise AssertionError("counts are one row")
    return Books(counts["transactions"], counts["purchases"], sessions, (*differences, *against_stripe))


async def repair(db: Database, stripe: StripeDoor) -> int:
    """Put every event of Stripe's list that never arrived through the inbox; answers how many were new."""
    now = utc_now()
    fresh = 0
    for event in await stripe.events(int(now.timestamp())):
        if event.type in (*inbox.PAID, *inbox.REFUNDED):
            fresh += await inbox.receive(db, event, now)
    await inbox.handle_waiting(db, now)
    return fresh


async def _against_stripe(db: Database, stripe: StripeDoor) -> tuple[int, list[Difference]]:
    """What Stripe holds of each payment, beside what our clearing account says of it."""
    returned: dict[str, int] = defaultdict(int)
    async for intent, cents in stripe.refunds():
        returned[intent] += cents
    theirs: dict[str, int] = {}
    seen = 0
    async for session in stripe.sessions():
        seen += 1
        if session.paid and session.topup_id:
            theirs[session.topup_id] = (session.cents - returned.get(session.payment_intent or "", 0)) * MICRO_PER_CENT
    rows = await db.all(
        "SELECT topup_id::text AS topup, amount - refunded AS kept FROM billing.topups WHERE credited_at IS NOT NULL"
    )
    ours = {row["topup"]: row["kept"] for row in rows}
    return seen, [
        Difference(f"Stripe's payment of top-up {topup}", ours.get(topup, 0), theirs.get(topup, 0))
        for topup in sorted(ours.keys() | theirs.keys())
        if ours.get(topup, 0) != theirs.get(topup, 0)
    ]
