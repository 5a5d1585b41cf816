"""Release ends with a message when a lane stands still: it never waits for ever."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from anonymizer import commands, release
from anonymizer.release import Room
from lake.kit.errors import Retry
from lake.store import LocalStore, Position


class Standing(Room):
    """A lane that comes as far as a position, and no further."""

    def __init__(self, *reached: int) -> None:
        self.reached = list(reached)
        self.lane: Any = type("Lane", (), {"name": "plain"})()

    def keep_tidy(self) -> None:
        """Nothing to tidy."""

    def step(self) -> Position:
        return Position(self.reached.pop(0) if len(self.reached) > 1 else self.reached[0])


def test_a_lane_that_does_not_reach_its_target_says_where_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "STANDS", 0.05)
    seen: list[int] = []
    with pytest.raises(Retry, match=r"plain lane has stood at position 7 .* before 9"):
        Standing(3, 7).run_to(Position(9), 0.01, seen.append)
    assert seen[:2] == [3, 7]


def test_a_lane_that_moves_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release, "STANDS", 0.05)
    Standing(*range(12)).run_to(Position(11), 0.01)


def test_a_lane_of_free_text_that_writes_nothing_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "SILENCE", 0.2)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        with pytest.raises(Retry, match=r"has written nothing for .* at position -1"):
            commands._await_child(child, LocalStore(tmp_path), 0.01, lambda at: None)
    finally:
        child.kill()
        child.wait()
