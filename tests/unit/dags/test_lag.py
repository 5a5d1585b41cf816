"""When the pipeline is asked for before its hour, and that it is asked for once."""

from __future__ import annotations

import importlib.util
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def lag() -> ModuleType:
    """The module of `dags/`, which is no package."""
    import sys

    about = importlib.util.spec_from_file_location("headwater_lag", Path(__file__).parents[3] / "dags" / "lag.py")
    assert about is not None
    assert about.loader is not None
    module = importlib.util.module_from_spec(about)
    sys.modules[about.name] = module
    about.loader.exec_module(module)
    return module


def run(job: str, hours_ago: float, code: int = 0, **summary: int) -> str:
    finished = (NOON - timedelta(hours=hours_ago)).isoformat()
    return json.dumps({"job": job, "finished_at": finished, "exit": code, "summary": summary})


def diary(*lines: str) -> list[str]:
    return [run("lake load", 1, cut=(3 << 40) + 999), run("lake publish", 1), *lines, '{"job": "cut sho']


@pytest.mark.parametrize(
    ("end", "lines", "wanted"),
    [
        (5_999, diary(), ""),
        (6_000, diary(), "The warehouse is 5000 messages behind."),
        (900_000, diary(run("lake load", 0, cut=899_999)), ""),
        (900_000, diary(run("lake load", 0, 75, cut=899_999)), "The warehouse is 899000 messages behind."),
        (
            1_000,
            [run("lake load", 1, cut=999), run("lake publish", 7)],
            "The last publish was at 2026-03-02 05:00 UTC.",
        ),
        (1_000, [run("lake load", 1, cut=999), run("lake publish", 5)], ""),
        (4_000, [], ""),
        (5_000, [], "The warehouse is 5000 messages behind."),
        (None, diary(), ""),
    ],
)
def test_the_pipeline_is_asked_for_when_the_warehouse_or_the_shelf_is_behind(
    lag: ModuleType, end: int | None, lines: list[str], wanted: str
) -> None:
    assert lag.reason(lag.state_of({"end": end}, lines), NOON, None) == wanted


def test_it_is_not_asked_for_again_while_nothing_has_moved(lag: ModuleType) -> None:
    state = lag.state_of({"end": 90_000}, diary())
    before = lag.Asked(NOON - timedelta(hours=5), state.loaded, state.published)
    assert lag.reason(state, NOON, before) == ""
    moved = lag.Asked(NOON - timedelta(hours=5), state.loaded - 1, state.published)
    assert lag.reason(state, NOON, moved) != ""


def test_a_stream_that_is_always_behind_asks_four_times_an_hour_at_most(lag: ModuleType) -> None:
    state = lag.state_of({"end": 90_000}, diary())
    assert lag.reason(state, NOON, lag.Asked(NOON - timedelta(minutes=14), 0, None)) == ""
    assert lag.reason(state, NOON, lag.Asked(NOON - timedelta(minutes=15), 0, None)) != ""
