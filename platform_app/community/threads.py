"""Comments in threads: replies up to three deep, the first few of each text, and the rest page by page.

A reply to the third level stays on the third level. A comment that is gone keeps its place, without its words and its
author, while somebody's reply stands under it. Functions that write take an open transaction and never commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import class_row, dict_row

from platform_app.community import repository, states
from platform_app.community.schemas import CommentView, Discussion, Target, Thread
from platform_app.community.second_thoughts import WINDOW
from platform_app.db import Conn
from platform_app.errors import NotAllowed, NotFound
from platform_app.identity import service as identity
from platform_app.moderation import blocks, guard, hidden
from platform_app.outbox.publish import publish
from platform_app.rules import clean, fit, required

DEEPEST = 3
FIRST_THREADS, FIRST_REPLIES = 5, 4  # of each text on a page with many
PAGE_THREADS, PAGE_REPLIES = 20, 50

# What the viewer sees the words of. One that is deleted, or by somebody the viewer does not want to see, is shown as a
# place while a reply to it or to a reply of it is seen.
_ALIVE: LiteralString = "(m.status = 'published' AND " + blocks.seen_by_viewer("m.author_id") + ")"
_SHOWN: LiteralString = (
    "("
    + _ALIVE
    + " OR EXISTS (SELECT 1 FROM community.comments r WHERE r.parent_id = m.id AND ((r.status = 'published' AND "
    + blocks.seen_by_viewer("r.author_id")
    + ") OR EXISTS (SELECT 1 FROM community.comments q WHERE q.parent_id = r.id AND q.status = 'published' AND "
    + blocks.seen_by_viewer("q.author_id")
    + "))))"
)
_VIEW: LiteralString = (
    """
SELECT m.id, m.post_id, m.approach_id, m.parent_id, m.thread_id, m.created_at, m.edited_at,
       CASE WHEN p.id IS NULL THEN 0 WHEN p.parent_id IS NULL THEN 1 ELSE 2 END + 1 AS depth,
       CASE WHEN alive THEN 'published' ELSE 'deleted' END AS status,
       CASE WHEN alive THEN m.body ELSE '' END AS body,
       CASE WHEN alive THEN m.author_id END AS author_id,
       CASE WHEN alive THEN u.handle ELSE '[deleted]' END AS author_handle,
       CASE WHEN alive THEN u.display_name ELSE 'Deleted' END AS author_name,
       alive AND """
    + hidden.is_hidden("m.id")
    + " AS hidden"
)
_JOINED: LiteralString = (
    "JOIN identity.accounts u ON u.id = m.author_id LEFT JOIN community.comments p ON p.id = m.parent_id "
    "CROSS JOIN LATERAL (SELECT " + _ALIVE + " AS alive) AS l "
)
_FIRST: LiteralString = (
    _VIEW
    + """, m.in_thread, m.in_text
