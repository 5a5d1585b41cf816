"""The calendar of products: when a period ends, and which was the last whose delay has passed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from lake.contracts.products import Period, Product

_MONTHS = {Period.MONTH: 1, Period.QUARTER: 3}


def first_day(period: Period, day: date) -> date:
    """The first day of the period that a day lies in."""
    if period is Period.WEEK:
        return day - timedelta(days=day.weekday())
    months = _MONTHS[period]
    return date(day.year, (day.month - 1) // months * months + 1, 1)


def end(period: Period, start: date) -> datetime:
    """The moment a period ends: the start of the next one, in UTC."""
    if period is Period.WEEK:
        following = start + timedelta(days=7)
    else:
        months = start.month - 1 + _MONTHS[period]
        following = date(start.year + months // 12, months % 12 + 1, 1)
    return datetime(following.year, following.month, following.day, tzinfo=UTC)


def is_closed(product: Product, start: date, now: datetime) -> bool:
    """Whether a period has ended and its delay has passed."""
    return end(product.period, start) + timedelta(days=product.delay_days) <= now


def closed_through(product: Product, now: datetime) -> date:
    """The first day of the last closed period."""
    running = first_day(product.period, (now - timedelta(days=product.delay_days)).date())
    return first_day(product.period, running - timedelta(days=1))
