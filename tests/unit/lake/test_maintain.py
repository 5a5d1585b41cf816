"""Which versions of a table upkeep leaves out, as tables of (key, position, op, day)."""

from __future__ import annotations

from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lake.contracts.tables import BY_NAME
from lake.schema import current_sql, silver_schema
from lake.store import Position
from lake.upkeep import Ages, kept

TAGS = BY_NAME["tags"]
OLD, NEW = "2026-01-01", "2026-06-01"
MEMORY = duckdb.connect()
AGES = Ages(history="2026-05-01", tombstones="2026-05-28", replayable=Position(1_000))

Line = tuple[str | None, int, str, str]


def versions(*lines: Line) -> pa.Table:
    rows = [
        {"name": key, "_position": at, "_revision": 0, "_op": op, "_treatment": "t", "_day": day}
        for key, at, op, day in lines
    ]
    return pa.Table.from_pylist(rows, silver_schema(TAGS))


def left(rows: pa.Table, ages: Ages = AGES) -> list[int]:
    positions: list[int] = kept(TAGS, ages)(rows)["_position"].to_pylist()
    return positions


def current(rows: pa.Table) -> list[Any]:
    MEMORY.register("versions", rows)
    return sorted(MEMORY.execute(current_sql(TAGS, "versions")).fetchall(), key=str)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([("a", 1, "upsert", OLD), ("a", 2, "upsert", OLD)], [2]),
        ([("a", 1, "upsert", NEW), ("a", 2, "upsert", NEW)], [1, 2]),
        ([("a", 1, "upsert", OLD), ("a", 2, "delete", OLD)], []),
        ([("a", 1, "upsert", NEW), ("a", 2, "delete", OLD)], [1, 2]),
        ([("a", 1, "upsert", OLD), (None, 2, "barrier", OLD), (None, 3, "barrier", OLD)], [3]),
        ([("a", 1, "delete", NEW)], [1]),
    ],
    ids=["superseded", "history", "deleted long ago", "a version would rise again", "barriers", "deleted just now"],
)
def test_what_is_left(lines: list[Line], expected: list[int]) -> None:
    assert left(versions(*lines)) == expected


def test_a_tombstone_stays_while_an_older_change_may_come_back() -> None:
    rows = versions(("a", 1, "upsert", OLD), ("a", 2, "delete", OLD))
    assert left(rows, Ages(AGES.history, AGES.tombstones, replayable=Position(2))) == [2]


LINES = st.tuples(
    st.sampled_from(["a", "b", "c"]), st.sampled_from(["upsert", "delete", "barrier"]), st.sampled_from([OLD, NEW])
)


@settings(deadline=None, max_examples=25)
@given(st.lists(LINES, max_size=12), st.integers(0, 12))
def test_upkeep_never_changes_what_is_current(lines: list[tuple[str, str, str]], replayable: int) -> None:
    rows = versions(*((None if op == "barrier" else key, at, op, day) for at, (key, op, day) in enumerate(lines)))
    ages = Ages(AGES.history, AGES.tombstones, Position(replayable))
    assert current(kept(TAGS, ages)(rows)) == current(rows)


@settings(deadline=None, max_examples=25)
@given(st.lists(LINES, max_size=10), st.integers(0, 10), st.integers(0, 10))
def test_a_deleted_row_that_is_replayed_from_what_is_kept_stays_deleted(
    lines: list[tuple[str, str, str]], replayable: int, back: int
) -> None:
    """Replaying any change that bronze or quarantine still holds gives what it gave before."""
    rows = versions(*((None if op == "barrier" else key, at, op, day) for at, (key, op, day) in enumerate(lines)))
    again = rows.filter(pa.array([at >= max(replayable, back) for at in rows["_position"].to_pylist()], pa.bool_()))
    ages = Ages(AGES.history, AGES.tombstones, Position(replayable))
    assert current(pa.concat_tables([kept(TAGS, ages)(rows), again])) == current(rows)
