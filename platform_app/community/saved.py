"""What a person saved to find it again. Every function takes an open transaction and never commits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row

from lake.kit.ids import new_id
from platform_app.community import reads, repository
from platform_app.community.schemas import SavedItemRow, Target
from platform_app.db import Conn
from platform_app.errors import NotFound
from platform_app.moderation import blocks, guard, hidden
from platform_app.outbox.publish import publish

_LIST: LiteralString = (
    """
SELECT s.id, s.post_id, s.approach_id, s.created_at, coalesce(p.title, a.title, """
    + hidden.title_of("q")
    + """, %(untitled)s) AS title,
       coalesce(p.body, a.body) AS body, coalesce(p.status, q.status) AS status,
       u.handle AS author_handle, u.display_name AS author_name, coalesce(p.created_at, a.created_at) AS written_at
FROM community.saved_items s LEFT JOIN community.posts p ON p.id = s.post_id
LEFT JOIN community.approaches a ON a.id = s.approach_id LEFT JOIN community.posts q ON q.id = a.post_id
JOIN identity.accounts u ON u.id = coalesce(p.author_id, a.author_id)
WHERE s.account_id = %(viewer)s AND """
    + hidden.in_lists("coalesce(p.id, a.id)", "coalesce(p.author_id, a.author_id)")
    + " AND "
    + blocks.seen_by_viewer("coalesce(p.author_id, a.author_id)")
    + """ AND coalesce(p.status, a.status) <> 'deleted' AND coalesce(q.status, '') <> 'deleted'
  AND (%(before)s::uuid IS NULL OR (s.created_at, s.id) <
       (SELECT b.created_at, b.id FROM community.saved_items b WHERE b.id = %(before)s))
ORDER BY s.created_at DESC, s.id DESC LIMIT %(limit)s
"""
)


@dataclass(frozen=True, slots=True)
class SavedItem:
    """A post or an approach that a person saved, as a list shows it; an approach has the title of what it answers, if it may."""

    id: UUID
    post_id: UUID | None
    approach_id: UUID | None
    created_at: datetime
    title: str
    body: str
    status: str | None
    author_handle: str
    author_name: str
    written_at: datetime

    @property
    def link(self) -> str:
        """Its page."""
        return f"/posts/{self.post_id}" if self.post_id else f"/approaches/{self.approach_id}"


def save(conn: Conn, account_id: UUID, target: Target, now: datetime) -> None:
    """Save a post or an approach; saving it again changes nothing. NotFound when it is gone."""
    guard.may_do(conn, account_id, "save", now)
    reads.title_of(conn, target, account_id)
    if among(conn, account_id, [target.post_id or target.approach_id]):
        return
    row = SavedItemRow(new_id(), account_id, target.post_id, target.approach_id, now)
    repository.insert(conn, "saved_items", [row])
    publish(conn, "item.saved", row.id, account_id, now, post_id=target.post_id, approach_id=target.approach_id)


def unsave(conn: Conn, account_id: UUID, target: Target, now: datetime) -> None:
    """Save it no longer; NotFound when it was not saved."""
    guard.may_do(conn, account_id, "save", now)
    row = conn.execute(
        "DELETE FROM community.saved_items WHERE account_id = %s AND (post_id = %s OR approach_id = %s) RETURNING id",
        (account_id, target.post_id, target.approach_id),
    ).fetchone()
    if row is None:
        raise NotFound("You have not saved this.")
    publish(conn, "item.unsaved", row[0], account_id, now, post_id=target.post_id, approach_id=target.approach_id)


def saved_by(conn: Conn, account_id: UUID, *, before: UUID | None = None, limit: int = 20) -> list[SavedItem]:
    """What a person saved, and is there for them still, the newest first."""
    with conn.cursor(row_factory=class_row(SavedItem)) as cursor:
        return cursor.execute(
            _LIST, {"viewer": account_id, "before": before, "limit": limit, "untitled": reads.UNTITLED}
        ).fetchall()


def among(conn: Conn, account_id: UUID | None, item_ids: Sequence[UUID | None]) -> set[UUID]:
    """Which of the posts and approaches a person has saved."""
    if account_id is None:
        return set()
    rows = conn.execute(
        "SELECT coalesce(post_id, approach_id) FROM community.saved_items WHERE account_id = %(me)s "
        "AND (post_id = ANY(%(ids)s) OR approach_id = ANY(%(ids)s))",
        {"me": account_id, "ids": list(item_ids)},
    ).fetchall()
    return {row[0] for row in rows}
