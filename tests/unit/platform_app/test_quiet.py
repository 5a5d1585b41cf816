"""When quiet hours hold, and when they are over: a table, and what holds for all of them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platform_app.messaging.quiet import QuietHours
from tests.lib.people import NOON


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


@pytest.mark.parametrize(
    ("hours", "now", "until"),
    [
        ((22, 7, "UTC"), "2026-03-02T21:59", None),
        ((22, 7, "UTC"), "2026-03-02T22:00", "2026-03-03T07:00"),
        ((22, 7, "UTC"), "2026-03-03T03:10", "2026-03-03T07:00"),
        ((22, 7, "UTC"), "2026-03-03T07:00", None),
        ((12, 14, "UTC"), "2026-03-02T13:59", "2026-03-02T14:00"),
        ((12, 14, "UTC"), "2026-03-02T11:59", None),
        ((22, 7, "Asia/Tokyo"), "2026-03-02T14:00", "2026-03-02T22:00"),
        ((23, 6, "Europe/Lisbon"), "2026-03-29T00:30", "2026-03-29T05:00"),  # the night in which the clock goes forward
    ],
)
def test_when_it_is_quiet(hours: tuple[int, int, str], now: str, until: str | None) -> None:
    assert QuietHours(*hours).until(at(now)) == (at(until) if until else None)


@given(
    st.integers(0, 23), st.integers(0, 23), st.sampled_from(["UTC", "Asia/Kolkata", "America/New_York"]),
    st.integers(0, 2 * 366 * 24 * 60),
)  # fmt: skip
def test_quiet_ends_within_a_day_and_is_over_then(starts: int, ends: int, zone: str, minutes: int) -> None:
    if starts == ends:
        return
    now = NOON - timedelta(minutes=minutes)
    until = QuietHours(starts, ends, zone).until(now)
    if until is not None:
        assert timedelta() < until - now <= timedelta(hours=25)
        assert QuietHours(starts, ends, zone).until(until) is None
