"""Checks that no single column's rule can say, written by hand: unique grains, rounded counts, periods on the calendar.

An extra looks at columns that are there, or at derived ones that hold 0 for a good row and something else for a bad.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lake.contracts.model import Pii, Table, To
from lake.contracts.names import silver_names
from lake.contracts.products import Period, Product


@dataclass(frozen=True)
class Extra:
    """A check over columns: either their combination is distinct in every row, or the one derived column is 0."""

    about: str
    columns: tuple[str, ...]
    distinct: bool = False


def table_extras(table: Table) -> tuple[Extra, ...]:
    """One version for each key, position and revision; weeks start on Mondays; months on the first."""
    versions = Extra("two rows are the same version of one key", (*table.key, "_position", "_revision"), distinct=True)
    return (versions, *(Extra(f"{name} is not on the calendar", (f"{name} off",)) for name in _calendar(table)))


def product_extras(product: Product) -> tuple[Extra, ...]:
    """One row for each grain, a period that is one, and counts rounded as declared."""
    grain = Extra("two rows share a grain", tuple(g.name for g in product.grain), distinct=True)
    counts = (m.name for m in product.measures if m.is_count)
    return (
        grain,
        Extra("period does not start one", ("period off",)),
        *(Extra(f"{name} is not rounded to {product.rounding}", (f"{name} off",)) for name in counts),
    )


def with_derived(subject: Table | Product, rows: pa.Table) -> pa.Table:
    """The rows with a column `<name> off` for each derived check whose source column is there."""
    if isinstance(subject, Table):
        wanted: dict[str, Callable[[Any], int]] = {
            n: _off_week if n.endswith("_week") else _off_month for n in _calendar(subject)
        }
    else:
        wanted = {"period": _OFF_PERIOD[subject.period]}
        wanted |= {m.name: subject.rounding.__rmod__ for m in subject.measures if m.is_count}
    for name, off in wanted.items():
        if name in rows.column_names:
            values = [None if value is None else int(off(value)) for value in rows[name].to_pylist()]
            rows = rows.append_column(f"{name} off", pa.array(values, pa.int32()))
    return rows


def upserts(rows: pa.Table) -> pa.Table:
    """The rows that carry values: tombstones and barriers keep none of the rules about values."""
    return rows.filter(pc.equal(rows["_op"], "upsert"))


def _calendar(table: Table) -> tuple[str, ...]:
    dates = (c for c in table.columns if c.pii is Pii.QUASI and c.to is To.WEEK_AND_MONTH)
    return tuple(name for column in dates for name in silver_names(column))


def _off_week(day: date) -> bool:
    return day.weekday() != 0


def _off_month(day: date) -> bool:
    return day.day != 1


def _off_quarter(day: date) -> bool:
    return day.day != 1 or day.month % 3 != 1


_OFF_PERIOD = {Period.WEEK: _off_week, Period.MONTH: _off_month, Period.QUARTER: _off_quarter}
