"""How old what a stage has is: seen from outside, by when the stage before it stood where this one stands now.

Nothing of the stream is read for it. A stage that has all there is is as fresh as the stage before it; one that is
behind is as old as the newest moment at which the stage before it held no more than this one does now.
"""

from __future__ import annotations

from collections import deque

MOST = 20_000  # moments that are kept for one stage: with a look every three seconds, 16 hours of standstill


class Mark:
    """What the stage before has held, and since when that was all there was."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()  # (moment, what the stage before held then), both rising

    def moment(self, source_moment: float, source_holds: int, has: int) -> float:
        """From which moment on this stage has everything.

        `source_moment` is that of the stage before, which holds up to `source_holds` now; this stage has up to `has`.
        """
        if self._seen and self._seen[-1][1] == source_holds:
            self._seen.pop()
        while self._seen and self._seen[-1][1] > source_holds:  # the stream went back: a new topic
            self._seen.pop()
        self._seen.append((source_moment, source_holds))
        if len(self._seen) > MOST:
            self._seen = deque([self._seen[0], *list(self._seen)[1::2]])
        while len(self._seen) > 1 and self._seen[1][1] <= has:
            self._seen.popleft()
        return self._seen[0][0]
