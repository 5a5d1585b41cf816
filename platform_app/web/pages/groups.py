"""Groups: the list, one group with what it writes, its members, and the forms of its owner and moderators."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Form, Query
from starlette.responses import Response

from lake.kit.clock import utc_now
from platform_app.community import reads as posts
from platform_app.community.groups import reads, rules
from platform_app.community.groups.schemas import Group
from platform_app.db import Conn
from platform_app.errors import NotAllowed, Refused
from platform_app.identity import service as identity
from platform_app.web.pages.community import PAGE, split
from platform_app.web.pages.forms import again, go
from platform_app.web.templates import render
from platform_app.web.visit import Look, Send, Visit

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form()]
NEW = {"slug": "", "name": "", "about": "", "joining": "open"}
MEMBERS = 50


@router.get("/groups")
def groups_page(look: Look, q: str = "", start: Annotated[int, Query(ge=0, le=100_000)] = 0) -> Response:
    """All groups, the largest first, and those one is in."""
    with look.read() as (conn, me):
        found = reads.largest(conn, me.id if me else None, start=start, limit=PAGE + 1, words=q[:80])
        first = me is not None and not start and not q
        mine = reads.groups_of(conn, me.id) if me and first else []
        followed = reads.groups_followed(conn, me.id) if me and first else []
    more = start + PAGE if len(found) > PAGE else None
    return render(
        look.request, "groups.html", groups=found[:PAGE], mine=mine, followed=followed, q=q[:80], next_start=more
    )


@router.get("/groups/new")
def new_group(look: Look) -> Response:
    """The form for a group."""
    with look.read_as_member():
        pass
    return _form(look, NEW, back="/groups")


@router.post("/groups/new")
def create_group(send: Send, slug: Text = "", name: Text = "", about: Text = "", joining: Text = "open") -> Response:
    """Begin a group."""
    values = {"slug": slug, "name": name, "about": about, "joining": joining}
    try:
        with send.write() as (conn, me):
            rules.create(conn, me.id, **values, now=utc_now())
    except Refused as refused:
        return _form(send, values, back="/groups", refused=refused)
    return go(f"/groups/{slug.strip().lower()}")


@router.get("/groups/{slug}")
def group_page(look: Look, slug: str, before: UUID | None = None) -> Response:
    """A group with what it writes, the newest first."""
    with look.read() as (conn, me):
        group = reads.group_named(conn, slug, me.id if me else None)
        found = posts.posts_of_group(conn, group.id, me.id if me else None, before=before, limit=PAGE + 1)
        look.see_faces(conn, found)
    shown, next_cursor = split(found)
    return render(look.request, "group.html", group=group, posts=shown, next_cursor=next_cursor)


@router.get("/groups/{slug}/members")
def members_page(look: Look, slug: str, after: UUID | None = None) -> Response:
    """Who is in a group; for its moderators also who asks to be."""
    with look.read() as (conn, me):
        group = reads.group_named(conn, slug, me.id if me else None)
        found = reads.members(conn, group.id, after=after, limit=MEMBERS + 1)
        keeps_order = group.keeps_order or (me is not None and me.is_moderator)
        asking = reads.members(conn, group.id, "asked", limit=200) if keeps_order else []
        barred = reads.barred(conn, group.id) if keeps_order else []
        look.see_faces(conn, found, asking)
    more = found[MEMBERS - 1].id if len(found) > MEMBERS else None
    return render(
        look.request, "group_members.html", group=group, members=found[:MEMBERS], asking=asking, barred=barred,
        keeps_order=keeps_order, next_after=more,
    )  # fmt: skip


@router.get("/groups/{slug}/edit")
def edit_group_form(look: Look, slug: str) -> Response:
    """The form for what a group tells about itself."""
    with look.read_as_member() as (conn, me):
        group = reads.group_named(conn, slug, me.id)
        if not group.keeps_order and not me.is_moderator:
            raise NotAllowed("Only the group's moderators may do this.", code="not_a_group_moderator")
    values = {"slug": group.slug, "name": group.name, "about": group.about, "joining": group.joining}
    return _form(look, values, back=_place(slug), editing=True)


@router.post("/groups/{slug}/edit")
def edit_group(send: Send, slug: str, name: Text = "", about: Text = "", joining: Text = "open") -> Response:
    """Change what a group tells about itself."""
    try:
        with send.write() as (conn, me):
            group = _group(conn, slug)
            rules.edit(conn, me.id, group.id, name=name, about=about, joining=joining, now=utc_now())
    except Refused as refused:
        values = {"slug": slug, "name": name, "about": about, "joining": joining}
        return _form(send, values, back=_place(slug), editing=True, refused=refused)
    return go(_place(slug))


@router.post("/groups/{slug}/membership")
def change_membership(send: Send, slug: str, do: Text = "") -> Response:
    """Join a group, leave it, follow it, or be told of what it writes or not."""
    with send.write() as (conn, me):
        group = _group(conn, slug)
        if do == "leave":
            rules.leave(conn, me.id, group.id, utc_now())
        elif do in ("tell", "hush"):
            rules.tell(conn, me.id, group.id, do == "tell")
        elif do == "follow":
            rules.follow(conn, me.id, group.id, utc_now())
        elif do == "unfollow":
            rules.unfollow(conn, me.id, group.id)
        else:
            rules.join(conn, me.id, group.id, utc_now())
    return go(_place(slug))


@router.post("/groups/{slug}/members/{handle}")
def change_member(send: Send, slug: str, handle: str, do: Text = "") -> Response:
    """Let somebody in, take somebody out, or give a member a role."""
    with send.write() as (conn, me):
        group, other = _group(conn, slug), identity.find_by_handle(conn, handle)
        if do == "admit":
            rules.admit(conn, me.id, group.id, other.id, utc_now())
        elif do == "remove":
            rules.remove(conn, me.id, group.id, other.id, utc_now())
        else:
            rules.appoint(conn, me.id, group.id, other.id, do, utc_now())
    return go(f"{_place(slug)}/members")


@router.post("/posts/{post_id}/ungroup")
def take_out(send: Send, post_id: UUID) -> Response:
    """Take a post out of its group."""
    with send.write() as (conn, me):
        rules.take_out(conn, me.id, post_id, utc_now())
    return go(f"/posts/{post_id}")


def _place(slug: str) -> str:
    return f"/groups/{quote(slug, safe='')}"


def _group(conn: Conn, slug: str) -> Group:
    return reads.group_named(conn, slug)


def _form(
    visit: Visit, values: dict[str, str], *, back: str, editing: bool = False, refused: Refused | None = None
) -> Response:
    context: dict[str, Any] = {"values": values, "back": back, "editing": editing}
    if refused:
        return again(visit, "group_form.html", refused, **context)
    return render(visit.request, "group_form.html", error=None, **context)
