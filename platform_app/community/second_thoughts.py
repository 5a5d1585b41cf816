"""What an author took off the pages comes back for an hour, if they want it, and at any time if a moderator does.

Every function takes an open transaction and never commits. A comment of one's own is gone for good when the hour is
over: `forget_comments` removes it, or its words where replies stand under it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import class_row, dict_row

from lake.kit.ids import new_id
from platform_app.community import repository, states
from platform_app.community.schemas import Target
from platform_app.db import Conn
from platform_app.errors import NotAllowed, NotFound
from platform_app.identity import service as identity
from platform_app.outbox.publish import publish

WINDOW = timedelta(hours=1)
GONE = "[deleted]"
COLUMNS = {"posts": "post_id", "approaches": "approach_id", "comments": "comment_id"}
"""Of each kind of thing, the column that names it here."""

_NOTE: LiteralString = (
    "INSERT INTO community.removals (id, post_id, approach_id, comment_id, actor_id, own, was, removed_at) "
    "VALUES (%(id)s, %(post_id)s, %(approach_id)s, %(comment_id)s, %(actor)s, %(own)s, %(was)s, %(now)s)"
)
_FORGET: tuple[LiteralString, ...] = (
    "DELETE FROM community.comments m USING community.removals r WHERE r.comment_id = m.id AND r.own "
    "AND r.removed_at < %(before)s AND m.status = 'deleted' "
    "AND NOT EXISTS (SELECT 1 FROM community.comments c WHERE c.parent_id = m.id OR c.thread_id = m.id)",
    "UPDATE community.comments m SET body = %(gone)s FROM community.removals r WHERE r.comment_id = m.id AND r.own "
    "AND r.removed_at < %(before)s AND m.status = 'deleted' AND m.body <> %(gone)s",
)
_RECENT: LiteralString = """
SELECT CASE WHEN r.post_id IS NOT NULL THEN 'posts' WHEN r.approach_id IS NOT NULL THEN 'approaches' ELSE 'comments' END
           AS kind, coalesce(r.post_id, r.approach_id, r.comment_id) AS id, r.removed_at,
       coalesce(p.title, a.title, left(coalesce(a.body, m.body), 200)) AS words
FROM community.removals r LEFT JOIN community.posts p ON p.id = r.post_id
LEFT JOIN community.approaches a ON a.id = r.approach_id LEFT JOIN community.comments m ON m.id = r.comment_id
WHERE r.actor_id = %(me)s AND r.own AND r.removed_at > %(after)s ORDER BY r.removed_at DESC LIMIT 50
"""


@dataclass(frozen=True, slots=True)
class Removed:
    """Something that its author took off the pages and can bring back until `until`. `words` say what it was."""

    kind: str
    id: UUID
    removed_at: datetime
    words: str

    @property
    def until(self) -> datetime:
        return self.removed_at + WINDOW


def note(conn: Conn, kind: str, row: Mapping[str, Any], actor_id: UUID, now: datetime) -> None:
    """Remember who took a post, an approach or a comment off the pages, and the status it had."""
    columns: dict[str, UUID | None] = dict.fromkeys(COLUMNS.values()) | {COLUMNS[kind]: row["id"]}
    rest = {"actor": actor_id, "own": actor_id == row["author_id"], "was": row["status"], "now": now}
    conn.execute(f"DELETE FROM community.removals WHERE {COLUMNS[kind]} = %s".encode(), (row["id"],))
    conn.execute(_NOTE, {"id": new_id(), **columns, **rest})


def restore(conn: Conn, actor_id: UUID, kind: str, item_id: UUID, now: datetime) -> None:
    """Bring something back. Its author may for an hour, if they took it off themselves; a moderator at any time."""
    actor = identity.active_account(conn, actor_id)
    removal = _removal(conn, kind, item_id)
    own = removal["own"] and removal["actor_id"] == actor_id
    if not actor.is_moderator and not own:
        raise NotAllowed("Only who took it off the pages may bring it back.", code="not_the_author")
    if not actor.is_moderator and now - removal["removed_at"] > WINDOW:
        raise NotAllowed("It can be brought back for an hour, and that is over.", code="too_late")
    states.refuse_if_locked(conn, Target(removal["to_post"], removal["to_approach"]), actor)
    conn.execute(f"DELETE FROM community.removals WHERE {COLUMNS[kind]} = %s".encode(), (item_id,))
    if kind == "comments":
        repository.set_comment_status(conn, item_id, removal["was"])
        publish(conn, "comment.restored", item_id, actor_id, now)
    elif kind == "posts":
        repository.set_post_status(conn, item_id, removal["was"], now)
        publish(conn, "post.restored", item_id, actor_id, now)
    else:
        repository.set_approach_status(conn, item_id, removal["was"], now)
        publish(conn, "approach.restored", item_id, actor_id, now)
    repository.refresh_counters(conn, [removal["about"]] if removal["about"] else [])


def unsolve(conn: Conn, post_id: UUID, now: datetime) -> None:
    """A post that is off the pages loses its accepted approach: it is open when it comes back."""
    repository.unaccept(conn, post_id, now)
    conn.execute("UPDATE community.removals SET was = 'open' WHERE post_id = %s AND was = 'solved'", (post_id,))


def recent(conn: Conn, account_id: UUID, now: datetime) -> list[Removed]:
    """What a person can still bring back, the newest first."""
    with conn.cursor(row_factory=class_row(Removed)) as cursor:
        return cursor.execute(_RECENT, {"me": account_id, "after": now - WINDOW}).fetchall()


def forget_comments(conn: Conn, now: datetime) -> int:
    """Remove comments whose authors deleted them more than an hour ago; returns how many rows that touched."""
    given = {"before": now - WINDOW, "gone": GONE}
    return sum(conn.execute(statement, given).rowcount for statement in _FORGET)


def _removal(conn: Conn, kind: str, item_id: UUID) -> dict[str, Any]:
    """The note of what was removed, with the post whose counters it changes, and the text that takes it back."""
    column = COLUMNS[kind]
    to_post, to_approach = {"posts": ("t.id", "NULL"), "approaches": ("NULL", "t.id")}.get(
        kind, ("t.post_id", "t.approach_id")
    )
    about = {"posts": "t.id", "approaches": "t.post_id", "comments": "t.post_id"}[kind]
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(
            f"SELECT r.actor_id, r.own, r.was, r.removed_at, {about} AS about, {to_post}::uuid AS to_post, "
            f"{to_approach}::uuid AS to_approach FROM community.removals r "
            f"JOIN community.{kind} t ON t.id = r.{column} WHERE r.{column} = %s AND t.status = 'deleted' "
            "FOR UPDATE OF r, t".encode(),
            (item_id,),
        ).fetchone()
    if row is None:
        raise NotFound("There is nothing to bring back: it is on its page, or gone for good.")
    return row
