"""What changed between two texts, as people read it: lines that stayed, with the words that went and came in the others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

Mark = Literal["same", "gone", "new"]
CONTEXT = 2  # lines that stayed, shown around a change
LONGEST_WORD_BY_WORD = 4_000  # characters of a block that is compared word by word; a longer one line by line
WORD = re.compile(r"\s+|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words, and whether they stayed, went or came."""

    mark: Mark
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that belong together; of those that stayed, `skipped` are left out before what is shown."""

    pieces: tuple[Piece, ...]
    changed: bool
    skipped: int = 0


def differences(old: str, new: str) -> list[Block]:
    """The blocks of both texts in order, with what stayed far from every change left out."""
    return list(_folded(blocks(old, new)))


def blocks(old: str, new: str) -> list[Block]:
    """All of both texts: joining what is not new gives the old one, joining what is not gone the new one."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    found = []
    for what, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        gone, came = "".join(before[a:b]), "".join(after[c:d])
        found.append(
            Block((Piece("same", gone),), False) if what == "equal" else Block(tuple(_words(gone, came)), True)
        )
    return found


def _words(gone: str, came: str) -> Iterator[Piece]:
    if not gone or not came or len(gone) + len(came) > LONGEST_WORD_BY_WORD:
        yield from _pieces(gone, came)
        return
    before, after = WORD.findall(gone), WORD.findall(came)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    stayed = sum(
        word.strip() != "" for block in matcher.get_matching_blocks() for word in before[block.a :][: block.size]
    )
    words = sum(word.strip() != "" for word in (*before, *after))
    if 2 * stayed < 0.3 * words:  # hardly a word stayed: easier to read apart
        yield from _pieces(gone, came)
        return
    for what, a, b, c, d in matcher.get_opcodes():
        if what == "equal":
            yield Piece("same", "".join(before[a:b]))
        else:
            yield from _pieces("".join(before[a:b]), "".join(after[c:d]))


def _pieces(gone: str, came: str) -> Iterator[Piece]:
    if gone:
        yield Piece("gone", gone)
    if came:
        yield Piece("new", came)


def _folded(found: Sequence[Block]) -> Iterator[Block]:
    """Of every block that stayed, only the lines beside a change."""
    for place, block in enumerate(found):
        if block.changed:
            yield block
            continue
        lines = block.pieces[0].text.splitlines(keepends=True)
        head = lines[:CONTEXT] if place > 0 else []
        tail = lines[len(head) :][-CONTEXT:] if place < len(found) - 1 else []
        if head:
            yield Block((Piece("same", "".join(head)),), False)
        if (skipped := len(lines) - len(head) - len(tail)) or tail:
            yield Block((Piece("same", "".join(tail)),), False, skipped)
