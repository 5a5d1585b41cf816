"""Ids: UUIDv7 (RFC 9562 §5.7), so that new rows sort after old ones."""

from __future__ import annotations

import os
import time
from uuid import UUID


def new_id(at_ms: int | None = None) -> UUID:
    """A UUIDv7 for this moment, or for `at_ms` (milliseconds since 1970, used by the importer to keep old order)."""
    milliseconds = time.time_ns() // 1_000_000 if at_ms is None else at_ms
    raw = bytearray(milliseconds.to_bytes(6, "big") + os.urandom(10))
    raw[6] = (raw[6] & 0x0F) | 0x70
    raw[8] = (raw[8] & 0x3F) | 0x80
    return UUID(bytes=bytes(raw))
