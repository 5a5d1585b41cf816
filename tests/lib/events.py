"""Business events that were published, for tests: `told` since `newest` was asked."""

from __future__ import annotations

from uuid import UUID

from platform_app.db import Conn


def told(conn: Conn, since: UUID | None = None) -> list[tuple[str, UUID, UUID | None, dict[str, object]]]:
    """(type, subject, actor, data) of the events since one, oldest first."""
    query = "SELECT id, type, subject_id, actor_id, data FROM kernel.outbox WHERE id > %s ORDER BY id"
    rows = conn.execute(query, (since or UUID(int=0),)).fetchall()
    return [(kind, subject, actor, data) for _, kind, subject, actor, data in rows]


def newest(conn: Conn) -> UUID:
    """The newest event there is."""
    row = conn.execute("SELECT id FROM kernel.outbox ORDER BY id DESC LIMIT 1").fetchone()
    return UUID(str(row[0])) if row else UUID(int=0)
