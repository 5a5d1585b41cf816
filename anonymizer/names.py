"""What registered people are called, found in a text by exact, case-folded match before any model looks at it.

The rule, from the strongest kind of name to the weakest:

* A name of several words, as display name or handle, is masked in any spelling: as it is, lower, upper, with other
  separators, run together, last name first.
* One word alone (a whole display name, a part of one, a handle, the local part of an address) is masked in any spelling
  when it is distinctive: four letters or more, and neither ordinary English nor one of the community's own words.
* A word that is ordinary English, or shorter, is masked where prose would not capitalise it: in the middle of a
  sentence, or where somebody is addressed ("Will, could you"). Lower-case "will" stays.
* One of the community's own words (its tags, the calendar, its field) is masked only as a mention, which the handle
  pattern does.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from anonymizer.spans import Span
from anonymizer.words import NEUTRAL, Words

CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
TOKEN = re.compile(rf"[{CJK}]|(?:[^\W_{CJK}][\u0300-\u036f]*)+")
GAP = re.compile(r"[\s.,_'’\-]{0,3}")
SENTENCE_EDGE = frozenset('.!?:;\n"“”*#>-–—•|([{`')
_PARTICLES = "van von der den de del della di da do dos la le el al bin ibn ben abu the and of for mr mrs ms dr jr sr"
PARTICLES = frozenset(_PARTICLES.split())
LEAST = 4  # letters of a distinctive word
PARTS = 4  # words of a display name beyond which it is a phrase, not a person's name
END = ""  # key of a trie node: here a name may end


@dataclass(frozen=True)
class Token:
    """A word of a text, and the form in which it is compared."""

    start: int
    end: int
    key: str
    word: str


class NameIndex:
    """A growing trie over words. `find` is linear in the text, however many names there are."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self._root: dict[str, Any] = {}
        self._neutral: set[str] = set(NEUTRAL)
        self._seen: set[tuple[str, str]] = set()

    def clear(self) -> None:
        """Know nobody and no community word any more; whoever holds this index keeps holding it."""
        self._root.clear()
        self._seen.clear()
        self._neutral = set(NEUTRAL)

    def add(self, kind: str, text: str) -> bool:
        """Learn a `name`, `handle`, `email` or community word (`tag`); False when it was known already."""
        if (kind, text) in self._seen:
            return False
        self._seen.add((kind, text))
        if kind == "tag":
            self._neutral.update(token.key for token in tokens(text))
        else:
            self._add_called(kind, text.split("@", maxsplit=1)[0] if kind == "email" else text)
        return True

    def _add_called(self, kind: str, text: str) -> None:
        label = "PERSON" if kind == "name" else "HANDLE"
        keys = [token.key for token in tokens(text)]
        self._insert(keys, label)
        if len(keys) < 2:
            return
        if len(joined := "".join(keys)) >= LEAST + 2:
            self._insert([joined], label)
        if kind != "name" or len(keys) > PARTS or all(re.match(f"[{CJK}]", key) for key in keys):
            return
        self._insert([*keys[1:], keys[0]], label)
        whole = [key for key in keys if len(key) > 1]
        self._insert(whole, label)
        for key in whole:
            if key not in PARTICLES and not key.isdigit():
                self._insert([key], label)

    def _insert(self, keys: list[str], label: str) -> None:
        if not keys or (len(keys) == 1 and len(keys[0]) < 2):
            return
        node = self._root
        for key in keys:
            node = node.setdefault(key, {})
        node.setdefault(END, label)

    def find(self, text: str) -> list[Span]:
        """The spans in which a registered person is called by name."""
        found = tokens(text)
        spans, at = [], 0
        while at < len(found):
            length, label = self._longest(text, found, at)
            if length > 1 or (length == 1 and self._stands_out(text, found, at)):
                spans.append(Span(found[at].start, found[at + length - 1].end, label))
            at += max(length, 1)
        return spans

    def _longest(self, text: str, found: list[Token], at: int) -> tuple[int, str]:
        node, best, label = self._root, 0, ""
        for index in range(at, len(found)):
            if index > at and not GAP.fullmatch(text, found[index - 1].end, found[index].start):
                break
            if (deeper := node.get(found[index].key)) is None:
                break
            node = deeper
            if END in node and (index == at or not self._all_neutral(found[at : index + 1])):
                best, label = index - at + 1, node[END]
        return best, label

    def _all_neutral(self, run: list[Token]) -> bool:
        return all(token.key in self._neutral for token in run)

    def _stands_out(self, text: str, found: list[Token], at: int) -> bool:
        token = found[at]
        if token.key in self._neutral:
            return False
        if len(token.key) >= LEAST and not self.words.common(token.key):
            return True
        if not token.word[0].isupper() or token.word.isupper() or _among_capitals(found, at):
            return False
        return not _opens_sentence(text, token.start) or text[token.end : token.end + 1] in {",", ":"}


def tokens(text: str) -> list[Token]:
    """The words of a text; each Chinese, Japanese or Korean character is one."""
    return list(_tokens(text))


def _tokens(text: str) -> Iterator[Token]:
    for match in TOKEN.finditer(text):
        word = match.group()
        yield Token(match.start(), match.end(), _key(word), word)


def _key(word: str) -> str:
    """Without case and accents: José, JOSE and jose are one."""
    if word.isascii():
        return word.lower()
    bare = unicodedata.normalize("NFKD", word.casefold())
    return unicodedata.normalize("NFC", "".join(c for c in bare if not unicodedata.combining(c)))


def _among_capitals(found: list[Token], at: int) -> bool:
    """Both neighbours are capitalised as well: a headline, where capitals say nothing."""
    around = [*found[max(at - 1, 0) : at], *found[at + 1 : at + 2]]
    return len(around) == 2 and all(token.word[0].isupper() for token in around)


def _opens_sentence(text: str, start: int) -> bool:
    before = text[:start].rstrip(" \t'‘")
    return not before or before[-1] in SENTENCE_EDGE
