"""Lists of posts and approaches, one post with everything under it, tags."""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter
from starlette.background import BackgroundTask
from starlette.responses import Response

from platform_app.community import reads, synonyms
from platform_app.suggestions import reads as suggestions
from platform_app.web.pages.forms import go
from platform_app.web.templates import render
from platform_app.web.visit import Look

router = APIRouter(include_in_schema=False)

PAGE = 20


def split(items: list[Any]) -> tuple[list[Any], UUID | None]:
    """A page of the items, and where the next one starts: one more than a page was asked for."""
    return items[:PAGE], items[PAGE - 1].id if len(items) > PAGE else None


@router.get("/")
def home(look: Look, feed: Literal["newest", "followed"] = "newest", before: UUID | None = None) -> Response:
    """The newest problems, or those of the people and tags a member follows."""
    with look.read() as (conn, me):
        followed = feed == "followed" and me is not None
        if followed and me is not None:
            found = reads.followed_posts(conn, me.id, before=before, limit=PAGE + 1)
        else:
            found = reads.newest_posts(conn, viewer_id=me.id if me else None, before=before, limit=PAGE + 1)
        popular = look.popular_tags(conn)
        suggested = suggestions.suggested(conn, me.id, limit=3) if me and before is None else None
    posts, next_cursor = split(found)
    return render(
        look.request,
        "home.html",
        heading="From what you follow" if followed else "Newest problems",
        feed="followed" if followed else "newest",
        before=before,
        posts=posts,
        popular=popular[:20],
        suggested=suggested,
        next_cursor=next_cursor,
    )


@router.get("/posts/{post_id}")
def post_page(look: Look, post_id: UUID) -> Response:
    """One post with its approaches and comments, and the form for another approach."""
    with look.read() as (conn, me):
        post = reads.read_post(conn, post_id, me.id if me else None)
    answer = render(look.request, "post.html", post=post, error=None, values={"body": "", "kind": "idea"})
    answer.background = BackgroundTask(look.request.app.state.footfall.note, post_id)
    return answer


@router.get("/approaches")
def approaches_page(look: Look, before: UUID | None = None) -> Response:
    """The newest approaches that stand on their own."""
    with look.read() as (conn, me):
        found = reads.newest_approaches(conn, me.id if me else None, before=before, limit=PAGE + 1)
    approaches, next_cursor = split(found)
    return render(look.request, "approaches.html", approaches=approaches, next_cursor=next_cursor)


@router.get("/approaches/{approach_id}")
def approach_page(look: Look, approach_id: UUID) -> Response:
    """One approach with its comments."""
    with look.read() as (conn, me):
        approach = reads.read_approach(conn, approach_id, me.id if me else None)
        comments = reads.comments_of_approach(conn, approach_id, me.id if me else None)
    return render(look.request, "approach.html", approach=approach, comments=comments)


@router.get("/tags")
def tags_page(look: Look, prefix: str = "") -> Response:
    """The vocabulary, the most used first."""
    with look.read() as (conn, _):
        tags = reads.popular_tags(conn, prefix=prefix[:35], limit=200)
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
    posts, next_cursor = split(found)
    return render(look.request, "tag.html", tag=tag, posts=posts, following=following, next_cursor=next_cursor)
