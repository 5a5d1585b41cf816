"""Markdown as the plain words that are embedded and highlighted. Nothing here is safe HTML: templates escape it."""

from __future__ import annotations

import re

FENCE = re.compile(r"^(```|~~~).*?^\1[^\n]*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"!?\[([^\]\n]*)\]\([^)\n]*\)")
ADDRESS = re.compile(r"https?://\S+")
TAG = re.compile(r"</?[a-zA-Z][^<>\n]{0,200}>")
EMPHASIS = re.compile(r"[*`~]+")
SIGNS = re.compile(r"[#>|]+")
CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
STEPS = ((FENCE, " "), (LINK, r"\1"), (ADDRESS, " "), (TAG, " "), (EMPHASIS, ""), (SIGNS, " "), (CONTROL, " "))

EMBEDDED = 2_000  # characters: more than the model's 256 tokens


def plain(text: str) -> str:
    """The words of a Markdown text on one line, code blocks left out, links as their words."""
    for pattern, instead in STEPS:
        text = pattern.sub(instead, text)
    return " ".join(text.split())


def embedded(title: str | None, body: str) -> str:
    """What of a post or an approach is embedded: its title and the beginning of its text."""
    words = plain(body[: 2 * EMBEDDED]) or CONTROL.sub(
        " ", body[:EMBEDDED]
    )  # a text that is nothing but code is embedded as it is
    return f"{title}. {words}"[:EMBEDDED] if title else words[:EMBEDDED]
