"""Accounts at other sites with which people log in here.

A person who arrives from a provider is known, or is joined to the account that has the same address, if both the provider
and we know that the address is theirs; else they are new here. Without both proofs somebody who merely claims an address,
there or here, would get into the account of its owner.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from platform_app.db import Conn
from platform_app.errors import Conflict, NotFound
from platform_app.identity import access, service, verification
from platform_app.identity.schemas import Account
from platform_app.outbox.publish import publish


@dataclass(frozen=True, slots=True)
class Arrival:
    """Who somebody is at a provider, as the provider has told us itself. `issuer` and `subject` never change."""

    provider: str
    issuer: str
    subject: str
    username: str | None
    display_name: str
    email: str | None
    email_verified: bool


@dataclass(frozen=True, slots=True)
class Link:
    """A person's account at another site."""

    provider: str
    username: str | None
    linked_at: datetime


def account_of(conn: Conn, arrival: Arrival, now: datetime) -> Account | None:
    """The account of who arrives, joined now if both sides know the address; None for somebody new.

    Conflict when an account has the address and one of the proofs is missing; NotAllowed when it is not active.
    """
    row = conn.execute(
        "SELECT account_id FROM identity.links WHERE issuer = %s AND subject = %s", (arrival.issuer, arrival.subject)
    ).fetchone()
    if row is not None:
        return service.active_account(conn, row[0])
    account = service.find_by_email(conn, arrival.email) if arrival.email else None
    if account is None:
        return None
    if not arrival.email_verified or not verification.is_verified(conn, account.id):
        raise Conflict(
            "An account here has this mail address already: log in to it with its password, "
            "then link the other one under Settings, Security.",
            code="link_first",
        )
    service.active_account(conn, account.id)
    link(conn, account.id, arrival, now)
    return account


def link(conn: Conn, account_id: UUID, arrival: Arrival, now: datetime) -> None:
    """Let who arrives log in to this account from now on; the same again changes nothing.

    Conflict when it is linked to somebody else, or another one of that provider is linked.
    """
    service.active_account(conn, account_id)
    row = conn.execute(
        "SELECT account_id FROM identity.links WHERE issuer = %s AND subject = %s", (arrival.issuer, arrival.subject)
    ).fetchone()
    if row is not None and row[0] != account_id:
        raise Conflict("That account is linked to somebody else here.", code="linked_elsewhere")
    if row is not None:
        return
    if any(one.provider == arrival.provider for one in links_of(conn, account_id)):
        raise Conflict("Another account there is linked already: remove it first.", code="provider_linked")
    conn.execute(
        "INSERT INTO identity.links (issuer, subject, provider, account_id, username, linked_at) "
        "VALUES (%s, %s, %s, %s, %s, %s)",
        (arrival.issuer, arrival.subject, arrival.provider, account_id, (arrival.username or "")[:200] or None, now),
    )
    publish(conn, "account.linked", account_id, account_id, now, provider=arrival.provider)


def unlink(conn: Conn, account_id: UUID, provider: str, now: datetime) -> None:
    """No log-in from there any more. Conflict when there would be no way in at all; NotFound when nothing is linked."""
    if not access.has_password(conn, account_id) and len(links_of(conn, account_id)) < 2:
        raise Conflict(
            "This is your only way in: choose a password first, under “Forgotten your password?”.", code="only_way_in"
        )
    done = conn.execute(
        "DELETE FROM identity.links WHERE account_id = %s AND provider = %s", (account_id, provider)
    ).rowcount
    if not done:
        raise NotFound("Nothing of that name is linked.")
    publish(conn, "account.unlinked", account_id, account_id, now, provider=provider)


def links_of(conn: Conn, account_id: UUID) -> list[Link]:
    """What is linked, by name."""
    with conn.cursor(row_factory=class_row(Link)) as cursor:
        return cursor.execute(
            "SELECT provider, username, linked_at FROM identity.links WHERE account_id = %s ORDER BY provider",
            (account_id,),
        ).fetchall()


def settle(conn: Conn, account_id: UUID, arrival: Arrival, now: datetime) -> None:
    """Link the account that a newcomer has just made, and take the provider's word for the address it vouches for."""
    link(conn, account_id, arrival, now)
    account = service.find_account(conn, account_id)
    if arrival.email_verified and arrival.email and (account.email or "").lower() == arrival.email.lower():
        verification.mark(conn, account_id, arrival.email, now)
