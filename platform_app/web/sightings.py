"""When a log-in or a token was last used: gathered in memory, written together every half minute.

A crash loses at most that half minute; a write for each look at a page would cost more than the knowledge is worth.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from platform_app.db import Conn, Database
from platform_app.web.gathering import Gathering

Seen = dict[tuple[str, UUID], datetime]
SPACING = 30.0  # seconds between two writes
TABLES: Mapping[str, str] = {
    kind: f"UPDATE identity.{kind} t SET seen_at = s.at FROM unnest(%s::uuid[], %s::timestamptz[]) AS s (id, at) "
    "WHERE t.id = s.id AND (t.seen_at IS NULL OR t.seen_at < s.at)"
    for kind in ("sessions", "tokens", "grants")
}


class Sightings(Gathering[Seen]):
    """Uses that are not written yet."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, spacing=SPACING, name="seen")
        self._seen: Seen = {}

    def note(self, kind: str, id: UUID, now: datetime) -> None:
        """Somebody came with this session, token or grant."""
        with self.lock:
            self._seen[kind, id] = now

    def take(self) -> Seen | None:
        """The uses since the last write."""
        seen, self._seen = self._seen, {}
        return seen or None

    def put(self, conn: Conn, gathered: Seen) -> None:
        """Write the last use of each."""
        for kind, statement in TABLES.items():
            found = sorted((id, at) for (one, id), at in gathered.items() if one == kind)
            if found:
                conn.execute(statement.encode(), ([id for id, _ in found], [at for _, at in found]))

    def give_back(self, left: Seen) -> None:
        """What was noted in between is newer."""
        self._seen = left | self._seen
