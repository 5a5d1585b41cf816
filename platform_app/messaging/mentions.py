"""Whom a text calls by their handle."""

from __future__ import annotations

import re
from collections.abc import Iterable

MENTION = re.compile(r"(?<![\w@/])@([a-z0-9][a-z0-9_-]{2,29})(?![\w-])", re.IGNORECASE)
MOST_MENTIONS = 10  # of one text that are told


def handles_in(text: str) -> list[str]:
    """The handles that a text calls, without repeats, outside of code; in the order they come."""
    prose: Iterable[str] = re.split(r"```.*?```|`[^`\n]*`", text, flags=re.DOTALL)
    found = dict.fromkeys(match.group(1).lower() for part in prose for match in MENTION.finditer(part))
    return list(found)[:MOST_MENTIONS]
