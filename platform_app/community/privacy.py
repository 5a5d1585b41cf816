"""Private accounts: who is asked before somebody follows them, who asks, and what strangers then do not see.

Strangers do not see whom a private account follows, who follows it, and the list of what it did. What it publishes stays
public: a problem is there to be answered. Every function takes an open transaction and never commits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row

from lake.kit.ids import new_id
from platform_app.community import batch, repository
from platform_app.community.schemas import FollowRow
from platform_app.db import Conn
from platform_app.errors import NotAllowed, NotFound
from platform_app.explore import rankings
from platform_app.identity import service as identity
from platform_app.identity.access import Member
from platform_app.outbox.publish import publish

MOST = 200  # requests on one page


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody who asks to follow, or who is asked; the newest first."""

    account_id: UUID
    handle: str
    display_name: str
    created_at: datetime


def is_private(conn: Conn, account_id: UUID) -> bool:
    """Whether a person is asked before somebody follows them."""
    return (
        conn.execute("SELECT 1 FROM community.private_accounts WHERE account_id = %s", (account_id,)).fetchone()
        is not None
    )


def may_look(conn: Conn, viewer: Member | None, account_id: UUID) -> bool:
    """Whether a viewer sees a person's lists and activity: everybody does unless the account is private.

    Then the person, those they let follow them, and moderators, who have to judge what is reported.
    """
    if not is_private(conn, account_id):
        return True
    if viewer is None:
        return False
    return viewer.id == account_id or viewer.is_moderator or repository.follows(conn, viewer.id, account_id)


def check_look(conn: Conn, viewer: Member | None, account_id: UUID) -> None:
    """NotAllowed for those who do not see a person's lists and activity."""
    if not may_look(conn, viewer, account_id):
        raise NotAllowed("This account is private: ask to follow it to see this.", code="private_account")


def make_private(conn: Conn, account_id: UUID, now: datetime) -> None:
    """Be asked from now on; those who follow already go on. A second time changes nothing."""
    identity.active_account(conn, account_id)
    conn.execute("INSERT INTO community.private_accounts VALUES (%s, %s) ON CONFLICT DO NOTHING", (account_id, now))


def make_public(conn: Conn, account_id: UUID, now: datetime) -> None:
    """Let everybody follow and look again; whoever asks already follows from now on."""
    identity.active_account(conn, account_id)
    conn.execute("DELETE FROM community.private_accounts WHERE account_id = %s", (account_id,))
    asking = conn.execute(
        "SELECT asker_id FROM community.follow_requests WHERE asked_id = %s", (account_id,)
    ).fetchall()
    for (asker_id,) in asking:
        accept(conn, account_id, asker_id, now)


def ask(conn: Conn, asker_id: UUID, asked_id: UUID, now: datetime) -> None:
    """Ask to follow; asking again changes nothing."""
    statement = "INSERT INTO community.follow_requests VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
    if conn.execute(statement, (asker_id, asked_id, now)).rowcount:
        publish(conn, "account.follow_asked", asked_id, asker_id, now)


def withdraw(conn: Conn, asker_id: UUID, asked_id: UUID, now: datetime) -> None:
    """Ask no longer; changes nothing where nobody asked."""
    if _remove(conn, asker_id, asked_id):
        publish(conn, "account.follow_withdrawn", asked_id, asker_id, now)


def accept(conn: Conn, account_id: UUID, asker_id: UUID, now: datetime) -> None:
    """Let somebody follow who asked; NotFound where nobody asks, also when they took it back meanwhile."""
    identity.active_account(conn, account_id)
    if not _remove(conn, asker_id, account_id):
        raise NotFound("They do not ask to follow you (any more).")
    if not repository.follows(conn, asker_id, account_id):
        batch.add_follows(conn, [FollowRow(new_id(), asker_id, account_id, now)])
    rankings.outdate(conn, asker_id)
    publish(conn, "account.follow_accepted", asker_id, account_id, now)
    publish(conn, "account.followed", account_id, asker_id, now)


def decline(conn: Conn, account_id: UUID, asker_id: UUID, now: datetime) -> None:
    """Do not let somebody follow who asked: they are not told, and may ask again. NotFound where nobody asks."""
    if not _remove(conn, asker_id, account_id):
        raise NotFound("They do not ask to follow you (any more).")
    publish(conn, "account.follow_declined", asker_id, account_id, now)


def asks(conn: Conn, asker_id: UUID, asked_id: UUID) -> bool:
    """Whether somebody has asked and waits."""
    query = "SELECT 1 FROM community.follow_requests WHERE asker_id = %s AND asked_id = %s"
    return conn.execute(query, (asker_id, asked_id)).fetchone() is not None


def asking(conn: Conn, account_id: UUID) -> list[Request]:
    """Who asks to follow a person, the newest first."""
    return _requests(conn, "r.asker_id", "r.asked_id", account_id)


def asked(conn: Conn, account_id: UUID) -> list[Request]:
    """Whom a person asks, the newest first."""
    return _requests(conn, "r.asked_id", "r.asker_id", account_id)


def _remove(conn: Conn, asker_id: UUID, asked_id: UUID) -> bool:
    statement = "DELETE FROM community.follow_requests WHERE asker_id = %s AND asked_id = %s"
    return conn.execute(statement, (asker_id, asked_id)).rowcount > 0


def _requests(conn: Conn, who: LiteralString, whose: LiteralString, account_id: UUID) -> list[Request]:
    query: LiteralString = (
        "SELECT a.id AS account_id, a.handle, a.display_name, r.created_at FROM community.follow_requests r "
        "JOIN identity.accounts a ON a.id = " + who + " AND a.status = 'active' WHERE " + whose + " = %s "
        "ORDER BY r.created_at DESC, a.id LIMIT %s"
    )
    with conn.cursor(row_factory=class_row(Request)) as cursor:
        return cursor.execute(query, (account_id, MOST)).fetchall()
