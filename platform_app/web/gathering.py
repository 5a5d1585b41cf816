"""What gathers in memory and is written together: the timing that `impressions.py` and `sightings.py` share.

A write for each look at a page would cost more than the knowledge is worth; a crash loses at most what had gathered.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from contextlib import suppress
from threading import Lock
from typing import Generic, TypeVar

from lake.kit.errors import Retry
from lake.kit.ids import new_id
from platform_app.db import Conn, Database

T = TypeVar("T")


class Gathering(ABC, Generic[T]):
    """Something that is noted under `lock` by many threads, taken at once, and written in one transaction."""

    def __init__(self, database: Database, *, spacing: float, name: str) -> None:
        """`spacing` is the seconds between two writes, `name` begins the correlation id of each."""
        self.lock = Lock()
        self._database = database
        self._spacing = spacing
        self._name = name
        self._written_at = time.monotonic()

    @abstractmethod
    def take(self) -> T | None:
        """What has gathered, which is gone from here then; None for nothing. Called under `lock`."""

    @abstractmethod
    def put(self, conn: Conn, gathered: T) -> T | None:
        """Write what was taken, in an open transaction; what cannot be written yet is returned, None for nothing."""

    @abstractmethod
    def give_back(self, left: T) -> None:
        """Gather again what could not be written yet. Called under `lock`, once the rest is committed."""

    def write_if_due(self) -> None:
        """Write what has gathered when it is time; call it outside of a transaction."""
        if time.monotonic() - self._written_at >= self._spacing:
            with suppress(Retry):
                self.write()

    def close(self) -> None:
        """Write what has gathered; a PostgreSQL that has gone already takes it along."""
        with suppress(Retry):
            self.write()

    def write(self) -> None:
        """Write what has gathered, in one transaction."""
        with self.lock:
            gathered = self.take()
            self._written_at = time.monotonic()
        if gathered is None:
            return
        with self._database.write(f"{self._name}-{new_id()}") as conn:
            left = self.put(conn, gathered)
        if left is not None:
            with self.lock:
                self.give_back(left)
