"""How much one person may do of each kind at once, in all processes together: see `platform_app/buckets.py`."""

from __future__ import annotations

from datetime import datetime

from platform_app.buckets import ALLOWANCES, Bucket, take
from platform_app.db import Conn
from platform_app.errors import TooSoon
from platform_app.identity.schemas import Account

HOUR, DAY = 3_600, 86_400

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
    "draft": Bucket(1_200, HOUR),  # kept two seconds after every pause in somebody's writing
    "save": Bucket(300, HOUR),
    "group": Bucket(10, DAY),
    "membership": Bucket(120, HOUR),
    "accept": Bucket(30, HOUR),
}
"""What everybody may do; moderators are not limited."""


def spend(conn: Conn, account: Account, kind: str, now: datetime) -> None:
    """Take a token; TooSoon, with the seconds until there is one again, when the bucket is empty."""
    if account.is_moderator:
        return
    if seconds := take(conn, ALLOWANCES, account.id, kind, KINDS[kind], now):
        raise TooSoon(seconds)
