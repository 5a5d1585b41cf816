"""How much one run of upkeep may do. What does not fit waits for the next run, and is said."""

from __future__ import annotations

import time


class Budget:
    """Seconds of one run, and bytes that it may read to write them anew. Work in hand is finished, none is begun."""

    def __init__(self, seconds: float, size: int) -> None:
        self._end = time.monotonic() + seconds
        self._bytes = size

    @property
    def left(self) -> bool:
        """Whether another step may begin."""
        return self._bytes > 0 and time.monotonic() < self._end

    def spend(self, size: int) -> None:
        """Take the bytes of a step off."""
        self._bytes -= size
