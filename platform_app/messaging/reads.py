"""What a person has been told: their notifications, newest first, without those about what is no longer there."""

from __future__ import annotations

from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import class_row

from platform_app.db import Conn
from platform_app.messaging.schemas import Notification
from platform_app.moderation import blocks, hidden

MOST_COUNTED = 100  # unread ones; the sign says "99+"

_SEEN: LiteralString = (
    """
FROM messaging.notifications n JOIN identity.accounts a ON a.id = n.actor_id
LEFT JOIN community.posts p ON p.id = n.post_id
LEFT JOIN community.approaches s ON s.id = n.approach_id
LEFT JOIN community.posts q ON q.id = s.post_id
LEFT JOIN community.groups g ON g.id = n.group_id
WHERE n.recipient_id = %(viewer)s AND coalesce(p.status, '') <> 'deleted' AND coalesce(s.status, '') <> 'deleted'
"""
    + "AND (n.kind = 'moderated' OR NOT " + hidden.is_hidden("coalesce(n.approach_id, n.post_id)") + ") "
    + "AND NOT " + blocks.deaf("n.recipient_id", "n.actor_id")
)  # fmt: skip
_SELECT: LiteralString = (
    """
SELECT n.id, n.kind, n.times, n.actor_id, a.handle AS actor_handle, a.display_name AS actor_name, n.post_id,
       n.approach_id, g.slug AS group_slug, n.changed_at, n.read_at,
       coalesce("""
    + hidden.title_of("p")
    + """, s.title, """
    + hidden.title_of("q")
    + """, g.title) AS title
"""
)


def newest(conn: Conn, account_id: UUID, *, before: UUID | None = None, limit: int = 20) -> list[Notification]:
    """The newest first, from the one after `before`."""
    paged: LiteralString = (
        "AND (%(before)s::uuid IS NULL OR (n.changed_at, n.id) < "
        "(SELECT b.changed_at, b.id FROM messaging.notifications b WHERE b.id = %(before)s)) "
        "ORDER BY n.changed_at DESC, n.id DESC LIMIT %(limit)s"
    )
    return _read(conn, paged, viewer=account_id, before=before, limit=limit)


def since(conn: Conn, account_id: UUID, moment: datetime, *, limit: int = 100) -> list[Notification]:
    """What changed after a moment, oldest first: what a reader who was away has missed."""
    order: LiteralString = "AND n.changed_at > %(moment)s ORDER BY n.changed_at, n.id LIMIT %(limit)s"
    return _read(conn, order, viewer=account_id, moment=moment, limit=limit)


def unread(conn: Conn, account_id: UUID, *, limit: int, only: UUID | None = None) -> list[Notification]:
    """The newest that were not read, or the one with this id if it was not."""
    order: LiteralString = (
        "AND n.read_at IS NULL AND (%(only)s::uuid IS NULL OR n.id = %(only)s) "
        "ORDER BY n.changed_at DESC, n.id DESC LIMIT %(limit)s"
    )
    return _read(conn, order, viewer=account_id, only=only, limit=limit)


def one(conn: Conn, account_id: UUID, notification_id: UUID) -> Notification | None:
    """One of the person's; None when it is not theirs, or what it is about is gone."""
    found = _read(conn, "AND n.id = %(id)s", viewer=account_id, id=notification_id)
    return found[0] if found else None


def newest_change(conn: Conn, account_id: UUID) -> datetime | None:
    """When the person was last told something; None when they never were."""
    query = "SELECT max(changed_at) FROM messaging.notifications WHERE recipient_id = %s"
    row = conn.execute(query, (account_id,)).fetchone()
    return row[0] if row else None


def unread_count(conn: Conn, account_id: UUID) -> int:
    """How many were not read; a hundred stands for a hundred and more."""
    query: LiteralString = (
        "SELECT count(*) FROM (SELECT 1 " + _SEEN + " AND n.read_at IS NULL LIMIT %(limit)s) AS unread"
    )
    row = conn.execute(query, {"viewer": account_id, "limit": MOST_COUNTED}).fetchone()
    return int(row[0]) if row else 0


def _read(conn: Conn, rest: LiteralString, **values: Any) -> list[Notification]:
    with conn.cursor(row_factory=class_row(Notification)) as cursor:
        return cursor.execute(_SELECT + _SEEN + rest, values).fetchall()
