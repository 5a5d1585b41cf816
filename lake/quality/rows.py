"""The contract's row rules as Arrow kernels: fast enough for the stream, where a bad row is refused and its batch goes on."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from lake.contracts.model import Table
from lake.contracts.rules import AtMost, Between, Matches, NotNull, OneOf, References
from lake.quality.checks import Check, source_checks


def check_rows(table: Table, rows: pa.Table) -> list[str | None]:
    """For each source row (typed as the contract says) what it does wrong, or None when it keeps every rule."""
    return verdicts(source_checks(table), rows)


def verdicts(checks: Iterable[Check], rows: pa.Table) -> list[str | None]:
    """For each row the first check it breaks, as a sentence without values, or None."""
    reasons: list[str | None] = [None] * rows.num_rows
    for check in checks:
        broken = broken_by(check, rows)
        if pc.any(broken).as_py():
            for index in pc.indices_nonzero(broken).to_pylist():
                reasons[index] = reasons[index] or check.about
    return reasons


def broken_by(check: Check, rows: pa.Table) -> pa.ChunkedArray:
    """True for each row that breaks the check; null passes every rule but NotNull."""
    values = rows[check.column]
    if isinstance(check.rule, NotNull):
        return pc.is_null(values)
    return pc.fill_null(pc.invert(_keeps(check, values)), False)


def _keeps(check: Check, values: pa.ChunkedArray) -> pa.ChunkedArray:
    match check.rule:
        case OneOf(values=allowed):
            found = pc.is_in(values, value_set=pa.array(allowed, values.type))
            return pc.if_else(pc.is_null(values), None, found)
        case Matches(pattern=pattern):
            return pc.match_substring_regex(values, f"^(?:{pattern})$")
        case Between(low, high):
            return pc.and_(pc.greater_equal(values, low), pc.less_equal(values, high))
        case AtMost(characters):
            return pc.less_equal(pc.utf8_length(values), characters)
        case NotNull() | References():
            raise ValueError(f"{check.rule} is not a rule about one value.")
