"""Comments in threads, closing and locking posts, and bringing back what was deleted."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from lake.kit.clock import utc_now
from platform_app.community import reads, second_thoughts, states, threads
from platform_app.community.schemas import CommentView, Discussion, StateChange, Target
from platform_app.web.api.paging import Cursor, Limit
from platform_app.web.errors import RESPONSES
from platform_app.web.visit import Call

router = APIRouter(prefix="/api/v1", tags=["community"], responses=RESPONSES)


class EditedComment(BaseModel):
    """What replaces a comment's words."""

    body: str = Field(description="Markdown, at most 5,000 characters.")


class Closing(BaseModel):
    """Why a post takes no more approaches."""

    reason: Literal["settled", "outdated", "unclear", "too_broad", "off_topic"]
    note: str = Field(default="", description="At most 500 characters, shown with the reason.")


class Locking(BaseModel):
    """Why nobody may add anything to a post."""

    reason: Literal["heated", "finished", "review"]
    note: str = Field(default="", description="At most 500 characters, shown with the reason.")


@router.get("/{kind}/{target_id}/comments")
def list_comments(
    call: Call, kind: Literal["posts", "approaches"], target_id: UUID, cursor: Cursor = None, limit: Limit = 20
) -> Discussion:
    """The threads under a post or an approach, oldest first, each with its first replies."""
    target = Target(post_id=target_id) if kind == "posts" else Target(approach_id=target_id)
    with call.read() as (conn, me):
        viewer_id = me.id if me else None
        reads.title_of(conn, target, viewer_id)
        return threads.discussion(conn, target, viewer_id, after=cursor, limit=limit)


@router.get("/comments/{comment_id}/thread")
def read_thread(call: Call, comment_id: UUID, cursor: Cursor = None, limit: Limit = 50) -> list[CommentView]:
    """The thread that a comment is in, oldest first; `cursor` is the last comment of the page before."""
    with call.read() as (conn, me):
        viewer_id = me.id if me else None
        found = threads.thread_of(conn, comment_id, viewer_id, after=cursor, limit=limit)
        if found:
            reads.title_of(conn, Target(found[0].post_id, found[0].approach_id), viewer_id)
        return found


@router.put("/comments/{comment_id}", status_code=204)
def edit_comment(call: Call, comment_id: UUID, body: EditedComment) -> None:
    """Replace a comment's words, for an hour after it was written; by its author."""
    with call.write() as (conn, me):
        threads.edit_comment(conn, me.id, comment_id, body=body.body, now=utc_now())


@router.put("/posts/{post_id}/closed", status_code=204)
def close(call: Call, post_id: UUID, body: Closing) -> None:
    """Close a post: it takes no more approaches; by its author or a moderator."""
    with call.write() as (conn, me):
        states.close(conn, me.id, post_id, reason=body.reason, note=body.note, now=utc_now())


@router.delete("/posts/{post_id}/closed", status_code=204)
def reopen(call: Call, post_id: UUID) -> None:
    """Reopen a post; by a moderator, or by the author who closed it themselves."""
    with call.write() as (conn, me):
        states.reopen(conn, me.id, post_id, now=utc_now())


@router.put("/posts/{post_id}/locked", status_code=204)
def lock(call: Call, post_id: UUID, body: Locking) -> None:
    """Lock a post: nobody adds or changes anything; moderators only."""
    with call.write() as (conn, me):
        states.lock(conn, me.id, post_id, reason=body.reason, note=body.note, now=utc_now())


@router.delete("/posts/{post_id}/locked", status_code=204)
def unlock(call: Call, post_id: UUID) -> None:
    """Unlock a post; moderators only."""
    with call.write() as (conn, me):
        states.unlock(conn, me.id, post_id, now=utc_now())


@router.get("/posts/{post_id}/changes")
def list_changes(call: Call, post_id: UUID) -> list[StateChange]:
    """Who closed, reopened, locked and unlocked a post and why, the newest first."""
    with call.read() as (conn, me):
        reads.title_of(conn, Target(post_id=post_id), me.id if me else None)
        return states.changes_of(conn, post_id)


@router.post("/{kind}/{target_id}/restore", status_code=204)
def restore(call: Call, kind: Literal["posts", "approaches", "comments"], target_id: UUID) -> None:
    """Bring back what you deleted within the last hour, or as a moderator what anybody did."""
    with call.write() as (conn, me):
        second_thoughts.restore(conn, me.id, kind, target_id, utc_now())
