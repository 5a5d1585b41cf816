"""Votes, acceptance and follows: small forms that htmx answers in place."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from lake.kit.clock import utc_now
from platform_app.community import follows, reads, service, threads
from platform_app.community.schemas import Target
from platform_app.db import Conn
from platform_app.identity import service as identity
from platform_app.web.pages.forms import go, wants_fragment
from platform_app.web.templates import render
from platform_app.web.visit import Send

router = APIRouter(include_in_schema=False)

Kind = Literal["posts", "approaches"]


@router.post("/{kind}/{item_id}/vote")
def vote(send: Send, kind: Kind, item_id: UUID, value: Annotated[int, Form()]) -> Response:
    """Vote for (1) or against (-1), or withdraw the vote (0)."""
    with send.write() as (conn, me):
        service.vote(conn, me.id, _target(kind, item_id), value, utc_now())
        score, page = _score(conn, kind, item_id)
    if not wants_fragment(send):
        return go(page)
    return render(send.request, "fragment_vote.html", kind=kind, item_id=item_id, score=score, my_vote=value)


@router.post("/comments/{comment_id}/delete")
def delete_comment(send: Send, comment_id: UUID) -> Response:
    """Delete one's own comment, which can be brought back for an hour."""
    with send.write() as (conn, me):
        found = threads.comment_for(conn, comment_id, me.id)
        service.delete_comment(conn, me.id, comment_id, utc_now())
    if found.author_id == me.id:
        return go(f"/undo/comments/{comment_id}")
    return go(f"/posts/{found.post_id}" if found.post_id else f"/approaches/{found.approach_id}")


@router.post("/posts/{post_id}/accepted")
def accept(send: Send, post_id: UUID, approach_id: Annotated[UUID | None, Form()] = None) -> Response:
    """Accept an approach, or take the acceptance back when none is named."""
    with send.write() as (conn, me):
        if approach_id:
            service.accept(conn, me.id, approach_id, utc_now())
        else:
            service.unaccept(conn, me.id, post_id, utc_now())
    return go(f"/posts/{post_id}")


@router.post("/people/{handle}/follow")
def follow(send: Send, handle: str, on: Annotated[str, Form()] = "") -> Response:
    """Follow a person, or ask one whose account is private, or stop."""
    with send.write() as (conn, me):
        other = identity.find_by_handle(conn, handle)
        follows_now = bool(on) and follows.follow(conn, me.id, other.id, utc_now())
        if not on:
            follows.unfollow(conn, me.id, other.id, utc_now())
    page = f"/people/{quote(other.handle, safe='')}"
    return _followed(send, follows_now, other.display_name, page, asked=bool(on) and not follows_now)


@router.post("/tags/{tag}/follow")
def follow_tag(send: Send, tag: str, on: Annotated[str, Form()] = "") -> Response:
    """Follow a tag, or stop."""
    with send.write() as (conn, me):
        if on:
            follows.follow_tag(conn, me.id, tag, utc_now())
        else:
            follows.unfollow_tag(conn, me.id, tag)
    return _followed(send, bool(on), tag, f"/tags/{quote(tag, safe='')}")


def _followed(send: Send, on: bool, name: str, page: str, *, asked: bool = False) -> Response:
    if not wants_fragment(send):
        return go(page)
    return render(send.request, "fragment_follow.html", action=f"{page}/follow", on=on, name=name, asked=asked)


def _target(kind: Kind, item_id: UUID) -> Target:
    return Target(post_id=item_id) if kind == "posts" else Target(approach_id=item_id)


def _score(conn: Conn, kind: Kind, item_id: UUID) -> tuple[int, str]:
    """The new score, and the page it is on."""
    if kind == "posts":
        return reads.read_post(conn, item_id).card.score, f"/posts/{item_id}"
    approach = reads.read_approach(conn, item_id)
    page = f"/posts/{approach.post_id}#approach-{item_id}" if approach.post_id else f"/approaches/{item_id}"
    return approach.score, page
