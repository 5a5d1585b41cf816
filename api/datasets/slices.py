"""Queries over a version's rows in memory: which rows a slice holds, and the rows of an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from api.catalogue.shelf import Loaded
from api.datasets.query import Filter, Query

_COMPARE = {
    "eq": pc.equal,
    "ne": pc.not_equal,
    "gt": pc.greater,
    "gte": pc.greater_equal,
    "lt": pc.less,
    "lte": pc.less_equal,
}


@dataclass(frozen=True)
class Page:
    """A page of an answer: its rows (Arrow), how many rows the whole answer has, and where the next page starts."""

    table: Any
    total: int
    next_offset: int | None


def slice_rows(loaded: Loaded, query: Query) -> Any:
    """The numbers (ascending, NumPy) of the rows that the grain filters choose: what is bought."""
    return np.flatnonzero(_mask(loaded.table, query.slice))


def to_multirange(rows: Any) -> str:
    """Row numbers as PostgreSQL writes a set of ranges: [0 1 2 5] → {[0,3),[5,6)}."""
    if len(rows) == 0:
        return "{}"
    breaks = np.flatnonzero(np.diff(rows) != 1)
    starts = rows[np.concatenate(([0], breaks + 1))]
    ends = rows[np.concatenate((breaks, [len(rows) - 1]))] + 1
    return "{" + ",".join(f"[{a},{b})" for a, b in zip(starts.tolist(), ends.tolist(), strict=True)) + "}"


def page_of(loaded: Loaded, query: Query, rows: Any, offset: int) -> Page:
    """The page of the answer that starts at `offset`, out of the bought rows."""
    table = loaded.table.take(pa.array(rows))
    if query.narrow:
        table = table.filter(pa.array(_mask(table, query.narrow)))
    if query.sort != tuple((name, False) for name in loaded.manifest.grain):
        order = [(name, "descending" if down else "ascending") for name, down in query.sort]
        table = table.sort_by(order)
    end = offset + query.limit
    shown = table.slice(offset, query.limit).select(list(query.select))
    return Page(shown, table.num_rows, end if end < table.num_rows else None)


def _mask(table: Any, filters: tuple[Filter, ...]) -> Any:
    mask = np.ones(table.num_rows, dtype=bool)
    for each in filters:
        mask &= _holds(table.column(each.column), each)
    return mask


def _holds(column: Any, condition: Filter) -> Any:
    if pa.types.is_integer(column.type):
        column = column.cast(pa.int64())  # the type that every value was checked to fit
    if condition.op == "in":
        held = pc.is_in(column, value_set=pa.array(condition.values, type=column.type))
    else:
        held = _COMPARE[condition.op](column, pa.scalar(condition.values[0], type=column.type))
    return pc.fill_null(held, fill_value=False).to_numpy(zero_copy_only=False)
