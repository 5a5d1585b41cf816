"""Two people who edit one text: whoever saves second is told, and sees both texts, before anything is lost.

A version is a digest of title and body, so that a vote, an acceptance or a tag in between is no conflict. `expect` compares it
inside the transaction that saves, with the row locked.
"""

from __future__ import annotations

from typing import Any

from platform_app.community import repository
from platform_app.community.schemas import Target
from platform_app.db import Conn
from platform_app.errors import EditedMeanwhile, Saved
from platform_app.versions import is_other, version_of

__all__ = ["expect", "version_of"]


def expect(conn: Conn, target: Target, seen: str) -> None:
    """EditedMeanwhile when the text is not the one that was seen; empty or `*` takes any. Locks the row."""
    row = _row(conn, target)
    if row is None or not is_other(seen, version := version_of(row["title"], row["body"])):
        return
    title = [Saved("title", "Title", row["title"])] if row["title"] else []
    raise EditedMeanwhile([*title, Saved("body", "Text", row["body"])], version)


def _row(conn: Conn, target: Target) -> dict[str, Any] | None:
    if target.post_id is not None:
        return repository.post(conn, target.post_id)
    return repository.approach(conn, target.id)
