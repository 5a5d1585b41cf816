"""Checks of what people type, derived from the contracts: a limit is written once, in the declaration."""

from __future__ import annotations

import re

from lake.contracts.rules import AtMost, Between, Matches, NotNull, OneOf, Rule
from lake.contracts.tables import BY_NAME
from platform_app.errors import Invalid


def fit(table: str, **values: object) -> None:
    """Raise Invalid, with the field's name, for the first value that breaks a rule of its column."""
    columns = {column.name: column for column in BY_NAME[table].columns}
    for name, value in values.items():
        for rule in columns[name].rules:
            if fault := fault_of(rule, value):
                raise Invalid(f"{_label(name)} {fault}", field=name)


def required(**texts: str | None) -> None:
    """Raise Invalid for the first text that is empty or only white space."""
    for name, text in texts.items():
        if text is None or not text.strip():
            raise Invalid(f"{_label(name)} must not be empty.", field=name)


def one_line(text: str) -> str:
    """The text without line breaks, control characters and spaces at its ends."""
    return re.sub(r"[\x00-\x1f\x7f\s]+", " ", text).strip()


def clean(text: str) -> str:
    """The text with Unix line ends and without NUL, which PostgreSQL cannot store."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").strip()


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def fault_of(rule: Rule, value: object) -> str | None:
    """What is wrong with a value, as the end of a sentence that begins with the column's name; None when it is fine."""
    if isinstance(rule, NotNull):
        return "is required." if value is None else None
    if value is None:
        return None
    return _fault_of_value(rule, value)


def _fault_of_value(rule: Rule, value: object) -> str | None:
    if isinstance(rule, OneOf) and value not in rule.values:
        return f"must be one of: {', '.join(rule.values)}."
    if isinstance(rule, AtMost) and isinstance(value, str) and len(value) > rule.characters:
        return f"must be at most {rule.characters:,} characters long."
    if isinstance(rule, Matches) and isinstance(value, str) and not re.fullmatch(rule.pattern, value):
        return "has characters that are not allowed, or is too long."
    if isinstance(rule, Between) and isinstance(value, int) and not rule.low <= value <= rule.high:
        return f"must lie between {rule.low:,} and {rule.high:,}."
    return None
