"""What is hidden: only its author and moderators see it. It is not deleted, and its status is what it was before.

Lists put `in_lists` into their query; a page that shows a thing by its id, or things in their place, calls `masked`, which
takes the words out of what the viewer may not see. Every function takes an open transaction and never commits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import LiteralString, TypeVar
from uuid import UUID

from platform_app.db import Conn
from platform_app.moderation import blocks
from platform_app.outbox.topics import POSTS, announce

HIDDEN = "[hidden]"  # what stands in the place of a title or text


def is_hidden(target: LiteralString) -> LiteralString:
    """A column or condition: the thing whose id the column `target` holds is hidden."""
    return "EXISTS (SELECT 1 FROM moderation.hidden h WHERE h.target_id = " + target + ")"


def in_lists(target: LiteralString, author: LiteralString) -> LiteralString:
    """A condition for a list: the thing is not hidden, or the author's own (`%(viewer)s`)."""
    return "(NOT " + is_hidden(target) + " OR " + author + " = %(viewer)s)"


def for_viewer(target: LiteralString, author: LiteralString) -> LiteralString:
    """A condition for a thing by its id: as in a list, and moderators see what is hidden; never across a block."""
    return (
        "((" + in_lists(target, author) + " OR EXISTS (SELECT 1 FROM identity.accounts v WHERE v.id = %(viewer)s "
        "AND v.role IN ('moderator', 'admin'))) AND " + author + " <> ALL (ARRAY" + blocks.APART + "))"
    )  # fmt: skip


def title_of(post: LiteralString) -> LiteralString:
    """A column for what stands under a post, or names it: the title of the row `post` of posts as `%(viewer)s` may see it.

    Null where there is no post, and where it is deleted, hidden from the viewer, or by somebody with whom they have a block.
    """
    seen = for_viewer(post + ".id", post + ".author_id")
    return "CASE WHEN " + post + ".status <> 'deleted' AND " + seen + " THEN " + post + ".title END"


Item = TypeVar("Item")


def masked(
    conn: Conn,
    viewer_id: UUID | None,
    items: Iterable[Item],
    *,
    of: Callable[[Item], tuple[bool, UUID]],
    mask: Callable[[Item], Item],
) -> list[Item]:
    """The items, those that are hidden and neither the viewer's nor for a moderator without their words.

    `of` says of an item whether it is hidden and who wrote it; `mask` takes its words out.
    """
    found = list(items)
    kept_back = [hidden and author_id != viewer_id for hidden, author_id in map(of, found)]
    if not any(kept_back) or (viewer_id is not None and moderates(conn, viewer_id)):
        return found
    return [mask(item) if back else item for item, back in zip(found, kept_back, strict=True)]


def moderates(conn: Conn, account_id: UUID) -> bool:
    """Whether the person is a moderator or an administrator."""
    query = "SELECT 1 FROM identity.accounts WHERE id = %s AND role IN ('moderator', 'admin')"
    return conn.execute(query, (account_id,)).fetchone() is not None


def cause_of(conn: Conn, target_id: UUID) -> str | None:
    """Why a thing is hidden: `reports` until a moderator has looked, `moderator` by a decision; None when it is not."""
    row = conn.execute("SELECT cause FROM moderation.hidden WHERE target_id = %s", (target_id,)).fetchone()
    return None if row is None else str(row[0])


def put(conn: Conn, kind: str, target_id: UUID, author_id: UUID, cause: str, now: datetime) -> bool:
    """Hide a thing, or note that a decision hides what reports had hidden; False when nothing changes."""
    announce(conn, POSTS)
    return (
        conn.execute(
            "INSERT INTO moderation.hidden AS h (target_id, target_kind, author_id, cause, since) "
            "VALUES (%s, %s, %s, %s, %s) ON CONFLICT (target_id) DO UPDATE SET cause = excluded.cause "
            "WHERE h.cause = 'reports' AND excluded.cause = 'moderator'",
            (target_id, kind, author_id, cause, now),
        ).rowcount
        > 0
    )


def take(conn: Conn, target_id: UUID) -> bool:
    """Show a thing again; False when it was not hidden."""
    announce(conn, POSTS)
    return conn.execute("DELETE FROM moderation.hidden WHERE target_id = %s", (target_id,)).rowcount > 0
