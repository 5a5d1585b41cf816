"""Deleting an account: every context forgets the person, in one transaction with the request that the lake does too.

It happens at once and for good. The deletes and the placeholders stream like every change.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from platform_app import answers
from platform_app.community import leaving as community
from platform_app.db import Conn
from platform_app.explore import history as explore
from platform_app.identity import erasure
from platform_app.messaging import service as messaging
from platform_app.moderation import leaving as moderation
from platform_app.outbox import deliveries as outbox
from platform_app.outbox.publish import publish
from platform_app.profiles import service as profiles
from platform_app.uploads import service as uploads


def leave(conn: Conn, account_id: UUID, now: datetime) -> str:
    """Delete an account with all that is the person's; returns the token with which its receipt is read."""
    erasure.lock(conn, account_id)
    messaging.forget(conn, account_id)
    moderation.forget(conn, account_id)
    explore.forget(conn, account_id)
    community.forget(conn, account_id, erasure.heir(conn), now)
    profiles.forget(conn, account_id)
    uploads.forget(conn, account_id)
    outbox.forget(conn, account_id)
    answers.forget(conn, account_id)
    publish(conn, "account.left", account_id, None, now)
    return erasure.remove(conn, account_id, now)
