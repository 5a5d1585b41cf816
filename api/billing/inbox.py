"""The webhook inbox: receive first, handle later, once.

The event's id is the key of its row, so a duplicate is found by the database. An event that cannot be handled yet
(a refund that overtook its payment) stays in the inbox and is tried again after each later event.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from api.billing.stripe_door import Event, session_of
from api.db import Conn, Database
from api.money import MICRO_PER_CENT
from lake.kit.ids import new_id
from lake.kit.log import get_log

PAID = ("checkout.session.completed", "checkout.session.async_payment_succeeded")
REFUNDED = ("charge.refunded",)
WAITS = "not_credited_yet"
_UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, psycopg.IntegrityError, psycopg.DataError)
_PATIENCE = timedelta(days=30)


async def receive(db: Database, event: Event, now: datetime) -> bool:
    """Keep a verified event; False when it is known already."""
    kept = await db.run(
        "INSERT INTO billing.stripe_events (event_id, type, body, received_at) VALUES (%s, %s, %s, %s) "
        "ON CONFLICT (event_id) DO NOTHING",
        (event.event_id, event.type, Jsonb(event.body), now),
    )
    return kept == 1


async def handle_waiting(db: Database, now: datetime) -> dict[str, str]:
    """Handle every event that waits, oldest first; answers the outcome of each by event id."""
    waiting = await db.all(
        "SELECT event_id FROM billing.stripe_events WHERE handled_at IS NULL ORDER BY received_at, event_id"
    )
    outcomes: dict[str, str] = {}
    for _ in range(2):  # the second round is for refunds whose payment stood behind them
        for event_id in [row["event_id"] for row in waiting if outcomes.get(row["event_id"], WAITS) == WAITS]:
            outcomes[event_id] = await _handle_or_set_aside(db, event_id, now)
    return outcomes


async def _handle_or_set_aside(db: Database, event_id: str, now: datetime) -> str:
    """Handle an event; one that is not what its type says is set aside with a log line, so that others are not held up."""
    try:
        return await handle(db, event_id, now)
    except _UNREADABLE as error:
        get_log().error("stripe_event_set_aside", stripe_event=event_id, exc_info=error)
        await db.run(
            "UPDATE billing.stripe_events SET handled_at = %s, outcome = 'set_aside' WHERE event_id = %s",
            (now, event_id),
        )
        return "set_aside"


async def handle(db: Database, event_id: str, now: datetime) -> str:
    """Handle one event and stamp it, in one transaction; a second copy of this process waits and finds it done."""
    async with db.transaction() as conn:
        row = await (
            await conn.execute(
                "SELECT type, body, received_at FROM billing.stripe_events "
                "WHERE event_id = %s AND handled_at IS NULL FOR UPDATE",
                (event_id,),
            )
        ).fetchone()
        if row is None:
            return "handled_before"
        outcome = await _apply(conn, row["type"], row["body"]["data"]["object"], now)
        if outcome == WAITS and now - row["received_at"] < _PATIENCE:
            return outcome
        await conn.execute(
            "UPDATE billing.stripe_events SET handled_at = %s, outcome = %s WHERE event_id = %s",
            (now, outcome, event_id),
        )
    get_log().info("stripe_event_handled", stripe_event=event_id, type=row["type"], outcome=outcome)
    return outcome


async def _apply(conn: Conn, kind: str, thing: dict[str, Any], now: datetime) -> str:
    if kind in PAID:
        return await _credit(conn, thing, now)
    if kind in REFUNDED:
        refunded = int(thing["amount_refunded"]) * MICRO_PER_CENT
        return await _call(conn, "billing.refund(%s, %s, %s, %s)", (thing["payment_intent"], refunded, new_id(), now))
    return "ignored"


async def _credit(conn: Conn, thing: dict[str, Any], now: datetime) -> str:
    session = session_of(thing)
    if not session.paid:
        return "not_paid_yet"  # an asynchronous payment: another event follows
    topup = _uuid(session.topup_id)
    if topup is None or str(thing.get("currency", "")).upper() != "USD":
        return "not_ours"
    values = (topup, session.session_id, session.payment_intent, session.cents * MICRO_PER_CENT, new_id(), now)
    return await _call(conn, "billing.credit(%s, %s, %s, %s, %s, %s)", values)


async def _call(conn: Conn, call: str, values: tuple[Any, ...]) -> str:
    row = await (await conn.execute(f"SELECT {call} AS outcome".encode(), values)).fetchone()
    return str(row["outcome"]) if row else "nothing"


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None
