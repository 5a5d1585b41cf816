"""What a business event means to whom: the subscriber `notifications` of the outbox.

Nobody is told of what they did themselves, and nobody twice of one event. One event after another, also where several
workers run: `changed_at` then grows with the commits, and a reader who asks for what came after a moment misses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from lake.contracts.tables.messaging import KINDS
from lake.kit.clock import utc_now
from lake.kit.ids import new_id
from platform_app.community import privacy
from platform_app.db import Conn
from platform_app.messaging import post, recount
from platform_app.messaging.mentions import handles_in
from platform_app.messaging.schemas import FOLDED, Told
from platform_app.moderation import blocks
from platform_app.outbox.publish import Event

CHANNEL = "notifications"  # of LISTEN: the payload is the recipient's id
TURN = 7_246_002  # any constant: the advisory lock under which notifications are written

_INSERT = f"""
INSERT INTO messaging.notifications AS n
    (id, recipient_id, actor_id, kind, post_id, approach_id, group_id, times, created_at, changed_at)
SELECT r.id, a.id, coalesce(%(actor)s, a.id), %(kind)s, %(post)s, %(approach)s, %(group)s, 1, clock_timestamp(), clock_timestamp()
FROM unnest(%(ids)s::uuid[], %(recipients)s::uuid[]) AS r (id, account_id)
JOIN identity.accounts a ON a.id = r.account_id AND a.status = 'active'
WHERE NOT EXISTS (SELECT 1 FROM messaging.preferences p
                  WHERE p.account_id = a.id AND p.kind = %(kind)s AND p.channel = 'none')
AND NOT {blocks.deaf("a.id", "%(actor)s::uuid")}
ON CONFLICT (recipient_id, kind, (CASE kind WHEN 'posted' THEN actor_id WHEN 'followed' THEN recipient_id
                                  WHEN 'in_group' THEN group_id WHEN 'asked' THEN group_id
                                  ELSE coalesce(approach_id, post_id) END))
    WHERE read_at IS NULL AND kind IN ({", ".join(f"'{kind}'" for kind in FOLDED)})
DO UPDATE SET times = n.times + 1, actor_id = excluded.actor_id, post_id = excluded.post_id,
              approach_id = excluded.approach_id, changed_at = excluded.changed_at
