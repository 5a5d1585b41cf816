"""The HTML of a dump becomes Markdown that keeps the words and loses the markup."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platform_app.dump.markdown import markdown_of


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("plain", "plain"),
        ("<p>One</p>\n<p>Two &amp; <strong>three</strong></p>", "One\n\nTwo & **three**"),
        ("a<br>\nb", "a\nb"),
        ("<h2>Head</h2><p>text</p>", "## Head\n\ntext"),
        ("<ul><li>a</li><li>b</li></ul>", "- a\n- b"),
        ("<ol><li>a</li><li><p>b</p></li></ol>", "1. a\n2. b"),
        ("<pre><code>x &lt; 1\n  y\n</code></pre>", "```\nx < 1\n  y\n```"),
        ("say <code>ls</code>", "say `ls`"),
        ("<blockquote><p>q</p><p>r</p></blockquote><p>s</p>", "> q\n>\n> r\n\ns"),
        ('<a href="https://x.org/a">here</a>', "[here](https://x.org/a)"),
        ('<a href="javascript:alert(1)">here</a>', "here"),
        ('<img src="https://x.org/a.png" alt="A">', "![A](https://x.org/a.png)"),
        ("<p>a</p><script>alert(1)</script><style>b{}</style><p>c</p>", "a\n\nc"),
        ('<p onclick="evil()">a</p>', "a"),
    ],
)
def test_html_becomes_markdown(html: str, markdown: str) -> None:
    assert markdown_of(html) == markdown


@given(st.text(alphabet="<>/abpreulicodkq =\"'&;\n", max_size=300))
def test_no_html_stops_the_conversion(html: str) -> None:
    assert isinstance(markdown_of(html), str)


@given(st.lists(st.text(alphabet="abcdefghij", min_size=1), min_size=1, max_size=8))
def test_every_word_of_a_paragraph_is_kept(words: list[str]) -> None:
    assert markdown_of(f"<p>{' '.join(words)}</p>") == " ".join(words)