FROM (SELECT m.*, b.created_at AS began_at, b.id AS began,
             dense_rank() OVER (PARTITION BY m.post_id, m.approach_id ORDER BY b.created_at, b.id) AS thread,
             row_number() OVER (PARTITION BY b.id ORDER BY m.created_at, m.id) AS place,
             count(*) OVER (PARTITION BY b.id) AS in_thread,
             count(*) OVER (PARTITION BY m.post_id, m.approach_id) AS in_text
      FROM community.comments m JOIN community.comments b ON b.id = coalesce(m.thread_id, m.id)
      WHERE (m.post_id = %(post)s OR m.approach_id = ANY(%(approaches)s))
        AND (%(after)s::uuid IS NULL OR (b.created_at, b.id) >
             (SELECT a.created_at, a.id FROM community.comments a WHERE a.id = %(after)s)) AND """
    + _SHOWN
    + ") AS m "
    + _JOINED
    + "WHERE m.thread <= %(threads)s AND m.place <= %(replies)s + 1 ORDER BY m.began_at, m.began, m.created_at, m.id"
)
_THREAD: LiteralString = (
    _VIEW
    + " FROM community.comments m "
    + _JOINED
    + "WHERE (m.id = %(thread)s OR m.thread_id = %(thread)s) AND "
    + _SHOWN
    + "AND (%(after)s::uuid IS NULL OR (m.created_at, m.id) > "
    "(SELECT a.created_at, a.id FROM community.comments a WHERE a.id = %(after)s)) "
    "ORDER BY m.created_at, m.id LIMIT %(limit)s"
)


def discussions(
    conn: Conn, post_id: UUID | None, approach_ids: Sequence[UUID] = (), viewer_id: UUID | None = None
) -> dict[UUID, Discussion]:
    """The first threads under a post and under each of the approaches, by the text's id; one query for all."""
    texts = {"post": post_id, "approaches": list(approach_ids), "viewer": viewer_id}
    return _read(conn, texts, None, FIRST_THREADS)


def discussion(
    conn: Conn,
    target: Target,
    viewer_id: UUID | None = None,
    *,
    after: UUID | None = None,
    limit: int = PAGE_THREADS,
) -> Discussion:
    """A page of the threads under one text, oldest first, from the one after `after`."""
    approaches = [target.approach_id] if target.approach_id else []
    texts = {"post": target.post_id, "approaches": approaches, "viewer": viewer_id}
    found = _read(conn, texts, after, limit)
    return next(iter(found.values()), Discussion([], 0, None))


def thread_of(
    conn: Conn,
    comment_id: UUID,
    viewer_id: UUID | None = None,
    *,
    after: UUID | None = None,
    limit: int = PAGE_REPLIES,
) -> list[CommentView]:
    """The whole thread that a comment is in, the one that began it first; NotFound when nothing of it is shown.

    From the comment after `after`, at most `limit`: ask for one more to know whether there is more.
    """
    row = conn.execute("SELECT coalesce(thread_id, id) FROM community.comments WHERE id = %s", (comment_id,)).fetchone()
    values = {"thread": row[0] if row else None, "after": after, "limit": limit, "viewer": viewer_id}
    with conn.cursor(row_factory=class_row(CommentView)) as cursor:
        found = cursor.execute(_THREAD, values).fetchall()
    if not found and after is None:
        raise NotFound("There is no such comment.")
    return _masked(conn, viewer_id, found)


def place_of_reply(conn: Conn, author_id: UUID, parent_id: UUID, target: Target) -> tuple[UUID, UUID]:
    """Which comment a reply stands under, and which began the thread.

    NotFound when there is no such comment there, NotAllowed where its author and the writer keep apart.
    """
    row = conn.execute(
        "SELECT m.id, coalesce(m.thread_id, m.id), p.id, p.parent_id, m.author_id FROM community.comments m "
        "LEFT JOIN community.comments p ON p.id = m.parent_id WHERE m.id = %s AND m.status = 'published' "
        "AND m.post_id IS NOT DISTINCT FROM %s AND m.approach_id IS NOT DISTINCT FROM %s FOR KEY SHARE OF m",
        (parent_id, target.post_id, target.approach_id),
    ).fetchone()
    if row is None:
        raise NotFound("The comment you answer is gone: write a comment of its own.", code="parent_gone")
    comment_id, thread_id, above, above_that, whose = row
    guard.may_engage(conn, author_id, whose, comment_id)
    return (above if above_that is not None else comment_id), thread_id


def edit_comment(conn: Conn, actor_id: UUID, comment_id: UUID, *, body: str, now: datetime) -> None:
    """Replace a comment's words, for an hour after it was written; by its author alone."""
    comment = repository.comment(conn, comment_id)
    if comment is None:
        raise NotFound("There is no such comment.")
    if identity.active_account(conn, actor_id).id != comment["author_id"]:
        raise NotAllowed("Only its author may do this.", code="not_the_author")
    if now - comment["created_at"] > WINDOW:
        raise NotAllowed(
            "A comment can be changed for an hour, and this one is older: write another one.", code="too_late"
        )
    body = clean(body)
    required(body=body)
    fit("comments", body=body)
    if body == comment["body"]:
        return
    states.refuse_if_locked(conn, Target(comment["post_id"], comment["approach_id"]))
    guard.may_edit(conn, actor_id, body, now)
    conn.execute("UPDATE community.comments SET body = %s, edited_at = %s WHERE id = %s", (body, now, comment_id))
    publish(conn, "comment.edited", comment_id, actor_id, now)


def comment_for(conn: Conn, comment_id: UUID, viewer_id: UUID | None = None) -> CommentView:
    """One comment that is shown; NotFound when it is unknown, deleted or not for the viewer."""
    query: LiteralString = _VIEW + " FROM community.comments m " + _JOINED + "WHERE m.id = %(id)s AND l.alive"
    with conn.cursor(row_factory=class_row(CommentView)) as cursor:
        found = cursor.execute(query, {"id": comment_id, "viewer": viewer_id}).fetchall()
    if not found:
        raise NotFound("There is no such comment.")
    return _masked(conn, viewer_id, found)[0]


def ordered(replies: Sequence[CommentView]) -> list[CommentView]:
    """Each reply behind what it answers, first those whose parent is not here; otherwise in the order they were written."""
    here = {one.id for one in replies if one.depth < DEEPEST}
    under: dict[UUID, list[CommentView]] = {}
    for one in replies:
        if one.depth == DEEPEST and one.parent_id in here:
            under.setdefault(one.parent_id, []).append(one)
    orphans = [one for one in replies if one.depth == DEEPEST and one.parent_id not in here]
    second = [one for one in replies if one.depth < DEEPEST]
    return orphans + [one for reply in second for one in (reply, *under.get(reply.id, ()))]


def _read(conn: Conn, texts: dict[str, Any], after: UUID | None, threads: int) -> dict[UUID, Discussion]:
    values = {**texts, "after": after, "threads": threads, "replies": FIRST_REPLIES}
    with conn.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_FIRST, values).fetchall()
    views = _masked(conn, texts["viewer"], [_view(row) for row in rows])
    found: dict[UUID, list[tuple[dict[str, Any], CommentView]]] = {}
    for row, view in zip(rows, views, strict=True):
        found.setdefault(row["post_id"] or row["approach_id"], []).append((row, view))
    return {text: _discussion(pairs) for text, pairs in found.items()}


def _discussion(pairs: list[tuple[dict[str, Any], CommentView]]) -> Discussion:
    threads: dict[UUID, list[tuple[dict[str, Any], CommentView]]] = {}
    for row, view in pairs:
        threads.setdefault(view.thread_id or view.id, []).append((row, view))
    shown = [
        Thread(found[0][1], ordered([view for _, view in found[1:]]), found[0][0]["in_thread"] - len(found))
        for found in threads.values()
    ]
    rest = pairs[0][0]["in_text"] - sum(found[0][0]["in_thread"] for found in threads.values())
    return Discussion(shown, rest, shown[-1].root.id if rest else None)


def _view(row: dict[str, Any]) -> CommentView:
    return CommentView(**{name: row[name] for name in CommentView.__slots__})


def _masked(conn: Conn, viewer_id: UUID | None, views: list[CommentView]) -> list[CommentView]:
    """The comments, those that are hidden from the viewer without their words."""
    return hidden.masked(
        conn, viewer_id, views, of=lambda one: (one.hidden, one.author_id or one.id),
        mask=lambda one: replace(one, body=hidden.HIDDEN),
    )  # fmt: skip
