"""Log-ins of programs: a short signed access token, and a refresh token that is replaced each time it is used.

A refresh token that comes a second time was copied: nobody can tell by whom, so the whole log-in ends, with its access
tokens. An access token names its log-in, so that ending one takes effect at once and not when the token runs out.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from psycopg.rows import class_row

from lake.kit.ids import new_id
from lake.kit.log import get_log
from platform_app.db import Conn
from platform_app.errors import NotFound
from platform_app.identity.agents import browser_and_device
from platform_app.identity.sessions import SUSPENDED_UNTIL, VERIFIED, Member, token_hash
from platform_app.identity.signing import Signer
from platform_app.identity.tokens import checked_scopes
from platform_app.outbox.publish import publish

ACCESS_LIFETIME = timedelta(minutes=15)
GRANT_LIFETIME = timedelta(days=30)  # since it was last carried on


@dataclass(frozen=True, slots=True)
class Pair:
    """What a program gets: the token it calls with, and the one with which it gets the next pair."""

    access_token: str
    refresh_token: str
    scopes: list[str]
    seconds: int  # that the access token lives


@dataclass(frozen=True, slots=True)
class Grant:
    """A program's log-in as its owner sees it."""

    id: UUID
    scopes: list[str]
    browser: str
    device: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


def start(
    conn: Conn, signer: Signer, issuer: str, account_id: UUID, scopes: Sequence[str], *, agent: str, now: datetime
) -> Pair:
    """Log a program in for somebody who has shown who they are. Invalid for an unknown scope."""
    chosen, grant_id = checked_scopes(scopes), new_id()
    conn.execute(
        "DELETE FROM identity.grants WHERE account_id = %s AND (expires_at <= %s OR revoked_at <= %s)",
        (account_id, now, now - GRANT_LIFETIME),
    )
    conn.execute(
        "INSERT INTO identity.grants (id, account_id, scopes, browser, device, created_at, seen_at, expires_at) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (grant_id, account_id, chosen, *browser_and_device(agent), now, now, now + GRANT_LIFETIME),
    )
    publish(conn, "token.created", account_id, account_id, now, may_write="write" in chosen)
    return _pair(conn, signer, issuer, (grant_id, account_id, chosen), now)


def carry_on(conn: Conn, signer: Signer, issuer: str, refresh_token: str, now: datetime) -> Pair | None:
    """The next pair; None when the token is unknown or over.

    A token that was used before ends the log-in: let the transaction commit before you refuse.
    """
    row = conn.execute(
        "SELECT t.used_at, g.id, g.account_id, g.scopes FROM identity.refresh_tokens t "
        "JOIN identity.grants g ON g.id = t.grant_id JOIN identity.accounts a ON a.id = g.account_id "
        "WHERE t.token_hash = %s AND g.revoked_at IS NULL AND g.expires_at > %s AND a.status = 'active' "
        "FOR UPDATE OF g, t",
        (token_hash(refresh_token), now),
    ).fetchone()
    if row is None:
        return None
    used_at, grant_id, account_id, scopes = row
    if used_at is not None:
        conn.execute("UPDATE identity.grants SET revoked_at = %s, reused_at = %s WHERE id = %s", (now, now, grant_id))
        publish(conn, "token.reused", account_id, None, now)
        get_log().warning("refresh_token_reused", grant_id=str(grant_id))
        return None
    conn.execute(
        "UPDATE identity.refresh_tokens SET used_at = %s WHERE token_hash = %s", (now, token_hash(refresh_token))
    )
    conn.execute(
        "UPDATE identity.grants SET seen_at = %s, expires_at = %s WHERE id = %s", (now, now + GRANT_LIFETIME, grant_id)
    )
    conn.execute(  # a copy that turns up later than that is refused all the same, as an unknown one
        "DELETE FROM identity.refresh_tokens WHERE grant_id = %s AND used_at <= %s", (grant_id, now - GRANT_LIFETIME)
    )
    return _pair(conn, signer, issuer, (grant_id, account_id, scopes), now)


def give_up(conn: Conn, refresh_token: str, now: datetime) -> None:
    """End the log-in that a refresh token belongs to; an unknown token changes nothing."""
    conn.execute(
        "UPDATE identity.grants SET revoked_at = %s WHERE revoked_at IS NULL "
        "AND id = (SELECT grant_id FROM identity.refresh_tokens WHERE token_hash = %s)",
        (now, token_hash(refresh_token)),
    )


def revoke(conn: Conn, account_id: UUID, grant_id: UUID, now: datetime) -> None:
    """End one of a person's own log-ins of programs; NotFound when it is nobody's, somebody else's, or over."""
    done = conn.execute(
        "UPDATE identity.grants SET revoked_at = %s WHERE id = %s AND account_id = %s AND revoked_at IS NULL",
        (now, grant_id, account_id),
    ).rowcount
    if not done:
        raise NotFound("This log-in is over already.")


def grants_of(conn: Conn, account_id: UUID, now: datetime) -> list[Grant]:
    """The log-ins of programs that are still good, the one used last first."""
    with conn.cursor(row_factory=class_row(Grant)) as cursor:
        return cursor.execute(
            "SELECT id, scopes, browser, device, created_at, seen_at, expires_at FROM identity.grants "
            "WHERE account_id = %s AND expires_at > %s AND revoked_at IS NULL ORDER BY seen_at DESC, id",
            (account_id, now),
        ).fetchall()


def member_of(conn: Conn, signer: Signer, issuer: str, access_token: str, now: datetime) -> Member | None:
    """Whose access token this is, with what it may do; None when it is not ours, over, or its log-in has ended."""
    claims = signer.claims_of(conn, access_token, issuer=issuer, now=now)
    if claims is None:
        return None
    query = (
        f"SELECT a.id, a.handle, a.display_name, a.role, '' AS csrf_token, %s::timestamptz AS expires_at, "
        f"{VERIFIED} AS is_verified, g.scopes, g.id AS session_id, g.seen_at, {SUSPENDED_UNTIL} AS suspended_until "
        "FROM identity.grants g JOIN identity.accounts a ON a.id = g.account_id "
        "WHERE g.id::text = %s AND a.id::text = %s AND g.revoked_at IS NULL AND a.status = 'active'"
    )
    ends = datetime.fromtimestamp(claims["exp"], UTC)
    with conn.cursor(row_factory=class_row(Member)) as cursor:
        found = cursor.execute(query.encode(), (ends, str(claims.get("sid")), str(claims["sub"]))).fetchone()
    return None if found is None else replace(found, scopes=frozenset(found.scopes))


def _pair(conn: Conn, signer: Signer, issuer: str, grant: tuple[UUID, UUID, list[str]], now: datetime) -> Pair:
    grant_id, account_id, scopes = grant
    refresh_token = secrets.token_urlsafe(32)
    conn.execute(
        "INSERT INTO identity.refresh_tokens (token_hash, grant_id, created_at) VALUES (%s, %s, %s)",
        (token_hash(refresh_token), grant_id, now),
    )
    claims = {
        "iss": issuer, "sub": str(account_id), "sid": str(grant_id), "jti": str(new_id()), "scope": " ".join(scopes),
        "iat": int(now.timestamp()), "exp": int((now + ACCESS_LIFETIME).timestamp()),
    }  # fmt: skip
    access_token = signer.sign(conn, claims, now)
    return Pair(access_token, refresh_token, scopes, int(ACCESS_LIFETIME.total_seconds()))
