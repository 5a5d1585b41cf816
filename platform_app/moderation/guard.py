"""What other contexts ask before somebody writes: small functions that raise the refusal, or say nothing.

Every function takes an open transaction and never commits.
"""

from __future__ import annotations

from uuid import UUID

from platform_app.db import Conn
from platform_app.errors import Conflict, NotAllowed
from platform_app.moderation import blocks, hidden


def not_blocked(conn: Conn, actor_id: UUID, other_id: UUID) -> None:
    """NotAllowed when one of the two has blocked the other; it does not say which."""
    if actor_id != other_id and blocks.between(conn, actor_id, other_id):
        raise NotAllowed("You and this person have nothing to do with each other here: one of you wants it so.", code="blocked")  # fmt: skip


def may_engage(conn: Conn, actor_id: UUID, author_id: UUID, target_id: UUID) -> None:
    """Before somebody answers, remarks or votes: NotAllowed where there is a block, Conflict where the thing is hidden."""
    not_blocked(conn, actor_id, author_id)
    if hidden.cause_of(conn, target_id) is not None:
        raise Conflict("This is hidden while moderators look at it: nobody can add to it now.", code="hidden")
