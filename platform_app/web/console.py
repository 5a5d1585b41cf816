"""What an administrator sees of accounts and does with them: the same for pages and the API, each look written down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from psycopg.rows import class_row

from lake.kit.clock import utc_now
from platform_app.db import Conn
from platform_app.errors import Conflict, Invalid, NotAllowed
from platform_app.identity import audit, mfa, oauth, service, sessions, verification
from platform_app.identity.access import Member
from platform_app.identity.schemas import Account
from platform_app.moderation import blocks, log, suspensions
from platform_app.rules import required


@dataclass(frozen=True, slots=True)
class Details:
    """An account with what its owner alone sees otherwise; no secret is among it."""

    handle: str
    display_name: str
    email: str | None
    is_verified: bool
    role: str
    status: str
    origin: str
    created_at: datetime
    second_factor: bool
    sessions: int
    providers: list[str]
    suspended_until: datetime | None


def administrator(me: Member) -> None:
    """NotAllowed for everybody else."""
    if me.role != "admin":
        raise NotAllowed("Only an administrator may see this.", code="not_an_administrator")


def look_up(conn: Conn, me: Member, handle: str, reason: str) -> Details:
    """An account's details; writes down who looked and why. Invalid without a reason, NotFound for no such person."""
    administrator(me)
    required(reason=reason)
    now = utc_now()
    account = service.find_by_handle(conn, handle.strip())
    audit.record(conn, me.id, "account.read", account.id, now, reason=reason)
    return Details(
        handle=account.handle,
        display_name=account.display_name,
        email=account.email,
        is_verified=verification.is_verified(conn, account.id),
        role=account.role,
        status=account.status,
        origin=account.origin,
        created_at=account.created_at,
        second_factor=mfa.status_of(conn, account.id).on,
        sessions=len(sessions.sessions_of(conn, account.id, now)),
        providers=[one.provider for one in oauth.links_of(conn, account.id)],
        suspended_until=suspensions.until(conn, account.id),
    )


