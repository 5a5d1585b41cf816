"""Answers that are kept for a day, so that a repeated request changes nothing a second time.

`claim` takes a key in the transaction of what the request does, `keep` writes the answer into the same one. Two that come
at once with one key wait for each other at the table's unique index. Answers are sealed: one may hold a new token.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from lake.kit.errors import Stop
from lake.kit.ids import new_id
from platform_app.db import Conn
from platform_app.errors import Invalid
from platform_app.sealing import ANSWER, Sealer

KEPT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer that was given before."""

    status: int
    body: bytes


def digest(method: str, path: str, body: bytes) -> bytes:
    """What a request asks, in 32 bytes."""
    return hashlib.sha256(b"\0".join((method.encode(), path.encode(), body))).digest()


def claim(conn: Conn, sealer: Sealer, account_id: UUID, key: str, request: bytes, now: datetime) -> UUID | Kept:
    """The id under which the answer is to be kept, or the answer if the request was answered before.

    Invalid when the key came with another request.
    """
    conn.execute("DELETE FROM kernel.answers WHERE account_id = %s AND made_at < %s", (account_id, now - KEPT))
    made = conn.execute(
        "INSERT INTO kernel.answers (id, account_id, key, request, made_at) VALUES (%s, %s, %s, %s, %s) "
        "ON CONFLICT (account_id, key) DO NOTHING RETURNING id",
        (new_id(), account_id, key, request, now),
    ).fetchone()
    if made is not None:
        return UUID(str(made[0]))
    row = conn.execute(
        "SELECT id, request, status, answer FROM kernel.answers WHERE account_id = %s AND key = %s", (account_id, key)
    ).fetchone()
    if row is None or row[2] is None:
        raise Stop("An answer is kept without what it says: delete its row from kernel.answers.")
    if row[1] != request:
        raise Invalid(
            "This Idempotency-Key came with another request: choose a new key for each thing you do.",
            code="idempotency_key_reused",
            field="Idempotency-Key",
        )
    return Kept(row[2], sealer.unseal(conn, ANSWER, row[0], row[3]))


def keep(conn: Conn, sealer: Sealer, answer_id: UUID, answer: Kept) -> None:
    """Write the answer beside what was done."""
    sealed = sealer.seal(conn, ANSWER, answer_id, answer.body)
    conn.execute("UPDATE kernel.answers SET status = %s, answer = %s WHERE id = %s", (answer.status, sealed, answer_id))


def purge(conn: Conn, now: datetime) -> int:
    """Forget answers that are a day old; returns how many."""
    return conn.execute("DELETE FROM kernel.answers WHERE made_at < %s", (now - KEPT,)).rowcount


def forget(conn: Conn, account_id: UUID) -> None:
    """Forget what a person was answered."""
    conn.execute("DELETE FROM kernel.answers WHERE account_id = %s", (account_id,))
