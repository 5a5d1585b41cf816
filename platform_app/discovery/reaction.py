"""The subscriber `embeddings` of the outbox: what changes about finding when something is written, edited or told.

A document gets its vector; a post with few tags gets those of which the machine is sure; a person gets problems to start with.
"""

from __future__ import annotations

from collections.abc import Callable

from platform_app.db import Conn
from platform_app.discovery import embedding, starts
from platform_app.discovery.automatic import tag_post
from platform_app.discovery.embedder import Embedder
from platform_app.discovery.likes import Likes
from platform_app.discovery.search import Search
from platform_app.outbox.publish import Event

POSTS = ("post.published", "post.edited")
PEOPLE = ("profile.updated", "resume.uploaded", "consent.decided")


def follow(embedder: Embedder) -> Callable[[Conn, Event], None]:
    """What it does with an event, in one transaction with the end of its delivery; a repeated event changes nothing."""
    embed, likes = embedding.follow_event(embedder), Likes(Search(embedder))

    def react(conn: Conn, event: Event) -> None:
        if event.type in POSTS:  # in the order in which an edit takes them: the post, then its document
            conn.execute("SELECT 1 FROM community.posts WHERE id = %s FOR KEY SHARE", (event.subject_id,))
        if event.type != "consent.decided":
            embed(conn, event)
        if event.type in POSTS:
            tag_post(conn, likes, event.subject_id, event.occurred_at)
        elif event.type in PEOPLE:
            starts.refresh(conn, event.subject_id, event.occurred_at, embedder)

    return react
