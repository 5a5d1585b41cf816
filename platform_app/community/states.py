"""Closing, locking and reopening posts, each with a reason, and the links between posts that ask the same.

A closed post takes no more approaches; its author may close it, and reopen what they closed. A locked post takes nothing
at all (no comments, votes or edits) until a moderator unlocks it. Functions that write take an open transaction.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import class_row

from lake.kit.ids import new_id
from platform_app.community import repository
from platform_app.community.groups import rules as groups
from platform_app.community.schemas import LinkedPost, StateChange, Target
from platform_app.db import Conn
from platform_app.errors import Conflict, Invalid, NotAllowed, NotFound
from platform_app.identity import service as identity
from platform_app.identity.schemas import Account
from platform_app.moderation import hidden
from platform_app.outbox.publish import publish
from platform_app.rules import clean

CLOSING: dict[str, str] = {
    "settled": "It has settled itself",
    "outdated": "It is out of date",
    "unclear": "It is not clear what is asked",
    "too_broad": "It is too much for one problem",
    "off_topic": "It does not belong here",
}
"""Why a post is closed, beside that it asks what an older one does (`duplicate`)."""
LOCKING: dict[str, str] = {
    "heated": "The tone has become heated",
    "finished": "Everything has been said",
    "review": "Moderators are looking at it",
}
LONGEST_NOTE = 500

_STATE: LiteralString = """
UPDATE community.posts SET status = %(status)s, closed_reason = %(reason)s, updated_at = %(now)s,
    duplicate_of = CASE WHEN %(status)s = 'closed' THEN duplicate_of END WHERE id = %(id)s
"""
_CHANGES: LiteralString = """
SELECT s.change, s.reason, s.note, s.at, s.actor_id, u.handle AS actor_handle, u.display_name AS actor_name
FROM community.state_changes s JOIN identity.accounts u ON u.id = s.actor_id WHERE s.post_id = %s ORDER BY s.id DESC
LIMIT 100
"""
_LINKED: LiteralString = (
    """
SELECT DISTINCT ON (o.id) o.id, o.title, o.status, l.relation FROM (
    SELECT duplicate_of AS id, 'duplicate_of' AS relation, 1 AS rank FROM community.posts
        WHERE id = %(id)s AND duplicate_of IS NOT NULL
    UNION ALL SELECT id, 'duplicated_by', 2 FROM community.posts WHERE duplicate_of = %(id)s
    UNION ALL SELECT related_post_id, 'related', 3 FROM community.post_links WHERE post_id = %(id)s AND kind = 'related'
    UNION ALL SELECT post_id, 'related', 3 FROM community.post_links WHERE related_post_id = %(id)s AND kind = 'related'
) AS l JOIN community.posts o ON o.id = l.id WHERE o.status <> 'deleted' AND """
    + hidden.in_lists("o.id", "o.author_id")
    + """
