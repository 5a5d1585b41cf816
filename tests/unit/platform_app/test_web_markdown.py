"""What people write becomes HTML that cannot do harm."""

from __future__ import annotations

import re
from html import unescape
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lake.contracts.tables.community import CODE_LANGUAGES
from platform_app.community.snippets import OTHER, code_language, language_named
from platform_app.web import markdown
from platform_app.web.highlight import LONGEST, NAMES, highlight
from platform_app.web.markdown import SCHEMES, TAGS, excerpt, to_html

PIECES = [
    "<script>", "</script>", "<img src=x onerror=alert(1)>", "[a](javascript:alert(1))", "[a](data:text/html,x)", "<a href=",
    "'", '"', ">", "<", "&", "&#x6a;avascript:", "`", "```\n", "**", "<svg/onload=alert(1)>", "<iframe srcdoc=x>", "<style>",
    "![i](//x)", "<math><mi//xlink:href=", "\n\n", " ", "text", "| a | b |\n|---|---|\n", "<!--", "-->", "<p style=x>", "\x00",
    "```python\n", "def f(): return 1 # x\n", "<span class='k notice'>", "<code class=button>",
]  # fmt: skip


class _Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str] = set()
        self.classes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {str(value) for name, value in attrs if name == "href"}
        self.classes |= {word for name, value in attrs if name == "class" for word in str(value).split()}


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=25).map("".join))
def test_only_plain_markup_is_left(text: str) -> None:
    seen = _Seen()
    seen.feed(to_html(text))
    assert seen.tags <= TAGS
    assert seen.attributes <= {"href", "title", "rel", "start", "class", "tabindex"}
    assert seen.classes <= NAMES
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


@pytest.mark.parametrize(
    ("info", "code", "shown"),
    [
        ("python", "def f(): return 'a'  # b", [("k", "def"), ("f", "f"), ("k", "return"), ("s", "'a'"), ("c", "# b")]),
        ("py", "x = 1", [("m", "1")]),
        ("SQL", "SELECT 1", [("k", "SELECT"), ("m", "1")]),
        ("diff", "+new\n-old\n", [("i", "+new"), ("d", "-old")]),
        ("", "def f(): pass", []),
        ("klingon", "def f(): pass", []),
        ("python", "x = 1\n" * LONGEST, []),
    ],
)
def test_code_is_coloured_by_the_language_that_its_fence_names(
    info: str, code: str, shown: list[tuple[str, str]]
) -> None:
    spans = re.findall(r'<span class="(\w)">([^<]*)</span>', to_html(f"```{info}\n{code}\n```"))
    assert [(name, unescape(text).strip()) for name, text in spans] == shown


@settings(deadline=None)  # the first snippet of a language loads its lexer
@given(st.sampled_from(["python", "html", "bash", "json", "cpp", "yaml", "diff", "php", "make"]), st.text(max_size=300))
def test_colouring_changes_no_character_of_the_code(language: str, code: str) -> None:
    assert unescape(re.sub(r"<[^>]*>", "", highlight(code, language))) == code


@pytest.mark.parametrize("language", [name for name in CODE_LANGUAGES if name != OTHER])
def test_every_language_of_the_list_can_be_coloured(language: str) -> None:
    assert highlight("x", language).replace("<", "").strip()
    assert language_named(language) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("No code, only `words`.", None),
        ("```\nx\n```", "other"),
        ("Text\n\n~~~ts title=a\nx\n~~~\n```py\n```", "typescript"),
        ("```{.r}\nx\n```", "r"),
        ("```klingon\nx\n```", "other"),
        ("    ```python", None),
    ],
)
def test_the_language_of_a_text_is_that_of_its_first_code(text: str, language: str | None) -> None:
    assert code_language(text) == language
