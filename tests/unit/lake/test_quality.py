"""The contract's rules give one verdict, whoever runs them, and a report says how many and never which."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from lake.contracts.model import Column, Pii, To
from lake.contracts.products import PRODUCTS, Product
from lake.contracts.rules import AtMost, Between, Matches, NotNull, OneOf, References, Rule
from lake.contracts.tables import BY_NAME, TABLES
from lake.cut import LANES, move_lane
from lake.quality.checks import Check, product_checks, silver_checks, source_checks
from lake.quality.rows import broken_by, check_rows, verdicts
from lake.quality.silver import REPORTS, validate_silver
from lake.quality.suite import validate, verdict
from lake.schema import ARROW, silver_schema
from tests.lib.silver import Silver, pseudonym

TEXT, INT = pa.string(), pa.int32()
CASES: list[tuple[Rule, pa.DataType, list[Any], list[bool]]] = [
    (NotNull(), TEXT, ["a", "", None], [True, True, False]),
    (NotNull(), INT, [0, None], [True, False]),
    (NotNull(), pa.bool_(), [False, None], [True, False]),
    (OneOf("a", "b"), TEXT, ["a", "b", "c", "A", "", None], [True, True, False, False, False, True]),
    (Matches(r"^[a-z]+$"), TEXT, ["ab", "aB", "ab\n", "\nab", "ab cd", "", None], [True, *[False] * 5, True]),
    (Matches(r"^a|b$"), TEXT, ["a", "b", "ab", "axb", None], [True, True, False, False, True]),
    (
        Matches(r"^[a-z]{2,3}(-[A-Z]{2})?$"),
        TEXT,
        ["en", "en-GB", "e", "en-gb", "ÄÖ"],
        [True, True, False, False, False],
    ),
    (Between(-1, 1), INT, [-2, -1, 0, 1, 2, None], [False, True, True, True, False, True]),
    (Between(0, 10**7), pa.int64(), [10**7, 10**7 + 1, 2**53 + 1, None], [True, False, False, True]),
    (AtMost(3), TEXT, ["abc", "abcd", "äöü", "𝄞𝄞𝄞", "𝄞𝄞𝄞𝄞", "", None], [True, False, True, True, False, True, True]),
    (OneOf("a"), TEXT, [None, None], [True, True]),
]


@pytest.mark.parametrize(("rule", "kind", "values", "keeps"), CASES)
def test_arrow_and_great_expectations_agree_on_every_value(
    rule: Rule, kind: pa.DataType, values: list[Any], keeps: list[bool]
) -> None:
    check = Check("value", rule)
    rows = pa.table({"value": pa.array(values, kind)})
    assert [not broken for broken in broken_by(check, rows).to_pylist()] == keeps
    outcome = verdict(check, rows)
    assert (outcome.passed, outcome.failed_rows) == (all(keeps), keeps.count(False))
    for index, keep in enumerate(keeps):
        assert verdict(check, rows.slice(index, 1)).passed is keep


def test_the_cases_cover_every_rule_about_one_value() -> None:
    assert {type(rule) for rule, *_ in CASES} == {NotNull, OneOf, Matches, Between, AtMost}


def test_every_rule_of_every_contract_is_checked_before_treatment() -> None:
    for table in TABLES:
        checks = source_checks(table)
        for column in table.columns:
            own = {check.rule for check in checks if check.column == column.name}
            assert {rule for rule in column.rules if not isinstance(rule, References)} <= own
            if any(isinstance(rule, References) for rule in column.rules):
                assert any(isinstance(rule, Matches | OneOf) for rule in own), "a reference lets any text through"


def test_every_checked_silver_column_exists() -> None:
    for table in TABLES:
        assert {check.column for check in silver_checks(table)} <= set(silver_schema(table).names)


def test_a_row_is_refused_for_its_first_broken_rule_without_its_value() -> None:
    columns = {c.name: ARROW[c.type] for c in BY_NAME["tags"].columns}
    rows = pa.table(
        {
            "name": pa.array(["python", "NOT A TAG", None], columns["name"]),
            "synonym_of": pa.array([None, "py", "Somebody's name"], columns["synonym_of"]),
            "created_at": pa.array([0, None, 0], columns["created_at"]),
        }
    )
    reasons = check_rows(BY_NAME["tags"], rows)
    assert reasons == [None, "name does not match its pattern", "name is missing"]
    assert verdicts([Check("synonym_of", Matches("^[a-z]+$"))], rows)[2] == "synonym_of does not match its pattern"


def _fitting(column: Column) -> str:
    """A text that fits the column's pattern, if it has one."""
    patterns = [rule.pattern for rule in column.rules if isinstance(rule, Matches)]
    return next(text for text in ("en", "feed-1") if all(re.fullmatch(pattern, text) for pattern in patterns))


