"""Code in colours: a snippet as HTML whose spans carry one of eight classes, which the style sheet colours.

Pygments knows some three hundred kinds of token; eight are enough to read by and keep pages small. The language is what
the fence says, never a guess; what is longer than a screenful stays plain, so that no text costs much time.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from html import escape
from itertools import groupby

from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.token import Comment, Generic, Keyword, Literal, Name, Number, Operator, String, Token, _TokenType

from platform_app.community.snippets import OTHER, language_named

LONGEST = 6_000  # characters of a snippet that is coloured
CLASSES: tuple[tuple[_TokenType, str], ...] = (
    (Comment, "c"),
    (Keyword.Constant, "m"),
    (Keyword, "k"),
    (Operator.Word, "k"),
    (Name.Tag, "k"),
    (String, "s"),
    (Number, "m"),
    (Literal, "m"),
    (Name.Function, "f"),
    (Name.Class, "f"),
    (Name.Builtin, "f"),
    (Name.Decorator, "f"),
    (Name.Attribute, "f"),
    (Name.Variable, "v"),
    (Generic.Inserted, "i"),
    (Generic.Deleted, "d"),
    (Generic.Heading, "c"),
    (Generic.Subheading, "c"),
    (Token, ""),
)
NAMES = frozenset(name for _, name in CLASSES if name)


def highlight(code: str, info: str, _attributes: str = "") -> str:
    """The snippet as HTML; `info` is what stands behind the fence. Its text is the same as before, to the character."""
    lexer = _lexer(language_named(info) or OTHER) if len(code) <= LONGEST else None
    if lexer is None:
        return escape(code)
    return "".join(
        f'<span class="{name}">{escape(text)}</span>' if name and text.strip() else escape(text)
        for name, text in _runs(lexer, code)
    )


def _runs(lexer: Lexer, code: str) -> Iterator[tuple[str, str]]:
    """Neighbours of one class together."""
    pieces = ((_class_of(kind), text) for _, kind, text in lexer.get_tokens_unprocessed(code))
    for name, run in groupby(pieces, key=lambda piece: piece[0]):
        yield name, "".join(text for _, text in run)


@lru_cache(maxsize=512)
def _class_of(kind: _TokenType) -> str:
    return next(name for parent, name in CLASSES if kind in parent)


@lru_cache(maxsize=64)
def _lexer(language: str) -> Lexer | None:
    return None if language == OTHER else get_lexer_by_name(language)
