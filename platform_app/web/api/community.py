"""Posts, approaches, comments, votes and tags."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from lake.kit.clock import utc_now
from platform_app.community import reads, service, versions
from platform_app.community.schemas import ApproachView, PostCard, PostView, TagCount, Target
from platform_app.explore.followed import followed_posts
from platform_app.web.api.paging import Cursor, Limit, Page, page_of
from platform_app.web.errors import RESPONSES, IfMatch
from platform_app.web.visit import Call

router = APIRouter(prefix="/api/v1", tags=["community"], responses=RESPONSES)


class Created(BaseModel):
    """The id of what was written."""

    id: UUID


class NewPost(BaseModel):
    """A problem, or an update."""

    title: str = Field(description="One line, at most 300 characters.")
    body: str = Field(description="Markdown, at most 50,000 characters.")
    tags: list[str] = Field(default=[], description="At most 5 tags of the vocabulary.")
    kind: Literal["problem", "update"] = "problem"
    language: str = Field(default="en", description="BCP 47 language of the text.")
    group_id: UUID | None = Field(default=None, description="The group to write in, of which you are a member.")


class EditedPost(BaseModel):
    """What replaces a post's texts and its author's tags."""

    title: str
    body: str
    tags: list[str] = []


class NewApproach(BaseModel):
    """An answer to a post, or, with a title, an approach that stands on its own."""

    body: str = Field(description="Markdown, at most 50,000 characters.")
    title: str | None = Field(default=None, description="Required when it stands on its own.")
    kind: Literal["idea", "guide", "code", "service"] = "idea"


class EditedApproach(BaseModel):
    """What replaces an approach's texts."""

    body: str
    title: str | None = None


class NewComment(BaseModel):
    """A remark."""

    body: str = Field(description="Markdown, at most 5,000 characters.")
    parent_id: UUID | None = Field(
        default=None, description="The comment it answers; an answer to the third level stays on the third level."
    )


class Vote(BaseModel):
    """For, against, or withdrawn."""

    value: Literal[1, -1, 0]


class Accepted(BaseModel):
    """Which approach the post's author accepts; null takes the acceptance back."""

    approach_id: UUID | None


class Duplicate(BaseModel):
    """The older post that asks the same."""

    of: UUID


class NewTag(BaseModel):
    """A tag for the vocabulary, or a synonym of one."""

    name: str = Field(description="1 to 35 of a-z, 0-9 and . + # -")
    synonym_of: str | None = None


class Tags(BaseModel):
    """Tags of the vocabulary."""

    tags: list[str]


