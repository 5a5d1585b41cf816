"""Whom the place knows. A new person may do less at once, so that a throw-away account does little harm.

A person is trusted when they came with an import or are generated, moderate, are trusted by a moderator, or when all of these
hold: their mail address is confirmed; they joined at least `DAYS` days ago; at least `WRITTEN` things of theirs stand (not
deleted, not hidden); no report about them was upheld within `CLEAN_DAYS` days. It is computed when it is asked: what is
hidden later takes the trust with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row

from platform_app.db import Conn
from platform_app.identity.schemas import Account
from platform_app.moderation import log
from platform_app.moderation.hidden import is_hidden

DAYS = 3
WRITTEN = 5
CLEAN_DAYS = 90

_STANDING: LiteralString = (
    "(SELECT count(*) FROM (SELECT p.id FROM community.posts p WHERE p.author_id = %(who)s AND p.status <> 'deleted' "
    "AND NOT " + is_hidden("p.id") + " UNION ALL SELECT p.id FROM community.approaches p WHERE p.author_id = %(who)s "
    "AND p.status <> 'deleted' AND NOT " + is_hidden("p.id") + " UNION ALL SELECT p.id FROM community.comments p "
    "WHERE p.author_id = %(who)s AND p.status = 'published' AND NOT " + is_hidden("p.id") + " LIMIT %(most)s) AS s)"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """What the rule looks at. `written` is counted up to what is needed."""

    by_word: bool
    verified: bool
    joined_at: datetime
    written: int
    upheld: int


def is_trusted(conn: Conn, account: Account, now: datetime) -> bool:
    """Whether a person may do what everybody who is known may."""
    if account.origin != "signup" or account.is_moderator:
        return True
    return earned(standing(conn, account, now), now)


def earned(found: Standing, now: datetime) -> bool:
    """The rule itself."""
    return found.by_word or (
        found.verified
        and now - found.joined_at >= timedelta(days=DAYS)
        and found.written >= WRITTEN
        and found.upheld == 0
    )


def standing(conn: Conn, account: Account, now: datetime) -> Standing:
    """What is known of a person who signed up."""
    query: LiteralString = (
        "SELECT EXISTS (SELECT 1 FROM moderation.trusted t WHERE t.account_id = %(who)s) AS by_word, "
        "EXISTS (SELECT 1 FROM identity.verifications v WHERE v.account_id = %(who)s "
        "AND lower(v.email) = lower(%(email)s)) AS verified, %(joined)s::timestamptz AS joined_at, " + _STANDING
        + "::integer AS written, (SELECT count(*) FROM moderation.reports r WHERE r.author_id = %(who)s "
        "AND r.state = 'upheld' AND r.decided_at > %(clean)s)::integer AS upheld"
    )  # fmt: skip
    with conn.cursor(row_factory=class_row(Standing)) as cursor:
        found = cursor.execute(
            query,
            {
                "who": account.id, "email": account.email, "joined": account.created_at, "most": WRITTEN,
                "clean": now - timedelta(days=CLEAN_DAYS),
            },
        ).fetchone()  # fmt: skip
    return found or Standing(False, False, account.created_at, 0, 0)


def give(conn: Conn, moderator_id: UUID, account_id: UUID, *, reason: str, now: datetime) -> None:
    """Trust a person before they have earned it."""
    log.moderator(conn, moderator_id)
    why = log.checked_reason(reason)
    added = conn.execute(
        "INSERT INTO moderation.trusted (account_id, since) VALUES (%s, %s) ON CONFLICT DO NOTHING", (account_id, now)
    ).rowcount
    if added:
        log.write(conn, moderator_id, account_id, ("person", account_id), "trust", why, now)


def take(conn: Conn, moderator_id: UUID, account_id: UUID, *, reason: str, now: datetime) -> None:
    """Take that back: then the rule alone decides."""
    log.moderator(conn, moderator_id)
    why = log.checked_reason(reason)
    if conn.execute("DELETE FROM moderation.trusted WHERE account_id = %s", (account_id,)).rowcount:
        log.write(conn, moderator_id, account_id, ("person", account_id), "distrust", why, now)
