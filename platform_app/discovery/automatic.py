"""Tags that the machine gives to a post which has few: those of which it is sure, by its text and by its neighbours."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from lake.kit.ids import new_id
from platform_app.community import repository
from platform_app.community.schemas import TaggingRow, Target
from platform_app.db import Conn
from platform_app.discovery.likes import Likes
from platform_app.outbox.publish import publish

FEW = 2  # tags that people chose; a post with so many keeps to them
MOST = 3  # tags that the machine gives
SURE = 60  # per cent from which it gives one; docs/decisions/0094 says how often it is right


def tag_post(conn: Conn, likes: Likes, post_id: UUID, now: datetime) -> list[str]:
    """Give a post the tags of which the machine is sure, take back those of which it no longer is; returns them."""
    query = "SELECT author_id, title, body FROM community.posts WHERE id = %s AND status IN ('open', 'solved')"
    if (post := conn.execute(query, (post_id,)).fetchone()) is None:
        return []
    author_id, title, body = post
    target = Target(post_id=post_id)
    given = repository.tags_of(conn, target, "machine")
    chosen = repository.tags_of(conn, target) - given
    sure = {}
    if len(chosen) < FEW:
        fits = likes.tags(conn, post_id, title, body)
        sure = {fit.name: fit for fit in fits if fit.confidence >= SURE and fit.name not in chosen}
    wanted = list(sure)[:MOST]
    repository.remove_taggings(conn, target, given - set(wanted))
    for tag in wanted:
        if tag not in given:
            confidence = sure[tag].confidence
            row = TaggingRow(new_id(), post_id, None, author_id, tag, "machine", now, confidence)
            repository.add_taggings(conn, [row])
            publish(
                conn,
                "tag.applied",
                row.id,
                None,
                now,
                post_id=post_id,
                tag=tag,
                source="machine",
                confidence=confidence,
            )
    return wanted
