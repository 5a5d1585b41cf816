"""The vocabulary of a declaration: Table, Column, the privacy classes, and the rules a value must keep.

A column cannot be written down without a privacy class and a sentence about it, and a declaration that
contradicts itself does not import. Sizes are characters, times are UTC.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from lake.contracts.rules import CLOSED, NotNull, Rule


class Type(Enum):
    """The types a column may have; each consumer maps them to its own."""

    UUID = "uuid"
    TEXT = "text"
    INT = "integer"
    BIGINT = "bigint"
    BOOL = "boolean"
    TIMESTAMP = "timestamp with time zone"
    DATE = "date"


class Pii(Enum):
    """What a column tells about a person, and so what happens to it between bronze and silver."""

    NONE = "kept as it is"
    KEY = "replaced by a keyed pseudonym"
    DIRECT = "dropped"
    QUASI = "generalised"
    FREE_TEXT = "anonymised by Presidio"
    SENSITIVE = "kept out of the warehouse's row level, only aggregated"
    SECRET = "never leaves PostgreSQL"  # noqa: S105 - a class of columns, not a password


class To(Enum):
    """How a QUASI column is generalised. The value is the suffixes of the silver columns it becomes."""

    WEEK_AND_MONTH = ("week", "month")  # dates: the Monday and the first of the month (DATE)
    COUNTRY = ("country",)  # a place as people write it: ISO 3166-1 alpha-2 or null (TEXT)
    HOUR_BAND = ("hours_upto",)  # hours: the upper edge of the band it falls into (INT)
    RATE_BAND = ("upto",)  # money for an hour, in whole units: the upper edge of its band (INT)
    YEAR_BAND = ("upto",)  # years of experience: the upper edge of the band (INT)


class ContractError(Exception):
    """A declaration that must not exist; the message says what to change."""


@dataclass(frozen=True)
class Column:
    """One column: what it is, what it tells about a person, and what its values must keep."""

    name: str
    type: Type
    _: object = field(default=None, init=False, repr=False)
    pii: Pii = field(kw_only=True)
    about: str = field(kw_only=True)
    rules: tuple[Rule, ...] = field(default=(), kw_only=True)
    domain: str | None = field(default=None, kw_only=True)  # KEY: the kind of thing; same domain, same pseudonym
    to: To | None = field(default=None, kw_only=True)  # QUASI: how it is generalised
    since: int = field(default=1, kw_only=True)  # contract version that added it; older messages hold null

    def __post_init__(self) -> None:
        for wrong, advice in _column_faults(self):
            if wrong:
                raise ContractError(f"Column {self.name!r} {advice}")

    @property
    def required(self) -> bool:
        return NotNull() in self.rules


def _column_faults(c: Column) -> Iterable[tuple[bool, str]]:
    closed = any(isinstance(rule, CLOSED) for rule in c.rules)
    yield not c.about.strip(), "needs a sentence in `about`: say what it holds."
    yield c.pii is Pii.SECRET, "is SECRET: move it to a table of its own that is not published."
    yield c.pii is Pii.NONE and c.type is Type.UUID, "is a UUID and cannot be NONE: declare KEY with its domain."
    yield (
        c.pii is Pii.NONE and c.type is Type.TEXT and not closed,
        ("is open text and cannot be NONE: give it OneOf, Matches or References, or declare FREE_TEXT or DIRECT."),
    )
    yield c.pii is Pii.NONE and c.type in (Type.TIMESTAMP, Type.DATE), "is a time and cannot be NONE: declare QUASI."
    yield (c.pii is Pii.KEY) != (c.domain is not None), "needs `domain` if, and only if, it is KEY."
    yield (c.pii is Pii.QUASI) != (c.to is not None), "needs `to` if, and only if, it is QUASI."
    yield c.pii is Pii.FREE_TEXT and c.type is not Type.TEXT, "is FREE_TEXT and must be of type TEXT."


@dataclass(frozen=True)
class Table:
    """One published table of the app: its key, its people, its columns."""

    name: str
    schema: str = field(kw_only=True)  # the bounded context, which is also the PostgreSQL schema
    about: str = field(kw_only=True)
    key: tuple[str, ...] = field(kw_only=True)
    people: tuple[str, ...] = field(kw_only=True)
    nobody: str = field(default="", kw_only=True)  # why `people` is empty
    columns: tuple[Column, ...] = field(kw_only=True)

    def __post_init__(self) -> None:
        names = [c.name for c in self.columns]
        by_name = {c.name: c for c in self.columns}
        if len(set(names)) != len(names):
            raise ContractError(f"Table {self.name!r} declares a column twice.")
        for column in (*self.key, *self.people):
            if column not in by_name:
                raise ContractError(f"Table {self.name!r} names {column!r}, which is not one of its columns.")
        for person in self.people:
            if by_name[person].domain != "account":
                raise ContractError(f"Table {self.name!r}: {person!r} is a person and must be KEY of domain 'account'.")
        if bool(self.people) == bool(self.nobody):
            raise ContractError(f"Table {self.name!r} needs `people`, or `nobody` with the reason why there are none.")

    @property
    def full_name(self) -> str:
        return f"{self.schema}.{self.name}"

    def column(self, name: str) -> Column:
        return next(c for c in self.columns if c.name == name)
