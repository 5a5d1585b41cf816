"""What an administrator sees of an account: the same for the page and the API, each look written down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lake.kit.clock import utc_now
from platform_app.db import Conn
from platform_app.errors import NotAllowed
from platform_app.identity import audit, mfa, oauth, service, sessions, verification
from platform_app.identity.access import Member
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
    )
