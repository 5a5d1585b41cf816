"""Two people who edit one text: whoever saves second is told, and sees both texts, before anything is lost.

A version is a digest of title and body, so that a vote, an acceptance or a tag in between is no conflict. `expect` compares it
inside the transaction that saves, with the row locked.
"""

from __future__ import annotations

import hashlib
from typing import Any

from platform_app.community import repository
from platform_app.community.schemas import Target
from platform_app.db import Conn
from platform_app.errors import EditedMeanwhile

ANY = "*"


def version_of(title: str | None, body: str) -> str:
    """16 characters that change with the text."""
    return hashlib.sha256(f"{title or ''}\0{body}".encode()).hexdigest()[:16]


def expect(conn: Conn, target: Target, seen: str) -> None:
    """EditedMeanwhile when the text is not the one that was seen; empty or `*` takes any. Locks the row."""
    seen = seen.strip().strip('"')
    if seen in ("", ANY):
        return
    row = _row(conn, target)
    if row is not None and version_of(row["title"], row["body"]) != seen:
        raise EditedMeanwhile(row["title"] or "", row["body"], version_of(row["title"], row["body"]))


def _row(conn: Conn, target: Target) -> dict[str, Any] | None:
    if target.post_id is not None:
        return repository.post(conn, target.post_id)
    return repository.approach(conn, target.id)
