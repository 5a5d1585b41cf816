"""The start page and the explore page: what a ranking settles for whoever looks, and the same things by their age."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from starlette.background import BackgroundTask
from starlette.responses import Response

from lake.kit.clock import utc_now
from platform_app.community import reads
from platform_app.community.schemas import PostCard, TagCount
from platform_app.explore import people
from platform_app.explore.followed import followed_posts
from platform_app.explore.schemas import Page
from platform_app.outbox.topics import POSTS, TAGS
from platform_app.profiles import featured
from platform_app.suggestions import reads as suggestions
from platform_app.web import ranked
from platform_app.web.faces import faces_in
from platform_app.web.pages.community import PAGE, split
from platform_app.web.templates import render
from platform_app.web.visit import Look

router = APIRouter(include_in_schema=False)

Feed = Literal["", "foryou", "followed", "newest", "popular"]
HEADINGS = {
    "foryou": "For you", "followed": "From what you follow", "newest": "Newest problems", "popular": "Popular now",
}  # fmt: skip
MEMBERS_ONLY = ("foryou", "followed")
FRONT = 5  # popular things above the newest, on the start page of visitors


@dataclass(frozen=True, slots=True)
class Home:
    """What stands on the start page: a list by age, or (`page`) a page of a ranking; above it what else is worth a look."""

    feed: Literal["foryou", "followed", "newest", "popular"]
    tags: list[TagCount]
    posts: Sequence[PostCard] = ()
    next_cursor: object = None
    page: Page | None = None
    popular: Page | None = None
    suggested: suggestions.Suggested | None = None
    faces: dict[str, UUID] = field(default_factory=dict)


@router.get("/")
def home(look: Look, feed: Feed = "", before: str = "") -> Response:
    """What is worth a member's while, or by age what they follow, or everything; for visitors the popular and the newest."""
    if look.token is None and feed in ("", *MEMBERS_ONLY) and not before:
        shown = look.hot.read("front", (POSTS, TAGS), look.moment, lambda: _front(look))
    elif feed == "popular" or (look.token and feed in ("", "foryou")):
        shown = _ranked(look, "popular" if feed == "popular" else "feed", before)
    else:
        shown = _by_age(look, feed, post_id(before))
    look.faces |= shown.faces
    answer = render(
        look.request, "home.html", for_everybody=True, heading=HEADINGS[shown.feed], before=before, home=shown
    )
    answer.background = BackgroundTask(look.impressions.write_if_due)
    return answer


def _front(look: Look) -> Home:
    """The start page of every visitor."""
    with look.read() as (conn, _):
        popular = ranked.read(conn, None, "popular", limit=FRONT)
        posts, cursor = split(reads.newest_posts(conn, limit=PAGE + 1))
        tags, faces = look.popular_tags(conn), faces_in(conn, posts)
    ranked.keep(look, popular)
    return Home("newest", tags, posts, cursor, popular=popular.page, faces=faces)


def _ranked(look: Look, surface: Literal["feed", "popular"], before: str) -> Home:
    with look.read() as (conn, me):
        if me is None:
            surface = "popular"
        mine = me.id if me else None
        found = ranked.read(conn, mine if surface == "feed" else None, surface, before, viewer=mine)
        tags = look.popular_tags(conn)
        suggested = suggestions.suggested(conn, me.id, limit=3) if me and surface == "feed" and not before else None
        look.see_faces(conn, found.page.items, suggested)
    ranked.keep(look, found)
    ranked.remember(look, found)
    page = found.page
    chosen: Literal["foryou", "popular"] = "foryou" if surface == "feed" else "popular"
    return Home(chosen, tags, next_cursor=page.next_cursor, page=page, suggested=suggested)


def _by_age(look: Look, feed: str, before: UUID | None) -> Home:
    with look.read() as (conn, me):
        tags = look.popular_tags(conn)
        if feed == "followed" and me is not None:
            posts, cursor = followed_posts(conn, me.id, before=before, limit=PAGE)
            look.see_faces(conn, posts)
            return Home("followed", tags, posts, cursor)
        posts, cursor = split(reads.newest_posts(conn, viewer_id=me.id if me else None, before=before, limit=PAGE + 1))
        look.see_faces(conn, posts)
        return Home("newest", tags, posts, cursor)


@router.get("/explore")
def explore_page(look: Look, before: str = "") -> Response:
    """Problems and approaches of people whom one does not follow yet, and people to follow; for visitors the popular."""
    with look.read() as (conn, me):
        first = featured.featured(conn, utc_now())
        surface: Literal["explore", "popular"] = "explore" if me else "popular"
        found = ranked.read(conn, me.id if me else None, surface, before)
        near = people.to_follow(conn, me.id) if me and not before else []
        tags = look.popular_tags(conn)
        look.see_faces(conn, found.page.items, first, near)
    ranked.keep(look, found)
    ranked.remember(look, found)
    answer = render(
        look.request,
        "explore.html",
        for_everybody=True,
        page=found.page,
        before=before,
        people=near,
        tags=tags,
        featured=first,
    )
    answer.background = BackgroundTask(look.impressions.write_if_due)
    return answer


def post_id(text: str) -> UUID | None:
    """The id that a link carries; None for anything else, which starts at the top."""
    try:
        return UUID(text)
    except ValueError:
        return None
