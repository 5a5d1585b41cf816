"""Twelve days of commits in a row: what upkeep leaves does not grow with the number of commits. Counts, never seconds."""

from __future__ import annotations

from pathlib import Path

from lake.contracts.tables import BY_NAME
from lake.store import Position
from lake.store.pieces import KEEP, Piece
from lake.upkeep.maintain import HISTORY_DAYS
from lake.upkeep.small_files import FEW, FIRST, TIERS, needed
from tests.bench.bench_upkeep import FOLLOWER_EVERY, Month

CHECKPOINT = 100  # commits between two checkpoints
DAYS, COMMITS, ROWS = 12, 70, 10


def test_files_and_log_stay_few_and_bytes_are_rewritten_a_bounded_number_of_times(tmp_path: Path) -> None:
    days = list(Month(tmp_path, BY_NAME["votes"], COMMITS, ROWS).live(DAYS))
    assert days[-1].commits == DAYS * COMMITS
    assert max(day.files for day in days) <= FIRST + FEW * len(TIERS) + HISTORY_DAYS + 1
    assert max(day.log for day in days) <= KEEP + 2 * CHECKPOINT + FOLLOWER_EVERY
    assert days[-1].rewritten < 6 * days[-1].appended


def piece(day: str, size: int) -> Piece:
    return Piece("", day, 1, size, Position(0), Position(0))


def test_a_day_that_is_over_is_put_together_once_and_left_alone() -> None:
    assert needed([piece("2026-01-01", 1000), piece("2026-01-01", 1000)], "2026-01-02")
    assert needed([piece("2026-01-01", 2000)], "2026-01-02") is None
    assert needed([piece("2026-01-01", 1 << 27), piece("2026-01-01", 1000)], "2026-01-02") is None


def test_an_open_day_is_merged_when_there_are_enough_of_one_size() -> None:
    few = [piece("2026-01-02", 1000)] * (FIRST - 1)
    assert needed(few, "2026-01-02") is None
    assert needed([*few, piece("2026-01-02", 1000)], "2026-01-02") == ("2026-01-02", 2 * TIERS[0])
    large = [piece("2026-01-02", TIERS[1] + 1)] * FEW
    assert needed(large, "2026-01-02") == ("2026-01-02", 2 * TIERS[2])
