"""Who does not want to deal with whom: blocks, which count both ways, and mutes, which only the muter notices.

Writers ask `between`, readers put `SEEN_BY` into their query. Every function takes an open transaction and never commits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row

from platform_app.db import Conn
from platform_app.errors import NotAllowed

APART: LiteralString = (
    "(SELECT b.blocked_id FROM moderation.blocks b WHERE b.blocker_id = %(viewer)s "
    "UNION ALL SELECT b.blocker_id FROM moderation.blocks b WHERE b.blocked_id = %(viewer)s)"
)
"""Those with whom `%(viewer)s` has nothing to do, whoever of the two wanted it; nobody for a viewer of null."""

UNWANTED: LiteralString = (
    "(SELECT b.blocked_id FROM moderation.blocks b WHERE b.blocker_id = %(viewer)s "
    "UNION ALL SELECT b.blocker_id FROM moderation.blocks b WHERE b.blocked_id = %(viewer)s "
    "UNION ALL SELECT m.muted_id FROM moderation.mutes m WHERE m.muter_id = %(viewer)s)"
)
"""As `APART`, and those whom the viewer has muted."""


def seen_by_viewer(author: LiteralString) -> LiteralString:
    """A condition for a list: what the column `author` wrote is for `%(viewer)s` to see. Computed once for a query."""
    return author + " <> ALL (ARRAY" + UNWANTED + ")"


def deaf(recipient: LiteralString, actor: LiteralString) -> LiteralString:
    """A condition on two columns or values: `recipient` does not want to hear of `actor`."""
    return (
        "(EXISTS (SELECT 1 FROM moderation.blocks b WHERE (b.blocker_id, b.blocked_id) IN (("
        + recipient + ", " + actor + "), (" + actor + ", " + recipient + "))) "
        "OR EXISTS (SELECT 1 FROM moderation.mutes m WHERE m.muter_id = " + recipient + " AND m.muted_id = " + actor + "))"
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kept:
    """Somebody a person keeps away, for their own list."""

    handle: str
    display_name: str
    since: datetime


def between(conn: Conn, one: UUID, other: UUID) -> bool:
    """Whether one of the two has blocked the other."""
    query = "SELECT 1 FROM moderation.blocks WHERE (blocker_id, blocked_id) IN ((%(a)s, %(b)s), (%(b)s, %(a)s)) LIMIT 1"
    return conn.execute(query, {"a": one, "b": other}).fetchone() is not None


def state(conn: Conn, account_id: UUID, other_id: UUID) -> tuple[bool, bool]:
    """Whether the person has blocked the other, and whether they have muted them."""
    row = conn.execute(
        "SELECT EXISTS (SELECT 1 FROM moderation.blocks WHERE blocker_id = %(me)s AND blocked_id = %(other)s), "
        "EXISTS (SELECT 1 FROM moderation.mutes WHERE muter_id = %(me)s AND muted_id = %(other)s)",
        {"me": account_id, "other": other_id},
    ).fetchone()
    return (False, False) if row is None else (bool(row[0]), bool(row[1]))


def block(conn: Conn, account_id: UUID, other_id: UUID, now: datetime) -> bool:
    """Keep a person away, both ways; False when that was so already. Their follows are the caller's to end."""
    _not_oneself(account_id, other_id)
    return _added(conn, "blocks (blocker_id, blocked_id, since)", account_id, other_id, now)


def unblock(conn: Conn, account_id: UUID, other_id: UUID) -> None:
    """Take a block back; the follows that it ended stay ended."""
    conn.execute(
        "DELETE FROM moderation.blocks WHERE blocker_id = %s AND blocked_id = %s",
        (account_id, other_id),
    )


def mute(conn: Conn, account_id: UUID, other_id: UUID, now: datetime) -> None:
    """See and hear no more of a person, who notices nothing."""
    _not_oneself(account_id, other_id)
    _added(conn, "mutes (muter_id, muted_id, since)", account_id, other_id, now)


def unmute(conn: Conn, account_id: UUID, other_id: UUID) -> None:
    """See and hear them again."""
    conn.execute("DELETE FROM moderation.mutes WHERE muter_id = %s AND muted_id = %s", (account_id, other_id))


def blocked_by(conn: Conn, account_id: UUID) -> list[Kept]:
    """Whom a person has blocked, the newest first."""
    return _kept(conn, "moderation.blocks", "blocker_id", "blocked_id", account_id)


def muted_by(conn: Conn, account_id: UUID) -> list[Kept]:
    """Whom a person has muted, the newest first."""
    return _kept(conn, "moderation.mutes", "muter_id", "muted_id", account_id)


def forget_against(conn: Conn, account_id: UUID) -> None:
    """Take back the blocks against somebody who becomes a moderator."""
    conn.execute("DELETE FROM moderation.blocks WHERE blocked_id = %s", (account_id,))


def _kept(conn: Conn, table: LiteralString, mine: LiteralString, theirs: LiteralString, account_id: UUID) -> list[Kept]:
    query: LiteralString = (
        "SELECT a.handle, a.display_name, k.since FROM " + table + " k JOIN identity.accounts a ON a.id = k." + theirs
        + " WHERE k." + mine + " = %s ORDER BY k.since DESC, a.id"
    )  # fmt: skip
    with conn.cursor(row_factory=class_row(Kept)) as cursor:
        return cursor.execute(query, (account_id,)).fetchall()


def _added(conn: Conn, into: LiteralString, account_id: UUID, other_id: UUID, now: datetime) -> bool:
    statement: LiteralString = "INSERT INTO moderation." + into + " VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
    return conn.execute(statement, (account_id, other_id, now)).rowcount > 0


def _not_oneself(account_id: UUID, other_id: UUID) -> None:
    if account_id == other_id:
        raise NotAllowed("Nobody keeps themselves away.", code="own_account")
