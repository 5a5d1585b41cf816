"""What a text holds that a new person may use little of: links, images, calls of others; and words that nobody may publish."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from html import unescape

import nh3
from markdown_it import MarkdownIt

from platform_app.db import Conn
from platform_app.errors import Conflict, Invalid, NotFound
from platform_app.messaging.mentions import handles_in
from platform_app.rules import one_line

TAGS_OF_LINKS, NOT_SHOWN = {"a"}, {"script", "style", "iframe", "title"}
IMAGE = re.compile(r"!\[[^\]]*\](\([^)]*\)|\[[^\]]*\])|<img\b", re.IGNORECASE)
ANCHOR = re.compile(r"<a\b([^>]*)>.*?</a>", re.DOTALL)
HREF = re.compile(r'\bhref="([^"]*)"')
AWAY = re.compile(r"[a-z][a-z0-9+.-]*:|[/\\]{2}", re.IGNORECASE)  # what a browser follows to somewhere else
LINK = re.compile(r"\b(?:https?://|www\.)[^\s<>()\[\]\"']+", re.IGNORECASE)
INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u2060\ufeff]")
_MARKDOWN = MarkdownIt("commonmark", {"html": True})  # as pages render it (`web/markdown.py`)
RUNS = re.compile(r"[^\W_]+(?:[-'][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Held:
    """How many of each a text holds. A link inside an image counts as the image alone; repeats of a link count once."""

    links: int
    images: int
    mentions: int


def held(text: str) -> Held:
    """Count them; what stands in code is counted as well, but for calls, which reach nobody from there."""
    return Held(len(links_in(text)), len(IMAGE.findall(text)), len(handles_in(text)))


def links_in(text: str) -> set[str]:
    """Where a Markdown text leads away from here, as a browser understands it: its links, and addresses that one can read.

    Rendered first: `[x](//a.example)`, `[x](https:a.example)` and `<a href=…>` lead away without an address to be read.
    """
    shown = nh3.clean(
        _MARKDOWN.render(text), tags=TAGS_OF_LINKS, clean_content_tags=NOT_SHOWN, attributes={"a": {"href"}}
    )
    followed = (
        re.sub(r"[\x00-\x20]", "", unescape(href)) for part in ANCHOR.findall(shown) for href in HREF.findall(part)
    )
    read = (match.group() for match in LINK.finditer(unescape(ANCHOR.sub(" ", shown))))
    return {link.rstrip(".,;:!?/") for link in (*filter(AWAY.match, followed), *read)}


def refuse_unwanted(conn: Conn, text: str, field: str = "body") -> None:
    """Invalid, with the field's name, for words that nobody may publish."""
    if named(text, unwanted(conn)):
        raise Invalid("Your text uses a word that nobody may publish here: say it in another way.", code="unwanted_word", field=field)  # fmt: skip


def named(text: str, words: Collection[str]) -> set[str]:
    """Which of the words a text holds: whole words in any case, and phrases; invisible characters hide nothing."""
    if not words:
        return set()
    found = RUNS.findall(folded(text))
    joined = f" {' '.join(found)} "
    return {word for word in words if f" {' '.join(RUNS.findall(word))} " in joined}


def folded(text: str) -> str:
    """The text as it is compared."""
    return unicodedata.normalize("NFKC", INVISIBLE.sub("", text)).casefold()


def unwanted(conn: Conn) -> list[str]:
    """The words that nobody may publish, in their order."""
    return [row[0] for row in conn.execute("SELECT word FROM moderation.words ORDER BY word").fetchall()]


def ban(conn: Conn, word: str, now: datetime) -> str:
    """Let nobody publish a word or phrase; returns it as it is compared. Invalid when it has no letter or digit."""
    clean = " ".join(RUNS.findall(folded(one_line(word))))
    if not 2 <= len(clean) <= 60:
        raise Invalid("A word has 2 to 60 letters or digits.", field="word")
    if not conn.execute(
        "INSERT INTO moderation.words (word, added_at) VALUES (%s, %s) ON CONFLICT DO NOTHING", (clean, now)
    ).rowcount:
        raise Conflict("This word is on the list.", code="word_exists", field="word")
    return clean


def allow(conn: Conn, word: str) -> None:
    """Take a word off the list; NotFound when it is not on it."""
    if not conn.execute("DELETE FROM moderation.words WHERE word = %s", (word,)).rowcount:
        raise NotFound("This word is not on the list.")
