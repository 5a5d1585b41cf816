"""Ids: UUIDv7 (RFC 9562 §5.7), so that new rows sort after old ones."""

from __future__ import annotations

import os
import threading
import time
from uuid import UUID

COUNTED = 1 << 12  # ids of one millisecond that are counted in the 12 bits behind it
_lock = threading.Lock()
_last = (0, 0)  # milliseconds and count of the newest id of this process


def new_id() -> UUID:
    """A UUIDv7 for this moment. A process makes them in ascending order, within a millisecond and when the clock goes back as
    well (§6.2, method 1): what is told twice in one transaction keeps its order.
    """
    random = os.urandom(10)
    milliseconds, count = _next(int.from_bytes(random[:2], "big"))
    raw = bytearray(milliseconds.to_bytes(6, "big") + count.to_bytes(2, "big") + random[2:])
    raw[6] |= 0x70
    raw[8] = (raw[8] & 0x3F) | 0x80
    return UUID(bytes=bytes(raw))


def _next(random: int) -> tuple[int, int]:
    """The next millisecond and count; a count begins at random in the lower half, so that it seldom runs over."""
    global _last  # noqa: PLW0603 - the one clock of the process
    with _lock:
        now, (then, count) = time.time_ns() // 1_000_000, _last
        if now > then:
            _last = (now, random % (COUNTED // 2))
        else:
            _last = (then, count + 1) if count + 1 < COUNTED else (then + 1, 0)
        return _last
