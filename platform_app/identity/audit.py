"""Who of the administrators looked at whose personal data, and why. Written in the transaction that reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from lake.kit.ids import new_id
from platform_app.db import Conn
from platform_app.errors import Invalid
from platform_app.rules import one_line

LONGEST_REASON = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """One look. `subject` is None when it was at a list of many."""

    id: UUID
    at: datetime
    action: str
    actor: str
    subject: str | None
    reason: str | None


def record(
    conn: Conn, actor_id: UUID, action: str, subject_id: UUID | None, now: datetime, *, reason: str = ""
) -> None:
    """Write a look down. `action` is like `account.read`; Invalid when the reason is too long."""
    why = one_line(reason)
    if len(why) > LONGEST_REASON:
        raise Invalid(f"Reason must be at most {LONGEST_REASON} characters long.", field="reason")
    conn.execute(
        "INSERT INTO kernel.audit (id, actor_id, action, subject_id, reason, at) VALUES (%s, %s, %s, %s, %s, %s)",
        (new_id(), actor_id, action, subject_id, why or None, now),
    )


def latest(conn: Conn, *, before: UUID | None = None, limit: int = 50) -> list[Entry]:
    """The newest looks; `before` is the last one of the page before."""
    with conn.cursor(row_factory=class_row(Entry)) as cursor:
        return cursor.execute(
            "SELECT l.id, l.at, l.action, a.handle AS actor, s.handle AS subject, l.reason FROM kernel.audit l "
            "JOIN identity.accounts a ON a.id = l.actor_id LEFT JOIN identity.accounts s ON s.id = l.subject_id "
            "WHERE %(before)s::uuid IS NULL OR l.id < %(before)s ORDER BY l.id DESC LIMIT %(limit)s",
            {"before": before, "limit": limit},
        ).fetchall()


def forget(conn: Conn, account_id: UUID, heir_id: UUID) -> None:
    """Remove the looks at a person, and put the heir in the place of one who looked: that somebody did stays true."""
    conn.execute("DELETE FROM kernel.audit WHERE subject_id = %s", (account_id,))
    conn.execute("UPDATE kernel.audit SET actor_id = %s WHERE actor_id = %s", (heir_id, account_id))
