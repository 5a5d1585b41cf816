"""The stand-in's memory: Stripe's objects as JSON, idempotency keys and webhook deliveries in one SQLite file."""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Json = dict[str, Any]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    id TEXT PRIMARY KEY, object TEXT NOT NULL, number INTEGER NOT NULL UNIQUE, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS objects_by_kind ON objects (object, number);
CREATE TABLE IF NOT EXISTS idempotency (
    key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (
    event_id TEXT PRIMARY KEY, attempts INTEGER NOT NULL DEFAULT 0, next_at REAL NOT NULL, delivered_at REAL);
"""


def fresh_id(prefix: str) -> str:
    """An id as Stripe makes them: a prefix and random letters."""
    return f"{prefix}_{secrets.token_hex(12)}"


class Store:
    """One connection; every public method outside `transaction` commits by itself."""

    def __init__(self, path: Path | str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA busy_timeout=5000;" + _SCHEMA)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is kept together or not at all."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def save(self, body: Json) -> Json:
        """Keep an object under its id, new or changed."""
        self._db.execute(
            "INSERT INTO objects (id, object, number, body) "
            "VALUES (?, ?, (SELECT coalesce(max(number), 0) + 1 FROM objects), ?) "
            "ON CONFLICT (id) DO UPDATE SET body = excluded.body",
            (body["id"], body["object"], json.dumps(body)),
        )
        return body

    def find(self, kind: str, key: str) -> Json | None:
        """An object by its id."""
        row = self._db.execute("SELECT body FROM objects WHERE id = ? AND object = ?", (key, kind)).fetchone()
        return json.loads(row[0]) if row else None

    def listed(self, kind: str) -> list[Json]:
        """Every object of a kind, newest first."""
        rows = self._db.execute("SELECT body FROM objects WHERE object = ? ORDER BY number DESC", (kind,))
        return [json.loads(row[0]) for row in rows]

    def emit(self, kind: str, thing: Json) -> Json:
        """Keep an event about an object, to be delivered."""
        event = self.save(
            {
                "id": fresh_id("evt"),
                "object": "event",
                "api_version": "2026-01-28",
                "created": int(time.time()),
                "data": {"object": thing},
                "livemode": False,
                "pending_webhooks": 1,
                "request": {"id": None, "idempotency_key": None},
                "type": kind,
            }
        )
        self._db.execute("INSERT INTO deliveries (event_id, next_at) VALUES (?, ?)", (event["id"], time.time()))
        return event

    def finished(self, key: str) -> tuple[str, int, Json] | None:
        """The fingerprint, status and answer kept for an idempotency key."""
        row = self._db.execute("SELECT fingerprint, status, body FROM idempotency WHERE key = ?", (key,)).fetchone()
        return (row[0], row[1], json.loads(row[2])) if row else None

    def finish(self, key: str, fingerprint: str, status: int, body: Json) -> None:
        """Keep the answer for an idempotency key."""
        self._db.execute("INSERT INTO idempotency VALUES (?, ?, ?, ?)", (key, fingerprint, status, json.dumps(body)))

    def due(self, now: float) -> list[tuple[str, int]]:
        """Events to deliver now: id, attempts so far."""
        rows = self._db.execute(
            "SELECT event_id, attempts FROM deliveries WHERE delivered_at IS NULL AND next_at <= ? ORDER BY rowid",
            (now,),
        )
        return list(rows.fetchall())

    def delivered(self, event_id: str) -> None:
        """The webhook took the event."""
        self._db.execute("UPDATE deliveries SET delivered_at = ? WHERE event_id = ?", (time.time(), event_id))

    def put_off(self, event_id: str, until: float) -> None:
        """The webhook did not take the event: try again then."""
        self._db.execute(
            "UPDATE deliveries SET attempts = attempts + 1, next_at = ? WHERE event_id = ?", (until, event_id)
        )
