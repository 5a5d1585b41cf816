"""What a text holds that a new person may use little of: links, images, calls of others; and words that nobody may publish."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from platform_app.db import Conn
from platform_app.errors import Conflict, Invalid, NotFound
from platform_app.messaging.notify import handles_in
from platform_app.rules import one_line

IMAGE = re.compile(r"!\[[^\]]*\](\([^)]*\)|\[[^\]]*\])|<img\b", re.IGNORECASE)
LINK = re.compile(r"\b(?:https?://|www\.)[^\s<>()\[\]\"']+", re.IGNORECASE)
INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u2060\ufeff]")
RUNS = re.compile(r"[^\W_]+(?:[-'][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Held:
    """How many of each a text holds. A link inside an image counts as the image alone; repeats of a link count once."""

    links: int
    images: int
    mentions: int


def held(text: str) -> Held:
    """Count them; what stands in code is counted as well, but for calls, which reach nobody from there."""
    without = IMAGE.sub(" ", text)
    links = {match.group().rstrip(".,;:!?") for match in LINK.finditer(without)}
    return Held(len(links), len(IMAGE.findall(text)), len(handles_in(text)))


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
