"""Showing that a mail address is one's own: a link goes there, whoever opens it reads mail there.

`is_verified` is for services that ask more of newcomers; logging in and reading need it not. A new address takes the
old one's place when its link is opened, not before, so that a slip or a thief does not cut the owner off.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from platform_app.db import Conn
from platform_app.errors import Conflict, Invalid
from platform_app.identity import repository, service
from platform_app.identity.schemas import Account
from platform_app.identity.sessions import token_hash
from platform_app.outbox.publish import publish

LINK_LIFETIME = timedelta(days=2)
MOST_LINKS = 5  # for one account within a day
BAD_LINK = "This link was used or has expired: ask for a new one."


@dataclass(frozen=True, slots=True)
class Link:
    """A link that is to be mailed: `token` is known to nobody else."""

    email: str
    display_name: str
    token: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What an opened link did. `before` is the address that this one replaced, None when it stayed the same."""

    account: Account
    before: str | None


def is_verified(conn: Conn, account_id: UUID) -> bool:
    """Whether the person has shown that the account's present address is theirs."""
    row = conn.execute(
        "SELECT 1 FROM identity.accounts a JOIN identity.verifications v ON v.account_id = a.id "
        "WHERE a.id = %s AND lower(v.email) = lower(a.email)",
        (account_id,),
    ).fetchone()
    return row is not None


def ask(conn: Conn, account_id: UUID, now: datetime, *, email: str | None = None) -> Link:
    """A link for the account's address, or for the one that is to take its place.

    Invalid for a malformed address, Conflict when it is somebody else's, is verified already, there is none, or five
    links were asked for within a day.
    """
    account = service.active_account(conn, account_id)
    address = service.checked_email(email) if email is not None else account.email
    if address is None:
        raise Conflict("This account has no mail address yet.", code="no_email", field="email")
    _refuse(conn, account, address)
    asked = conn.execute(
        "SELECT count(*) FROM identity.mail_tokens WHERE account_id = %s AND created_at > %s",
        (account_id, now - timedelta(days=1)),
    ).fetchone()
    if asked is not None and asked[0] >= MOST_LINKS:
        raise Conflict("Five links were sent within a day: look for them in your mail, or wait.", code="too_many_links")
    token = secrets.token_urlsafe(32)
    conn.execute("DELETE FROM identity.mail_tokens WHERE account_id = %s AND expires_at <= %s", (account_id, now))
    conn.execute(
        "INSERT INTO identity.mail_tokens (token_hash, account_id, email, created_at, expires_at) "
        "VALUES (%s, %s, %s, %s, %s)",
        (token_hash(token), account_id, address, now, now + LINK_LIFETIME),
    )
    return Link(address, account.display_name, token)


def _refuse(conn: Conn, account: Account, address: str) -> None:
    owner = repository.account_by_email(conn, address)
    if owner is not None and owner.id != account.id:
        raise Conflict("This mail address is taken.", code="email_taken", field="email")
    if owner is not None and is_verified(conn, account.id):
        raise Conflict("This address is confirmed already.", code="already_verified", field="email")


def address_of(conn: Conn, token: str, now: datetime) -> str | None:
    """The address that a good link is about, without using it; None for a bad one."""
    row = conn.execute(
        "SELECT email FROM identity.mail_tokens WHERE token_hash = %s AND used_at IS NULL AND expires_at > %s",
        (token_hash(token), now),
    ).fetchone()
    return None if row is None else str(row[0])


def accept(conn: Conn, token: str, now: datetime) -> Verified:
    """Use a link: its address is the account's and verified. Invalid for a bad link, Conflict when it is taken now."""
    row = conn.execute(
        "UPDATE identity.mail_tokens SET used_at = %s WHERE token_hash = %s AND used_at IS NULL AND expires_at > %s "
        "RETURNING account_id, email",
        (now, token_hash(token), now),
    ).fetchone()
    if row is None:
        raise Invalid(BAD_LINK, code="bad_link", field="token")
    account = service.active_account(conn, row[0])
    changed = account.email is None or account.email.lower() != row[1].lower()
    if changed:
        service.change_email(conn, account.id, row[1])
    mark(conn, account.id, row[1], now)
    conn.execute("DELETE FROM identity.mail_tokens WHERE account_id = %s AND used_at IS NULL", (account.id,))
    return Verified(service.find_account(conn, account.id), account.email if changed else None)


def mark(conn: Conn, account_id: UUID, email: str, now: datetime) -> None:
    """Somebody else vouches for the address: a provider of log-ins, or a link for a new password that was opened."""
    if is_verified(conn, account_id):
        return
    conn.execute(
        "INSERT INTO identity.verifications (account_id, email, verified_at) VALUES (%s, %s, %s) "
        "ON CONFLICT (account_id) DO UPDATE SET email = excluded.email, verified_at = excluded.verified_at",
        (account_id, email, now),
    )
    if is_verified(conn, account_id):
        since = service.find_account(conn, account_id).created_at
        publish(conn, "account.verified", account_id, account_id, now, days=max(0, (now - since).days))
