"""People to follow: whom the lake suggests, then those whom the people somebody follows follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString
from uuid import UUID

from lake.contracts.suggestions import PURPOSE
from platform_app.db import Conn
from platform_app.explore import interests
from platform_app.moderation import blocks
from platform_app.suggestions.reads import suggested

_NEAR: LiteralString = (
    "SELECT a.handle, a.display_name, near.many FROM ("
    + interests.NEAR
    + ") AS near (id, many) JOIN identity.accounts a ON a.id = near.id AND a.status = 'active' "
    "WHERE EXISTS (SELECT 1 FROM identity.consents c WHERE c.account_id = a.id AND c.purpose = %(purpose)s AND c.granted) AND "
    + blocks.seen_by_viewer("a.id")
    + " "
    "ORDER BY near.many DESC, a.id LIMIT %(limit)s"
)


@dataclass(frozen=True, slots=True)
class Someone:
    """Somebody to follow, with the reason in words."""

    handle: str
    display_name: str
    words: str


def to_follow(conn: Conn, account_id: UUID, *, limit: int = 5) -> list[Someone]:
    """People to follow, the lake's suggestions first; nobody where one of the two did not agree to recommendations."""
    if not interests.agreed(conn, account_id):
        return []
    found = {
        one.handle: Someone(one.handle, one.display_name, one.words)
        for one in suggested(conn, account_id, limit=limit).people
    }
    values = {"me": account_id, "viewer": account_id, "purpose": PURPOSE, "most": 10 * limit, "limit": limit}
    for handle, name, many in conn.execute(_NEAR, values).fetchall():
        words = f"followed by {many} people you follow" if many > 1 else "followed by somebody you follow"
        found.setdefault(handle, Someone(handle, name, words))
    return list(found.values())[:limit]
