"""Which events change what many look at: the processes that serve pages hear of the topic when the change commits.

A topic may end in `:` and is then followed by the id of the event's subject. The signal is PostgreSQL's NOTIFY, sent in the
transaction of the change: it comes with the commit or not at all, and is only a hint to read again.
"""

from __future__ import annotations

from uuid import UUID

from platform_app.db import Conn

CHANNEL = "changed"
POSTS, TAGS, PERSON = "posts", "tags", "person:"
TOPICS: dict[str, str] = {
    "post.published": POSTS, "post.edited": POSTS, "post.deleted": POSTS, "post.duplicated": POSTS,
    "approach.published": POSTS, "approach.edited": POSTS, "approach.deleted": POSTS, "approach.accepted": POSTS,
    "approach.unaccepted": POSTS, "account.left": POSTS, "profile.updated": PERSON, "badge.awarded": PERSON,
    "account.followed": PERSON, "account.unfollowed": PERSON,
}  # fmt: skip


def announce(conn: Conn, event: str, subject_id: UUID, actor_id: UUID | None) -> None:
    """Tell every process, once this transaction commits, which topic an event changed."""
    topic = TOPICS.get(event)
    if topic is None:
        return
    said = {topic + str(who) for who in (subject_id, actor_id) if who} if topic == PERSON else {topic}
    for one in sorted(said):
        conn.execute("SELECT pg_notify(%s, %s)", (CHANNEL, one))
