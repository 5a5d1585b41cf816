"""The queue of deliveries in PostgreSQL: what is due, what is done, what failed and when it is tried again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.rows import class_row

from platform_app.db import Conn
from platform_app.outbox.publish import Event

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(hours=1)
MOST_PURGED = 5_000  # rows that one transaction removes
MOST_ATTEMPTS = 10  # then it waits for somebody; by then about three and a half hours have passed


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for one subscriber: deliveries, those among them that failed at least once, and those given up."""

    subscriber: str
    deliveries: int
    failing: int
    given_up: int
    faults: list[str]


def due(conn: Conn, subscriber: str, most: int) -> list[tuple[UUID, str]]:
    """The oldest events that are due, each with the correlation id of what happened."""
    query = (
        "SELECT e.id, e.correlation_id FROM kernel.deliveries d JOIN kernel.outbox e ON e.id = d.event_id "
        "WHERE d.subscriber = %s AND d.due_at <= now() ORDER BY d.event_id LIMIT %s"
    )
    return [(row[0], row[1]) for row in conn.execute(query, (subscriber, most)).fetchall()]


def take(conn: Conn, subscriber: str, event_ids: Sequence[UUID]) -> list[Event]:
    """Those of the events that still wait and that no other process holds; this transaction holds them now."""
    query = (
        "SELECT e.id, e.type, e.subject_id, e.actor_id, e.data, e.correlation_id, e.occurred_at "
        "FROM kernel.deliveries d JOIN kernel.outbox e ON e.id = d.event_id "
        "WHERE d.subscriber = %s AND d.event_id = ANY(%s) AND d.due_at <= now() "
        "ORDER BY d.event_id FOR UPDATE OF d SKIP LOCKED"
    )
    with conn.cursor(row_factory=class_row(Event)) as cursor:
        return cursor.execute(query, (subscriber, list(event_ids))).fetchall()


def done(conn: Conn, subscriber: str, events: Sequence[Event]) -> None:
    """The subscriber has handled them."""
    conn.execute(
        "DELETE FROM kernel.deliveries WHERE subscriber = %s AND event_id = ANY(%s)",
        (subscriber, [event.id for event in events]),
    )


def failed(conn: Conn, subscriber: str, event_id: UUID, fault: str) -> None:
    """Try again after a pause that grows fourfold, up to an hour; after the last attempt it waits for somebody."""
    conn.execute(
        "UPDATE kernel.deliveries SET attempts = attempts + 1, fault = %(fault)s, due_at = CASE "
        "WHEN attempts + 1 >= %(most)s THEN 'infinity' "
        "ELSE now() + least(%(first)s * 4 ^ attempts, %(longest)s) END "
        "WHERE subscriber = %(subscriber)s AND event_id = %(event_id)s",
        {
            "fault": fault, "most": MOST_ATTEMPTS, "first": FIRST_PAUSE, "longest": LONGEST_PAUSE,
            "subscriber": subscriber, "event_id": event_id,
        },
    )  # fmt: skip


def subscribers_due(conn: Conn) -> set[str]:
    """Who has something to handle now."""
    query = "SELECT DISTINCT subscriber FROM kernel.deliveries WHERE due_at <= now()"
    return {str(row[0]) for row in conn.execute(query).fetchall()}


def waiting(conn: Conn) -> list[Waiting]:
    """What waits for each subscriber."""
    query = (
        "SELECT subscriber, count(*) AS deliveries, count(*) FILTER (WHERE attempts > 0) AS failing, "
        "count(*) FILTER (WHERE due_at = 'infinity') AS given_up, "
        "coalesce(array_agg(DISTINCT fault) FILTER (WHERE fault IS NOT NULL), '{}') AS faults "
        "FROM kernel.deliveries GROUP BY subscriber ORDER BY subscriber"
    )
    with conn.cursor(row_factory=class_row(Waiting)) as cursor:
        return cursor.execute(query).fetchall()


@dataclass(frozen=True, slots=True)
class Failing:
    """A delivery that failed: of what, to whom, how often, and when it is tried again (None: it was given up)."""

    subscriber: str
    event_id: UUID
    type: str
    attempts: int
    fault: str | None
    occurred_at: datetime
    due_at: datetime | None


def failing(conn: Conn, limit: int = 100) -> list[Failing]:
    """Deliveries that failed at least once, the oldest first."""
    with conn.cursor(row_factory=class_row(Failing)) as cursor:
        return cursor.execute(
            "SELECT d.subscriber, d.event_id, e.type, d.attempts, d.fault, e.occurred_at, nullif(d.due_at, 'infinity') "
            "AS due_at FROM kernel.deliveries d JOIN kernel.outbox e ON e.id = d.event_id WHERE d.attempts > 0 "
            "ORDER BY d.event_id, d.subscriber LIMIT %s",
            (limit,),
        ).fetchall()


def mails(conn: Conn) -> tuple[int, int]:
    """How many mails wait, and how many of them failed at least once."""
    row = conn.execute("SELECT count(*), count(*) FILTER (WHERE attempts > 0) FROM messaging.mails").fetchone()
    return (int(row[0]), int(row[1])) if row else (0, 0)


def try_again(conn: Conn) -> int:
    """Let what failed be due now, with all its attempts before it; returns how many deliveries that is."""
    return conn.execute("UPDATE kernel.deliveries SET attempts = 0, due_at = now() WHERE attempts > 0").rowcount


def purge(conn: Conn, days: int, most: int = MOST_PURGED) -> int:
    """Remove events that everybody has handled and that are older than so many days, at most `most`; returns how many went."""
    return conn.execute(
        "DELETE FROM kernel.outbox WHERE id IN (SELECT e.id FROM kernel.outbox e "
        "WHERE (occurred_at < now() - %s * interval '1 day' OR type = 'account.left') "
        "AND NOT EXISTS (SELECT 1 FROM kernel.deliveries d WHERE d.event_id = e.id) LIMIT %s)",
        (days, most),
    ).rowcount


def drop(conn: Conn, subscriber: str, most: int = MOST_PURGED) -> int:
    """Let a subscriber that does not run miss what waits for it, at most `most`; returns how many deliveries went."""
    return conn.execute(
        "DELETE FROM kernel.deliveries WHERE (subscriber, event_id) IN "
        "(SELECT subscriber, event_id FROM kernel.deliveries WHERE subscriber = %s LIMIT %s)",
        (subscriber, most),
    ).rowcount


def forget(conn: Conn, account_id: UUID) -> None:
    """Remove every event that names a person, handled or not."""
    conn.execute("DELETE FROM kernel.outbox WHERE people @> ARRAY[%s]", (account_id,))
