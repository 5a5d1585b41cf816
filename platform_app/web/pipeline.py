"""The pipeline's state as `python -m lake watch` tells it, made ready for the administrators' page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from lake.kit.clock import utc_now

FORM = 1  # of the state that this page understands
PATIENCE = 2.0  # seconds
SPAN = 3_600.0  # seconds that a chart shows
GAP = 90.0  # seconds without a point over which no line is drawn
WIDTH, HEIGHT = 600, 120
State = dict[str, Any]


@dataclass(frozen=True)
class Away:
    """Why there is no state to show."""

    why: str


def fetch(url: str) -> State | Away:
    """The last state. Whatever is wrong with watch is a sentence on the page, not an error."""
    if not url:
        return Away("This app has not been told where the watch service is (APP_PIPELINE_URL).")
    try:
        answer = httpx.get(f"{url}/state", timeout=PATIENCE, trust_env=False)
    except httpx.HTTPError:
        return Away("The watch service does not answer.")
    if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        return Away("The watch service has just been started and has not looked around yet.")
    try:
        state: State = answer.raise_for_status().json()
        if state["form"] == FORM:
            return state
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return Away("The watch service gave an answer that cannot be read.")
    return Away("The watch service is of another version than this app.")


@dataclass(frozen=True)
class Line:
    """One line of a chart: which series it is, its path, and the path of the area below it."""

    name: str
    path: str
    area: str


@dataclass(frozen=True)
class Chart:
    """A chart of the last hour: its lines, the number at its top, and what it says in words."""

    title: str
    lines: tuple[Line, ...]
    top: str
    words: str


def charts(state: State) -> list[Chart]:
    """Lag and freshness of bronze and silver."""
    return [
        _chart(state, "Messages behind", ("bronze_behind", "silver_behind"), 10.0, count),
        _chart(state, "Age of what is there", ("bronze_freshness", "silver_freshness"), 10.0, lasting),
    ]


def _chart(state: State, title: str, fields: Sequence[str], least: float, shown: Any) -> Chart:
    names = state["history"]["fields"]
    first = state["at"] - SPAN
    points = [point for point in state["history"]["points"] if point[0] >= first]
    columns = {field: [(p[0], p[names.index(field)]) for p in points] for field in fields}
    highest = max((value for column in columns.values() for _, value in column), default=0.0)
    top = _round_up(max(highest, least))
    lines = tuple(_line(field.partition("_")[0], column, first, top) for field, column in columns.items())
    said = ", ".join(_said(field, column, shown) for field, column in columns.items())
    return Chart(title, lines, shown(top), f"{title}, the last hour. {said}.")


def _said(field: str, column: Sequence[tuple[float, float]], shown: Any) -> str:
    known = [value for _, value in column if value >= 0]
    name = field.partition("_")[0].capitalize()
    return f"{name}: now {shown(known[-1])}, at most {shown(max(known))}" if known else f"{name}: not known"


def _line(name: str, column: Sequence[tuple[float, float]], first: float, top: float) -> Line:
    path, area = [], []
    for run in _runs(column):
        places = [((at - first) / SPAN * WIDTH, HEIGHT - value / top * (HEIGHT - 4) - 1) for at, value in run]
        drawn = " L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        path.append(f"M{drawn}")
        area.append(f"M{places[0][0]:.1f} {HEIGHT} L{drawn} L{places[-1][0]:.1f} {HEIGHT} Z")
    return Line(name, " ".join(path), " ".join(area))


def _runs(column: Sequence[tuple[float, float]]) -> Iterator[list[tuple[float, float]]]:
    """The points in runs without a gap; unknown ones end a run."""
    run: list[tuple[float, float]] = []
    for at, value in column:
        if run and (value < 0 or at - run[-1][0] > GAP):
            yield run
            run = []
        if value >= 0:
            run.append((at, value))
    if run:
        yield run


def _round_up(value: float) -> float:
    size: float = 10.0 ** math.floor(math.log10(value))
    return next(float(step * size) for step in (1, 2, 5, 10) if step * size >= value)


def count(number: float) -> str:
    """A number of things."""
    return f"{number:,.0f}"


def lasting(seconds: float | None) -> str:
    """How long, in the largest unit that leaves a telling number."""
    if seconds is None:
        return "–"
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return "now" if seconds < 1 else f"{seconds:.0f} s"


def size(number: float | None) -> str:
    """Bytes for a person."""
    if number is None:
        return "–"
    for unit in ("B", "KiB", "MiB", "GiB"):
        if number < 1024 or unit == "GiB":
            return f"{number:,.0f} {unit}" if unit == "B" else f"{number:,.1f} {unit}"
        number /= 1024
    return ""


def moment(seconds: float) -> datetime:
    """A moment of the state, for the templates' `ago`."""
    return datetime.fromtimestamp(seconds, UTC)


def is_old(state: State) -> bool:
    """Whether the last look is so long ago that watch itself seems to stand."""
    return utc_now().timestamp() - float(state["at"]) > max(30.0, 5 * float(state["interval_seconds"]))
