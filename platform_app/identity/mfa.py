"""The second factor of a log-in: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for when it is lost.

The secret is sealed (`platform_app/sealing.py`); recovery codes are stored as their SHA-256, each counts once. A code of
the app counts once as well: the newest time step that was used is kept, nothing up to it counts again. How often somebody
may try is limited where the request comes in (`web/entry.py`).
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import pyotp
from psycopg.rows import class_row
from pyotp.exceptions import OTPVerificationError

from platform_app.db import Conn
from platform_app.errors import Conflict, Invalid
from platform_app.identity import service
from platform_app.identity.sessions import token_hash
from platform_app.outbox.publish import publish
from platform_app.sealing import FACTOR, Sealer

ISSUER = "Headwater"
AROUND = 1  # time steps of 30 s before and after the present one whose codes count: clocks differ
CODES, PARTS, PART = 10, 4, 4  # recovery codes, parts of one, characters of a part
ALPHABET = "abcdefghjkmnpqrstvwxyz23456789"  # nothing that looks like something else; 78 bits in a code
CHALLENGE_LIFETIME = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Status:
    """Whether a log-in asks for a code, since when, and how many recovery codes are left."""

    since: datetime | None
    codes_left: int

    @property
    def on(self) -> bool:
        return self.since is not None


@dataclass(frozen=True, slots=True)
class Setup:
    """What the authenticator app needs; `uri` is what the QR code says. Shown until the first code confirms it."""

    secret: str
    uri: str


@dataclass(frozen=True, slots=True)
class Challenge:
    """Somebody who has shown who they are and has still to give a code."""

    account_id: UUID
    method: str
    next: str


def status_of(conn: Conn, account_id: UUID) -> Status:
    """The state of a person's second factor."""
    row = conn.execute(
        "SELECT (SELECT confirmed_at FROM identity.factors WHERE account_id = %(id)s), "
        "(SELECT count(*) FROM identity.recovery_codes WHERE account_id = %(id)s AND used_at IS NULL)",
        {"id": account_id},
    ).fetchone()
    return Status(*row) if row else Status(None, 0)


def begin(conn: Conn, sealer: Sealer, account_id: UUID, now: datetime) -> Setup:
    """A new secret, which asks nobody for anything until it is confirmed. Conflict when a factor is on."""
    service.active_account(conn, account_id)
    _refuse_if_on(conn, account_id)
    secret = pyotp.random_base32()
    sealed = sealer.seal(conn, FACTOR, account_id, secret.encode())
    conn.execute(
        "INSERT INTO identity.factors (account_id, kind, secret, created_at) VALUES (%s, 'totp', %s, %s) "
        "ON CONFLICT (account_id) DO UPDATE SET secret = excluded.secret, created_at = excluded.created_at "
        "WHERE factors.confirmed_at IS NULL",
        (account_id, sealed, now),
    )
    return _setup(conn, account_id, secret)


def pending(conn: Conn, sealer: Sealer, account_id: UUID) -> Setup | None:
    """The secret that waits for its first code; None when there is none."""
    row = conn.execute(
        "SELECT secret FROM identity.factors WHERE account_id = %s AND confirmed_at IS NULL", (account_id,)
    ).fetchone()
    return None if row is None else _setup(conn, account_id, sealer.unseal(conn, FACTOR, account_id, row[0]).decode())


def confirm(conn: Conn, sealer: Sealer, account_id: UUID, code: str, now: datetime) -> list[str]:
    """Turn the factor on with its first code; returns the recovery codes, which are shown only now.

    Invalid when the code is wrong, Conflict when there is nothing to confirm.
    """
    _refuse_if_on(conn, account_id)
    row = conn.execute("SELECT secret FROM identity.factors WHERE account_id = %s FOR UPDATE", (account_id,)).fetchone()
    if row is None:
        raise Conflict("There is no secret to confirm: start again.", code="no_pending_factor")
    step = _step_of(sealer.unseal(conn, FACTOR, account_id, row[0]).decode(), _plain(code), now)
    if step is None:
        raise Invalid("This code is wrong: look at the app and at your phone’s clock.", code="wrong_code", field="code")
    conn.execute(
        "UPDATE identity.factors SET confirmed_at = %s, last_step = %s WHERE account_id = %s", (now, step, account_id)
    )
    publish(conn, "mfa.enabled", account_id, account_id, now, kind="totp")
    return renew_codes(conn, account_id)


