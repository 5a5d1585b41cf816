"""Ids that a second run finds again: UUIDv7 of the original moment, its random part derived from where it came from."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970 of an aware moment."""
    return round(moment.timestamp() * 1000)


def settled_id(at: datetime, *origin: object) -> UUID:
    """The same UUIDv7 for the same moment and origin (source, kind, number) in every run."""
    digest = hashlib.sha256("\x1f".join(map(str, origin)).encode()).digest()
    raw = bytearray(max(milliseconds(at), 0).to_bytes(6, "big") + digest[:10])
    raw[6] = (raw[6] & 0x0F) | 0x70
    raw[8] = (raw[8] & 0x3F) | 0x80
    return UUID(bytes=bytes(raw))