@dataclass(frozen=True, slots=True)
class Row:
    """An account in a list: what its page shows to everybody, and what state it is in."""

    handle: str
    display_name: str
    role: str
    origin: str
    created_at: datetime
    verified: bool
    suspended_until: datetime | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which accounts to list; each part may be empty. `words` starts a handle or name, or is a whole mail address."""

    words: str = ""
    role: str = ""
    state: str = ""


STATES = {"suspended": "Suspended", "unconfirmed": "Address not confirmed", "new": "Joined within a week"}
ROLES = ("member", "moderator", "admin")
_STATE: dict[str, LiteralString] = {
    "": "true",
    "suspended": "r.suspended_until IS NOT NULL",
    "unconfirmed": "NOT r.verified AND r.origin = 'signup'",
    "new": "r.created_at > now() - interval '7 days'",
}


def search(conn: Conn, me: Member, wanted: Wanted, *, skip: int = 0, limit: int = 50) -> list[Row]:
    """Accounts, the newest first. That somebody searched is written down; for what is not, it may be an address."""
    administrator(me)
    if wanted.state not in _STATE or wanted.role not in ("", *ROLES):
        raise Invalid("There is no such choice.", field="state")
    audit.record(conn, me.id, "accounts.search", None, utc_now())
    query: LiteralString = (
        "SELECT r.* FROM (SELECT a.handle, a.display_name, a.role, a.origin, a.created_at, "
        "EXISTS (SELECT 1 FROM identity.verifications v WHERE v.account_id = a.id AND lower(v.email) = lower(a.email)) "
        "AS verified, (SELECT s.until FROM moderation.suspensions s WHERE s.account_id = a.id AND s.lifted_at IS NULL "
        "AND s.until > now()) AS suspended_until FROM identity.accounts a WHERE a.status <> 'deleted' "
        "AND (%(role)s = '' OR a.role = %(role)s) AND (%(words)s = '' OR starts_with(lower(a.handle), lower(%(words)s)) "
        "OR starts_with(lower(a.display_name), lower(%(words)s)) OR lower(a.email) = lower(%(words)s))) AS r WHERE "
        + _STATE[wanted.state] + " ORDER BY r.created_at DESC, r.handle LIMIT %(limit)s OFFSET %(skip)s"
    )  # fmt: skip
    values = {"role": wanted.role, "words": wanted.words.strip().lstrip("@"), "limit": limit, "skip": skip}
    with conn.cursor(row_factory=class_row(Row)) as cursor:
        return cursor.execute(query, values).fetchall()


def change_role(conn: Conn, me: Member, handle: str, role: str, reason: str, now: datetime) -> None:
    """Make somebody a member, moderator or administrator; not oneself, so that one administrator is always left."""
    why, account = _acting(conn, me, handle, reason)
    if role not in ROLES:
        raise Invalid(f"Role must be one of: {', '.join(ROLES)}.", field="role")
    if account.role == role:
        raise Conflict(f"This is what they are already: {role}.", code="same_role")
    service.appoint(conn, account.handle, role)
    if role != "member":
        blocks.forget_against(conn, account.id)
    log.write(conn, me.id, account.id, ("person", account.id), "appoint", f"{why} ({account.role} → {role})", now)
    audit.record(conn, me.id, "account.appoint", account.id, now, reason=why)


def end_log_ins(conn: Conn, me: Member, handle: str, reason: str, now: datetime) -> int:
    """End all log-ins of somebody, at pages and of programs; returns how many."""
    why, account = _acting(conn, me, handle, reason)
    ended = sessions.revoke_others(conn, account.id, None, now)
    log.write(conn, me.id, account.id, ("person", account.id), "log_out", why, now)
    audit.record(conn, me.id, "account.log_out", account.id, now, reason=why)
    return ended


def confirm_address(conn: Conn, me: Member, handle: str, reason: str, now: datetime) -> None:
    """Take an address as its holder's where no link reaches them; Conflict when there is nothing to confirm."""
    why, account = _acting(conn, me, handle, reason)
    if account.email is None or verification.is_verified(conn, account.id):
        raise Conflict("There is no address to confirm.", code="nothing_to_confirm")
    verification.mark(conn, account.id, account.email, now)
    audit.record(conn, me.id, "account.confirm", account.id, now, reason=why)


def _acting(conn: Conn, me: Member, handle: str, reason: str) -> tuple[str, Account]:
    administrator(me)
    account = service.find_by_handle(conn, handle.strip())
    if account.id == me.id:
        raise NotAllowed("Nobody decides about themselves: leave it to another administrator.", code="own_case")
    return log.checked_reason(reason), account


@dataclass(frozen=True, slots=True)
class Counts:
    """What waits for an administrator."""

    cases: int
    appeals: int
    unconfirmed: int
    failing: int
    erasures: int


def counts(conn: Conn) -> Counts:
    """How much waits, of each kind."""
    with conn.cursor(row_factory=class_row(Counts)) as cursor:
        found = cursor.execute(
            "SELECT (SELECT count(DISTINCT target_id) FROM moderation.reports WHERE state IN ('open', 'assigned')) AS cases, "
            "(SELECT count(*) FROM moderation.suspensions WHERE lifted_at IS NULL AND until > now() AND appeal IS NOT NULL) "
            "AS appeals, (SELECT count(*) FROM identity.accounts a WHERE a.origin = 'signup' AND a.status = 'active' AND NOT "
            "EXISTS (SELECT 1 FROM identity.verifications v WHERE v.account_id = a.id AND lower(v.email) = lower(a.email))) "
            "AS unconfirmed, (SELECT count(*) FROM kernel.deliveries WHERE attempts > 0) AS failing, "
            "(SELECT count(*) FROM identity.erasure_requests WHERE state = 'open') AS erasures"
        ).fetchone()
    return found or Counts(0, 0, 0, 0, 0)
