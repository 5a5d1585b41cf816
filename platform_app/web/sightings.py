"""When a log-in or a token was last used: gathered in memory, written together every half minute.

A crash loses at most that half minute; a write for each look at a page would cost more than the knowledge is worth.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from threading import Lock
from uuid import UUID

from lake.kit.errors import Retry
from lake.kit.ids import new_id
from platform_app.db import Database

SPACING = 30.0  # seconds between two writes
TABLES: Mapping[str, str] = {
    kind: f"UPDATE identity.{kind} t SET seen_at = s.at FROM unnest(%s::uuid[], %s::timestamptz[]) AS s (id, at) "
    "WHERE t.id = s.id AND (t.seen_at IS NULL OR t.seen_at < s.at)"
    for kind in ("sessions", "tokens", "grants")
}


class Sightings:
    """Uses that are not written yet."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen: dict[tuple[str, UUID], datetime] = {}
        self._written_at = time.monotonic()
        self._lock = Lock()

    def note(self, kind: str, id: UUID, now: datetime) -> None:
        """Somebody came with this session, token or grant."""
        with self._lock:
            self._seen[kind, id] = now

    def write_if_due(self) -> None:
        """Write what has gathered when it is time; call it outside of a transaction."""
        if time.monotonic() - self._written_at >= SPACING:
            with suppress(Retry):
                self.write()

    def close(self) -> None:
        """Write what has gathered; a PostgreSQL that has gone already takes it along."""
        with suppress(Retry):
            self.write()

    def write(self) -> None:
        """Write what has gathered, in one transaction."""
        with self._lock:
            seen, self._seen = self._seen, {}
            self._written_at = time.monotonic()
        if not seen:
            return
        with self._database.write(f"seen-{new_id()}") as conn:
            for kind, statement in TABLES.items():
                found = sorted((id, at) for (one, id), at in seen.items() if one == kind)
                if found:
                    conn.execute(statement.encode(), ([id for id, _ in found], [at for _, at in found]))
