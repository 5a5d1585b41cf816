"""Who is at the door: passwords, sessions, and the reset of a forgotten password.

A session's token is shown to its holder once and stored as its SHA-256. `log_in` takes as long for an address that
nobody has as for a wrong password. Functions that take a connection run in the caller's transaction.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from psycopg.rows import class_row

from platform_app.db import Conn
from platform_app.errors import Invalid
from platform_app.identity import repository, service
from platform_app.identity.schemas import Account

SHORTEST, LONGEST = 10, 200  # characters of a password
SESSION_LIFETIME = timedelta(days=14)
COMMON = frozenset(
    [
        "1234567890",
        "12345678910",
        "0123456789",
        "1q2w3e4r5t",
        "qwertyuiop",
        "password12",
        "password123",
        "passw0rd123",
        "iloveyou123",
        "qwerty12345",
        "qwerty123456",
        "1234567891",
        "123456789a",
        "abcdefghij",
        "changeme123",
        "letmein1234",
        "administrator",
    ]
)

# OWASP's setting for argon2id with 19 MiB: many log-ins at once still fit a small machine.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_NOBODYS_HASH = _HASHER.hash(secrets.token_urlsafe(16))


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody whose session is good; only `member_of` makes one."""

    id: UUID
    handle: str
    display_name: str
    role: str
    csrf_token: str
    expires_at: datetime

    @property
    def is_moderator(self) -> bool:
        return self.role in ("moderator", "admin")


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session that has just been opened; `token` is known to nobody else."""

    token: str
    csrf_token: str
    expires_at: datetime


def hash_password(password: str, *known: str | None) -> str:
    """The argon2id hash of a password that keeps the rules; `known` are texts it must not equal (mail, handle).

    Invalid when it is shorter than 10 or longer than 200 characters, one of the commonest, or equal to a known text.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid(f"Password must have {SHORTEST} to {LONGEST} characters.", field="password", code="weak_password")
    lowered = password.casefold()
    if lowered in COMMON or len(set(lowered)) < 4 or lowered in {text.casefold() for text in known if text}:
        raise Invalid("This password is easy to guess: choose another.", field="password", code="weak_password")
    return _HASHER.hash(password)


def set_password(conn: Conn, account: Account, password: str, now: datetime) -> None:
    """Give an account a password and end its sessions. Invalid when the password breaks the rules."""
    repository.set_password_hash(conn, account.id, hash_password(password, account.email, account.handle), now)
    repository.revoke_sessions(conn, account.id, now)


def check_password(conn: Conn, email: str, password: str) -> Account | None:
    """The active account with this mail address and password, or None; an unknown address costs one hash as well."""
    account = service.find_by_email(conn, email)
    stored = _hash_of(conn, account) if account is not None else None
    right = _matches(stored or _NOBODYS_HASH, password)
    if account is None or stored is None or not right or account.status != "active":
        return None
    return account


def _hash_of(conn: Conn, account: Account) -> str | None:
    row = conn.execute("SELECT password_hash FROM identity.credentials WHERE account_id = %s", (account.id,)).fetchone()
    return None if row is None else str(row[0])


def _matches(stored: str, password: str) -> bool:
    try:
        return _HASHER.verify(stored, password[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False


def open_session(conn: Conn, account_id: UUID, now: datetime) -> NewSession:
    """Open a session of 14 days and forget the account's expired ones."""
    session = NewSession(secrets.token_urlsafe(32), secrets.token_urlsafe(24), now + SESSION_LIFETIME)
    conn.execute("DELETE FROM identity.sessions WHERE account_id = %s AND expires_at <= %s", (account_id, now))
    conn.execute(
        "INSERT INTO identity.sessions (token_hash, account_id, csrf_token, created_at, seen_at, expires_at) "
        "VALUES (%s, %s, %s, %s, %s, %s)",
        (token_hash(session.token), account_id, session.csrf_token, now, now, session.expires_at),
    )
    return session


def member_of(conn: Conn, token: str, now: datetime) -> Member | None:
    """Whose session this token opens; None when it is unknown, over, revoked, or the account is not active."""
    with conn.cursor(row_factory=class_row(Member)) as cursor:
        return cursor.execute(
            "SELECT a.id, a.handle, a.display_name, a.role, s.csrf_token, s.expires_at "
            "FROM identity.sessions s JOIN identity.accounts a ON a.id = s.account_id "
            "WHERE s.token_hash = %s AND s.expires_at > %s AND s.revoked_at IS NULL AND a.status = 'active'",
            (token_hash(token), now),
        ).fetchone()


def close_session(conn: Conn, token: str, now: datetime) -> None:
    """End one session; ending it again changes nothing."""
    conn.execute(
        "UPDATE identity.sessions SET revoked_at = %s WHERE token_hash = %s AND revoked_at IS NULL",
        (now, token_hash(token)),
    )


def reset_link_is_good(conn: Conn, token: str, now: datetime) -> Account | None:
    """The account that an unused reset token belongs to, without using it."""
    row = conn.execute(
        "SELECT account_id FROM identity.reset_tokens WHERE token_hash = %s AND used_at IS NULL AND expires_at > %s",
        (token_hash(token), now),
    ).fetchone()
    return None if row is None else service.find_account(conn, row[0])


def token_hash(token: str) -> bytes:
    """What is stored of a token (32 bytes)."""
    return hashlib.sha256(token.encode()).digest()
