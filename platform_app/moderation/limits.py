"""How much one person may do of each kind at once, in all processes together.

A bucket for each person and kind in PostgreSQL: it holds `size` tokens, every action takes one, and `size` tokens come back
evenly within `seconds`. The row is locked until the transaction ends, so two requests of one person cannot take the same
token. What is refused takes none, for its transaction is rolled back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from platform_app.db import Conn
from platform_app.errors import TooSoon
from platform_app.identity.schemas import Account

HOUR, DAY = 3_600, 86_400


@dataclass(frozen=True, slots=True)
class Bucket:
    """`size` at once, and as many again within `seconds`."""

    size: int
    seconds: int


KINDS: dict[str, Bucket] = {
    "post": Bucket(30, HOUR),
    "approach": Bucket(40, HOUR),
    "comment": Bucket(60, HOUR),
    "edit": Bucket(120, HOUR),
    "vote": Bucket(300, HOUR),
    "follow": Bucket(200, HOUR),
    "upload": Bucket(60, HOUR),
    "message": Bucket(120, HOUR),
    "report": Bucket(20, DAY),
}
"""What everybody may do; moderators are not limited."""


def spend(conn: Conn, account: Account, kind: str, now: datetime) -> None:
    """Take a token; TooSoon, with the seconds until there is one again, when the bucket is empty."""
    if account.is_moderator:
        return
    bucket = KINDS[kind]
    row = conn.execute(
        "INSERT INTO moderation.allowances AS a (account_id, kind, tokens, at) "
        "VALUES (%(who)s, %(kind)s, %(size)s - 1, %(now)s) ON CONFLICT (account_id, kind) DO UPDATE SET "
        "tokens = least(%(size)s, a.tokens + greatest(0, extract(epoch FROM excluded.at - a.at)) * %(size)s / %(seconds)s) "
        "- 1, at = greatest(a.at, excluded.at) RETURNING tokens",
        {"who": account.id, "kind": kind, "size": float(bucket.size), "seconds": bucket.seconds, "now": now},
    ).fetchone()
    left = float(row[0]) if row else 0.0
    if left < 0:
        raise TooSoon(max(1, math.ceil(-left * bucket.seconds / bucket.size)))
