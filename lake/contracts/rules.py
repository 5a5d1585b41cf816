"""The rules a value must keep. Each is plain data; whoever checks it reads it (Arrow, Great Expectations, a migration's test).

All but NotNull let null pass.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class NotNull:
    """The value is present."""


@dataclass(frozen=True)
class OneOf:
    """The value is one of a closed list."""

    values: tuple[str, ...]

    def __init__(self, *values: str) -> None:
        object.__setattr__(self, "values", values)


@dataclass(frozen=True)
class Matches:
    """The whole text matches a pattern (Python and PostgreSQL read it alike)."""

    pattern: str

    def __post_init__(self) -> None:
        re.compile(self.pattern)


@dataclass(frozen=True)
class Between:
    """The number lies between two bounds, both included."""

    low: int
    high: int


@dataclass(frozen=True)
class AtMost:
    """The text has at most so many characters."""

    characters: int


@dataclass(frozen=True)
class References:
    """The value is a key of another published table, written `table.column`."""

    target: str


Rule = NotNull | OneOf | Matches | Between | AtMost | References
CLOSED = (OneOf, Matches, References)