def prove(conn: Conn, sealer: Sealer, account_id: UUID, code: str, now: datetime) -> bool:
    """Whether this is a code of the app or a recovery code that counts now; either counts only once."""
    typed = _plain(code)
    if not re.fullmatch(r"\d{6}", typed):
        return _use_recovery_code(conn, account_id, typed, now)
    row = conn.execute(
        "SELECT secret FROM identity.factors WHERE account_id = %s AND confirmed_at IS NOT NULL", (account_id,)
    ).fetchone()
    if row is None:
        return False
    step = _step_of(sealer.unseal(conn, FACTOR, account_id, row[0]).decode(), typed, now)
    return step is not None and _use_step(conn, account_id, step)


def renew_codes(conn: Conn, account_id: UUID) -> list[str]:
    """Ten new recovery codes instead of those before; returned as they are shown, once."""
    conn.execute("DELETE FROM identity.recovery_codes WHERE account_id = %s", (account_id,))
    codes = ["-".join(_part() for _ in range(PARTS)) for _ in range(CODES)]
    conn.execute(
        "INSERT INTO identity.recovery_codes (code_hash, account_id) SELECT unnest(%s::bytea[]), %s",
        ([_code_hash(account_id, _plain(code)) for code in codes], account_id),
    )
    return codes


def disable(conn: Conn, account_id: UUID, now: datetime) -> None:
    """No log-in asks for a code any more; the secret and the recovery codes are gone."""
    conn.execute("DELETE FROM identity.recovery_codes WHERE account_id = %s", (account_id,))
    conn.execute("DELETE FROM identity.challenges WHERE account_id = %s", (account_id,))
    query = "DELETE FROM identity.factors WHERE account_id = %s RETURNING confirmed_at"
    row = conn.execute(query, (account_id,)).fetchone()
    if row is not None and row[0] is not None:
        publish(conn, "mfa.disabled", account_id, account_id, now, kind="totp")


def challenge(conn: Conn, account_id: UUID, method: str, next_path: str, now: datetime) -> str:
    """A token for ten minutes that says: this person has shown who they are and has still to give a code."""
    token = secrets.token_urlsafe(32)
    conn.execute("DELETE FROM identity.challenges WHERE account_id = %s AND expires_at <= %s", (account_id, now))
    conn.execute(
        "INSERT INTO identity.challenges (token_hash, account_id, method, next, expires_at) VALUES (%s, %s, %s, %s, %s)",
        (token_hash(token), account_id, method, next_path[:2000], now + CHALLENGE_LIFETIME),
    )
    return token


def challenged(conn: Conn, token: str, now: datetime) -> Challenge | None:
    """Who still has to give a code; None when the token is unknown or over, or the account is not active."""
    with conn.cursor(row_factory=class_row(Challenge)) as cursor:
        return cursor.execute(
            "SELECT c.account_id, c.method, c.next FROM identity.challenges c "
            "JOIN identity.accounts a ON a.id = c.account_id "
            "WHERE c.token_hash = %s AND c.expires_at > %s AND a.status = 'active'",
            (token_hash(token), now),
        ).fetchone()


def answered(conn: Conn, token: str) -> None:
    """The challenge has been met and is worth nothing any more."""
    conn.execute("DELETE FROM identity.challenges WHERE token_hash = %s", (token_hash(token),))


def _refuse_if_on(conn: Conn, account_id: UUID) -> None:
    if status_of(conn, account_id).on:
        raise Conflict("The second factor is on already: turn it off first.", code="factor_is_on")


def _setup(conn: Conn, account_id: UUID, secret: str) -> Setup:
    handle = service.find_account(conn, account_id).handle
    return Setup(secret, pyotp.TOTP(secret).provisioning_uri(name=handle, issuer_name=ISSUER))


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """The time step whose code this is; each comparison takes equally long."""
    try:
        return pyotp.TOTP(secret).verify_and_get_timecode(code, for_time=now, valid_window=AROUND)
    except OTPVerificationError:
        return None


def _use_step(conn: Conn, account_id: UUID, step: int) -> bool:
    return bool(
        conn.execute(
            "UPDATE identity.factors SET last_step = %s "
            "WHERE account_id = %s AND confirmed_at IS NOT NULL AND (last_step IS NULL OR last_step < %s)",
            (step, account_id, step),
        ).rowcount
    )


def _use_recovery_code(conn: Conn, account_id: UUID, typed: str, now: datetime) -> bool:
    return bool(
        conn.execute(
            "UPDATE identity.recovery_codes SET used_at = %s WHERE account_id = %s AND code_hash = %s AND used_at IS NULL",
            (now, account_id, _code_hash(account_id, typed)),
        ).rowcount
    )


def _code_hash(account_id: UUID, plain: str) -> bytes:
    return token_hash(f"{account_id} {plain}")


def _plain(code: str) -> str:
    return re.sub(r"[\s-]+", "", code[:100]).lower()


def _part() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(PART))
