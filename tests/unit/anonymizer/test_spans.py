"""Masking: whatever overlaps, no character of an identifier is left, and every other one is."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from anonymizer.spans import Span, mask, merged
from anonymizer.text import INVISIBLE, plain

SPANS = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 12), st.sampled_from(["PERSON", "EMAIL", "URL"])).map(
        lambda t: Span(t[0], t[0] + t[1], t[2])
    ),
    max_size=12,
)


@given(SPANS)
def test_merged_spans_are_disjoint_and_cover_the_same_characters(spans: list[Span]) -> None:
    out = merged(spans)
    assert all(a.end <= b.start for a, b in itertools.pairwise(out))
    covered = {i for span in spans for i in range(span.start, span.end)}
    assert {i for span in out for i in range(span.start, span.end)} == covered


@given(SPANS)
def test_masking_leaves_exactly_the_characters_outside_all_spans(spans: list[Span]) -> None:
    text = "".join(chr(0x100 + i) for i in range(80))
    kept = [c for i, c in enumerate(text) if not any(s.start <= i < s.end for s in spans)]
    result = mask(text, spans)
    assert [c for c in result.text if ord(c) >= 0x100] == kept
    assert result.spans == len(merged(spans)) == result.text.count("<")


def test_of_overlapping_spans_the_weightiest_names_the_placeholder() -> None:
    assert mask("jane@x.com!", [Span(0, 4, "PERSON"), Span(0, 10, "EMAIL"), Span(5, 10, "URL")]).text == "<EMAIL>!"


def test_neighbours_stay_apart() -> None:
    assert mask("ab", [Span(0, 1, "PERSON"), Span(1, 2, "URL")]).text == "<PERSON><URL>"


def test_a_text_is_read_as_a_browser_shows_it() -> None:
    assert plain("j&#111;hn&#64;ex\u200bample.com") == "john@example.com"
    assert plain("&amp;amp;#64;") == "@"
    assert plain("ｊａｎｅ＠ｓｉｔｅ．ｏｒｇ") == "jane@site.org"
    assert plain("so\u00adft\u2060ly\u202e\r\n") == "softly\n"


@given(st.text(max_size=300))
def test_reading_a_text_twice_changes_nothing_and_leaves_nothing_invisible(text: str) -> None:
    once = plain(text)
    assert plain(once) == once
    assert not INVISIBLE.search(once)
