"""Hours in which a person is not disturbed: nothing appears on open pages, and mail waits until they are over.

What happens is there all the same when they look. Functions that take a connection never commit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from psycopg.rows import class_row

from platform_app.db import Conn
from platform_app.errors import Invalid


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From one full hour to another on the clock of a time zone; past midnight where it ends before it starts."""

    starts: int
    ends: int
    timezone: str

    def until(self, now: datetime) -> datetime | None:
        """When the quiet that holds at a moment is over; None when none holds."""
        local = now.astimezone(ZoneInfo(self.timezone))
        quiet = (self.starts <= local.hour < self.ends) if self.starts < self.ends else (
            local.hour >= self.starts or local.hour < self.ends
        )  # fmt: skip
        if not quiet:
            return None
        day = local.date() + timedelta(days=1 if self.ends <= local.hour else 0)
        return datetime(day.year, day.month, day.day, self.ends, tzinfo=local.tzinfo).astimezone(UTC)


def of(conn: Conn, account_id: UUID) -> QuietHours | None:
    """A person's quiet hours; None when they have none."""
    query = "SELECT starts, ends, timezone FROM messaging.quiet_hours WHERE account_id = %s"
    with conn.cursor(row_factory=class_row(QuietHours)) as cursor:
        return cursor.execute(query, (account_id,)).fetchone()


def until(conn: Conn, account_id: UUID, now: datetime) -> datetime | None:
    """When the quiet that a person has at a moment is over; None when they have none then."""
    hours = of(conn, account_id)
    return hours.until(now) if hours else None


def choose(conn: Conn, account_id: UUID, starts: int, ends: int, timezone: str) -> None:
    """Set a person's quiet hours; Invalid for hours or a time zone that there is none of."""
    if not (0 <= starts <= 23 and 0 <= ends <= 23) or starts == ends:
        raise Invalid("Choose two different hours from 0 to 23.", field="ends")
    try:
        ZoneInfo(timezone.strip())
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid("There is no such time zone: write it as Europe/Lisbon, or UTC.", field="timezone") from None
    conn.execute(
        "INSERT INTO messaging.quiet_hours (account_id, starts, ends, timezone) VALUES (%s, %s, %s, %s) "
        "ON CONFLICT (account_id) DO UPDATE SET starts = excluded.starts, ends = excluded.ends, "
        "timezone = excluded.timezone",
        (account_id, starts, ends, timezone.strip()),
    )


def end(conn: Conn, account_id: UUID) -> None:
    """Have no quiet hours any more."""
    conn.execute("DELETE FROM messaging.quiet_hours WHERE account_id = %s", (account_id,))
