"""Personal tokens: what a person gives to a program of theirs, with a name, a scope and an end.

A token is shown once and stored as its SHA-256. `read` looks, `write` changes; neither touches passwords, factors, tokens
or the account itself.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.rows import class_row

from lake.kit.ids import new_id
from platform_app.db import Conn
from platform_app.errors import Conflict, Invalid, NotFound
from platform_app.identity import service
from platform_app.identity.sessions import SUSPENDED_UNTIL, VERIFIED, Member, token_hash
from platform_app.outbox.publish import publish
from platform_app.rules import one_line

PREFIX = "hwp_"  # tells a personal token from a session's, for us and for scanners of leaked secrets
SCOPES = ("read", "write")
DAYS = (7, 30, 90, 365)
MOST = 20  # good tokens of one person
LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Token:
    """A token as its owner sees it."""

    id: UUID
    name: str
    scopes: list[str]
    created_at: datetime
    seen_at: datetime | None
    expires_at: datetime


def create(
    conn: Conn, account_id: UUID, *, name: str, scopes: Sequence[str], days: int, now: datetime
) -> tuple[Token, str]:
    """A new token and its text, which is shown only now. Invalid names the field; Conflict beyond twenty tokens."""
    service.active_account(conn, account_id)
    named = one_line(name)
    if not 1 <= len(named) <= LONGEST_NAME:
        raise Invalid(f"Name must have 1 to {LONGEST_NAME} characters.", field="name")
    chosen = checked_scopes(scopes)
    if days not in DAYS:
        raise Invalid(f"Choose one of {', '.join(map(str, DAYS))} days.", field="days")
    if len(tokens_of(conn, account_id, now)) >= MOST:
        raise Conflict(f"You have {MOST} tokens: revoke one that you do not need.", code="too_many_tokens")
    text = PREFIX + secrets.token_urlsafe(32)
    token = Token(new_id(), named, chosen, now, None, now + timedelta(days=days))
    conn.execute(
        "INSERT INTO identity.tokens (id, token_hash, account_id, name, scopes, created_at, expires_at) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s)",
        (token.id, token_hash(text), account_id, named, chosen, now, token.expires_at),
    )
    publish(conn, "token.created", account_id, account_id, now, may_write="write" in chosen)
    return token, text


def checked_scopes(scopes: Sequence[str]) -> list[str]:
    """The scopes in their order, each once; Invalid when there is none or an unknown one."""
    chosen = [scope for scope in SCOPES if scope in scopes]
    if not chosen or set(scopes) - set(SCOPES):
        raise Invalid("Choose what it may do: read, write, or both.", field="scopes")
    return chosen


def tokens_of(conn: Conn, account_id: UUID, now: datetime) -> list[Token]:
    """The tokens that are still good, the newest first."""
    with conn.cursor(row_factory=class_row(Token)) as cursor:
        return cursor.execute(
            "SELECT id, name, scopes, created_at, seen_at, expires_at FROM identity.tokens "
            "WHERE account_id = %s AND expires_at > %s AND revoked_at IS NULL ORDER BY id DESC",
            (account_id, now),
        ).fetchall()


def revoke(conn: Conn, account_id: UUID, token_id: UUID, now: datetime) -> None:
    """End one of a person's own tokens; NotFound when it is nobody's, somebody else's, or over."""
    done = conn.execute(
        "UPDATE identity.tokens SET revoked_at = %s WHERE id = %s AND account_id = %s AND revoked_at IS NULL",
        (now, token_id, account_id),
    ).rowcount
    if not done:
        raise NotFound("This token is over already.")


def member_of(conn: Conn, text: str, now: datetime) -> Member | None:
    """Whose token this is, with what it may do; None when it is unknown, over or revoked, or the account not active."""
    query = (
        f"SELECT a.id, a.handle, a.display_name, a.role, '' AS csrf_token, t.expires_at, {VERIFIED} AS is_verified, "
        f"t.scopes, t.id AS session_id, t.seen_at, {SUSPENDED_UNTIL} AS suspended_until "
        "FROM identity.tokens t JOIN identity.accounts a ON a.id = t.account_id "
        "WHERE t.token_hash = %s AND t.expires_at > %s AND t.revoked_at IS NULL AND a.status = 'active'"
    )
    with conn.cursor(row_factory=class_row(Member)) as cursor:
        found = cursor.execute(query.encode(), (token_hash(text), now)).fetchone()
    return None if found is None else replace(found, scopes=frozenset(found.scopes))
