"""A text as a person reads it: entities resolved, look-alike forms folded, invisible characters gone.

Everything after this module sees, and everything that leaves carries, the same plain text, so nothing can hide from a
detector in a form that only a browser undoes.
"""

from __future__ import annotations

import html
import re
import unicodedata

# Zero-width and bidirectional marks, soft hyphens, tag characters, variation selectors, and controls but tab and newline.
INVISIBLE = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e01ef]"
)
ROUNDS = 20  # a text escaped more often than this is nobody's prose


def plain(text: str) -> str:
    """NFKC without entities and invisible characters; applying it twice changes nothing."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for _ in range(ROUNDS):
        seen = INVISIBLE.sub("", unicodedata.normalize("NFKC", html.unescape(text)))
        if seen == text:
            return text
        text = seen
    return text.replace("&", " ")
