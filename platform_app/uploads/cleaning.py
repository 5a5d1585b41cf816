"""Removing what nothing refers to: files that were brought and never used, content that lost its last row, and content
whose row was never written because the request failed.

Content is removed under a lock that who brings content shares: what is named again a moment before is not removed.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from lake.kit.clock import utc_now
from lake.kit.errors import Retry
from lake.kit.log import get_log
from platform_app.db import Database
from platform_app.uploads import repository
from platform_app.uploads.store import Store

UNUSED = timedelta(days=1)
SETTLED = 3_600.0  # seconds after which a request that brought content has ended
SEARCH_EVERY = 6 * 3_600.0  # seconds between two looks through the whole folder
MOST = 500


@dataclass(frozen=True, slots=True)
class Cleaned:
    """How much went: files that were never used, and content on disk."""

    unused: int
    removed: int


def clean(database: Database, store: Store, now: datetime) -> Cleaned:
    """Forget what was never used, and remove content that lost its rows."""
    with database.write("uploads-clean") as conn:
        unused = repository.unused_before(conn, now - UNUSED, MOST)
        if unused:
            repository.remove(conn, unused)
    removed = 0
    while True:
        with database.write("uploads-clean") as conn:
            repository.lock(conn)
            names = repository.loose(conn, MOST)
            kept = repository.named(conn, names)
            removed += sum(store.remove(name) for name in names if name not in kept)
            repository.settle(conn, names)
        if len(names) < MOST:
            return Cleaned(len(unused), removed)


def search(database: Database, store: Store, now: float, settled: float = SETTLED) -> int:
    """Look through the folder for content that no row ever named, older than an hour; returns how much was removed."""
    removed = 0
    for names in store.older_than(now - settled):
        with database.write("uploads-search") as conn:
            repository.lock(conn)
            kept = repository.named(conn, names)
            removed += sum(store.remove(name) for name in names if name not in kept)
    return removed


class Cleaner:
    """Cleans beside the worker."""

    def __init__(self, database: Database, store: Store) -> None:
        self._database, self._store = database, store
        self._search_at = time.monotonic() + 60.0

    def follow(self, every_seconds: float, stop: threading.Event) -> None:
        """Clean until `stop` is set. While PostgreSQL is away it waits."""
        while not stop.is_set():
            try:
                self._step()
            except Retry:
                get_log().warning("cleaner_waits")
            stop.wait(every_seconds)

    def _step(self) -> None:
        done = clean(self._database, self._store, utc_now())
        if done.unused or done.removed:
            get_log().info("uploads_cleaned", unused=done.unused, removed=done.removed)
        if time.monotonic() >= self._search_at:
            self._search_at = time.monotonic() + SEARCH_EVERY
            get_log().info("uploads_searched", removed=search(self._database, self._store, time.time()))
