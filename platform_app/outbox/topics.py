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
    "approach.unaccepted": POSTS, "post.restored": POSTS, "approach.restored": POSTS, "account.left": POSTS, "profile.updated": PERSON, "badge.awarded": PERSON,
    "account.followed": PERSON, "account.unfollowed": PERSON,
}  # fmt: skip


def changed_by(event: str, subject_id: UUID, actor_id: UUID | None) -> list[str]:
    """The topics that an event changes; those of its subject and of who did it where they are about a person."""
    topic = TOPICS.get(event)
    if topic != PERSON:
        return [topic] if topic else []
    return sorted({f"{PERSON}{who}" for who in (subject_id, actor_id) if who})


def announce(conn: Conn, topic: str) -> None:
    """Tell every process, once this transaction commits, that a topic changed."""
    conn.execute("SELECT pg_notify(%s, %s)", (CHANNEL, topic))