def good_row(table: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for column in BY_NAME[table].columns:
        allowed = next((rule.values[0] for rule in column.rules if isinstance(rule, OneOf)), _fitting(column))
        match column.pii, column.to:
            case Pii.KEY, _:
                made[column.name] = pseudonym(column.name)
            case Pii.NONE, _:
                made[column.name] = {pa.string(): allowed, pa.bool_(): True}.get(ARROW[column.type], 1)
            case Pii.FREE_TEXT, _:
                made |= {column.name: "text", f"{column.name}_chars": 4, f"{column.name}_masked": 0}
            case Pii.QUASI, To.WEEK_AND_MONTH:
                stem = column.name.removesuffix("_at")
                made |= {f"{stem}_week": date(2026, 3, 2), f"{stem}_month": date(2026, 3, 1)}
    return made


def version(table: str, *changes: dict[str, Any]) -> pa.Table:
    system = {"_position": 0, "_revision": 0, "_op": "upsert", "_treatment": "t", "_day": "2026-03-04"}
    rows = [good_row(table) | system | {"_position": at} | change for at, change in enumerate(changes)]
    return pa.Table.from_pylist(rows, silver_schema(BY_NAME[table]))


@pytest.mark.parametrize("table", [table.name for table in TABLES])
def test_good_silver_rows_pass(table: str) -> None:
    report = validate(BY_NAME[table], version(table, {}, {}))
    assert report.failures == ()
    assert report.passed


@pytest.mark.parametrize(
    ("change", "failure"),
    [
        ({"author_id": "0192-a-real-looking-id"}, "author_id does not match its pattern"),
        ({"author_id": None}, "author_id is missing"),
        ({"status": "burned"}, "status is not in its closed list"),
        ({"created_week": date(2026, 3, 3)}, "created_week is not on the calendar"),
        ({"created_month": date(2026, 3, 2)}, "created_month is not on the calendar"),
        ({"body": None}, "body is missing"),
        ({"first_approach_hours_upto": 0}, "first_approach_hours_upto lies outside 1 to 2147483647"),
        ({"_position": 1}, "two rows are the same version of one key"),
    ],
)
def test_a_bad_silver_row_fails_its_check_and_is_counted(change: dict[str, Any], failure: str) -> None:
    report = validate(BY_NAME["posts"], version("posts", change, {}))
    assert report.failures == (failure,)
    assert not report.passed


def product_rows(product: Product, **changes: Any) -> pa.Table:
    row: dict[str, Any] = {column.name: "tag" for column in product.grain}
    row |= {m.name: 50 for m in product.measures} | {"period": date(2026, 1, 1)}
    if product.name.endswith("weekly"):
        row["period"] = date(2026, 1, 5)
    return pa.Table.from_pylist([row | changes])


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.name)
def test_good_products_pass_and_each_broken_promise_fails(product: Product) -> None:
    first = product.measures[0].name
    people = next(m.name for m in product.measures if m.unit == "people")
    assert validate(product, product_rows(product)).passed
    for change, failure in (
        ({first: 52}, f"{first} is not rounded to 5"),
        ({people: 5}, f"{people} lies outside 10 to 2147483647"),
        (
            {"period": date(2026, 2, 2) if product.period.value != "week" else date(2026, 1, 6)},
            "period does not start one",
        ),
        ({"period": None}, "period is missing"),
    ):
        assert validate(product, product_rows(product, **change)).failures == (failure,)
    twice = pa.concat_tables([product_rows(product)] * 2)
    assert validate(product, twice).failures == ("two rows share a grain",)
    short = product_rows(product).drop_columns([first])
    assert f"{first} is not among the columns" in validate(product, short).failures
    assert product_checks(product)


def test_a_report_holds_no_value() -> None:
    canary = "zdravka-quillfeather"
    bad = {"status": canary, "author_id": canary, "title": canary, "language": canary, "kind": canary}
    report = validate(BY_NAME["posts"], version("posts", bad, bad))
    assert len(report.failures) == 4
    assert canary not in json.dumps(report.as_json())
    assert report.as_json()["rows"] == 2


def test_no_rows_break_no_rule() -> None:
    assert validate(BY_NAME["votes"], version("votes")).passed


def test_what_was_appended_to_silver_is_checked_once_up_to_the_cut(tmp_path: Path) -> None:
    silver = Silver(tmp_path)
    tag = {"created_week": date(2026, 3, 2), "created_month": date(2026, 3, 1), "_treatment": "t"}
    silver.put("tags", {"name": "python", **tag}, {"name": "Not A Tag", **tag})
    silver.delete("tags", {"name": "gone"})
    assert validate_silver(silver.store) == []
    silver.release()
    (report,) = validate_silver(silver.store)
    assert (report.subject, report.rows, report.failures) == ("tags", 2, ("name does not match its pattern",))
    assert validate_silver(silver.store) == []
    at = silver.put("tags", {"name": "rust", **tag})
    for lane in LANES:
        move_lane(silver.store, lane, at)
    assert [(r.rows, r.passed) for r in validate_silver(silver.store)] == [(1, True)]
    assert [row["passed"] for row in silver.store.read(REPORTS).sort_by("_position").to_pylist()] == [False, True]
