"""How often posts are looked at: counted in memory, written together every few seconds, lost at most once in a crash."""

from __future__ import annotations

import time
from collections import Counter
from threading import Lock
from uuid import UUID

from lake.kit.ids import new_id
from platform_app.community import repository
from platform_app.db import Database

SPACING = 5.0  # seconds between two writes


class Footfall:
    """Views that are not written yet."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen: Counter[UUID] = Counter()
        self._written_at = time.monotonic()
        self._lock = Lock()

    def note(self, post_id: UUID) -> None:
        """Somebody looked at a post; writes what has gathered when it is time."""
        with self._lock:
            self._seen[post_id] += 1
            due = time.monotonic() - self._written_at >= SPACING
        if due:
            self.write()

    def write(self) -> None:
        """Write what has gathered, in one transaction."""
        with self._lock:
            seen, self._seen = self._seen, Counter()
            self._written_at = time.monotonic()
        if seen:
            posts = sorted(seen)
            with self._database.write(f"views-{new_id()}") as conn:
                repository.add_views(conn, posts, [seen[post] for post in posts])
