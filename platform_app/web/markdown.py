"""People's texts as HTML that cannot do harm: Markdown is rendered, then everything but plain markup is taken out."""

from __future__ import annotations

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup

from platform_app.web.highlight import NAMES, highlight

TAGS = {
    "a", "abbr", "b", "blockquote", "br", "code", "dd", "del", "dl", "dt", "em", "h3", "h4", "h5", "hr", "i", "kbd", "li",
    "ol", "p", "pre", "s", "span", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
HEADINGS = {"h1": "h3", "h2": "h4", "h3": "h5", "h4": "h5", "h5": "h5", "h6": "h5"}
REACHED_BY_KEYBOARD = {"pre": {"tabindex": "0"}, "table": {"tabindex": "0"}}  # what may be wider than a phone
SCHEMES = {"http", "https", "mailto"}

_PLAIN = MarkdownIt("commonmark", {"html": True, "breaks": False}).enable(["table", "strikethrough"])
_MARKDOWN = MarkdownIt("commonmark", {"html": True, "breaks": False, "highlight": highlight}).enable(
    ["table", "strikethrough"]
)


@lru_cache(maxsize=512)
def to_html(text: str) -> Markup:
    """Safe HTML of a Markdown text; headings start below the page's own, links tell search engines nothing."""
    tokens = _MARKDOWN.parse(text)
    for token in tokens:
        token.tag = HEADINGS.get(token.tag, token.tag)
    rendered = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    return Markup(  # noqa: S704 - cleaned here
        nh3.clean(
            rendered,
            tags=TAGS,
            clean_content_tags={"script", "style", "iframe", "title"},
            attributes={"a": {"href", "title"}, "ol": {"start"}},
            allowed_classes={"span": set(NAMES)},
            url_schemes=SCHEMES,
            link_rel="nofollow noopener ugc",
            set_tag_attribute_values=REACHED_BY_KEYBOARD,
        )
    )


@lru_cache(maxsize=4096)
def excerpt(text: str, characters: int = 220) -> str:
    """The first words of a Markdown text without markup."""
    rendered = _PLAIN.render(text[: characters * 4])
    plain = nh3.clean(rendered, tags=set(), clean_content_tags={"script", "style", "pre"}, attributes={})
    words = Markup(plain).unescape().split()  # noqa: S704 - unescaped to text; the template escapes it again
    short = " ".join(words)
    return short if len(short) <= characters else short[:characters].rsplit(" ", 1)[0] + " …"