ORDER BY o.id, l.rank LIMIT 50
"""
)


def check_may_close(conn: Conn, actor_id: UUID, post: dict[str, Any]) -> bool:
    """NotAllowed for anybody but a post's author and who keeps order there, Conflict when it is locked and they do not.

    Returns whether they keep order: a moderator of the site, or of the group that the post was written in.
    """
    actor = identity.active_account(conn, actor_id)
    keeps_order = _keeps_order(conn, actor, post)
    if actor.id != post["author_id"] and not keeps_order:
        raise NotAllowed("Only its author or a moderator may do this.", code="not_the_author")
    if not keeps_order:
        refuse_if_locked(conn, Target(post_id=post["id"]))
    return keeps_order


def close(conn: Conn, actor_id: UUID, post_id: UUID, *, reason: str, note: str = "", now: datetime) -> None:
    """No more approaches; by the author or a moderator. For a duplicate there is `service.mark_duplicate`."""
    post = _post(conn, post_id)
    check_may_close(conn, actor_id, post)
    if reason not in CLOSING:
        raise Invalid(f"Give one of these reasons: {', '.join(CLOSING)}.", field="reason")
    if post["status"] == "closed":
        raise Conflict("This post is closed already.", code="already_closed")
    conn.execute(_STATE, {"status": "closed", "reason": reason, "now": now, "id": post_id})
    record(conn, post_id, actor_id, "closed", reason, note, now)
    publish(conn, "post.closed", post_id, actor_id, now, reason=reason, author_id=post["author_id"])


def reopen(conn: Conn, actor_id: UUID, post_id: UUID, *, note: str = "", now: datetime) -> None:
    """Take approaches again (a duplicate is none any more); by a moderator, or by the author who closed it themselves."""
    post = _post(conn, post_id)
    keeps_order = check_may_close(conn, actor_id, post)
    if post["status"] != "closed" and post["duplicate_of"] is None:
        raise Conflict("This post is not closed.", code="not_closed")
    if not keeps_order and actor_id != _closed_by(conn, post_id):
        raise NotAllowed("A moderator closed this: only a moderator may reopen it.", code="not_a_moderator")
    conn.execute("DELETE FROM community.post_links WHERE post_id = %s AND kind = 'duplicate'", (post_id,))
    status = "solved" if post["accepted_approach_id"] else "open"
    conn.execute(_STATE, {"status": status, "reason": None, "now": now, "id": post_id})
    record(conn, post_id, actor_id, "reopened", None, note, now)
    publish(conn, "post.reopened", post_id, actor_id, now, author_id=post["author_id"])


def lock(conn: Conn, actor_id: UUID, post_id: UUID, *, reason: str, note: str = "", now: datetime) -> None:
    """Nobody adds or changes anything until it is unlocked; by a moderator."""
    post = _moderated(conn, actor_id, post_id)
    if reason not in LOCKING:
        raise Invalid(f"Give one of these reasons: {', '.join(LOCKING)}.", field="reason")
    if post["locked_at"] is not None:
        raise Conflict("This post is locked already.", code="already_locked")
    _set_lock(conn, post_id, now, now)
    record(conn, post_id, actor_id, "locked", reason, note, now)
    publish(conn, "post.locked", post_id, actor_id, now, reason=reason, author_id=post["author_id"])


def unlock(conn: Conn, actor_id: UUID, post_id: UUID, *, note: str = "", now: datetime) -> None:
    """Let people add to it again; by a moderator."""
    post = _moderated(conn, actor_id, post_id)
    if post["locked_at"] is None:
        raise Conflict("This post is not locked.", code="not_locked")
    _set_lock(conn, post_id, None, now)
    record(conn, post_id, actor_id, "unlocked", None, note, now)
    publish(conn, "post.unlocked", post_id, actor_id, now, author_id=post["author_id"])


def refuse_if_locked(conn: Conn, target: Target, actor: Account | None = None) -> None:
    """Conflict when the post, or the post that the approach answers, is locked; never for a moderator, if `actor` is one."""
    if actor is not None and actor.is_moderator:
        return
    row = conn.execute(
        "SELECT 1 FROM community.posts WHERE locked_at IS NOT NULL AND id = coalesce(%s, "
        "(SELECT post_id FROM community.approaches WHERE id = %s))",
        (target.post_id, target.approach_id),
    ).fetchone()
    if row is not None:
        raise Conflict("A moderator has locked this problem: nothing can be added or changed now.", code="post_locked")


def changes_of(conn: Conn, post_id: UUID) -> list[StateChange]:
    """Who closed, reopened, locked and unlocked a post, the newest first."""
    with conn.cursor(row_factory=class_row(StateChange)) as cursor:
        return cursor.execute(_CHANGES, (post_id,)).fetchall()


def linked_posts(conn: Conn, post_id: UUID, viewer_id: UUID | None = None) -> list[LinkedPost]:
    """The posts that a post is linked with, in either direction: the older one it repeats, those that repeat it, related."""
    with conn.cursor(row_factory=class_row(LinkedPost)) as cursor:
        return cursor.execute(_LINKED, {"id": post_id, "viewer": viewer_id}).fetchall()


def record(
    conn: Conn, post_id: UUID, actor_id: UUID, change: str, reason: str | None, note: str, now: datetime
) -> None:
    """Keep who did what to a post and why; Invalid when the note is too long."""
    note = clean(note)
    if len(note) > LONGEST_NOTE:
        raise Invalid(f"Note must be at most {LONGEST_NOTE} characters long.", field="note")
    conn.execute(
        "INSERT INTO community.state_changes (id, post_id, actor_id, change, reason, note, at) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (new_id(), post_id, actor_id, change, reason, note or None, now),
    )


def _post(conn: Conn, post_id: UUID) -> dict[str, Any]:
    post = repository.post(conn, post_id)
    if post is None:
        raise NotFound("There is no such post.")
    return post


def _moderated(conn: Conn, actor_id: UUID, post_id: UUID) -> dict[str, Any]:
    actor = identity.active_account(conn, actor_id)
    post = _post(conn, post_id)
    if not _keeps_order(conn, actor, post):
        raise NotAllowed("Only a moderator may do this.", code="not_a_moderator")
    return post


def _keeps_order(conn: Conn, actor: Account, post: dict[str, Any]) -> bool:
    """Whether somebody is a moderator of the site, or of the group that the post was written in."""
    return actor.is_moderator or groups.moderates(conn, actor.id, post["group_id"])


def orders(conn: Conn, account_id: UUID, group_id: UUID | None) -> bool:
    """Whether somebody keeps order where a post was written, for a page that offers it."""
    row = conn.execute(
        "SELECT 1 FROM identity.accounts WHERE id = %(who)s AND role IN ('moderator', 'admin') UNION ALL "
        "SELECT 1 FROM community.memberships WHERE group_id = %(group)s AND account_id = %(who)s AND state = 'joined' "
        "AND role IN ('moderator', 'owner') LIMIT 1",
        {"who": account_id, "group": group_id},
    ).fetchone()
    return row is not None


def _set_lock(conn: Conn, post_id: UUID, locked_at: datetime | None, now: datetime) -> None:
    conn.execute("UPDATE community.posts SET locked_at = %s, updated_at = %s WHERE id = %s", (locked_at, now, post_id))


def _closed_by(conn: Conn, post_id: UUID) -> UUID | None:
    query = (
        "SELECT actor_id FROM community.state_changes WHERE post_id = %s AND change = 'closed' ORDER BY id DESC LIMIT 1"
    )
    row = conn.execute(query, (post_id,)).fetchone()
    return row[0] if row else None
