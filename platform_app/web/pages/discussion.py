"""Comments in threads: writing, answering and changing them, one thread by itself, and the pages of the many."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from lake.kit.clock import utc_now
from platform_app.community import reads, service, threads
from platform_app.community.schemas import CommentView, Discussion, Target, Thread
from platform_app.db import Conn
from platform_app.errors import NotAllowed, NotFound, Refused
from platform_app.web.pages.forms import again, go, wants_fragment
from platform_app.web.templates import render
from platform_app.web.visit import Look, Send

router = APIRouter(include_in_schema=False)

Kind = Literal["posts", "approaches"]
Text = Annotated[str, Form()]


@router.get("/{kind}/{item_id}/comments")
def comments_page(look: Look, kind: Kind, item_id: UUID, after: UUID | None = None) -> Response:
    """The comments under a post or an approach, a page of threads; for htmx the next threads alone."""
    with look.read() as (conn, me):
        viewer_id, target = me.id if me else None, target_of(kind, item_id)
        title = reads.title_of(conn, target, viewer_id)
        found = threads.discussion(conn, target, viewer_id, after=after)
        look.see_faces(conn, found)
    if wants_fragment(look):
        return render(look.request, "fragment_threads.html", kind=kind, item_id=item_id, discussion=found)
    next_url = f"/{kind}/{item_id}/comments?after={found.next_cursor}" if found.more else None
    return _page(look, f"Comments on {title}", f"/{kind}/{item_id}", found.threads, next_url)


@router.post("/{kind}/{item_id}/comments")
def comment(
    send: Send, kind: Kind, item_id: UUID, body: Text = "", parent_id: Annotated[UUID | None, Form()] = None
) -> Response:
    """Remark on a post or an approach, or answer another remark."""
    target = target_of(kind, item_id)
    try:
        with send.write() as (conn, me):
            comment_id = service.comment(conn, me.id, target, body=body, parent_id=parent_id, now=utc_now())
            found = _first(conn, target, me.id)
            fresh = None if comment_id in found.ids else threads.comment_for(conn, comment_id, me.id)
            send.see_faces(conn, found, fresh)
    except Refused as refused:
        if wants_fragment(send) or parent_id is None:
            raise
        return _reply_form(send, parent_id, refused, body)
    if wants_fragment(send):
        return render(send.request, "fragment_comments.html", kind=kind, item_id=item_id, discussion=found, fresh=fresh)
    return go(
        f"/comments/{comment_id}#comment-{comment_id}" if fresh else f"{_place(kind, item_id)}#comment-{comment_id}"
    )


@router.get("/comments/{comment_id}")
def thread_page(look: Look, comment_id: UUID, after: UUID | None = None) -> Response:
    """The thread that a comment is in."""
    most = threads.PAGE_REPLIES
    with look.read() as (conn, me):
        viewer_id = me.id if me else None
        found = threads.thread_of(conn, comment_id, viewer_id, after=after, limit=most + 1)
        if not found:
            raise NotFound("There are no more comments.")
        kind, item_id = place_of(found[0])
        title = reads.title_of(conn, target_of(kind, item_id), viewer_id)
        look.see_faces(conn, found)
    next_url = f"/comments/{comment_id}?after={found[most - 1].id}" if len(found) > most else None
    found = found[:most]
    one = [Thread(found[0], threads.ordered(found[1:]), 0)] if found else []
    return _page(look, f"Thread on {title}", f"/{kind}/{item_id}", one, next_url)


@router.get("/comments/{comment_id}/reply")
def reply_form(look: Look, comment_id: UUID) -> Response:
    """The form to answer a comment; for htmx the form alone."""
    return _reply_form(look, comment_id)


@router.get("/comments/{comment_id}/edit")
def edit_form(look: Look, comment_id: UUID) -> Response:
    """The form for a comment's new words."""
    with look.read_as_member() as (conn, me):
        found = threads.comment_for(conn, comment_id, me.id)
        if found.author_id != me.id:
            raise NotAllowed("Only its author may do this.", code="not_the_author")
    return _edit_form(look, found, None, found.body)


@router.post("/comments/{comment_id}/edit")
def edit(send: Send, comment_id: UUID, body: Text = "") -> Response:
    """Replace a comment's words."""
    try:
        with send.write() as (conn, me):
            threads.edit_comment(conn, me.id, comment_id, body=body, now=utc_now())
    except Refused as refused:
        with send.read_as_member() as (conn, me):
            found = threads.comment_for(conn, comment_id, me.id)
        return _edit_form(send, found, refused, body)
    return go(f"/comments/{comment_id}#comment-{comment_id}")


def target_of(kind: str, item_id: UUID) -> Target:
    """What `/posts/{id}` or `/approaches/{id}` names."""
    return Target(post_id=item_id) if kind == "posts" else Target(approach_id=item_id)


def place_of(one: CommentView) -> tuple[Kind, UUID]:
    """What a comment is under."""
    if one.approach_id is not None:
        return "approaches", one.approach_id
    assert one.post_id is not None  # noqa: S101 - the table holds exactly one of them
    return "posts", one.post_id


def _place(kind: Kind, item_id: UUID) -> str:
    return f"/{kind}/{item_id}"


def _first(conn: Conn, target: Target, viewer_id: UUID) -> Discussion:
    approaches = (target.approach_id,) if target.approach_id else ()
    found = threads.discussions(conn, target.post_id, approaches, viewer_id)
    return next(iter(found.values()), Discussion([], 0, None))


def _page(look: Look, heading: str, back: str, shown: list[Thread], next_url: str | None) -> Response:
    words = "The problem" if back.startswith("/posts") else "The approach"
    context: dict[str, Any] = {"heading": heading, "back": back, "back_words": words, "shown": shown}
    return render(look.request, "comments.html", next_url=next_url, **context)


def _reply_form(visit: Look, comment_id: UUID, refused: Refused | None = None, typed: str = "") -> Response:
    with visit.read_as_member() as (conn, me):
        parent = threads.comment_for(conn, comment_id, me.id)
        kind, item_id = place_of(parent)
        reads.title_of(conn, target_of(kind, item_id), me.id)
    if wants_fragment(visit):
        return render(visit.request, "fragment_reply.html", kind=kind, item_id=item_id, parent=parent)
    context: dict[str, Any] = {
        "comment": parent, "kind": kind, "item_id": item_id, "editing": False, "typed": typed,
        "heading": f"Answer {parent.author_name}",
    }  # fmt: skip
    if refused:
        return again(visit, "comment_form.html", refused, **context)
    return render(visit.request, "comment_form.html", error=None, **context)


def _edit_form(visit: Look, found: CommentView, refused: Refused | None, typed: str) -> Response:
    context: dict[str, Any] = {"comment": found, "editing": True, "typed": typed, "heading": "Change the comment"}
    if refused:
        return again(visit, "comment_form.html", refused, **context)
    return render(visit.request, "comment_form.html", error=None, **context)
