"""What a person leaves behind here when they delete their account: nothing.

What others reported about them goes with the words that it quotes. What they reported themselves keeps counting, without
their name and their words: it is about somebody else's. What they did as a moderator stays, in nobody's name.
"""

from __future__ import annotations

from typing import LiteralString
from uuid import UUID

from platform_app.db import Conn

_STATEMENTS: tuple[LiteralString, ...] = (
    "DELETE FROM moderation.reports WHERE author_id = %(me)s",
    "UPDATE moderation.reports SET reporter_id = NULL, body = '' WHERE reporter_id = %(me)s",
    "UPDATE moderation.reports SET assigned_to = NULL, state = CASE state WHEN 'assigned' THEN 'open' ELSE state END "
    "WHERE assigned_to = %(me)s",
    "DELETE FROM moderation.actions WHERE subject_id = %(me)s",
    "UPDATE moderation.actions SET moderator_id = NULL WHERE moderator_id = %(me)s",
    "DELETE FROM moderation.hidden WHERE author_id = %(me)s",
    "DELETE FROM moderation.suspensions WHERE account_id = %(me)s",
    "DELETE FROM moderation.trusted WHERE account_id = %(me)s",
    "DELETE FROM moderation.allowances WHERE account_id = %(me)s",
    "DELETE FROM moderation.blocks WHERE blocker_id = %(me)s OR blocked_id = %(me)s",
    "DELETE FROM moderation.mutes WHERE muter_id = %(me)s OR muted_id = %(me)s",
)


def forget(conn: Conn, account_id: UUID) -> None:
    """Remove what there is about a person, before what they wrote goes."""
    for statement in _STATEMENTS:
        conn.execute(statement, {"me": account_id})
