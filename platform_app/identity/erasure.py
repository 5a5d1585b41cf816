"""Requests that the lake forgets a person: written when they delete their account, read by whoever holds the token.

The request's id is no secret; the token is shown once and stored as its SHA-256.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from lake.kit.ids import new_id
from platform_app.db import Conn
from platform_app.errors import Conflict, NotFound
from platform_app.identity import audit
from platform_app.identity.sessions import token_hash

HEIR = UUID("00000000-0000-7000-8000-00000000dead")
HEIR_HANDLE, HEIR_NAME = "[deleted]", "Deleted user"  # brackets: nobody can sign up with this handle
OWN = (
    "consents", "consent_events", "credentials", "sessions", "reset_tokens", "factors", "recovery_codes", "challenges",
    "verifications", "mail_tokens", "tokens", "grants", "links",
)  # fmt: skip
"""The tables of this schema that hold an account's rows under `account_id`."""
_COLUMNS = "id, requested_at, state, finished_at, receipt"


@dataclass(frozen=True, slots=True)
class Erasure:
    """How far a request is. `receipt` is what the lake wrote back, None until it is done."""

    id: UUID
    requested_at: datetime
    state: str
    finished_at: datetime | None
    receipt: dict[str, Any] | None


def heir(conn: Conn) -> UUID:
    """The account in whose name places are kept; made when the first person leaves. It agrees to nothing."""
    conn.execute(
        "INSERT INTO identity.accounts (id, handle, display_name, role, status, origin, created_at) "
        "VALUES (%s, %s, %s, 'member', 'deleted', 'signup', now()) ON CONFLICT (id) DO NOTHING",
        (HEIR, HEIR_HANDLE, HEIR_NAME),
    )
    return HEIR


def lock(conn: Conn, account_id: UUID) -> None:
    """Let nobody write in this account's name until the transaction ends. Conflict for the only administrator."""
    row = conn.execute("SELECT role FROM identity.accounts WHERE id = %s FOR UPDATE", (account_id,)).fetchone()
    if row is None:
        raise NotFound("There is no such person.")
    others = "SELECT 1 FROM identity.accounts WHERE role = 'admin' AND status = 'active' AND id <> %s LIMIT 1"
    if row[0] == "admin" and conn.execute(others, (account_id,)).fetchone() is None:
        raise Conflict("You are the only administrator: appoint another one first.", code="only_administrator")


def remove(conn: Conn, account_id: UUID, now: datetime) -> str:
    """Remove the account with all that identity keeps of it, and ask the lake to forget it; returns the token.

    Everything else that names the account must be gone. What an administrator looked at stays, in the heir's name.
    """
    audit.forget(conn, account_id, heir(conn))
    for table in OWN:
        conn.execute(f"DELETE FROM identity.{table} WHERE account_id = %s".encode(), (account_id,))
    conn.execute("DELETE FROM identity.accounts WHERE id = %s", (account_id,))
    token = secrets.token_urlsafe(24)
    conn.execute(
        "INSERT INTO identity.erasure_requests (id, account_id, token_hash, requested_at, state) "
        "VALUES (%s, %s, %s, %s, 'open')",
        (new_id(), account_id, token_hash(token), now),
    )
    return token


def find(conn: Conn, token: str) -> Erasure:
    """The request whose token this is; NotFound when there is none."""
    query = f"SELECT {_COLUMNS} FROM identity.erasure_requests WHERE token_hash = %s"
    with conn.cursor(row_factory=class_row(Erasure)) as cursor:
        found = cursor.execute(query.encode(), (token_hash(token),)).fetchone()
    if found is None:
        raise NotFound("There is no such receipt: check the link.")
    return found


def latest(conn: Conn, limit: int = 100) -> list[Erasure]:
    """The newest requests, for administrators."""
    query = f"SELECT {_COLUMNS} FROM identity.erasure_requests ORDER BY requested_at DESC, id DESC LIMIT %s"
    with conn.cursor(row_factory=class_row(Erasure)) as cursor:
        return cursor.execute(query.encode(), (limit,)).fetchall()
