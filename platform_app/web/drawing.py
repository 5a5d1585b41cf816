"""Charts as SVG paths and rectangles, computed here: pages need no script and no style of their own for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

STEP, CELL, HEIGHT, BAR = 13, 11, 90, 34


@dataclass(frozen=True, slots=True)
class Day:
    """A square of the calendar."""

    x: int
    y: int
    shade: int  # 0 to 4
    words: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a chart."""

    x: int
    y: int
    height: int
    label: str
    value: int


def calendar(counts: Mapping[date, int], today: date, weeks: int = 52) -> list[Day]:
    """A square for each day of the last weeks, columns are weeks from Monday to Sunday."""
    first = today - timedelta(days=today.weekday() + 7 * (weeks - 1))
    most = max(counts.values(), default=0)
    days = []
    for place in range((today - first).days + 1):
        day = first + timedelta(days=place)
        count = counts.get(day, 0)
        words = f"{day.day} {day:%B %Y}: {count or 'nothing'}"
        days.append(Day(place // 7 * STEP, place % 7 * STEP, _shade(count, most), words))
    return days


def bars(values: Sequence[tuple[str, int]]) -> list[Bar]:
    """A bar for each value, the largest as high as the chart."""
    most = max((value for _, value in values), default=0) or 1
    return [
        Bar(place * (BAR + 10), HEIGHT - (high := round(value / most * HEIGHT)), high, label, value)
        for place, (label, value) in enumerate(values)
    ]


def _shade(count: int, most: int) -> int:
    return 0 if count == 0 else min(4, 1 + 3 * (count - 1) // max(most - 1, 1))
