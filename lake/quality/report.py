"""The outcome of a validation: which checks held, and how many rows broke the others. Never a row's value."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """One check over all rows."""

    check: str  # what a failing row does wrong
    passed: bool
    failed_rows: int


@dataclass(frozen=True)
class Report:
    """Every check of one table or product over `rows` rows."""

    subject: str
    rows: int
    outcomes: tuple[Outcome, ...]
    seconds: float

    @property
    def passed(self) -> bool:
        return all(outcome.passed for outcome in self.outcomes)

    @property
    def failures(self) -> tuple[str, ...]:
        """The checks that did not hold, as sentences."""
        return tuple(outcome.check for outcome in self.outcomes if not outcome.passed)

    def as_json(self) -> dict[str, Any]:
        """For manifests, logs and pages: names of checks and counts of rows."""
        return {
            "subject": self.subject,
            "passed": self.passed,
            "rows": self.rows,
            "checks": [asdict(outcome) for outcome in self.outcomes],
            "seconds": round(self.seconds, 3),
        }
