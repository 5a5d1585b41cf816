"""What people write becomes HTML that cannot do harm."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platform_app.web import markdown
from platform_app.web.markdown import SCHEMES, TAGS, excerpt, to_html

PIECES = [
    "<script>", "</script>", "<img src=x onerror=alert(1)>", "[a](javascript:alert(1))", "[a](data:text/html,x)", "<a href=",
    "'", '"', ">", "<", "&", "&#x6a;avascript:", "`", "```\n", "**", "<svg/onload=alert(1)>", "<iframe srcdoc=x>", "<style>",
    "![i](//x)", "<math><mi//xlink:href=", "\n\n", " ", "text", "| a | b |\n|---|---|\n", "<!--", "-->", "<p style=x>", "\x00",
]  # fmt: skip


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {str(value) for name, value in attrs if name == "href"}


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=25).map("".join))
def test_only_plain_markup_is_left(text: str) -> None:
    seen = _Seen()
    seen.feed(to_html(text))
    assert seen.tags <= TAGS
    assert seen.attributes <= {"href", "title", "rel", "start"}
    for link in seen.links:
        scheme, colon, _ = link.strip().partition(":")
        assert not colon or scheme.lower() in SCHEMES or not scheme.isalpha()


@given(st.text(max_size=2000), st.integers(min_value=10, max_value=300))
def test_an_excerpt_is_short(text: str, characters: int) -> None:
    assert len(excerpt(text, characters)) <= characters + 2


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("*a* & **b**", "<p><em>a</em> &amp; <strong>b</strong></p>"),
        ("# Big", "<h3>Big</h3>"),
        ("~~no~~", "<p><s>no</s></p>"),
        ("<b>kept</b>", "<p><b>kept</b></p>"),
        ("<script>gone</script>", ""),
        ("![picture](https://example.org/p.png)", "<p></p>"),
    ],
)
def test_markdown_is_rendered(written: str, shown: str) -> None:
    assert to_html(written).strip() == shown


def test_an_excerpt_has_no_markup_and_stays_text() -> None:
    assert excerpt("# Title\n\nSome `code` & *more* <b>bold</b> 1 < 2") == "Title Some code & more bold 1 < 2"


def test_without_the_cleaning_a_script_would_run() -> None:
    assert "<script>" in markdown._MARKDOWN.render("<script>alert(1)</script>")
