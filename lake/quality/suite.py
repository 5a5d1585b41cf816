"""The same checks as a Great Expectations suite, with the hand-written extras, over what was appended or is to be sold.

Great Expectations is imported when first needed: it costs seconds and 100 MB that the stream does not have. Its
context lives in memory, draws no data docs and sends nothing anywhere.
"""

from __future__ import annotations

import functools
import logging
import time
import warnings
from collections.abc import Iterable
from typing import Any

import pandas as pd
import pyarrow as pa

from lake.contracts.model import Table
from lake.contracts.products import Product
from lake.contracts.rules import AtMost, Between, Matches, NotNull, OneOf, References
from lake.quality.checks import Check, product_checks, silver_checks
from lake.quality.extras import Extra, product_extras, table_extras, with_derived
from lake.quality.report import Outcome, Report


def validate(subject: Table | Product, rows: pa.Table) -> Report:
    """Check silver rows of a table (upserts only) or the rows of a product before they are published.

    Missing columns fail their checks. The report holds names and counts, never a value.
    """
    started = time.monotonic()
    checks = silver_checks(subject) if isinstance(subject, Table) else product_checks(subject)
    extras = table_extras(subject) if isinstance(subject, Table) else product_extras(subject)
    derived = with_derived(subject, rows)
    everything: list[Check | Extra] = [*checks, *extras]
    outcomes = [*missing_columns(everything, derived)]
    present = set(derived.column_names)
    pairs = [(check.about, _expectation(check)) for check in everything if _columns(check) <= present]
    outcomes += run(pairs, frame(derived))
    return Report(subject.name, rows.num_rows, tuple(outcomes), time.monotonic() - started)


def verdict(check: Check, rows: pa.Table) -> Outcome:
    """One check over rows, as Great Expectations sees it."""
    return run([(check.about, _expectation(check))], frame(rows))[0]


def missing_columns(checks: Iterable[Check | Extra], rows: pa.Table) -> Iterable[Outcome]:
    """A failed outcome for each column that a check needs and the rows do not have."""
    wanted = {column for check in checks for column in _columns(check)}
    for column in sorted(wanted - set(rows.column_names)):
        yield Outcome(f"{column} is not among the columns", False, rows.num_rows)


def frame(rows: pa.Table) -> pd.DataFrame:
    """The rows as Great Expectations wants them; whole numbers stay whole where values are missing."""
    nullable = {pa.int32(): pd.Int32Dtype(), pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
    return rows.to_pandas(types_mapper=nullable.get)


def run(pairs: list[tuple[str, Any]], data: pd.DataFrame) -> list[Outcome]:
    """Each expectation over the frame, in order."""
    if data.empty:
        return [Outcome(about, True, 0) for about, _ in pairs]
    batch = _batch_definition().get_batch(batch_parameters={"dataframe": data})
    outcomes = []
    for about, expectation in pairs:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the library's own deprecations, not ours to mend
            result = batch.validate(expectation, result_format="BASIC")
        failed = int((result.result or {}).get("unexpected_count") or 0)
        outcomes.append(Outcome(about, bool(result.success), failed if failed or result.success else len(data)))
    return outcomes


@functools.cache
def _batch_definition() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import great_expectations as gx  # noqa: PLC0415 - see the module's first lines

        logging.getLogger("great_expectations").setLevel(logging.CRITICAL)  # its messages may quote values
        context = gx.get_context(mode="ephemeral")
        context.enable_analytics(False)
        context.variables.progress_bars = {"globally": False}
        return (
            context.data_sources.add_pandas("rows")
            .add_dataframe_asset("rows")
            .add_batch_definition_whole_dataframe("all")
        )


def _columns(check: Check | Extra) -> set[str]:
    return {check.column} if isinstance(check, Check) else set(check.columns)


def _expectation(check: Check | Extra) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's own deprecations, not ours to mend
        import great_expectations.expectations as gxe  # noqa: PLC0415 - see the module's first lines

    if isinstance(check, Check):
        return _of_rule(gxe, check)
    if not check.distinct:
        return gxe.ExpectColumnValuesToBeInSet(column=check.columns[0], value_set=[0])
    if len(check.columns) == 1:
        return gxe.ExpectColumnValuesToBeUnique(column=check.columns[0])
    return gxe.ExpectCompoundColumnsToBeUnique(column_list=list(check.columns))


def _of_rule(gxe: Any, check: Check) -> Any:
    wanted: dict[str, Any] = {}
    match check.rule:
        case NotNull():
            kind = gxe.ExpectColumnValuesToNotBeNull
        case OneOf(values=allowed):
            kind, wanted = gxe.ExpectColumnValuesToBeInSet, {"value_set": list(allowed)}
        case Matches(pattern=pattern):
            kind, wanted = gxe.ExpectColumnValuesToMatchRegex, {"regex": rf"^(?:{pattern})\Z"}
        case Between(low, high):
            kind, wanted = gxe.ExpectColumnValuesToBeBetween, {"min_value": low, "max_value": high}
        case AtMost(characters):
            kind, wanted = gxe.ExpectColumnValueLengthsToBeBetween, {"max_value": characters}
        case References():
            raise ValueError(f"{check.rule} is not a rule about one value.")
    return kind(column=check.column, **wanted)
