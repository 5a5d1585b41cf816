"""The last hours of lag and freshness for the charts: one point for each quarter of a minute, the worst of its looks.

It outlives a restart: the points are written beside the run folder's other files once a minute and when watch ends.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

STEP = 15.0  # seconds of a point
POINTS = 1_440  # six hours
EVERY = 60.0  # seconds between two times it is written
FIELDS = ("bronze_behind", "silver_behind", "bronze_freshness", "silver_freshness", "slot_lag_bytes")
Point = tuple[float, ...]


class History:
    """Points of (moment, one number for each of FIELDS); NaN-free: an unknown number is -1."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "history.json"
        self._written = time.monotonic()
        self._points: deque[list[float]] = deque(self._read(), maxlen=POINTS)

    def add(self, now: float, values: Sequence[float | None]) -> None:
        """Take note of a look; the worst of the looks of one step is kept."""
        moment = now - now % STEP
        numbers = [-1.0 if value is None else float(value) for value in values]
        if self._points and self._points[-1][0] == moment:
            self._points[-1] = [moment, *map(max, self._points[-1][1:], numbers)]
        elif not self._points or self._points[-1][0] < moment:
            self._points.append([moment, *numbers])
        if time.monotonic() - self._written > EVERY:
            self.write()

    def points(self, now: float) -> list[list[float]]:
        """The points of the last hours, oldest first, rounded."""
        first = now - STEP * POINTS
        return [[round(number, 1) for number in point] for point in self._points if point[0] >= first]

    def write(self) -> None:
        """Keep the points for the next start; a disk that is full costs the charts their past, and nothing else."""
        self._written = time.monotonic()
        draft = self._path.with_suffix(".draft")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps({"fields": FIELDS, "points": list(self._points)}))
            draft.replace(self._path)
        except OSError:
            draft.unlink(missing_ok=True)

    def _read(self) -> list[list[float]]:
        try:
            said = json.loads(self._path.read_text())
            same = tuple(said["fields"]) == FIELDS
            return (
                [list(map(float, point)) for point in said["points"] if len(point) == len(FIELDS) + 1] if same else []
            )
        except (OSError, ValueError, KeyError, TypeError):
            return []
