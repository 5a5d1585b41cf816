"""Every product a procurer can buy: its grain, its measures, how people are protected in it, and its price.

The marts in `dbt/models/marts` are written by hand and verified against this file; the catalogue is read from it.
Prices are micro-units of the account's currency (1,000,000 micro-units = 1 USD).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from lake.contracts.model import ContractError, Type

MICRO = 1_000_000
CURRENCY = "USD"


class Period(Enum):
    """The calendar unit a product is published in; `period` holds its first day."""

    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"  # of a rolling year: the twelve months that end with the quarter


@dataclass(frozen=True)
class Grain:
    """A column that says what a row is about; prices and free filters depend on these alone."""

    name: str
    type: Type
    about: str


@dataclass(frozen=True)
class Measure:
    """A published number, or null where the rule withholds it. The relation of all cells, which nobody but dbt reads,
    carries beside it `<name>_contributors` (how many people are behind it; for a share the smaller side of it) and, for
    counts, `<name>_largest` (the largest part that belongs to one person)."""

    name: str
    type: Type
    about: str
    unit: str
    is_count: bool = True  # counts are subject to the dominance rule


@dataclass(frozen=True)
class Product:
    """A thing for sale: one row per grain, published per closed period. A cell whose first measure must be withheld is
    not published; another measure that must be withheld is null. Counts and percentages are rounded."""

    name: str
    title: str
    about: str
    period: Period
    grain: tuple[Grain, ...]
    measures: tuple[Measure, ...]
    micro_per_row: int
    k: int = 10  # people behind each measure of each cell
    dominance_percent: int = 35  # no person contributes more of a sum
    per_person: int = 3  # rows of one person counted in one cell
    cells_per_person: int = 10  # cells of one period in which one person is counted
    rounding: int = 5
    delay_days: int = 30  # after a period ends, before it is published

    def __post_init__(self) -> None:
        names = [g.name for g in self.grain] + [m.name for m in self.measures]
        if self.grain[0].name != "period" or len(set(names)) != len(names):
            raise ContractError(f"Product {self.name!r} needs `period` as its first grain column, and no name twice.")

    @property
    def method(self) -> str:
        """The rules in one word; it changes when one of them does."""
        bound = f"{self.per_person}x{self.cells_per_person}"
        return f"k{self.k}-dom{self.dominance_percent}-bound{bound}-round{self.rounding}-delay{self.delay_days}"

    @property
    def columns(self) -> tuple[Grain | Measure, ...]:
        return (*self.grain, *self.measures)


_PERIOD_MONTH = Grain("period", Type.DATE, "First day of the month.")
_PERIOD_WEEK = Grain("period", Type.DATE, "Monday of the week.")
_PERIOD_YEAR = Grain("period", Type.DATE, "First day of the quarter that ends the rolling year.")
_PROBLEMS = Measure("problems", Type.INT, "Problems posted.", "posts")
_AUTHORS = Measure("authors", Type.INT, "People who posted them.", "people")

problem_trends_monthly = Product(
    name="problem_trends_monthly",
    title="Problem trends by month and tag",
    about="What people need solved, how fast and how well it gets answered: one row per month and tag; tags too small to show are together in 'other'.",
    period=Period.MONTH,
    grain=(_PERIOD_MONTH, Grain("tag", Type.TEXT, "The tag, or 'other'.")),
    measures=(
        _PROBLEMS,
        _AUTHORS,
        Measure("approaches", Type.INT, "Approaches written for them.", "approaches"),
        Measure("unanswered_share", Type.INT, "Share of the problems without an approach.", "percent", is_count=False),
        Measure("accepted_share", Type.INT, "Share of the problems with an accepted approach.", "percent", is_count=False),
        Measure("median_hours_to_first_approach", Type.INT, "Median of the band's upper edge.", "hours", is_count=False),
        Measure("votes", Type.INT, "Votes on them.", "votes"),
    ),
    micro_per_row=20_000,
)

problem_activity_weekly = Product(
    name="problem_activity_weekly",
    title="Problem-solving activity by week",
    about="The pulse of the community: one row per week.",
    period=Period.WEEK,
    grain=(_PERIOD_WEEK,),
    measures=(
        _PROBLEMS,
        _AUTHORS,
        Measure("approaches", Type.INT, "Approaches written in the week.", "approaches"),
        Measure("solvers", Type.INT, "People who wrote them.", "people"),
        Measure("comments", Type.INT, "Comments written in the week.", "comments"),
        Measure("votes", Type.INT, "Votes cast in the week.", "votes"),
    ),
    micro_per_row=10_000,
)

problem_solution_links = Product(
    name="problem_solution_links",
    title="Which approaches go with which problems",
    about="Pairs of a problem's tag and an approach's tag over a rolling year: one row per quarter and pair.",
    period=Period.QUARTER,
    grain=(
        _PERIOD_YEAR,
        Grain("problem_tag", Type.TEXT, "Tag of the problem, or 'other'."),
        Grain("solution_tag", Type.TEXT, "Tag of the approach, or 'other'."),
    ),
    measures=(
        Measure("pairs", Type.INT, "Approaches to such problems that carry the second tag.", "approaches"),
        Measure("solvers", Type.INT, "People who wrote them.", "people"),
        Measure("accepted_share", Type.INT, "Share of them that were accepted.", "percent", is_count=False),
        Measure("lift_percent", Type.INT, "How much more often than by chance; 100 is chance.", "percent", is_count=False),
    ),
    micro_per_row=30_000,
    cells_per_person=30,  # one approach to a problem of five tags, with five of its own, is in 25 pairs
)

PRODUCTS: tuple[Product, ...] = (problem_trends_monthly, problem_activity_weekly, problem_solution_links)
PRODUCT_BY_NAME: dict[str, Product] = {product.name: product for product in PRODUCTS}
