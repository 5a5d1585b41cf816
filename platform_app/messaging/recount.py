"""Numbers in notifications that nobody has looked at yet: never more than there are votes or followers now.

A question that was answered or taken back is none. Somebody who votes, takes it back and votes again is one person; a
vote that was taken back is none.
"""

from __future__ import annotations

from typing import Any, LiteralString
from uuid import UUID

from platform_app.db import Conn
from platform_app.outbox.publish import Event

_VOTES: LiteralString = """
SELECT count(*)::integer AS many, (array_agg(v.account_id ORDER BY v.cast_at DESC, v.id DESC))[1] AS last,
       bool_or(v.account_id = %(actor)s) AS still FROM community.votes v
WHERE v.value = 1 AND (v.post_id = %(post)s::uuid OR v.approach_id = %(approach)s::uuid)
"""
_FOLLOWERS: LiteralString = """
SELECT count(*)::integer AS many, (array_agg(f.follower_id ORDER BY f.created_at DESC, f.id DESC))[1] AS last,
       bool_or(f.follower_id = %(actor)s) AS still FROM community.follows f WHERE f.followee_id = %(recipient)s
"""
_MINE: LiteralString = (
    "n.recipient_id = %(recipient)s AND n.kind = %(kind)s AND n.read_at IS NULL "
    "AND coalesce(n.approach_id, n.post_id) IS NOT DISTINCT FROM coalesce(%(approach)s::uuid, %(post)s::uuid)"
)


def settle(conn: Conn, event: Event) -> None:
    """Set right what an event about a vote, a follow or a request makes wrong."""
    values: dict[str, Any] = {"actor": event.actor_id, "post": None, "approach": None}
    if event.type == "vote.cast":
        place = {name: UUID(event.data[f"{name}_id"]) if event.data[f"{name}_id"] else None for name in ("post", "approach")}  # fmt: skip
        _settle(conn, _VOTES, values | place | {"kind": "voted", "recipient": UUID(event.data["author_id"])})
    elif event.type == "account.follow_withdrawn":
        _asks_no_longer(conn, event.subject_id, event.actor_id)
    elif event.type in ("account.follow_accepted", "account.follow_declined") and event.actor_id:
        _asks_no_longer(conn, event.actor_id, event.subject_id)
    elif event.type in ("account.followed", "account.unfollowed"):
        _settle(conn, _FOLLOWERS, values | {"kind": "followed", "recipient": event.subject_id})


def _asks_no_longer(conn: Conn, asked_id: UUID, asker_id: UUID | None) -> None:
    conn.execute(
        "DELETE FROM messaging.notifications n WHERE n.recipient_id = %s AND n.actor_id = %s AND n.kind = 'asked_to_follow' "
        "AND n.read_at IS NULL AND NOT EXISTS (SELECT 1 FROM community.follow_requests r "
        "WHERE r.asked_id = n.recipient_id AND r.asker_id = n.actor_id)",
        (asked_id, asker_id),
    )


def _settle(conn: Conn, counted: LiteralString, values: dict[str, Any]) -> None:
    row = conn.execute(counted, values).fetchone()
    many, last, still = row if row else (0, None, False)
    if not many:
        conn.execute("DELETE FROM messaging.notifications n WHERE " + _MINE, values)
        return
    statement: LiteralString = (
        "UPDATE messaging.notifications n SET times = least(n.times, %(many)s), actor_id = CASE WHEN n.actor_id = %(actor)s "
        "AND NOT %(still)s THEN %(last)s::uuid ELSE n.actor_id END WHERE "
        + _MINE
        + " AND (n.times > %(many)s OR (n.actor_id = %(actor)s AND NOT %(still)s))"
    )
    conn.execute(statement, values | {"many": many, "last": last, "still": bool(still)})
