"""The most used tags, counted at most twice a minute: counting reads every tagging."""

from __future__ import annotations

import time
from threading import Lock

from platform_app.community import reads
from platform_app.community.schemas import TagCount
from platform_app.db import Conn

KEPT = 30.0  # seconds


class PopularTags:
    """A list that is fresh enough for a page's margin."""

    def __init__(self) -> None:
        self._tags: list[TagCount] = []
        self._until = 0.0
        self._lock = Lock()

    def read(self, conn: Conn) -> list[TagCount]:
        """At most 100 tags, the most used first."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._tags = reads.popular_tags(conn)
                self._until = time.monotonic() + KEPT
            return self._tags

    def forget(self) -> None:
        """Count again at the next look: a moderator has just changed the list."""
        with self._lock:
            self._until = 0.0
