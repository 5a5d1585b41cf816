from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake.contracts.products import PRODUCTS, Period, Product
from lake.publish.periods import closed_through, end, first_day, is_closed


@pytest.mark.parametrize(
    ("period", "day", "first", "ends"),
    [
        (Period.WEEK, date(2026, 1, 1), date(2025, 12, 29), date(2026, 1, 5)),
        (Period.MONTH, date(2026, 12, 31), date(2026, 12, 1), date(2027, 1, 1)),
        (Period.QUARTER, date(2026, 11, 21), date(2026, 10, 1), date(2027, 1, 1)),
        (Period.QUARTER, date(2026, 1, 1), date(2026, 1, 1), date(2026, 4, 1)),
    ],
)
def test_a_day_lies_in_one_period(period: Period, day: date, first: date, ends: date) -> None:
    assert first_day(period, day) == first
    assert end(period, first).date() == ends


@given(st.sampled_from(PRODUCTS), st.integers(0, 10 * 365 * 24))
def test_the_last_closed_period_is_closed_and_the_next_one_is_not(product: Product, hours: int) -> None:
    now = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
    last = closed_through(product, now)
    assert is_closed(product, last, now)
    assert not is_closed(product, end(product.period, last).date(), now)


def test_a_period_closes_when_its_delay_has_passed() -> None:
    product = next(p for p in PRODUCTS if p.period is Period.MONTH)
    moment = datetime(2026, 7, 1, tzinfo=UTC) + timedelta(days=product.delay_days)
    assert is_closed(product, date(2026, 6, 1), moment)
    assert not is_closed(product, date(2026, 6, 1), moment - timedelta(seconds=1))
