"""Log-ins: opened, recognised by their token, listed for their owner, ended.

A session's token is shown to its holder once and stored as its SHA-256. Of where somebody logs in from only the families
of browser and device are kept: an address would not help its owner more, and would say where they live and work.
Functions that take a connection run in the caller's transaction.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.rows import class_row

from lake.kit.ids import new_id
from platform_app.db import Conn
from platform_app.errors import NotFound
from platform_app.identity.agents import browser_and_device
from platform_app.outbox.publish import publish

SESSION_LIFETIME = timedelta(days=14)
EVERYTHING = frozenset(("read", "write", "account"))
"""What a session may do; `account` (passwords, factors, tokens, leaving) is never given to a program's token."""
BANDS = (("minutes", timedelta(hours=1)), ("hours", timedelta(days=1)), ("days", timedelta(days=7)))

VERIFIED = (
    "EXISTS (SELECT 1 FROM identity.verifications v WHERE v.account_id = a.id AND lower(v.email) = lower(a.email))"
)
"""Whether the account `a` has shown that its address is its own."""
SUSPENDED_UNTIL = "(SELECT x.until FROM moderation.suspensions x WHERE x.account_id = a.id AND x.lifted_at IS NULL AND x.until > now())"
"""When the account `a` may write again; null when it may now."""


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody whose session or token is good; only `member_of` of this package's modules makes one."""

    id: UUID
    handle: str
    display_name: str
    role: str
    csrf_token: str  # empty for a token: nobody's browser sends that by itself
    expires_at: datetime
    is_verified: bool = True
    scopes: frozenset[str] = EVERYTHING
    session_id: UUID | None = None  # the session, personal token or grant that they came with
    seen_at: datetime | None = None
    suspended_until: datetime | None = None  # reads and logs in, but writes nothing

    @property
    def is_moderator(self) -> bool:
        return self.role in ("moderator", "admin")


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session that has just been opened; `token` is known to nobody else."""

    token: str
    csrf_token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """A log-in as its owner sees it."""

    id: UUID
    method: str
    second_factor: bool
    browser: str
    device: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


def open_session(
    conn: Conn,
    account_id: UUID,
    now: datetime,
    *,
    method: str = "password",
    agent: str = "",
    second_factor: bool = False,
) -> NewSession:
    """Open a session of 14 days and forget the account's expired ones. `method` is how they showed who they are."""
    session = NewSession(secrets.token_urlsafe(32), secrets.token_urlsafe(24), now + SESSION_LIFETIME)
    conn.execute("DELETE FROM identity.sessions WHERE account_id = %s AND expires_at <= %s", (account_id, now))
    conn.execute(
        "INSERT INTO identity.sessions (token_hash, account_id, csrf_token, created_at, seen_at, expires_at, id, method, "
        "second_factor, browser, device) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            token_hash(session.token), account_id, session.csrf_token, now, now, session.expires_at, new_id(), method,
            second_factor, *browser_and_device(agent),
        ),
    )  # fmt: skip
    publish(conn, "session.started", account_id, account_id, now, method=method, second_factor=second_factor)
    return session


def member_of(conn: Conn, token: str, now: datetime) -> Member | None:
    """Whose session this token opens; None when it is unknown, over, revoked, or the account is not active."""
    with conn.cursor(row_factory=class_row(Member)) as cursor:
        return cursor.execute(
            f"SELECT a.id, a.handle, a.display_name, a.role, s.csrf_token, s.expires_at, {VERIFIED} AS is_verified, "
            f"s.id AS session_id, s.seen_at, {SUSPENDED_UNTIL} AS suspended_until "
            "FROM identity.sessions s JOIN identity.accounts a ON a.id = s.account_id "
            "WHERE s.token_hash = %s AND s.expires_at > %s AND s.revoked_at IS NULL AND a.status = 'active'".encode(),
            (token_hash(token), now),
        ).fetchone()


def sessions_of(conn: Conn, account_id: UUID, now: datetime) -> list[Session]:
    """The log-ins that are still good, the one used last first."""
    with conn.cursor(row_factory=class_row(Session)) as cursor:
        return cursor.execute(
            "SELECT id, method, second_factor, browser, device, created_at, seen_at, expires_at FROM identity.sessions "
            "WHERE account_id = %s AND expires_at > %s AND revoked_at IS NULL ORDER BY seen_at DESC, id",
            (account_id, now),
        ).fetchall()


def close_session(conn: Conn, token: str, now: datetime) -> None:
    """End one session; ending it again changes nothing."""
    row = conn.execute("SELECT id, account_id FROM identity.sessions WHERE token_hash = %s", (token_hash(token),))
    if found := row.fetchone():
        _end(conn, found[1], now, "log_out", only=found[0])


def revoke_session(conn: Conn, account_id: UUID, session_id: UUID, now: datetime) -> None:
    """End one of a person's own sessions; NotFound when it is nobody's, somebody else's, or over."""
    if not _end(conn, account_id, now, "revoked", only=session_id):
        raise NotFound("This log-in is over already.")


def revoke_others(conn: Conn, account_id: UUID, keep: UUID | None, now: datetime, reason: str = "revoked") -> int:
    """End all of a person's sessions but one, and all log-ins of programs; returns how many there were."""
    grants = conn.execute(
        "UPDATE identity.grants SET revoked_at = %s WHERE account_id = %s AND revoked_at IS NULL", (now, account_id)
    ).rowcount
    return grants + _end(conn, account_id, now, reason, keep=keep)


def _end(
    conn: Conn, account_id: UUID, now: datetime, reason: str, *, only: UUID | None = None, keep: UUID | None = None
) -> int:
    ended = conn.execute(
        "UPDATE identity.sessions SET revoked_at = %(now)s WHERE account_id = %(account)s AND revoked_at IS NULL "
        "AND expires_at > %(now)s AND (%(only)s::uuid IS NULL OR id = %(only)s) "
        "AND (%(keep)s::uuid IS NULL OR id <> %(keep)s) RETURNING created_at",
        {"now": now, "account": account_id, "only": only, "keep": keep},
    ).fetchall()
    for (since,) in ended:
        lasted = next((band for band, limit in BANDS if now - since < limit), "weeks")
        publish(conn, "session.ended", account_id, account_id, now, reason=reason, lasted=lasted)
    return len(ended)


def token_hash(token: str) -> bytes:
    """What is stored of a token (32 bytes)."""
    return hashlib.sha256(token.encode()).digest()
