"""Queries: one canonical form for what is bought, and the rows that a plain loop would choose."""

from __future__ import annotations

import itertools
import operator
import re
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.catalogue.manifest import Manifest, Price
from api.catalogue.shelf import Loaded
from api.datasets.cursor import Cursor, check_cursor, read_cursor
from api.datasets.query import parse_query
from api.datasets.slices import page_of, slice_rows, to_multirange
from api.problems import Problem

GRAIN = ("period", "tag")
ROWS: list[dict[str, Any]] = [
    {"period": date(2025, month, 1), "tag": tag, "problems": month * place, "share": None if place == 2 else place}
    for month in range(1, 5)
    for place, tag in enumerate(("clay", "kiln", "other"))
]
SCHEMA = pa.schema([("period", pa.date32()), ("tag", pa.string()), ("problems", pa.int32()), ("share", pa.int32())])
MANIFEST = Manifest(
    product="p", version=1, created_at="2026-01-01", columns=(), grain=GRAIN, rows=len(ROWS), periods={}, files=(),
    quality={}, privacy={}, price=Price(currency="USD", micro_per_row=1), content_sha256="c",
)  # fmt: skip
LOADED = Loaded(MANIFEST, pa.Table.from_pylist(ROWS, schema=SCHEMA))
PYTHON: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def parse(*pairs: tuple[str, str]) -> Any:
    return parse_query("p", pairs, SCHEMA, GRAIN)


conditions = st.one_of(
    st.tuples(st.just("period"), st.sampled_from(list(PYTHON)), st.dates(date(2024, 11, 1), date(2025, 6, 1))),
    st.tuples(st.just("tag"), st.sampled_from(list(PYTHON)), st.sampled_from(["clay", "kiln", "none"])),
    st.tuples(st.sampled_from(["problems", "share"]), st.sampled_from(list(PYTHON)), st.integers(-3, 2**40)),
)


@given(st.lists(conditions, max_size=4))
def test_filters_choose_what_a_plain_loop_chooses(wanted: list[tuple[str, str, Any]]) -> None:
    query = parse(*((f"{column}.{op}", str(value)) for column, op, value in wanted))
    rows = slice_rows(LOADED, query)
    got = page_of(LOADED, query, rows, 0).table.to_pylist()
    assert got == [row for row in ROWS if all(row[c] is not None and PYTHON[op](row[c], v) for c, op, v in wanted)]
    grain = [condition for condition in wanted if condition[0] in GRAIN]
    assert len(rows) == sum(all(PYTHON[op](row[c], v) for c, op, v in grain) for row in ROWS)


@given(st.lists(conditions, min_size=1, max_size=4), st.randoms())
def test_the_same_slice_in_another_order_or_twice_is_the_same_purchase(wanted: Any, random: Any) -> None:
    pairs = [(f"{column}.{op}", str(value)) for column, op, value in wanted]
    shuffled = [*pairs, pairs[0]]
    random.shuffle(shuffled)
    assert parse(*pairs).slice_hash == parse(*shuffled).slice_hash
    assert parse(*pairs).shape_hash == parse(*shuffled).shape_hash


def test_spellings_of_one_slice_are_one_and_measures_are_no_part_of_it() -> None:
    plain = parse(("tag", "clay"))
    for other in (
        parse(("tag.eq", "clay")),
        parse(("tag.in", "clay,clay")),
        parse(("tag", "clay"), ("problems.gte", "3"), ("sort", "-share"), ("limit", "1"), ("select", "share")),
    ):
        assert other.slice_hash == plain.slice_hash
    assert parse(("tag", "kiln")).slice_hash != plain.slice_hash
    assert parse().canonical_slice == "[]"


@given(st.sets(st.integers(0, 200)))
def test_a_multirange_holds_exactly_the_rows(rows: set[int]) -> None:
    text = to_multirange(np.array(sorted(rows), dtype=np.int64))
    ranges = [(int(a), int(b)) for a, b in re.findall(r"\[(\d+),(\d+)\)", text)]
    assert {row for a, b in ranges for row in range(a, b)} == rows
    assert all(b < c for (_, b), (c, _) in itertools.pairwise(ranges)), "neighbours are joined"


@pytest.mark.parametrize(
    "pair",
    [
        ("colour", "x"), ("tag.like", "x"), ("problems", "x"), ("problems", str(2**63)), ("period", "soon"),
        ("limit", "0"), ("limit", "-1"), ("limit", "1e3"), ("limit", "9" * 40), ("select", "x"), ("sort", "x"),
        ("sort", "tag,-tag"), ("tag.in", ",".join(map(str, range(1_001)))),
    ],
)  # fmt: skip
def test_a_wrong_parameter_is_refused_and_its_value_not_repeated(pair: tuple[str, str]) -> None:
    with pytest.raises(Problem) as refused:
        parse(pair)
    assert refused.value.status == 400


def test_every_sort_is_total() -> None:
    assert parse(("sort", "-share")).sort == (("share", True), ("period", False), ("tag", False))


@given(st.text(max_size=60))
def test_a_cursor_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Problem):
        read_cursor(text)


def test_a_cursor_comes_back_and_is_bound() -> None:
    cursor = Cursor(3, "shape", 20)
    assert check_cursor(read_cursor(cursor.text()), 3, "shape") == 20
    for version, shape in ((4, "shape"), (3, "other")):
        with pytest.raises(Problem):
            check_cursor(cursor, version, shape)
