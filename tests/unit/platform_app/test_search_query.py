"""What somebody types becomes a query: words, phrases, operators, and notes about what no operator takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platform_app.discovery.hits import CLOSE, OPEN, Piece, bare, pieces
from platform_app.discovery.query import Query, parse
from platform_app.discovery.search import fused
from platform_app.discovery.spelling import distance
from platform_app.discovery.texts import embedded, plain
from platform_app.discovery.words import as_query

TYPED = [
    ("", Query()),
    ("  pump hums ", Query(words=("pump", "hums"))),
    ("Pump, pump!", Query(words=("pump",))),
    ('"loud  Noise" pump', Query(words=("pump",), phrases=("loud noise",))),
    ('"not closed', Query(phrases=("not closed",))),
    ('-"loud noise" -motor', Query(without=("loud noise", "motor"))),
    ("[C++] [node.js]", Query(tags=("c++", "node.js"))),
    ("tag:rust user:@Ann", Query(tags=("rust",), author="ann")),
    ("is:solved is:approach", Query(states=("solved",), kinds=("approach",))),
    ("is:unsolved is:post", Query(states=("open",), kinds=("problem", "update"))),
    ("answers:0", Query(unanswered=True)),
    ("after:2026 before:2026-03", Query(after=date(2026, 1, 1), before=date(2026, 3, 1))),
    ("language:de-DE Pumpe", Query(words=("pumpe",), language="de")),
    ("std::vector http://example.org", Query(words=("std::vector", "http://example.org"))),
    ("-- * ?", Query()),
    ("x-ray e-mail", Query(words=("x-ray", "e-mail"))),
]


@pytest.mark.parametrize(("typed", "query"), TYPED)
def test_what_is_typed_is_read(typed: str, query: Query) -> None:
    assert parse(typed) == query


@pytest.mark.parametrize("typed", ["is:blue", "after:yesterday", "before:2026-13", "answers:3", "language:klingon"])
def test_what_an_operator_cannot_take_is_left_out_with_a_note(typed: str) -> None:
    found = parse(f"pump {typed}")
    assert replace(found, notes=()) == Query(words=("pump",))
    assert len(found.notes) == 1


@given(st.text(max_size=700))
def test_whatever_is_typed_is_read(typed: str) -> None:
    found = parse(typed)
    assert len(found.words) <= 40
    assert all(found.words)


@pytest.mark.parametrize(
    ("left", "right", "away"),
    [("pump", "pump", 0), ("pmup", "pump", 1), ("pum", "pump", 1), ("pumpe", "pump", 1), ("pimp", "pump", 1), ("abcd", "dcba", 3)],
)  # fmt: skip
def test_letters_between_two_words(left: str, right: str, away: int) -> None:
    assert distance(left, right, 2) == distance(right, left, 2) == away


def test_a_ranking_of_two_puts_first_what_stands_high_in_both() -> None:
    a, b, c, d = (UUID(int=number) for number in range(4))
    assert fused([a, b, c], [b, d]) == [b, a, d, c]
    assert fused([], [c, a]) == [c, a]
    assert fused() == []


@given(st.text())
def test_a_marked_text_falls_into_its_pieces(text: str) -> None:
    assert "".join(piece.text for piece in pieces(bare(text))) == bare(text)


def test_found_words_are_pieces_of_their_own() -> None:
    assert pieces(f"a {OPEN}pump{CLOSE} hums") == [Piece("a ", False), Piece("pump", True), Piece(" hums", False)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("**bold** and `code`", "bold and code"),
        ("see [the page](https://x.example/y) now", "see the page now"),
        ("before\n```python\nx = 1\n```\nafter", "before after"),
        ("# Title\n> quote", "Title quote"),
    ],
)
def test_markdown_becomes_its_words(text: str, words: str) -> None:
    assert plain(text) == words


def test_what_is_embedded_begins_with_the_title_and_is_never_empty() -> None:
    assert embedded("A pump hums", "It **hums**.") == "A pump hums. It hums."
    assert embedded(None, "```\nx = 1\n```") != ""


def test_lexemes_are_quoted() -> None:
    assert as_query(["it's", "back\\slash"]) == "('it''s' | 'back\\\\slash')"