@router.get("/posts")
def list_posts(
    call: Call,
    tag: str | None = None,
    feed: Annotated[Literal["newest", "followed"], Query(description="`followed` needs a session.")] = "newest",
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[PostCard]:
    """The newest posts: of everybody, with one tag, or of the people and tags you follow."""
    if feed == "followed":
        with call.read_as_member() as (conn, me):
            posts, next_cursor = followed_posts(conn, me.id, before=cursor, limit=limit)
            return Page(items=posts, next_cursor=next_cursor)
    with call.read() as (conn, me):
        viewer_id = me.id if me else None
        found = reads.newest_posts(conn, tag=tag, viewer_id=viewer_id, before=cursor, limit=limit + 1)
        return page_of(found, limit)


@router.post("/posts", status_code=201)
def write_post(call: Call, body: NewPost) -> Created:
    """Publish a post."""
    with call.write() as (conn, me):
        return Created(id=service.write_post(conn, me.id, **body.model_dump(), now=utc_now()))


@router.get("/posts/{post_id}")
def read_post(
    call: Call,
    answer: Response,
    post_id: UUID,
    approaches_from: Annotated[int, Query(ge=0, le=100_000)] = 0,
    limit: Limit = 20,
) -> PostView:
    """One post with a page of its approaches (accepted first) and the first comments of each text.

    `ETag` names its text, for the `If-Match` of an edit.
    """
    with call.read() as (conn, me):
        viewer = me.id if me else None
        found = reads.read_post(conn, post_id, viewer, approaches_from=approaches_from, limit=limit)
    answer.headers["ETag"] = f'"{versions.version_of(found.card.title, found.card.body)}"'
    return found


@router.put("/posts/{post_id}", status_code=204)
def edit_post(call: Call, post_id: UUID, body: EditedPost, if_match: IfMatch = "") -> None:
    """Replace a post's texts and tags; by its author or a moderator."""
    with call.write() as (conn, me):
        versions.expect(conn, Target(post_id=post_id), if_match)
        service.edit_post(conn, me.id, post_id, **body.model_dump(), now=utc_now())


@router.delete("/posts/{post_id}", status_code=204)
def delete_post(call: Call, post_id: UUID) -> None:
    """Take a post off every page; by its author. A moderator hides it instead."""
    with call.write() as (conn, me):
        service.delete_post(conn, me.id, post_id, utc_now())


@router.post("/posts/{post_id}/approaches", status_code=201)
def answer_post(call: Call, post_id: UUID, body: NewApproach) -> Created:
    """Answer a post with an approach."""
    with call.write() as (conn, me):
        return Created(id=service.write_approach(conn, me.id, post_id=post_id, **body.model_dump(), now=utc_now()))


@router.put("/posts/{post_id}/accepted", status_code=204)
def accept(call: Call, post_id: UUID, body: Accepted) -> None:
    """Accept one of a post's approaches, or none; by the post's author."""
    with call.write() as (conn, me):
        if body.approach_id is None:
            service.unaccept(conn, me.id, post_id, utc_now())
        else:
            service.accept(conn, me.id, body.approach_id, utc_now())


@router.put("/posts/{post_id}/duplicate", status_code=204)
def mark_duplicate(call: Call, post_id: UUID, body: Duplicate) -> None:
    """Say that an older post asks the same; by the post's author or a moderator."""
    with call.write() as (conn, me):
        service.mark_duplicate(conn, me.id, post_id, body.of, utc_now())


@router.get("/approaches")
def list_approaches(call: Call, cursor: Cursor = None, limit: Limit = 20) -> Page[ApproachView]:
    """The newest approaches that stand on their own."""
    with call.read() as (conn, me):
        found = reads.newest_approaches(conn, me.id if me else None, before=cursor, limit=limit + 1)
        return page_of(found, limit)


@router.post("/approaches", status_code=201)
def write_approach(call: Call, body: NewApproach) -> Created:
    """Publish an approach that stands on its own."""
    with call.write() as (conn, me):
        return Created(id=service.write_approach(conn, me.id, **body.model_dump(), now=utc_now()))


@router.get("/approaches/{approach_id}")
def read_approach(call: Call, answer: Response, approach_id: UUID) -> ApproachView:
    """One approach. `ETag` names its text, for the `If-Match` of an edit."""
    with call.read() as (conn, me):
        found = reads.read_approach(conn, approach_id, me.id if me else None)
    answer.headers["ETag"] = f'"{versions.version_of(found.title, found.body)}"'
    return found


@router.put("/approaches/{approach_id}", status_code=204)
def edit_approach(call: Call, approach_id: UUID, body: EditedApproach, if_match: IfMatch = "") -> None:
    """Replace an approach's texts; by its author or a moderator."""
    with call.write() as (conn, me):
        versions.expect(conn, Target(approach_id=approach_id), if_match)
        service.edit_approach(conn, me.id, approach_id, **body.model_dump(), now=utc_now())


@router.delete("/approaches/{approach_id}", status_code=204)
def delete_approach(call: Call, approach_id: UUID) -> None:
    """Take an approach off every page; by its author. A moderator hides it instead."""
    with call.write() as (conn, me):
        service.delete_approach(conn, me.id, approach_id, utc_now())


@router.post("/{kind}/{target_id}/comments", status_code=201)
def comment(call: Call, kind: Literal["posts", "approaches"], target_id: UUID, body: NewComment) -> Created:
    """Remark on a post or an approach, or answer a remark there."""
    with call.write() as (conn, me):
        target = target_of(kind, target_id)
        return Created(id=service.comment(conn, me.id, target, **body.model_dump(), now=utc_now()))


@router.delete("/comments/{comment_id}", status_code=204)
def delete_comment(call: Call, comment_id: UUID) -> None:
    """Delete a comment, which can be brought back for an hour; by its author. A moderator hides it instead."""
    with call.write() as (conn, me):
        service.delete_comment(conn, me.id, comment_id, utc_now())


@router.put("/{kind}/{target_id}/vote", status_code=204)
def vote(call: Call, kind: Literal["posts", "approaches"], target_id: UUID, body: Vote) -> None:
    """Vote for or against, change the vote, or withdraw it."""
    with call.write() as (conn, me):
        service.vote(conn, me.id, target_of(kind, target_id), body.value, utc_now())


@router.post("/{kind}/{target_id}/tags", status_code=204)
def add_tags(call: Call, kind: Literal["posts", "approaches"], target_id: UUID, body: Tags) -> None:
    """Add tags to somebody's post or approach; moderators only."""
    with call.write() as (conn, me):
        service.add_tags(conn, me.id, target_of(kind, target_id), body.tags, utc_now())


@router.get("/tags")
def list_tags(call: Call, prefix: str = "", limit: Limit = 100) -> list[TagCount]:
    """The tags of the vocabulary, the most used first."""
    with call.read() as (conn, _):
        return call.popular_tags(conn, prefix[:35].lower())[:limit]


@router.post("/tags", status_code=201)
def create_tag(call: Call, body: NewTag) -> NewTag:
    """Add a tag or a synonym to the vocabulary; moderators only."""
    with call.write() as (conn, me):
        service.create_tag(conn, me.id, body.name, synonym_of=body.synonym_of, now=utc_now())
    call.request.app.state.popular.forget()
    return body


def target_of(kind: Literal["posts", "approaches"], target_id: UUID) -> Target:
    """What `/posts/{id}` or `/approaches/{id}` names."""
    return Target(post_id=target_id) if kind == "posts" else Target(approach_id=target_id)
