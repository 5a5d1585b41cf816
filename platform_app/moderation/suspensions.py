"""Who may not write for a time: they read, log in, and say once what they think of it. It ends by itself.

Nothing runs when a suspension ends: whoever asks compares its end with the clock. Every function takes an open transaction and
never commits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.rows import class_row

from lake.kit.ids import new_id
from platform_app.db import Conn
from platform_app.errors import Conflict, Invalid, NotAllowed
from platform_app.identity.schemas import Account
from platform_app.identity.service import find_account
from platform_app.moderation import log
from platform_app.outbox.publish import publish
from platform_app.rules import clean

LONGEST_APPEAL = 1_000
DAYS = {1: "a day", 3: "three days", 7: "a week", 30: "a month", 365: "a year"}


@dataclass(frozen=True, slots=True)
class Suspension:
    """A suspension that lasts. `appeal` None: the person has not said anything yet."""

    id: UUID
    account_id: UUID
    handle: str
    since: datetime
    until: datetime
    appeal: str | None
    appealed_at: datetime | None


_LASTING = (
    "SELECT s.id, s.account_id, a.handle, s.since, s.until, s.appeal, s.appealed_at FROM moderation.suspensions s "
    "JOIN identity.accounts a ON a.id = s.account_id WHERE s.lifted_at IS NULL AND s.until > now() "
)


def until(conn: Conn, account_id: UUID) -> datetime | None:
    """When the person may write again; None when they may now."""
    found = of(conn, account_id)
    return found.until if found else None


def of(conn: Conn, account_id: UUID) -> Suspension | None:
    """The suspension that lasts, if there is one."""
    with conn.cursor(row_factory=class_row(Suspension)) as cursor:
        return cursor.execute(f"{_LASTING} AND s.account_id = %s".encode(), (account_id,)).fetchone()


def lasting(conn: Conn, *, limit: int = 100) -> list[Suspension]:
    """Everybody who is suspended, those who have appealed first."""
    order = "ORDER BY s.appealed_at DESC NULLS LAST, s.until LIMIT %s"
    with conn.cursor(row_factory=class_row(Suspension)) as cursor:
        return cursor.execute(f"{_LASTING} {order}".encode(), (limit,)).fetchall()


def suspend(conn: Conn, moderator_id: UUID, account_id: UUID, *, days: int, reason: str, now: datetime) -> datetime:
    """Let a person write nothing for some days, from now; returns until when. It replaces one that lasts.

    NotAllowed for a moderator (an administrator suspends moderators), for an administrator and for oneself.
    """
    why, subject = log.checked_reason(reason), _subordinate(conn, moderator_id, account_id)
    if days not in DAYS:
        raise Invalid(f"Days must be one of: {', '.join(map(str, DAYS))}.", field="days")
    end = now + timedelta(days=days)
    _end(conn, account_id, now)
    conn.execute(
        "INSERT INTO moderation.suspensions (id, account_id, since, until) VALUES (%s, %s, %s, %s)",
        (new_id(), account_id, now, end),
    )
    log.write(conn, moderator_id, subject.id, ("person", subject.id), "suspend", why, now, until=end)
    publish(conn, "account.moderated", account_id, None, now, action="suspend", post_id=None, approach_id=None)
    return end


def lift(conn: Conn, moderator_id: UUID, account_id: UUID, *, reason: str, now: datetime) -> None:
    """End a suspension early; Conflict when there is none."""
    why, subject = log.checked_reason(reason), _subordinate(conn, moderator_id, account_id)
    if of(conn, account_id) is None:
        raise Conflict("This person is not suspended.", code="not_suspended")
    _end(conn, account_id, now)
    log.write(conn, moderator_id, subject.id, ("person", subject.id), "lift", why, now)
    publish(conn, "account.moderated", account_id, None, now, action="lift", post_id=None, approach_id=None)


def appeal(conn: Conn, account_id: UUID, text: str, now: datetime) -> None:
    """What a suspended person says to it, once; Conflict when they are not suspended or have said it."""
    words = clean(text)
    if not words or len(words) > LONGEST_APPEAL:
        raise Invalid(f"Say in 1 to {LONGEST_APPEAL:,} characters why it should end.", field="text")
    found = of(conn, account_id)
    if found is None:
        raise Conflict("You are not suspended.", code="not_suspended")
    if found.appeal is not None:
        raise Conflict("You have appealed already: moderators have your note.", code="already_appealed")
    conn.execute(
        "UPDATE moderation.suspensions SET appeal = %s, appealed_at = %s WHERE id = %s", (words, now, found.id)
    )


def _end(conn: Conn, account_id: UUID, now: datetime) -> None:
    """End what lasts; what is over already is marked as well, so that the next one can begin."""
    conn.execute(
        "UPDATE moderation.suspensions SET lifted_at = least(until, %s) WHERE account_id = %s AND lifted_at IS NULL",
        (now, account_id),
    )


def _subordinate(conn: Conn, moderator_id: UUID, account_id: UUID) -> Account:
    """The account on which a moderator may act."""
    actor, subject = log.moderator(conn, moderator_id), find_account(conn, account_id)
    if actor.id == subject.id:
        raise NotAllowed("Nobody decides about themselves: leave it to another moderator.", code="own_case")
    if subject.role == "admin" or (subject.is_moderator and actor.role != "admin"):
        raise NotAllowed(
            "Only an administrator acts on a moderator, and nobody on an administrator.", code="their_role"
        )
    return subject
