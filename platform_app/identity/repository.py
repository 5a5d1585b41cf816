"""SQL of the schema `identity`. Every function runs in the caller's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from lake.contracts.tables import BY_NAME
from lake.kit.ids import new_id
from platform_app.db import Conn, insert_new, insert_rows
from platform_app.identity.schemas import Account, Consent, ConsentRow, NewPerson

_ACCOUNT = "SELECT id, email, handle, display_name, role, status, origin, created_at FROM identity.accounts"


def account_by_id(conn: Conn, account_id: UUID) -> Account | None:
    with conn.cursor(row_factory=class_row(Account)) as cursor:
        return cursor.execute(f"{_ACCOUNT} WHERE id = %s", (account_id,)).fetchone()


def account_by_email(conn: Conn, email: str) -> Account | None:
    with conn.cursor(row_factory=class_row(Account)) as cursor:
        return cursor.execute(f"{_ACCOUNT} WHERE lower(email) = lower(%s)", (email,)).fetchone()


def account_by_handle(conn: Conn, handle: str) -> Account | None:
    with conn.cursor(row_factory=class_row(Account)) as cursor:
        return cursor.execute(f"{_ACCOUNT} WHERE lower(handle) = lower(%s)", (handle,)).fetchone()


def insert_people(conn: Conn, people: Sequence[NewPerson]) -> list[UUID]:
    """Insert accounts; returns the ids that were new."""
    return insert_new(conn, BY_NAME["accounts"], people)


def set_email(conn: Conn, account_id: UUID, email: str) -> None:
    conn.execute("UPDATE identity.accounts SET email = %s WHERE id = %s", (email, account_id))


def set_display_name(conn: Conn, account_id: UUID, display_name: str) -> None:
    conn.execute("UPDATE identity.accounts SET display_name = %s WHERE id = %s", (display_name, account_id))


def set_role(conn: Conn, account_id: UUID, role: str) -> None:
    conn.execute("UPDATE identity.accounts SET role = %s WHERE id = %s", (role, account_id))


def consents_of(conn: Conn, account_id: UUID) -> list[Consent]:
    with conn.cursor(row_factory=class_row(Consent)) as cursor:
        return cursor.execute(
            "SELECT purpose, granted, decided_at FROM identity.consents WHERE account_id = %s ORDER BY purpose",
            (account_id,),
        ).fetchall()


def consent_history(conn: Conn, account_id: UUID) -> list[Consent]:
    with conn.cursor(row_factory=class_row(Consent)) as cursor:
        return cursor.execute(
            "SELECT purpose, granted, decided_at FROM identity.consent_events WHERE account_id = %s "
            "ORDER BY decided_at, id",
            (account_id,),
        ).fetchall()


def granted_now(conn: Conn, account_id: UUID, purpose: str) -> bool | None:
    """The present decision, locked until the transaction ends; None when there is none."""
    row = conn.execute(
        "SELECT granted FROM identity.consents WHERE account_id = %s AND purpose = %s FOR UPDATE",
        (account_id, purpose),
    ).fetchone()
    return None if row is None else bool(row[0])


def set_consent(conn: Conn, account_id: UUID, consent: Consent) -> None:
    conn.execute(
        "INSERT INTO identity.consents (id, account_id, purpose, granted, decided_at) VALUES (%s, %s, %s, %s, %s) "
        "ON CONFLICT (account_id, purpose) DO UPDATE SET granted = excluded.granted, decided_at = excluded.decided_at",
        (new_id(), account_id, consent.purpose, consent.granted, consent.decided_at),
    )


def add_consent_event(conn: Conn, account_id: UUID, consent: Consent, *, restream: bool) -> None:
    conn.execute(
        "INSERT INTO identity.consent_events (id, account_id, purpose, granted, decided_at, restream_wanted) "
        "VALUES (%s, %s, %s, %s, %s, %s)",
        (new_id(), account_id, consent.purpose, consent.granted, consent.decided_at, restream),
    )


def insert_consents(conn: Conn, rows: Sequence[ConsentRow]) -> int:
    """Insert first decisions and their history events, which share the id."""
    conn.execute(
        "INSERT INTO identity.consent_events (id, account_id, purpose, granted, decided_at) "
        "SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::boolean[], %s::timestamptz[]) "
        "ON CONFLICT (id) DO NOTHING",
        (
            [row.id for row in rows],
            [row.account_id for row in rows],
            [row.purpose for row in rows],
            [row.granted for row in rows],
            [row.decided_at for row in rows],
        ),
    )
    return insert_rows(conn, BY_NAME["consents"], rows)


def insert_reset_token(conn: Conn, token_hash: bytes, account_id: UUID, now: datetime, expires_at: datetime) -> None:
    conn.execute(
        "INSERT INTO identity.reset_tokens (token_hash, account_id, created_at, expires_at) VALUES (%s, %s, %s, %s)",
        (token_hash, account_id, now, expires_at),
    )


def use_reset_token(conn: Conn, token_hash: bytes, now: datetime) -> UUID | None:
    """Mark a token as used and return its account; None when it is unknown, used or expired."""
    row = conn.execute(
        "UPDATE identity.reset_tokens SET used_at = %s "
        "WHERE token_hash = %s AND used_at IS NULL AND expires_at > %s RETURNING account_id",
        (now, token_hash, now),
    ).fetchone()
    return None if row is None else UUID(str(row[0]))


def drop_reset_tokens(conn: Conn, account_id: UUID) -> None:
    conn.execute("DELETE FROM identity.reset_tokens WHERE account_id = %s AND used_at IS NULL", (account_id,))


def set_password_hash(conn: Conn, account_id: UUID, password_hash: str, now: datetime) -> None:
    conn.execute(
        "INSERT INTO identity.credentials (account_id, password_hash, changed_at) VALUES (%s, %s, %s) "
        "ON CONFLICT (account_id) DO UPDATE SET password_hash = excluded.password_hash, changed_at = excluded.changed_at",
        (account_id, password_hash, now),
    )


def next_restream(conn: Conn) -> tuple[UUID, UUID] | None:
    """(event, account) of the oldest wish to stream somebody's rows again."""
    row = conn.execute(
        "SELECT id, account_id FROM identity.consent_events WHERE restream_wanted ORDER BY id LIMIT 1"
    ).fetchone()
    return None if row is None else (row[0], row[1])


def restream_done(conn: Conn, event_id: UUID) -> None:
    conn.execute("UPDATE identity.consent_events SET restream_wanted = false WHERE id = %s", (event_id,))
