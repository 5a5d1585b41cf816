"""Which rows of a mart the next version adds."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lake.publish.release import new_rows
from lake.publish.shelf import BUILDING, Version, building, current, put_on_shelf, versions


def mart(*rows: tuple[int, int, bool]) -> pa.Table:
    """(month, problems, may be late) of 2026 → a mart."""
    periods = pa.array([date(2026, month, 1) for month, _, _ in rows], pa.date32())
    problems, late = [n for _, n, _ in rows], [flag for _, _, flag in rows]
    return pa.table({"period": periods, "problems": problems, "may_be_late": late})


def put(folder: Path, rows: pa.Table, through: str) -> Version:
    with building(folder) as made:
        pq.write_table(rows.drop_columns(["may_be_late"]), made / "rows.parquet")
        manifest = {"periods": {"closed_through": through}, "files": [{"path": "rows.parquet"}]}
        (made / "manifest.json").write_text(json.dumps(manifest))
        put_on_shelf(made, len(versions(folder)) + 1)
    found = current(folder)
    assert found is not None
    return found


def added(rows: pa.Table, before: Version | None) -> list[tuple[int, int]]:
    return [(row["period"].month, row["problems"]) for row in new_rows(rows, before).to_pylist()]


def test_the_first_version_takes_every_row() -> None:
    assert added(mart((1, 10, False), (2, 20, False)), None) == [(1, 10), (2, 20)]


def test_a_published_period_is_never_taken_again(tmp_path: Path) -> None:
    before = put(tmp_path, mart((1, 10, False), (3, 30, False)), "2026-03-01")
    assert added(mart((1, 999, True), (3, 999, True), (4, 40, False)), before) == [(4, 40)]


def test_a_period_that_closed_empty_needs_twice_the_people(tmp_path: Path) -> None:
    before = put(tmp_path, mart((1, 10, False), (3, 30, False)), "2026-03-01")
    assert added(mart((2, 10, False)), before) == []
    assert added(mart((2, 20, True)), before) == [(2, 20)]


def test_a_build_that_fails_leaves_nothing_and_a_killed_one_is_cleared(tmp_path: Path) -> None:
    (tmp_path / f"{BUILDING}killed").mkdir()
    (tmp_path / f"{BUILDING}killed" / "half").touch()
    put(tmp_path, mart((1, 10, False)), "2026-01-01")
    assert [path.name for path in tmp_path.iterdir()] == ["v0001"]


def test_versions_are_numbered_in_order_and_read_only(tmp_path: Path) -> None:
    for month in (1, 2):
        put(tmp_path, mart((month, 10, False)), f"2026-0{month}-01")
    assert [version.number for version in versions(tmp_path)] == [1, 2]
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "v0002").glob("*.*")} == {0o444}


def test_built_in_place_a_killed_version_would_be_seen_half(tmp_path: Path) -> None:
    """The twin of the rename: without it a reader meets a version that is not there yet."""
    put(tmp_path, mart((1, 10, False)), "2026-01-01")
    (tmp_path / "v0002").mkdir()  # what a build in place leaves when it is killed before its manifest
    with pytest.raises(FileNotFoundError):
        current(tmp_path)
