"""Lists of posts and approaches, one post with everything under it, tags."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.background import BackgroundTasks
from starlette.responses import Response

from lake.kit.clock import utc_now
from platform_app.community import attachments, drafts, reads, saved, synonyms, threads
from platform_app.community.schemas import Discussion
from platform_app.web.impressions import may_note, surface_of
from platform_app.web.pages.forms import go
from platform_app.web.templates import render
from platform_app.web.visit import Look

router = APIRouter(include_in_schema=False)

PAGE = 20


def split(items: list[Any]) -> tuple[list[Any], UUID | None]:
    """A page of the items, and where the next one starts: one more than a page was asked for."""
    return items[:PAGE], items[PAGE - 1].id if len(items) > PAGE else None


def _looked(look: Look, item_id: UUID, post_id: UUID | None = None) -> BackgroundTasks:
    """Remember that a member came from a list that the app ranked for them; what is to be written after the answer."""
    surface = surface_of(look.request)
    if look.me and surface and may_note(look.request):
        look.impressions.note_opening(look.me.id, item_id, surface, utc_now())
    tasks = BackgroundTasks()
    if post_id is not None:
        tasks.add_task(look.request.app.state.footfall.note, post_id)
    tasks.add_task(look.impressions.write_if_due)
    return tasks


@router.get("/posts/{post_id}")
def post_page(look: Look, post_id: UUID, start: Annotated[int, Query(ge=0, le=100_000)] = 0) -> Response:
    """One post with its approaches (from one on) and comments, and the form for another approach."""
    with look.read() as (conn, me):
        post = reads.read_post(conn, post_id, me.id if me else None, approaches_from=start)
        marks = saved.among(conn, me.id if me else None, [post_id, *(one.id for one in post.approaches)])
        begun = drafts.draft_of_answer(conn, me.id, post_id) if me else None
        files = attachments.attachments_of(conn, [post_id], [approach.id for approach in post.approaches])
        similar = look.request.app.state.likes.to_post(conn, post_id, me.id if me else None)
        look.see_faces(conn, post)
    values = {"body": begun.body, "kind": begun.kind or "idea"} if begun else {"body": "", "kind": "idea"}
    answer = render(
        look.request,
        "post.html",
        for_everybody=True,
        post=post,
        similar=similar,
        saved=marks,
        start=start,
        error=None,
        values=values,
        files=files,
    )
    answer.background = _looked(look, post_id, post_id)
    return answer


@router.get("/approaches")
def approaches_page(look: Look, before: UUID | None = None) -> Response:
    """The newest approaches that stand on their own."""
    with look.read() as (conn, me):
        found = reads.newest_approaches(conn, me.id if me else None, before=before, limit=PAGE + 1)
        look.see_faces(conn, found)
    approaches, next_cursor = split(found)
    return render(look.request, "approaches.html", approaches=approaches, next_cursor=next_cursor)


@router.get("/approaches/{approach_id}")
def approach_page(look: Look, approach_id: UUID) -> Response:
    """One approach with its comments."""
    with look.read() as (conn, me):
        approach = reads.read_approach(conn, approach_id, me.id if me else None)
        found = threads.discussions(conn, None, [approach_id], me.id if me else None)
        marks = saved.among(conn, me.id if me else None, [approach_id])
        files = attachments.attachments_of(conn, approach_ids=[approach_id])
        look.see_faces(conn, approach, found)
    discussion = found.get(approach_id, Discussion([], 0, None))
    answer = render(
        look.request,
        "approach.html",
        for_everybody=True,
        approach=approach,
        discussion=discussion,
        saved=marks,
        files=files,
    )
    answer.background = _looked(look, approach_id)
    return answer


@router.get("/tags")
def tags_page(look: Look, prefix: str = "") -> Response:
    """The vocabulary, the most used first."""
    with look.read() as (conn, _):
        tags = look.popular_tags(conn, prefix[:35].lower())
    return render(look.request, "tags.html", tags=tags, prefix=prefix[:35])


@router.get("/tags/{tag}")
def tag_page(look: Look, tag: str, before: UUID | None = None) -> Response:
    """The newest problems with one tag; a synonym leads to the tag that is used for it."""
    with look.read() as (conn, me):
        used = synonyms.tag_used(conn, tag)
        if used is not None and used != tag:
            return go(f"/tags/{quote(used, safe='')}")
        viewer_id = me.id if me else None
        found = reads.newest_posts(conn, tag=tag, viewer_id=viewer_id, before=before, limit=PAGE + 1)
        following = me is not None and reads.tag_follow_state(conn, me.id, tag)
        look.see_faces(conn, found)
    posts, next_cursor = split(found)
    return render(
        look.request, "tag.html", for_everybody=True, tag=tag, posts=posts, following=following, next_cursor=next_cursor
    )
