"""Turns the HTML of a dump's texts into Markdown: nothing of the markup is kept that a browser could run."""

from __future__ import annotations

import re
from html.parser import HTMLParser

HIDDEN = frozenset({"script", "style"})
BLOCKS = frozenset({"p", "div", "ul", "ol", "table", "tr", "dl", "dd", "dt", "hr", "h1", "h2", "h3", "h4", "h5", "h6"})
MARKS = {"strong": "**", "b": "**", "em": "*", "i": "*", "del": "~~", "s": "~~", "strike": "~~"}
SAFE_LINK = re.compile(r"(https?|mailto):[^\s<>()]+", re.IGNORECASE)


def markdown_of(html: str) -> str:
    """The text of an HTML fragment as Markdown: paragraphs, headings, lists, quotes, links, emphasis and code."""
    if "<" not in html and "&" not in html:
        return html.strip()
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._quotes: list[int] = []  # where each open quotation starts
        self._lists: list[int] = []  # the next number of each open list; 0 for bullets
        self._links: list[str | None] = []
        self._begun = 0  # where the last item or quotation begins
        self._hidden = 0
        self._code_block = False

    def text(self) -> str:
        without_trailing = re.sub(r"[ \t]+\n", "\n", "".join(self._parts))
        return re.sub(r"\n{3,}", "\n\n", without_trailing).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in HIDDEN:
            self._hidden += 1
        elif tag in BLOCKS:
            self._open_block(tag)
        elif tag in MARKS:
            self._parts.append(MARKS[tag])
        else:
            self._open_other(tag, dict(attrs))

    def _open_block(self, tag: str) -> None:
        if tag in ("ul", "ol"):
            self._lists.append(1 if tag == "ol" else 0)
        self._break("\n" if tag in ("tr", "dd") or len(self._lists) > 1 else "\n\n")
        if tag[0] == "h" and tag[1:].isdigit():
            self._parts.append("#" * int(tag[1:]) + " ")
        elif tag == "hr":
            self._parts.append("---\n\n")

    def _open_other(self, tag: str, attributes: dict[str, str | None]) -> None:
        if tag == "pre":
            self._break("\n\n")
            self._parts.append("```\n")
            self._code_block = True
        elif tag == "code" and not self._code_block:
            self._parts.append("`")
        elif tag == "li":
            self._open_item()
        elif tag == "br":
            self._parts.append("\n")
        elif tag == "blockquote":
            self._break("\n\n")
            self._begun = len(self._parts)
            self._quotes.append(self._begun)
        elif tag == "a":
            self._links.append(_safe(attributes.get("href")))
            if self._links[-1]:
                self._parts.append("[")
        elif tag == "img" and (source := _safe(attributes.get("src"))):
            self._parts.append(f"![{(attributes.get('alt') or '').strip()}]({source})")

    def _open_item(self) -> None:
        self._break("\n")
        number = self._lists[-1] if self._lists else 0
        self._parts.append("  " * (len(self._lists) - 1) + (f"{number}. " if number else "- "))
        self._begun = len(self._parts)
        if number:
            self._lists[-1] = number + 1

    def handle_endtag(self, tag: str) -> None:
        if tag in HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag in ("ul", "ol"):
            self._lists = self._lists[:-1]
            self._break("\n\n")
        elif tag in BLOCKS:
            self._break("\n\n" if tag not in ("tr", "dt") else "\n")
        elif tag in MARKS:
            self._parts.append(MARKS[tag])
        else:
            self._close_other(tag)

    def _close_other(self, tag: str) -> None:
        if tag == "pre":
            self._code_block = False
            self._break("\n")
            self._parts.append("```\n\n")
        elif tag == "code" and not self._code_block:
            self._parts.append("`")
        elif tag == "blockquote" and self._quotes:
            start = self._quotes.pop()
            quoted = "".join(self._parts[start:]).strip()
            self._parts[start:] = ["".join(f"> {line}\n" for line in quoted.split("\n")), "\n"]
        elif tag == "a" and self._links and (link := self._links.pop()):
            self._parts.append(f"]({link})")

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        if self._code_block:
            self._parts.append(data)
        elif data.strip():
            text = re.sub(r"\s+", " ", data)
            self._parts.append(text.lstrip() if not self._parts or self._parts[-1].endswith("\n") else text)
        elif self._parts and not self._parts[-1].endswith(("\n", " ")):
            self._parts.append(" ")

    def _break(self, ending: str) -> None:
        """End the line, unless a text, an item or a quotation has just begun."""
        if len(self._parts) == self._begun:
            return
        have = len(self._parts[-1]) - len(self._parts[-1].rstrip("\n"))
        self._parts.append("\n" * max(0, len(ending) - have))


def _safe(link: str | None) -> str | None:
    return link if link and SAFE_LINK.fullmatch(link) else None
