"""A declaration as a list of checks: plain pairs of a column and a rule, whoever runs them.

Three projections: what a source row must keep before it is treated, what a silver row must keep after it, and what a
product must keep before it is sold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lake.contracts.model import Column, Pii, Table, To
from lake.contracts.names import silver_names
from lake.contracts.products import Measure, Product
from lake.contracts.rules import AtMost, Between, Matches, NotNull, OneOf, References, Rule
from lake.contracts.tables import BY_NAME

PSEUDONYM = Matches(r"^[0-9a-f]{32}$")
COUNTRY = Matches(r"^[A-Z]{2}$")
HOURS = Between(1, 2_147_483_647)
BAND = Between(0, 2_147_483_647)


@dataclass(frozen=True)
class Check:
    """One rule that every value of one column must keep."""

    column: str
    rule: Rule

    @property
    def about(self) -> str:
        """What a value that fails it does wrong, without the value."""
        match self.rule:
            case NotNull():
                return f"{self.column} is missing"
            case OneOf():
                return f"{self.column} is not in its closed list"
            case Matches():
                return f"{self.column} does not match its pattern"
            case Between(low, high):
                return f"{self.column} lies outside {low} to {high}"
            case AtMost(characters):
                return f"{self.column} is longer than {characters} characters"
            case References(target):
                return f"{self.column} names nothing in {target}"


def source_checks(table: Table) -> tuple[Check, ...]:
    """What a row of the app must keep before it is treated."""
    return tuple(Check(column.name, rule) for column in table.columns for rule in _of_one_value(column))


def _of_one_value(column: Column) -> Iterator[Rule]:
    """The rules that one value alone can break. A reference holds what a key of the other table may hold: whether that
    key is there is for PostgreSQL to know, but nothing else gets through in its place."""
    for rule in column.rules:
        if isinstance(rule, References):
            table, _, name = rule.target.partition(".")
            target = BY_NAME[table].column(name)
            yield from (r for r in target.rules if isinstance(r, OneOf | Matches) and r not in column.rules)
        else:
            yield rule


def silver_checks(table: Table) -> tuple[Check, ...]:
    """What a treated row must keep; the operation and the treatment are always there."""
    system = (Check("_position", NotNull()), Check("_op", NotNull()), Check("_treatment", NotNull()))
    return tuple(check for column in table.columns for check in _silver(column)) + system


def _silver(column: Column) -> tuple[Check, ...]:
    names = silver_names(column)
    present = tuple(Check(name, NotNull()) for name in names if column.required and column.to is not To.COUNTRY)
    match column.pii, column.to:
        case Pii.KEY, _:
            return (*present, Check(names[0], PSEUDONYM))
        case Pii.QUASI, To.COUNTRY:
            return (*present, Check(names[0], COUNTRY))
        case Pii.QUASI, To.HOUR_BAND:
            return (*present, Check(names[0], HOURS))
        case Pii.QUASI, To.RATE_BAND | To.YEAR_BAND:
            return (*present, Check(names[0], BAND))
        case Pii.NONE, _:
            kept = tuple(rule for rule in _of_one_value(column) if not isinstance(rule, NotNull))
            return (*present, *(Check(names[0], rule) for rule in kept))
    return present


def product_checks(product: Product) -> tuple[Check, ...]:
    """What a product's published columns must keep: a whole grain, people counts of at least k, shares of a hundred."""
    grain = tuple(Check(column.name, NotNull()) for column in product.grain)
    return grain + tuple(Check(m.name, _bounds(product, m)) for m in product.measures)


def _bounds(product: Product, measure: Measure) -> Between:
    if measure.name.endswith("_share"):
        return Between(0, 100)
    return Between(product.k if measure.unit == "people" else 0, 2_147_483_647)
