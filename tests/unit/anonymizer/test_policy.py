"""Every column of every contract has a treatment; one that has none stops the check with what to do."""

from __future__ import annotations

import dataclasses
import json

import pyarrow as pa
import pytest

from anonymizer.decode import PLACEHOLDER, decode
from anonymizer.policy import Untreated, policy, verify, version
from lake.contracts.model import Column, Pii, Table, Type
from lake.contracts.tables import BY_NAME, TABLES
from lake.schema import silver_schema


def extended(column: Column) -> Table:
    return dataclasses.replace(BY_NAME["tags"], columns=(*BY_NAME["tags"].columns, column))


def test_every_published_column_has_a_treatment() -> None:
    assert verify() == sum(len(table.columns) for table in TABLES)


def test_a_class_without_a_treatment_stops_the_check_with_what_to_do() -> None:
    column = Column("income", Type.INT, pii=Pii.SENSITIVE, about="What they earn.")
    with pytest.raises(Untreated, match=r"community\.tags\.income is SENSITIVE.*write one in anonymizer/rules"):
        verify((extended(column),))


def test_treated_columns_are_silvers_columns() -> None:
    for table in TABLES:
        names = [name for step in policy(table) for name in step.names]
        assert names == [name for name in silver_schema(table).names if not name.startswith("_")]


def test_a_changed_declaration_changes_the_treatments_version() -> None:
    more = extended(Column("kind", Type.BOOL, pii=Pii.NONE, about="Whether."))
    assert version(BY_NAME["tags"]) != version(more)
    assert len(version(BY_NAME["posts"])) == 16


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"value": "1"}, "value is not of type integer"),
        ({"value": True}, "value is not of type integer"),
        ({"value": 1 << 40}, "value is not of type integer"),
        ({"cast_at": "soon"}, "cast_at is not of type timestamp with time zone"),
        ({"account_id": 7}, "account_id is not of type uuid"),
        ({"account_id": PLACEHOLDER}, "account_id is not of type uuid"),
        ({"surprise": 1}, "the row has a column that the contract does not declare"),
    ],
)
def test_a_row_that_does_not_fit_is_named_and_not_quoted(change: dict[str, object], reason: str) -> None:
    good = {"id": "a", "account_id": "b", "post_id": None, "value": 1, "cast_at": "2026-01-02T03:04:05Z"}
    rows, reasons = decode(BY_NAME["votes"], [json.dumps(good), json.dumps(good | change)])
    assert reasons == [None, reason]
    assert rows["value"].to_pylist() == [1, None]


def test_a_message_older_than_the_contract_has_null_in_the_new_column() -> None:
    rows, reasons = decode(BY_NAME["tags"], ['{"name": "x"}', "[]", "{", None])
    assert reasons == [None, "the row has no image", "the row is not JSON", "the row has no image"]
    assert rows.slice(0, 1).to_pylist() == [{"name": "x", "synonym_of": None, "created_at": None}]
    assert rows.schema.field("created_at").type == pa.timestamp("us", tz="UTC")
