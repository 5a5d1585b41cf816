"""Groups and their members."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from lake.kit.clock import utc_now
from platform_app.community import reads as posts
from platform_app.community.groups import reads, rules
from platform_app.community.groups.schemas import Group, GroupMember
from platform_app.community.schemas import PostCard
from platform_app.identity import service as identity
from platform_app.web.api.community import Created
from platform_app.web.api.paging import Cursor, Limit, Page, page_of
from platform_app.web.errors import RESPONSES
from platform_app.web.visit import Call

router = APIRouter(prefix="/api/v1", tags=["groups"], responses=RESPONSES)

Joining = Literal["open", "approval"]


class EditedGroup(BaseModel):
    """What a group tells about itself, and how one joins it."""

    name: str = Field(description="At most 80 characters.")
    about: str = Field(default="", description="Markdown, at most 5,000 characters.")
    joining: Joining = Field(default="open", description="`approval`: its moderators let people in.")


class NewGroup(EditedGroup):
    """A group."""

    slug: str = Field(description="Its name in links: 3 to 40 of a-z, 0-9 and -.")


class Joined(BaseModel):
    """Whether somebody is in the group now, or has asked to be."""

    state: Literal["joined", "asked"]


class Told(BaseModel):
    """Whether you are told of what others write in the group."""

    told: bool


class Membership(BaseModel):
    """What becomes of a member: let in, or given a role."""

    role: Literal["member", "moderator", "owner"] = "member"


@router.get("/groups")
def list_groups(
    call: Call, q: str = "", start: Annotated[int, Query(ge=0, le=100_000)] = 0, limit: Limit = 20
) -> list[Group]:
    """The groups with the most members first; only those whose name contains `q`, if given."""
    with call.read() as (conn, me):
        return reads.largest(conn, me.id if me else None, start=start, limit=limit, words=q[:80])


@router.get("/groups/mine")
def my_groups(call: Call) -> list[Group]:
    """The groups that you are in or ask to join."""
    with call.read_as_member() as (conn, me):
        return reads.groups_of(conn, me.id)


@router.get("/groups/followed")
def followed_groups(call: Call) -> list[Group]:
    """The groups that you follow without being a member."""
    with call.read_as_member() as (conn, me):
        return reads.groups_followed(conn, me.id)


@router.post("/groups", status_code=201)
def create_group(call: Call, body: NewGroup) -> Created:
    """Begin a group; you are its owner."""
    with call.write() as (conn, me):
        return Created(id=rules.create(conn, me.id, **body.model_dump(), now=utc_now()))


@router.get("/groups/{slug}")
def read_group(call: Call, slug: str) -> Group:
    """One group."""
    with call.read() as (conn, me):
        return reads.group_named(conn, slug, me.id if me else None)


@router.put("/groups/{slug}", status_code=204)
def edit_group(call: Call, slug: str, body: EditedGroup) -> None:
    """Change what a group tells about itself; by its moderators."""
    with call.write() as (conn, me):
        rules.edit(conn, me.id, reads.group_named(conn, slug).id, **body.model_dump(), now=utc_now())


@router.get("/groups/{slug}/posts")
def list_posts_of_group(call: Call, slug: str, cursor: Cursor = None, limit: Limit = 20) -> Page[PostCard]:
    """What a group wrote, the newest first."""
    with call.read() as (conn, me):
        group = reads.group_named(conn, slug)
        found = posts.posts_of_group(conn, group.id, me.id if me else None, before=cursor, limit=limit + 1)
        return page_of(found, limit)


@router.get("/groups/{slug}/members")
def list_members(
    call: Call,
    slug: str,
    state: Annotated[
        Literal["joined", "asked", "barred"], Query(description="All but `joined` is for its moderators.")
    ] = "joined",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> list[GroupMember]:
    """Who is in a group; `cursor` is the id of the last one of the page before."""
    with call.read() as (conn, me):
        group = reads.group_named(conn, slug, me.id if me else None)
        if state != "joined" and not group.keeps_order and not (me and me.is_moderator):
            return []
        if state == "barred":
            return reads.barred(conn, group.id, limit=limit)
        return reads.members(conn, group.id, state, after=cursor, limit=limit)


@router.put("/groups/{slug}/membership")
def join(call: Call, slug: str) -> Joined:
    """Join a group, or ask to; joining again changes nothing."""
    with call.write() as (conn, me):
        state = rules.join(conn, me.id, reads.group_named(conn, slug).id, utc_now())
        return Joined(state="joined" if state == "joined" else "asked")


@router.delete("/groups/{slug}/membership", status_code=204)
def leave(call: Call, slug: str) -> None:
    """Leave a group, or ask no longer."""
    with call.write() as (conn, me):
        rules.leave(conn, me.id, reads.group_named(conn, slug).id, utc_now())


@router.put("/groups/{slug}/follow", status_code=204)
def follow(call: Call, slug: str) -> None:
    """See what an open group writes in your feed without joining it; following again changes nothing."""
    with call.write() as (conn, me):
        rules.follow(conn, me.id, reads.group_named(conn, slug).id, utc_now())


@router.delete("/groups/{slug}/follow", status_code=204)
def unfollow(call: Call, slug: str) -> None:
    """Stop following a group."""
    with call.write() as (conn, me):
        rules.unfollow(conn, me.id, reads.group_named(conn, slug).id)


@router.put("/groups/{slug}/told", status_code=204)
def tell(call: Call, slug: str, body: Told) -> None:
    """Be told of what others write in a group you are in, or not."""
    with call.write() as (conn, me):
        rules.tell(conn, me.id, reads.group_named(conn, slug).id, body.told)


@router.put("/groups/{slug}/members/{handle}", status_code=204)
def change_member(call: Call, slug: str, handle: str, body: Membership) -> None:
    """Let in somebody who asked, let somebody join again who was taken out (both as a member), or give a member a role; by the group's moderators, roles by its owner."""
    with call.write() as (conn, me):
        group, other = reads.group_named(conn, slug), identity.find_by_handle(conn, handle)
        if rules.asks(conn, group.id, other.id) or rules.is_barred(conn, group.id, other.id):
            rules.admit(conn, me.id, group.id, other.id, utc_now())
        else:
            rules.appoint(conn, me.id, group.id, other.id, body.role, utc_now())


@router.delete("/groups/{slug}/members/{handle}", status_code=204)
def remove_member(call: Call, slug: str, handle: str) -> None:
    """Take somebody out of a group, or decline who asked; by its moderators."""
    with call.write() as (conn, me):
        group, other = reads.group_named(conn, slug), identity.find_by_handle(conn, handle)
        rules.remove(conn, me.id, group.id, other.id, utc_now())


@router.delete("/posts/{post_id}/group", status_code=204)
def take_out(call: Call, post_id: UUID) -> None:
    """Take a post out of its group, not off the site; by its author or the group's moderators."""
    with call.write() as (conn, me):
        rules.take_out(conn, me.id, post_id, utc_now())
