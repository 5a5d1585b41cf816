"""What somebody asks for, read from what they typed: plain words and the operators that people know from Stack Overflow.

    solved pump [hydraulics] user:ann "loud noise" -motor is:solved answers:0 after:2026-01-01 language:de

What looks like an operator but is none is a word. What an operator cannot take is left out, and `notes` says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date

MOST_CHARACTERS = 500  # of a query that are read
MOST_WORDS = 40

KINDS = {
    "problem": ("problem",), "problems": ("problem",), "question": ("problem",), "update": ("update",),
    "approach": ("approach",), "answer": ("approach",), "person": ("person",), "people": ("person",),
    "user": ("person",), "post": ("problem", "update"),
}  # fmt: skip
STATES = {
    "solved": ("solved",), "unsolved": ("open",), "open": ("open",), "closed": ("closed",), "accepted": ("accepted",),
}  # fmt: skip

_PART = re.compile(
    r'-?"(?P<phrase>[^"]*)"?|\[(?P<tag>[^\[\]\s]+)\]|(?P<name>[a-z]+):(?P<value>[^\s"\[\]]+)|(?P<word>[^\s"]+)',
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Query:
    """`words` may each be there or not, the more the better; phrases must, `without` must not; the rest are filters."""

    words: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    author: str | None = None
    kinds: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    unanswered: bool = False
    language: str | None = None
    after: date | None = None
    before: date | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def text(self) -> str:
        """What is embedded: everything that was typed but operators."""
        return " ".join([*self.words, *self.phrases])

    @property
    def is_empty(self) -> bool:
        return replace(self, notes=()) == Query()

    @property
    def asks_for_words(self) -> bool:
        return bool(self.words or self.phrases)


def parse(typed: str) -> Query:
    """The query of what was typed."""
    query = Query()
    for part in _PART.finditer(typed[:MOST_CHARACTERS]):
        query = _take(query, part)
    return replace(query, words=query.words[:MOST_WORDS])


def _take(query: Query, part: re.Match[str]) -> Query:
    if (phrase := part["phrase"]) is not None:
        return _take_phrase(query, phrase, without=part[0].startswith("-"))
    if part["tag"]:
        return replace(query, tags=_more(query.tags, part["tag"].lower()))
    if part["name"] and (operator := OPERATORS.get(part["name"].lower())):
        return operator(query, part["value"])
    word = part[0]
    if not _WORD.search(word):
        return query
    if word.startswith("-") and len(word) > 1:
        return replace(query, without=_more(query.without, word[1:].lower()))
    return replace(query, words=_more(query.words, word.strip("-.,;!?()").lower()))


def _take_phrase(query: Query, phrase: str, *, without: bool) -> Query:
    words = " ".join(phrase.lower().split())
    if not _WORD.search(words):
        return query
    if without:
        return replace(query, without=_more(query.without, words))
    return replace(query, phrases=_more(query.phrases, words))


def _more(those: tuple[str, ...], one: str) -> tuple[str, ...]:
    return those if one in those else (*those, one)


def _is(query: Query, value: str) -> Query:
    value = value.lower()
    if value in KINDS:
        return replace(query, kinds=tuple(dict.fromkeys((*query.kinds, *KINDS[value]))))
    if value in STATES:
        return replace(query, states=tuple(dict.fromkeys((*query.states, *STATES[value]))))
    if value == "unanswered":
        return replace(query, unanswered=True)
    return _note(query, f"“is:” takes {', '.join([*STATES, 'unanswered', 'problem', 'update', 'approach', 'person'])}.")


def _answers(query: Query, value: str) -> Query:
    if value == "0":
        return replace(query, unanswered=True)
    return _note(query, "“answers:” takes 0, for problems that nobody has answered.")


def _author(query: Query, value: str) -> Query:
    return replace(query, author=value.lower().lstrip("@"))


def _tag(query: Query, value: str) -> Query:
    return replace(query, tags=_more(query.tags, value.lower()))


def _language(query: Query, value: str) -> Query:
    if re.fullmatch(r"[a-z]{2,3}(-[a-z]{2})?", value, re.IGNORECASE):
        return replace(query, language=value.lower()[:2])
    return _note(query, "“language:” takes a code such as en or de.")


def _date(name: str) -> Callable[[Query, str], Query]:
    def take(query: Query, value: str) -> Query:
        full = f"{value}-01-01"[:10] if re.fullmatch(r"\d{4}", value) else f"{value}-01"[:10]
        try:
            day = date.fromisoformat(full)
        except ValueError:
            return _note(query, f"“{name}:” takes a date such as 2026-01-31, 2026-01 or 2026.")
        return replace(query, after=day) if name == "after" else replace(query, before=day)

    return take


def _note(query: Query, note: str) -> Query:
    return replace(query, notes=_more(query.notes, note))


OPERATORS: dict[str, Callable[[Query, str], Query]] = {
    "is": _is, "answers": _answers, "user": _author, "author": _author, "tag": _tag, "language": _language,
    "after": _date("after"), "before": _date("before"),
}  # fmt: skip
