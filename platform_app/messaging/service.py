"""What a person does with their notifications. Every function takes an open transaction and never commits."""

from __future__ import annotations

from datetime import datetime
from typing import LiteralString
from uuid import UUID

from platform_app.db import Conn
from platform_app.errors import Invalid, NotFound
from platform_app.messaging.schemas import CHANNELS, DEFAULTS, Channel


def mark_read(conn: Conn, account_id: UUID, notification_id: UUID, now: datetime) -> None:
    """The person has seen one; NotFound when it is not theirs. Seeing it again changes nothing."""
    row = conn.execute(
        "UPDATE messaging.notifications SET read_at = coalesce(read_at, %s) WHERE id = %s AND recipient_id = %s "
        "RETURNING id",
        (now, notification_id, account_id),
    ).fetchone()
    if row is None:
        raise NotFound("There is no such notification.")


def mark_all_read(conn: Conn, account_id: UUID, now: datetime) -> int:
    """The person has seen all; returns how many that were new to them."""
    statement = "UPDATE messaging.notifications SET read_at = %s WHERE recipient_id = %s AND read_at IS NULL"
    return conn.execute(statement, (now, account_id)).rowcount


def preferences_of(conn: Conn, account_id: UUID) -> dict[str, Channel]:
    """Where each kind goes."""
    query = "SELECT kind, channel FROM messaging.preferences WHERE account_id = %s"
    return DEFAULTS | dict(conn.execute(query, (account_id,)).fetchall())


def prefer(conn: Conn, account_id: UUID, kind: str, channel: str) -> None:
    """Send one kind to another channel: none, app, digest (once a day by mail) or mail."""
    if kind not in DEFAULTS:
        raise Invalid(f"There is no kind of notification of this name: {', '.join(DEFAULTS)}.", field="kind")
    if channel not in CHANNELS:
        raise Invalid(f"A channel is one of: {', '.join(CHANNELS)}.", field="channel")
    conn.execute(
        "INSERT INTO messaging.preferences (account_id, kind, channel) VALUES (%s, %s, %s) "
        "ON CONFLICT (account_id, kind) DO UPDATE SET channel = excluded.channel",
        (account_id, kind, channel),
    )


_KEPT_NO_LONGER: LiteralString = """
WITH many AS (
    SELECT recipient_id FROM messaging.notifications GROUP BY recipient_id HAVING count(*) > %(kept)s
), gone AS (
    SELECT x.id FROM many CROSS JOIN LATERAL (
        SELECT n.id FROM messaging.notifications n WHERE n.recipient_id = many.recipient_id
        ORDER BY n.changed_at DESC, n.id DESC OFFSET %(kept)s) AS x
    UNION ALL SELECT id FROM messaging.notifications WHERE read_at < now() - %(days)s * interval '1 day'
    LIMIT %(most)s
)
DELETE FROM messaging.notifications WHERE id IN (SELECT id FROM gone)
"""


def purge(conn: Conn, days: int, kept: int, most: int) -> int:
    """Remove what is read and older than so many days, and of each person what is beyond the newest `kept`.

    At most `most` at once; returns how many went. Nothing is sorted but what those people have, in their index's order.
    """
    return conn.execute(_KEPT_NO_LONGER, {"days": days, "kept": kept, "most": most}).rowcount


def forget(conn: Conn, account_id: UUID) -> None:
    """Remove what a person was told, what others were told of them alone, and what they prefer."""
    for statement in (
        "DELETE FROM messaging.mails WHERE recipient_id = %(me)s",
        "DELETE FROM messaging.preferences WHERE account_id = %(me)s",
        "DELETE FROM messaging.quiet_hours WHERE account_id = %(me)s",
        "DELETE FROM messaging.notifications WHERE recipient_id = %(me)s OR actor_id = %(me)s",
    ):
        conn.execute(statement, {"me": account_id})
