"""A query string becomes a checked query over one version's columns, with one canonical form.

Filters: `column=value` or `column.op=value` with the operators of `OPS`; dates are ISO, several values of `in` are
separated by commas. `select`, `sort` (`-column` descends), `limit`, `cursor`, `version` and `format` are not filters.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import pyarrow as pa

from api.problems import Problem

OPS = ("eq", "ne", "in", "gt", "gte", "lt", "lte")
RESERVED = ("select", "sort", "limit", "cursor", "version", "format")
DEFAULT_LIMIT, MOST_ROWS, MOST_VALUES = 10_000, 100_000, 1_000

Value = date | str | int | float


@dataclass(frozen=True, order=True)
class Filter:
    """One condition; all conditions of a query hold together. Null fulfils none."""

    column: str
    op: str
    values: tuple[Value, ...]

    def canonical(self) -> list[Any]:
        return [
            self.column,
            self.op,
            [value.isoformat() if isinstance(value, date) else value for value in self.values],
        ]


@dataclass(frozen=True)
class Query:
    """A checked query. `slice` is what is bought; everything else only shapes the answer."""

    product: str
    slice: tuple[Filter, ...]  # on grain columns
    narrow: tuple[Filter, ...]  # on measures
    select: tuple[str, ...]
    sort: tuple[tuple[str, bool], ...]  # (column, descending)
    limit: int

    @cached_property
    def canonical_slice(self) -> str:
        """What is bought, in one spelling: the same slice asked in another order or twice reads the same."""
        return json.dumps([f.canonical() for f in self.slice], ensure_ascii=False, separators=(",", ":"))

    @cached_property
    def slice_hash(self) -> bytes:
        return hashlib.sha256(f"{self.product}\n{self.canonical_slice}".encode()).digest()

    @cached_property
    def shape_hash(self) -> str:
        """Names the whole question but not the page: what a cursor is bound to."""
        shape = [self.canonical_slice, [f.canonical() for f in self.narrow], self.select, self.sort]
        return hashlib.sha256(json.dumps([self.product, *shape]).encode()).hexdigest()[:32]


def parse_query(product: str, pairs: Iterable[tuple[str, str]], schema: Any, grain: tuple[str, ...]) -> Query:
    """The query of decoded parameters against an Arrow schema; Problem `unknown_parameter` or `bad_value`."""
    filters: set[Filter] = set()
    options: dict[str, str] = {}
    for name, text in pairs:
        if name in RESERVED:
            if name in options:
                raise _bad(name, "is given twice")
            options[name] = text
        else:
            filters.add(_filter(name, text, schema))
    ordered = tuple(sorted(filters, key=lambda f: (f.column, f.op, json.dumps(f.canonical()))))
    return Query(
        product=product,
        slice=tuple(f for f in ordered if f.column in grain),
        narrow=tuple(f for f in ordered if f.column not in grain),
        select=_columns(options.get("select"), schema),
        sort=_sort(options.get("sort"), schema, grain),
        limit=_limit(options.get("limit")),
    )


def _filter(name: str, text: str, schema: Any) -> Filter:
    column, _, op = name.partition(".")
    op = op or "eq"
    if column not in schema.names or op not in OPS:
        known = ", ".join(schema.names)
        raise Problem(
            "unknown_parameter",
            f"Filter by {known}, each alone or with .{', .'.join(OPS[1:])}; or give {', '.join(RESERVED)}.",
            details={"parameter": name[:100]},
        )
    kind = schema.field(column).type
    texts = text.split(",") if op == "in" else [text]
    if len(texts) > MOST_VALUES:
        raise _bad(name, f"has more than {MOST_VALUES} values")
    values = {_value(name, each, kind) for each in texts}
    if op == "in" and len(values) == 1:
        op = "eq"  # the same slice, so the same purchase
    return Filter(column, op, tuple(sorted(values, key=lambda v: (str(type(v)), v))))


def _value(name: str, text: str, kind: Any) -> Value:
    try:
        if pa.types.is_date(kind):
            return date.fromisoformat(text)
        if pa.types.is_integer(kind):
            number = int(text)
            if not -(2**63) <= number < 2**63:
                raise ValueError
            return number
        if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            return float(text)
    except ValueError:
        raise _bad(name, f"needs a {kind}") from None
    return text


def _columns(text: str | None, schema: Any) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(text.split(","))) if text else tuple(schema.names)
    if unknown := [name for name in names if name not in schema.names]:
        raise _bad("select", f"names {len(unknown)} unknown columns; there are {', '.join(schema.names)}")
    return names


def _sort(text: str | None, schema: Any, grain: tuple[str, ...]) -> tuple[tuple[str, bool], ...]:
    wanted = [(part.lstrip("-"), part.startswith("-")) for part in text.split(",")] if text else []
    if any(name not in schema.names for name, _ in wanted) or len({name for name, _ in wanted}) < len(wanted):
        raise _bad("sort", f"takes each of {', '.join(schema.names)} once, with - before it to descend")
    rest = [(name, False) for name in grain if name not in {n for n, _ in wanted}]
    return (*wanted, *rest)  # the grain makes the order total, so that pages neither repeat nor miss a row


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not text.isdecimal() or not 1 <= int(text[:9]) <= MOST_ROWS:
        raise _bad("limit", f"is a number from 1 to {MOST_ROWS}")
    return int(text)


def _bad(name: str, fault: str) -> Problem:
    return Problem("bad_value", f"{name[:100]!r} {fault}.", details={"parameter": name[:100]})
