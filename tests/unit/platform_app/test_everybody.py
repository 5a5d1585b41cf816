"""The validator of a page that visitors share changes with what they read, and not with counts of looks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platform_app.web.everybody import _has, validator

texts = st.text(st.characters(exclude_characters="<>", codec="utf-8"), max_size=20)


@given(texts, texts, st.integers(0), st.integers(0))
def test_it_is_the_same_for_the_same_words_alone(one: str, other: str, few: int, many: int) -> None:
    def page(words: str, views: int) -> str:
        return f'<p>{words}</p><data value="{views}">{views} views</data><p>{words}</p>'

    assert (validator(page(one, few)) == validator(page(other, many))) is (one == other)


@pytest.mark.parametrize(
    ("given_", "found"),
    [('W/"a"', True), ('"a"', True), ("*", True), ('"b", W/"a"', True), ("", False), ('"b"', False), ('"', False), ("a", False)],
)  # fmt: skip
def test_validators_are_compared_weakly(given_: str, found: bool) -> None:
    assert _has(given_, 'W/"a"') is found
