"""Spans of identifiers in a text, and the text without them. Overlapping spans become one, so that no edge survives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Span:
    """Characters `start` to `end` (excluded) of a text hold an identifier of a kind, such as PERSON."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True)
class Masked:
    """A text with placeholders, and how many there are."""

    text: str
    spans: int


# Where spans overlap, the placeholder says what matters most.
WEIGHT = {
    "EMAIL": 9,
    "PHONE": 8,
    "CARD": 8,
    "IBAN": 8,
    "WALLET": 8,
    "ADDRESS": 7,
    "ID": 7,
    "URL": 6,
    "IP": 6,
    "HANDLE": 5,
}


def merged(spans: Iterable[Span]) -> list[Span]:
    """Disjoint spans in order; overlapping ones are joined under the weightiest kind, then the longest."""
    joined: list[list[Span]] = []
    reach = -1
    for span in sorted(s for s in spans if s.end > s.start):
        if span.start < reach:
            joined[-1].append(span)
        else:
            joined.append([span])
        reach = max(reach, span.end)
    return [Span(group[0].start, max(s.end for s in group), _kind(group)) for group in joined]


def _kind(group: list[Span]) -> str:
    return max(group, key=lambda s: (WEIGHT.get(s.kind, 0), s.end - s.start)).kind


def mask(text: str, spans: Iterable[Span]) -> Masked:
    """The text with `<KIND>` in the place of every span."""
    pieces, at, count = [], 0, 0
    for span in merged(spans):
        pieces += [text[at : span.start], f"<{span.kind}>"]
        at, count = span.end, count + 1
    return Masked("".join([*pieces, text[at:]]), count)
