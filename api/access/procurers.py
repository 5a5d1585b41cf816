"""Procurers and their sessions in a browser."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from api.access import secrets
from api.access.entitlement import EVERYTHING, Caller
from api.db import Database
from api.problems import Problem
from lake.kit.ids import new_id

SESSION_LASTS = timedelta(days=14)
SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 200
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")


@dataclass(frozen=True)
class Session:
    """A browser's session: its caller, who that is, and the token that its forms carry."""

    caller: Caller
    email: str
    organisation: str
    csrf_token: str


async def sign_up(db: Database, email: str, password: str, organisation: str, now: datetime) -> UUID:
    """Make a procurer with an empty prepaid account; Problem `invalid`, or `conflict` when the address is taken."""
    email, organisation = email.strip().lower(), organisation.strip()
    if not _EMAIL.fullmatch(email):
        raise Problem("invalid", "Give an e-mail address.", details={"field": "email"})
    if not 1 <= len(organisation) <= 200:
        raise Problem(
            "invalid", "Give the organisation's name, at most 200 characters.", details={"field": "organisation"}
        )
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise Problem(
            "invalid", f"A password has at least {SHORTEST_PASSWORD} characters.", details={"field": "password"}
        )
    procurer, stored = new_id(), await secrets.hash_password(password)
    async with db.transaction() as conn:
        made = await conn.execute(
            "INSERT INTO access.procurers VALUES (%s, %s, %s, %s, %s) ON CONFLICT (email) DO NOTHING",
            (procurer, email, organisation, stored, now),
        )
        if made.rowcount == 0:
            raise Problem("conflict", "This address has an account: log in.", details={"field": "email"})
        await conn.execute("SELECT ledger.open_prepaid(%s)", (procurer,))
    return procurer


async def check_password(db: Database, email: str, password: str) -> Caller:
    """The caller behind an address and a password; Problem `unauthenticated`, the same for every cause."""
    found = await db.one(
        "SELECT procurer_id, password_hash FROM access.procurers WHERE email = %s", (email.strip().lower(),)
    )
    fits = await secrets.password_fits(found["password_hash"] if found else None, password[:LONGEST_PASSWORD])
    if found is None or not fits:
        raise Problem("unauthenticated", "The address or the password is wrong.")
    return Caller(found["procurer_id"], None, EVERYTHING)


async def open_session(db: Database, caller: Caller, now: datetime) -> str:
    """Start a session; answers the cookie's value, of which the database keeps only the hash."""
    token = secrets.fresh_token()
    await db.run("DELETE FROM access.sessions WHERE expires_at <= %s", (now,))
    await db.run(
        "INSERT INTO access.sessions VALUES (%s, %s, %s, %s, %s)",
        (secrets.digest(token), caller.procurer_id, secrets.fresh_token(), now, now + SESSION_LASTS),
    )
    return token


async def find_session(db: Database, token: str, now: datetime) -> Session | None:
    """The session of a cookie, while it lasts."""
    found = await db.one(
        "SELECT s.procurer_id, s.csrf_token, p.email, p.organisation FROM access.sessions s "
        "JOIN access.procurers p USING (procurer_id) WHERE s.token_hash = %s AND s.expires_at > %s",
        (secrets.digest(token), now),
    )
    if found is None:
        return None
    caller = Caller(found["procurer_id"], None, EVERYTHING)
    return Session(caller, found["email"], found["organisation"], found["csrf_token"])


async def end_session(db: Database, token: str) -> None:
    """Forget a session."""
    await db.run("DELETE FROM access.sessions WHERE token_hash = %s", (secrets.digest(token),))
