"""Buckets of tokens in PostgreSQL: how much may be done at once, in all processes together.

A row for each owner and kind holds up to `size` tokens; every action takes one, and `size` tokens come back evenly within
`seconds`. The row is locked until the transaction ends, so two requests cannot take the same token. What is refused takes
none, for its transaction is rolled back.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from platform_app.db import Conn


@dataclass(frozen=True, slots=True)
class Bucket:
    """`size` at once, and as many again within `seconds`."""

    size: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Shelf:
    """A table of buckets, and its column that says whose they are; the others are `kind`, `tokens` and `at`."""

    table: LiteralString
    owner: LiteralString

    @property
    def taking(self) -> LiteralString:
        return (
            f"INSERT INTO {self.table} AS b ({self.owner}, kind, tokens, at) "
            f"VALUES (%(owner)s, %(kind)s, %(size)s - 1, %(now)s) ON CONFLICT ({self.owner}, kind) DO UPDATE SET tokens = "
            "least(%(size)s, b.tokens + greatest(0, extract(epoch FROM excluded.at - b.at)) * %(size)s / %(seconds)s) - 1, "
            "at = greatest(b.at, excluded.at) RETURNING tokens"
        )


ALLOWANCES = Shelf("moderation.allowances", "account_id")
TRIES = Shelf("kernel.tries", "key")


def take(conn: Conn, shelf: Shelf, owner: object, kind: str, bucket: Bucket, now: datetime) -> int:
    """Take a token; 0, or the seconds until there is one again: then the caller raises, which puts it back."""
    values = {"owner": owner, "kind": kind, "size": float(bucket.size), "seconds": bucket.seconds, "now": now}
    row = conn.execute(shelf.taking, values).fetchone()
    left = float(row[0]) if row else 0.0
    return 0 if left >= 0 else max(1, math.ceil(-left * bucket.seconds / bucket.size))
