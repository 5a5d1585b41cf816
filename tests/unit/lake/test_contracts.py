"""A declaration that would let a person's data slip through does not import."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lake.contracts.model import Column, ContractError, Pii, Table, To, Type
from lake.contracts.names import silver_names
from lake.contracts.products import PRODUCTS
from lake.contracts.rules import Matches, NotNull, OneOf, References
from lake.contracts.tables import BY_NAME, PRIVATE, TABLES
from lake.schema import silver_schema


def person(**more: object) -> Column:
    return Column("author_id", Type.UUID, pii=Pii.KEY, domain="account", about="Who.", **more)  # type: ignore[arg-type]


def test_a_column_without_a_privacy_class_or_a_sentence_does_not_exist() -> None:
    with pytest.raises(TypeError, match="pii"):
        Column("x", Type.INT, about="A number.")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="about"):
        Column("x", Type.INT, pii=Pii.NONE)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("declare", "advice"),
    [
        (lambda: Column("x", Type.TEXT, pii=Pii.NONE, about="Open."), "open text"),
        (lambda: Column("x", Type.UUID, pii=Pii.NONE, about="Id."), "is a UUID"),
        (lambda: Column("x", Type.TIMESTAMP, pii=Pii.NONE, about="When."), "declare QUASI"),
        (lambda: Column("x", Type.UUID, pii=Pii.KEY, about="Id."), "needs `domain`"),
        (lambda: Column("x", Type.INT, pii=Pii.QUASI, about="Years."), "needs `to`"),
        (lambda: Column("x", Type.TEXT, pii=Pii.SECRET, about="Hash."), "table of its own"),
        (lambda: Column("x", Type.INT, pii=Pii.FREE_TEXT, about="Text."), "must be of type TEXT"),
        (lambda: Column("x", Type.INT, pii=Pii.NONE, about=" "), "needs a sentence"),
        (lambda: Table("t", schema="s", about="T.", key=("id",), people=(), nobody="-", columns=(person(),)), "'id'"),
        (
            lambda: Table("t", schema="s", about="T.", key=("author_id",), people=(), columns=(person(),)),
            "needs `people`",
        ),
        (
            lambda: Table(
                "t", schema="s", about="T.", key=("author_id",), people=("author_id",), columns=(person(), person())
            ),
            "twice",
        ),
    ],
)
def test_a_contradicting_declaration_says_what_to_do(declare: Callable[[], object], advice: str) -> None:
    with pytest.raises(ContractError, match=advice):
        declare()


@pytest.mark.parametrize("rule", [OneOf("a"), Matches("^a$"), References("tags.name")])
def test_text_with_a_closed_vocabulary_may_pass_as_it_is(rule: OneOf | Matches | References) -> None:
    assert Column("x", Type.TEXT, pii=Pii.NONE, about="Kind.", rules=(rule,)).pii is Pii.NONE


@pytest.mark.parametrize(
    ("column", "becomes"),
    [
        (Column("email", Type.TEXT, pii=Pii.DIRECT, about="Mail."), ()),
        (
            Column("created_at", Type.TIMESTAMP, pii=Pii.QUASI, to=To.WEEK_AND_MONTH, about="W."),
            ("created_week", "created_month"),
        ),
        (Column("location", Type.TEXT, pii=Pii.QUASI, to=To.COUNTRY, about="L."), ("location_country",)),
        (Column("body", Type.TEXT, pii=Pii.FREE_TEXT, about="B."), ("body", "body_chars", "body_masked")),
    ],
)
def test_a_source_column_becomes_these_silver_columns(column: Column, becomes: tuple[str, ...]) -> None:
    assert silver_names(column) == becomes


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_no_direct_identifier_has_a_place_in_silver(table: Table) -> None:
    names = set(silver_schema(table).names)
    assert names.isdisjoint({c.name for c in table.columns if c.pii is Pii.DIRECT})
    assert set(table.key) <= names


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_every_reference_points_at_a_declared_column(table: Table) -> None:
    for column in table.columns:
        for rule in column.rules:
            if isinstance(rule, References):
                target, _, name = rule.target.partition(".")
                assert BY_NAME[target].column(name)


def test_every_private_table_says_why() -> None:
    assert all(reason.endswith(".") for reason in PRIVATE.values())


@pytest.mark.parametrize("product", PRODUCTS, ids=lambda p: p.name)
def test_no_product_is_softer_than_the_house(product: object) -> None:
    assert (product.k, product.delay_days, product.rounding) >= (10, 30, 5)  # type: ignore[attr-defined]


def test_the_vocabulary_stays_small() -> None:
    from lake.contracts import model

    assert len(Path(model.__file__).read_text().splitlines()) <= 150


def test_a_required_column_says_so_by_its_rules() -> None:
    assert person(rules=(NotNull(),)).required
    assert not person().required
