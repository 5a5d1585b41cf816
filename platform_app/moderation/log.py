"""What moderators did, to whom, and why: one table, read by moderators and, where it concerns them, by the person acted on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg.rows import class_row

from lake.kit.ids import new_id
from platform_app.db import Conn
from platform_app.errors import Invalid, NotAllowed
from platform_app.identity import service as identity
from platform_app.identity.schemas import Account
from platform_app.moderation.targets import NAMES
from platform_app.rules import clean

LONGEST_REASON = 1_000
WORDS = {
    "hide": "hid", "restore": "showed again", "uphold": "agreed with a report about", "dismiss": "dismissed a report about",
    "reopen": "opened again the reports about", "suspend": "suspended", "lift": "ended the suspension of",
    "trust": "trusted", "distrust": "took trust from", "appoint": "changed the role of", "log_out": "ended the log-ins of",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One act. `moderator` None: a rule of the app."""

    id: UUID
    at: datetime
    action: str
    target_kind: str
    target_id: UUID
    reason: str
    until: datetime | None
    moderator: str | None
    subject: str

    @property
    def words(self) -> str:
        """What was done to what, as the end of a sentence that begins with who did it."""
        return f"{WORDS[self.action]} {'a ' if self.target_kind != 'person' else ''}{self.what}"

    @property
    def what(self) -> str:
        return "" if self.target_kind == "person" else NAMES[self.target_kind]


def moderator(conn: Conn, account_id: UUID) -> Account:
    """The account of a moderator or an administrator; NotAllowed for anybody else, and while they are suspended."""
    account = identity.active_account(conn, account_id)
    if not account.is_moderator:
        raise NotAllowed("Only a moderator may do this.", code="not_a_moderator")
    lasts = "SELECT 1 FROM moderation.suspensions WHERE account_id = %s AND lifted_at IS NULL AND until > now()"
    if conn.execute(lasts, (account_id,)).fetchone():
        raise NotAllowed("You are suspended: moderate when that is over.", code="suspended")
    return account


def checked_reason(reason: str) -> str:
    """The reason without spaces around it; Invalid when there is none or it is too long."""
    why = clean(reason)
    if not why:
        raise Invalid("Say why: the person concerned reads it.", field="reason")
    if len(why) > LONGEST_REASON:
        raise Invalid(f"Reason must be at most {LONGEST_REASON:,} characters long.", field="reason")
    return why


def write(  # noqa: PLR0913 - an entry has this many parts
    conn: Conn,
    moderator_id: UUID | None,
    subject_id: UUID,
    target: tuple[str, UUID],
    action: str,
    reason: str,
    now: datetime,
    *,
    until: datetime | None = None,
    shown: bool = True,
) -> None:
    """Write an act down. `shown` is whether the person acted on reads it."""
    conn.execute(
        "INSERT INTO moderation.actions (id, moderator_id, subject_id, target_kind, target_id, action, reason, until, "
        "shown, at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (new_id(), moderator_id, subject_id, *target, action, reason, until, shown, now),
    )


_ENTRY: LiteralString = (
    "SELECT l.id, l.at, l.action, l.target_kind, l.target_id, l.reason, l.until, m.handle AS moderator, "
    "s.handle AS subject FROM moderation.actions l JOIN identity.accounts s ON s.id = l.subject_id "
    "LEFT JOIN identity.accounts m ON m.id = l.moderator_id "
)


def about(conn: Conn, subject_id: UUID, *, limit: int = 50) -> list[Entry]:
    """What was done about a person, for moderators; the newest first."""
    return _read(conn, _ENTRY + "WHERE l.subject_id = %s ORDER BY l.id DESC LIMIT %s", subject_id, limit)


def shown_to(conn: Conn, subject_id: UUID, *, limit: int = 50) -> list[Entry]:
    """What a person reads of what was done about them; the newest first."""
    return _read(conn, _ENTRY + "WHERE l.subject_id = %s AND l.shown ORDER BY l.id DESC LIMIT %s", subject_id, limit)


def latest(conn: Conn, *, before: UUID | None = None, limit: int = 50) -> list[Entry]:
    """Everything, for moderators; the newest first."""
    query: LiteralString = _ENTRY + "WHERE %s::uuid IS NULL OR l.id < %s ORDER BY l.id DESC LIMIT %s"
    return _read(conn, query, before, before, limit)


def _read(conn: Conn, query: LiteralString, *values: object) -> list[Entry]:
    with conn.cursor(row_factory=class_row(Entry)) as cursor:
        return cursor.execute(query, values).fetchall()
