"""Mail about notifications: what is due for whom, and the mailer that sends it.

A mail waits a little, so that several things are one mail and what was read on the site is none. It is sent at least
once: a mailer that is killed between the mail server's yes and its own commit sends it again under the same Message-ID.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.rows import class_row

from lake.failpoint import reach
from lake.kit.errors import Retry
from lake.kit.ids import new_id
from lake.kit.log import get_log
from platform_app.db import Conn, Database
from platform_app.mail import Outbox
from platform_app.messaging import quiet, reads
from platform_app.messaging.schemas import DEFAULTS, Notification

PAUSE = timedelta(minutes=2)  # between what happened and its mail
DIGEST_HOUR = 7  # UTC
MOST = 20  # notifications in one digest
MOST_ATTEMPTS = 10
SENT = "mail.sent"  # the failpoint after the mail server's yes, before the mail is off the list

_ENQUEUE = """
WITH wanted AS (
    SELECT n.id, n.recipient_id, coalesce(p.channel, %(default)s) AS channel
    FROM messaging.notifications n
    JOIN identity.consents c ON c.account_id = n.recipient_id AND c.purpose = 'email' AND c.granted
    LEFT JOIN messaging.preferences p ON p.account_id = n.recipient_id AND p.kind = n.kind
    WHERE n.id = ANY(%(ids)s))
SELECT id, recipient_id, channel FROM wanted WHERE channel IN ('mail', 'digest')
"""
_INSERT = """
INSERT INTO messaging.mails (id, recipient_id, notification_id, due_at) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING
"""


class Due:
    """A mail that is due. `notification_id` None: a digest."""

    def __init__(self, id: UUID, recipient_id: UUID, notification_id: UUID | None, address: str | None) -> None:
        self.id, self.recipient_id, self.notification_id, self.address = id, recipient_id, notification_id, address


def enqueue(conn: Conn, kind: str, notification_ids: Sequence[UUID], now: datetime) -> None:
    """Let mail be sent about notifications of one kind to those who want it by mail and have agreed to mail."""
    values = {"ids": list(notification_ids), "default": DEFAULTS[kind]}
    for notification_id, recipient_id, channel in conn.execute(_ENQUEUE, values).fetchall():
        about, due = (notification_id, now + PAUSE) if channel == "mail" else (None, next_digest(now))
        due = quiet.until(conn, recipient_id, due) or due
        conn.execute(_INSERT, (new_id(), recipient_id, about, due))


def next_digest(now: datetime) -> datetime:
    """The next moment at which digests are sent."""
    today = now.replace(hour=DIGEST_HOUR, minute=0, second=0, microsecond=0)
    return today if now < today else today + timedelta(days=1)


class Mailer:
    """Sends what is due, one mail in one transaction; several may run."""

    def __init__(self, database: Database, outbox: Outbox, public_url: str, *, failpoint: str = "") -> None:
        self._database, self._outbox, self._url = database, outbox, public_url.rstrip("/")
        self._failpoint = failpoint

    def follow(self, every_seconds: float, stop: threading.Event) -> None:
        """Send what becomes due until `stop` is set; while PostgreSQL is away, wait."""
        while not stop.is_set():
            try:
                sent = self.step()
            except Retry as error:
                get_log().warning("mailer_waits", exc_info=error)
                sent = False
            stop.wait(0.0 if sent else every_seconds)

    def step(self) -> bool:
        """Send one mail, or put it off if that fails; False when none is due."""
        with self._database.write("mailer") as conn:
            due = _take(conn)
            if due is None:
                return False
            try:
                with conn.transaction():
                    self._send(conn, due)
            except Exception as error:  # noqa: BLE001 - whatever one message trips over, the others go out
                get_log().warning("mail_postponed", mail_id=str(due.id), fault=type(error).__name__)
                _postpone(conn, due.id)
                return True
            conn.execute("DELETE FROM messaging.mails WHERE id = %s", (due.id,))
        return True

    def _send(self, conn: Conn, due: Due) -> None:
        unread = reads.unread(conn, due.recipient_id, limit=MOST, only=due.notification_id)
        if not unread or due.address is None or not _agreed(conn, due.recipient_id):
            return
        subject = _subject(unread) if due.notification_id else f"{len(unread)} things you have not seen"
        settings = f"{self._url}/settings/notifications"
        text = "\n\n".join(f"{_sentence(one)}\n{self._url}{one.link}" for one in unread)
        text += f"\n\n--\nWhich mail you get: {settings}\n"
        self._outbox.send(due.address, subject, text, message_id=due.id, unsubscribe=settings)
        reach(SENT, self._failpoint)


def _take(conn: Conn) -> Due | None:
    query = (
        "SELECT m.id, m.recipient_id, m.notification_id, a.email AS address FROM messaging.mails m "
        "JOIN identity.accounts a ON a.id = m.recipient_id WHERE m.due_at <= now() "
        "ORDER BY m.due_at LIMIT 1 FOR UPDATE OF m SKIP LOCKED"
    )
    with conn.cursor(row_factory=class_row(Due)) as cursor:
        return cursor.execute(query).fetchone()


def _postpone(conn: Conn, mail_id: UUID) -> None:
    conn.execute(
        "UPDATE messaging.mails SET attempts = attempts + 1, due_at = CASE WHEN attempts + 1 >= %s THEN 'infinity' "
        "ELSE now() + least(interval '1 minute' * 3 ^ attempts, interval '6 hours') END WHERE id = %s",
        (MOST_ATTEMPTS, mail_id),
    )


def _agreed(conn: Conn, account_id: UUID) -> bool:
    query = "SELECT 1 FROM identity.consents WHERE account_id = %s AND purpose = 'email' AND granted"
    return conn.execute(query, (account_id,)).fetchone() is not None


def _subject(unread: Sequence[Notification]) -> str:
    return _sentence(unread[0])[:150]


def _sentence(one: Notification) -> str:
    return f"{one.who} {one.words}{f' “{one.title}”' if one.title else ''}"