RETURNING id, recipient_id
"""  # folded: what happens again before the recipient looks


def notify(conn: Conn, event: Event) -> None:
    """Tell everybody whom an event concerns."""
    conn.execute("SELECT pg_advisory_xact_lock(%s)", (TURN,))
    told: set[UUID] = {event.actor_id} if event.actor_id else set()
    for one in _meaning(conn, event):
        recipients = tuple(who for who in dict.fromkeys(one.recipients) if who not in told)
        told.update(recipients)
        _tell(conn, one, recipients)
    recount.settle(conn, event)


def _tell(conn: Conn, one: Told, recipients: tuple[UUID, ...]) -> None:
    if not recipients:
        return
    values = {
        "ids": [new_id() for _ in recipients], "recipients": list(recipients), "actor": one.actor_id,
        "kind": one.kind, "post": one.post_id, "approach": one.approach_id, "group": one.group_id,
    }  # fmt: skip
    written = conn.execute(_INSERT.encode(), values).fetchall()
    post.enqueue(conn, one.kind, [row[0] for row in written], utc_now())
    everybody = [str(recipient) for _, recipient in written]
    conn.execute("SELECT pg_notify(%s, told.id) FROM unnest(%s::text[]) AS told (id)", (CHANNEL, everybody))


def _meaning(conn: Conn, event: Event) -> Iterator[Told]:
    """Who is to be told what, the most telling first: each person is told of an event once."""
    data = {name: UUID(value) if name.endswith("_id") and value else value for name, value in event.data.items()}
    actor, subject = event.actor_id, event.subject_id
    match event.type:
        case "post.published":
            yield from _about_text(conn, event, post_id=subject)
            yield from _about_group(conn, event)
        case "approach.published":
            if data["author_id"]:
                yield Told("answered", (data["author_id"],), actor, post_id=data["post_id"])
            yield from _about_text(conn, event, approach_id=subject)
        case "comment.added":
            place = {"post_id": data["post_id"], "approach_id": data["approach_id"]}
            yield Told("replied", _answered_by(conn, subject), actor, **place)
            yield Told("commented", (data["author_id"],), actor, **place)
            yield Told("mentioned", _mentioned(conn, "comments", subject), actor, **place)
        case "vote.cast" if data["value"] == 1 and data["before"] != 1:
            yield Told("voted", (data["author_id"],), actor, data["post_id"], data["approach_id"])
        case "approach.accepted":
            yield Told("accepted", (data["author_id"],), actor, approach_id=subject)
        case "post.duplicated":
            yield Told("duplicate", (data["author_id"],), actor, post_id=subject)
        case _:
            yield from _about_person(conn, event, data)
            yield from _of_order(conn, event, data)


def _about_person(conn: Conn, event: Event, data: dict[str, Any]) -> Iterator[Told]:
    """What happened to a person, not to what they wrote. Which moderator acted is not said.

    A private account said yes to each who follows it, and is not told again.
    """
    match event.type:
        case "account.followed" if not privacy.is_private(conn, event.subject_id):
            yield Told("followed", (event.subject_id,), event.actor_id)
        case "account.follow_asked" if event.actor_id and privacy.asks(conn, event.actor_id, event.subject_id):
            yield Told("asked_to_follow", (event.subject_id,), event.actor_id)
        case "account.follow_accepted":
            yield Told("let_follow", (event.subject_id,), event.actor_id)
        case "badge.awarded":
            yield Told("badge", (event.subject_id,), None)
        case "account.moderated":
            yield Told("moderated", (event.subject_id,), None, data["post_id"], data["approach_id"])
        case "report.decided":
            yield Told("reported", (data["reporter_id"],), None)


def _of_order(conn: Conn, event: Event, data: dict[str, Any]) -> Iterator[Told]:
    """What moderators of the site and of groups do, and what is asked of them."""
    actor, subject = event.actor_id, event.subject_id
    match event.type:
        case "post.closed":
            yield Told("closed", (data["author_id"],), actor, post_id=subject)
        case "group.asked":
            keepers = "SELECT account_id FROM community.memberships WHERE group_id = %s AND role <> 'member'"
            rows = conn.execute(keepers, (subject,)).fetchall()
            yield Told("asked", tuple(row[0] for row in rows), actor, group_id=subject)
        case "group.admitted":
            yield Told("admitted", (data["account_id"],), actor, group_id=subject)


def _about_text(conn: Conn, event: Event, **place: UUID) -> Iterator[Told]:
    """Those whom a new text mentions, and those who follow its author."""
    table = "posts" if "post_id" in place else "approaches"
    yield Told("mentioned", _mentioned(conn, table, event.subject_id), event.actor_id, **place)
    query = "SELECT follower_id FROM community.follows WHERE followee_id = %s ORDER BY follower_id"
    followers = tuple(row[0] for row in conn.execute(query, (event.actor_id,)).fetchall())
    yield Told("posted", followers, event.actor_id, **place)


def _about_group(conn: Conn, event: Event) -> Iterator[Told]:
    """Those in the group a post was written in who want to be told of what others write there."""
    query = (
        "SELECT m.account_id, m.group_id FROM community.posts p JOIN community.memberships m ON m.group_id = p.group_id "
        "WHERE p.id = %s AND m.state = 'joined' AND m.told ORDER BY m.account_id"
    )
    rows = conn.execute(query, (event.subject_id,)).fetchall()
    if rows:
        recipients = tuple(row[0] for row in rows)
        yield Told("in_group", recipients, event.actor_id, post_id=event.subject_id, group_id=rows[0][1])


def _answered_by(conn: Conn, comment_id: UUID) -> tuple[UUID, ...]:
    """Who wrote the comment that a comment answers."""
    query = (
        "SELECT p.author_id FROM community.comments c JOIN community.comments p ON p.id = c.parent_id "
        "WHERE c.id = %s AND p.status = 'published'"
    )
    return tuple(row[0] for row in conn.execute(query, (comment_id,)).fetchall())


def _mentioned(conn: Conn, table: str, row_id: UUID) -> tuple[UUID, ...]:
    """The people whose handle a text calls (`@handle`), at most ten; none when the text is gone by now."""
    row = conn.execute(f"SELECT body FROM community.{table} WHERE id = %s".encode(), (row_id,)).fetchone()
    handles = handles_in(row[0]) if row else []
    query = "SELECT id FROM identity.accounts WHERE lower(handle) = ANY(%s) AND status = 'active' ORDER BY id"
    return tuple(found[0] for found in conn.execute(query, (handles,)).fetchall())


if not set(FOLDED) <= set(KINDS):
    raise ValueError("A kind that is folded is not declared.")
