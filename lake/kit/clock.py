"""The one clock. Jobs that depend on the calendar take the time as an argument instead of asking for it."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def parse_moment(text: str) -> datetime:
    """An ISO 8601 date or time as an aware UTC moment; a time without a zone is taken as UTC.

    Raises ValueError when the text is neither a date nor a time.
    """
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
