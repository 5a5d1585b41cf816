"""Opaque cursors: a place in the answer of one query over one version, of no use with any other."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass

from api.problems import Problem


@dataclass(frozen=True)
class Cursor:
    """Where a page starts: version, the query's shape hash, row offset."""

    version: int
    shape: str
    offset: int

    def text(self) -> str:
        """The cursor as the `next` link carries it."""
        packed = json.dumps([self.version, self.shape, self.offset], separators=(",", ":"))
        return base64.urlsafe_b64encode(packed.encode()).decode().rstrip("=")


def read_cursor(text: str) -> Cursor:
    """The cursor of a text that `Cursor.text` made; Problem `bad_value` for any other."""
    try:
        version, shape, offset = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError, TypeError):
        version, shape, offset = None, None, None
    if not (isinstance(version, int) and isinstance(shape, str) and isinstance(offset, int) and 0 <= offset < 2**40):
        raise Problem("bad_value", "Use the cursor exactly as a page gave it.", details={"parameter": "cursor"})
    return Cursor(version, shape, offset)


def check_cursor(cursor: Cursor, version: int, shape: str) -> int:
    """The offset of a cursor that belongs to this version and query; Problem `cursor_mismatch` otherwise."""
    if (cursor.version, cursor.shape) != (version, shape):
        raise Problem("cursor_mismatch", "Ask with the parameters that the cursor came from, or without a cursor.")
    return cursor.offset
