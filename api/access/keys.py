"""API keys: shown once, stored hashed, scoped, expiring, revocable."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from api.access import secrets
from api.access.entitlement import Caller, checked_scopes
from api.db import Database
from api.problems import Problem
from lake.kit.ids import new_id

LONGEST_DAYS = 366
_MOST_KEYS = 100
_SHOWN = "key_id, name, prefix, scopes, created_at, expires_at, revoked_at, last_used_at"


async def make_key(
    db: Database, procurer: UUID, name: str, scopes: list[str], days: int, now: datetime
) -> tuple[dict[str, Any], str]:
    """Store a new key; answers what may be shown of it, and its text for this one time."""
    wanted, name = checked_scopes(scopes), name.strip()
    if not 1 <= len(name) <= 100 or not 1 <= days <= LONGEST_DAYS:
        raise Problem("invalid", f"A key has a name of 1 to 100 characters and lasts 1 to {LONGEST_DAYS} days.")
    key = secrets.fresh_key()
    made = await db.one(
        "INSERT INTO access.api_keys (key_id, procurer_id, name, prefix, key_hash, scopes, created_at, expires_at) "
        "SELECT %s, %s, %s, %s, %s, %s, %s, %s "
        f"WHERE (SELECT count(*) FROM access.api_keys WHERE procurer_id = %s AND revoked_at IS NULL) < {_MOST_KEYS} "
        f"RETURNING {_SHOWN}",
        (new_id(), procurer, name, key.prefix, key.digest, wanted, now, now + timedelta(days=days), procurer),
    )
    if made is None:
        raise Problem("conflict", f"An account has at most {_MOST_KEYS} keys: revoke one first.")
    return made, key.text


async def list_keys(db: Database, procurer: UUID) -> list[dict[str, Any]]:
    """The account's keys, newest first, without what would let anybody use them."""
    return await db.all(
        f"SELECT {_SHOWN} FROM access.api_keys WHERE procurer_id = %s ORDER BY created_at DESC", (procurer,)
    )


async def revoke_key(db: Database, procurer: UUID, key: UUID, now: datetime) -> None:
    """End a key now; a second time changes nothing. Problem `not_found` when it is not the account's."""
    touched = await db.run(
        "UPDATE access.api_keys SET revoked_at = coalesce(revoked_at, %s) WHERE key_id = %s AND procurer_id = %s",
        (now, key, procurer),
    )
    if touched == 0:
        raise Problem("not_found", "The account has no such key.")


async def check_key(db: Database, text: str, now: datetime) -> Caller:
    """The caller behind a key, asked of the database each time so that a revocation holds at once."""
    found = await db.one(
        "SELECT key_id, procurer_id, scopes, last_used_at FROM access.api_keys "
        "WHERE key_hash = %s AND revoked_at IS NULL AND expires_at > %s",
        (secrets.digest(text), now),
    )
    if found is None:
        raise Problem("unauthenticated", "The API key is unknown, expired or revoked: make one on the dashboard.")
    if found["last_used_at"] is None or now - found["last_used_at"] > timedelta(minutes=1):
        await db.run("UPDATE access.api_keys SET last_used_at = %s WHERE key_id = %s", (now, found["key_id"]))
    return Caller(found["procurer_id"], found["key_id"], frozenset(found["scopes"]))
