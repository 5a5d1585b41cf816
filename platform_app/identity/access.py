"""Passwords: what one must be, checking it, changing it, and the reset of a forgotten one.

A wrong password takes as long as an address that nobody has. What opens a session lies in `sessions.py`; its names are
here too. Functions that take a connection run in the caller's transaction.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from platform_app.db import Conn
from platform_app.errors import Invalid
from platform_app.identity import recovery, repository, service, sessions
from platform_app.identity.schemas import Account
from platform_app.identity.sessions import (
    SESSION_LIFETIME,
    Member,
    NewSession,
    close_session,
    member_of,
    open_session,
    token_hash,
)
from platform_app.outbox.publish import publish

__all__ = [
    "SESSION_LIFETIME",
    "Member",
    "NewSession",
    "change_password",
    "check_password",
    "close_session",
    "confirm",
    "has_password",
    "hash_password",
    "member_of",
    "open_session",
    "reset_link_is_good",
    "set_password",
    "token_hash",
]

SHORTEST, LONGEST = 10, 200  # characters of a password
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
    sessions.revoke_others(conn, account.id, None, now, "password_changed")
    recovery.drop_pending(conn, account.id)


def change_password(conn: Conn, member: Member, old: str, new: str, now: datetime) -> None:
    """Replace one's own password and end every log-in but this one. Invalid when the old one is wrong."""
    confirm(conn, member.id, old)
    account = service.find_account(conn, member.id)
    repository.set_password_hash(conn, account.id, _checked_new(account, new), now)
    sessions.revoke_others(conn, account.id, member.session_id, now, "password_changed")
    recovery.drop_pending(conn, account.id)
    publish(conn, "password.changed", account.id, account.id, now)


def _checked_new(account: Account, password: str) -> str:
    try:
        return hash_password(password, account.email, account.handle)
    except Invalid as fault:
        raise Invalid(str(fault), code=fault.code, field="new_password") from None


def confirm(conn: Conn, account_id: UUID, password: str) -> None:
    """Invalid unless this is the account's password."""
    account = service.find_account(conn, account_id)
    if not has_password(conn, account_id):
        raise Invalid(
            "You have no password yet: choose one with a link by mail, under “Forgotten your password?”.",
            code="no_password",
            field="password",
        )
    if account.email is None or check_password(conn, account.email, password) is None:
        raise Invalid("This is not your password.", code="wrong_password", field="password")


def has_password(conn: Conn, account_id: UUID) -> bool:
    """Whether the account was ever given one; somebody who logs in through another site may have none."""
    query = "SELECT 1 FROM identity.credentials WHERE account_id = %s"
    return conn.execute(query, (account_id,)).fetchone() is not None


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


def reset_link_is_good(conn: Conn, token: str, now: datetime) -> Account | None:
    """The account that an unused reset token belongs to, without using it."""
    row = conn.execute(
        "SELECT account_id FROM identity.reset_tokens WHERE token_hash = %s AND used_at IS NULL AND expires_at > %s",
        (token_hash(token), now),
    ).fetchone()
    return None if row is None else service.find_account(conn, row[0])
