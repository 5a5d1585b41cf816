"""A machine tags an approach by the words it holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platform_app.community.tagging import MOST, tags_in

TAGS = {"python", "sql", "c++", "c#", "node.js", "proof-of-work", "time-zone", "api", "git", "kafka", "css", "go"}
VOCABULARY = {tag: tag for tag in TAGS} | {"golang": "go", "style-sheet": "css"}


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("Use Python, then SQL.", ("python", "sql")),
        ("pythonic mysql", ()),
        ("C++ beats C#, said Node.js.", ("c#", "c++", "node.js")),
        ("Proof of work; proof-of-work! a time zone", ("proof-of-work", "time-zone")),
        ("sql sql python", ("sql", "python")),
        ("python sql api git kafka css go", ("api", "css", "git", "go", "kafka")),
        ("Golang, go, and a style sheet", ("go", "css")),
        ("", ()),
    ],
)
def test_tags_are_whole_words_of_the_vocabulary_the_most_frequent_first(text: str, tags: tuple[str, ...]) -> None:
    assert tags_in(text, VOCABULARY) == tags


@given(st.text(alphabet="pythonsqlc+#. -\n", max_size=400))
def test_at_most_five_known_tags_come_out(text: str) -> None:
    found = tags_in(text, VOCABULARY)
    assert len(found) <= MOST
    assert set(found) <= TAGS
