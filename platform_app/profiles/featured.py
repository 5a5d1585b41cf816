"""Featured people: administrators say who is shown first, and for how long. Every function takes an open transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.rows import class_row

from platform_app.db import Conn
from platform_app.errors import Invalid, NotFound
from platform_app.identity import service as identity
from platform_app.outbox.publish import publish

LONGEST = 90  # days


@dataclass(frozen=True, slots=True)
class FeaturedPerson:
    """A person who is shown first."""

    handle: str
    display_name: str
    headline: str | None
    file_id: UUID | None
    ends_at: datetime


def feature(conn: Conn, admin_id: UUID, account_id: UUID, days: int, now: datetime) -> None:
    """Show a person first for so many days, beginning now. Invalid unless it is 1 to 90 days."""
    if not 1 <= days <= LONGEST:
        raise Invalid(f"Choose 1 to {LONGEST} days.", field="days")
    identity.active_account(conn, account_id)
    conn.execute(
        "INSERT INTO profiles.featured (account_id, featured_by, featured_at, ends_at) VALUES (%s, %s, %s, %s) "
        "ON CONFLICT (account_id) DO UPDATE SET featured_by = excluded.featured_by, featured_at = excluded.featured_at, "
        "ends_at = excluded.ends_at",
        (account_id, admin_id, now, now + timedelta(days=days)),
    )
    publish(conn, "item.featured", account_id, admin_id, now, kind="person", days=days)


def end(conn: Conn, account_id: UUID) -> None:
    """Show a person no more than others. NotFound when they are not featured."""
    if conn.execute("DELETE FROM profiles.featured WHERE account_id = %s", (account_id,)).rowcount == 0:
        raise NotFound("This person is not featured.")


def featured(conn: Conn, now: datetime, limit: int = 6) -> list[FeaturedPerson]:
    """Who is shown first now, the newest choice first."""
    with conn.cursor(row_factory=class_row(FeaturedPerson)) as cursor:
        return cursor.execute(
            "SELECT a.handle, a.display_name, p.headline, f.file_id, x.ends_at FROM profiles.featured x "
            "JOIN identity.accounts a ON a.id = x.account_id AND a.status = 'active' "
            "LEFT JOIN profiles.profiles p ON p.account_id = a.id LEFT JOIN profiles.faces f ON f.account_id = a.id "
            "WHERE x.featured_at <= %(now)s AND x.ends_at > %(now)s ORDER BY x.featured_at DESC, a.id LIMIT %(limit)s",
            {"now": now, "limit": limit},
        ).fetchall()
