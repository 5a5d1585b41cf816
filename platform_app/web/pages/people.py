"""A person's page, and the form for one's own profile."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from lake.kit.clock import utc_now
from platform_app.community import privacy, reads
from platform_app.errors import EditedMeanwhile, Refused
from platform_app.identity import service as identity
from platform_app.moderation import blocks
from platform_app.profiles import dashboard, reputation, service, showing, work
from platform_app.profiles.schemas import BadgeAward
from platform_app.web.circles import Side, people_around, tags_of
from platform_app.web.drawing import calendar
from platform_app.web.pages.community import PAGE, split
from platform_app.web.pages.forms import again, go
from platform_app.web.templates import render
from platform_app.web.visit import Look, Send

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form()]
SIDES: tuple[Side, ...] = ("following", "followers")
FEW = 10  # people of each side in the follow section, before a page of their own
TIERS = ("gold", "silver", "bronze")


@dataclass(frozen=True, slots=True)
class BadgeCount:
    """A badge and how often a person was awarded it."""

    badge: str
    tier: str
    count: int


@router.get("/people/{handle}")
def person_page(
    look: Look,
    handle: str,
    show: Literal["posts", "approaches", "portfolio", "follows"] = "posts",
    before: UUID | None = None,
) -> Response:
    """A person: what they tell about themselves, and what they wrote or whom they follow."""
    items: list[Any] = []
    now = utc_now()
    with look.read() as (conn, me):
        account, viewer_id = identity.find_by_handle(conn, handle), me.id if me else None
        open_to_me = privacy.may_look(conn, me, account.id)
        if not open_to_me:
            pass
        elif show == "posts":
            items = list(reads.posts_of(conn, account.id, viewer_id, before=before, limit=PAGE + 1))
        elif show == "approaches":
            items = list(reads.approaches_of(conn, account.id, viewer_id, before=before, limit=PAGE + 1))
        context: dict[str, Any] = {
            "profile": service.profile_of(conn, account.id),
            "face": showing.face_of(conn, account.id),
            "life": work.working_life_of(conn, account.id),
            "skills": work.skills_of(conn, account.id),
            "portfolio": showing.portfolio_of(conn, account.id),
            "reputation": reputation.reputation_of(conn, account.id),
            "days": calendar(dashboard.days_of(conn, account.id, now), now.date()) if open_to_me else [],
            "badges": _counted(service.badges_of(conn, account.id)),
            "around": {side: people_around(conn, account.id, side, viewer_id, limit=FEW) for side in SIDES}
            if show == "follows" and open_to_me
            else {},
            "tags": tags_of(conn, account.id) if show == "follows" and open_to_me else [],
            "counts": look.circle(conn, account.id),
            "kept": blocks.state(conn, me.id, account.id) if me else (False, False),
            "open_to_me": open_to_me,
            "private": privacy.is_private(conn, account.id),
            "asked": me is not None and privacy.asks(conn, me.id, account.id),
            "following": me is not None and reads.follow_state(conn, me.id, account.id),
        }
        look.see_faces(conn, items, context["around"])
    shown, next_cursor = split(items)
    return render(
        look.request,
        "person.html",
        for_everybody=True,
        account=account,
        show=show,
        items=shown,
        next_cursor=next_cursor,
        **context,
    )


@router.get("/settings/profile")
def profile_form(look: Look) -> Response:
    """The form for one's own profile."""
    with look.read_as_member() as (conn, me):
        profile, face = service.profile_of(conn, me.id), showing.face_of(conn, me.id)
    values = {
        "display_name": me.display_name,
        "headline": profile.headline,
        "bio": profile.bio,
        "location": profile.location,
        "website_url": profile.website_url,
        "version": service.version_of(me.display_name, profile),
    }
    return render(look.request, "profile_form.html", error=None, values=values, face=face)


@router.post("/settings/profile")
def edit_profile(
    send: Send,
    display_name: Text = "",
    headline: Text = "",
    bio: Text = "",
    location: Text = "",
    website_url: Text = "",
    version: Text = "",
) -> Response:
    """Replace one's own profile; 412 with both texts when it was changed since the form was opened."""
    texts = {"headline": headline, "bio": bio, "location": location, "website_url": website_url}
    try:
        with send.write() as (conn, me):
            service.expect(conn, me.id, version)
            service.edit_profile(
                conn,
                me.id,
                headline=headline,
                bio=bio,
                website_url=website_url,
                location=location,
                now=utc_now(),
            )
            if display_name != me.display_name:
                identity.rename(conn, me.id, display_name)
    except Refused as refused:
        with send.read_as_member() as (conn, me):
            face = showing.face_of(conn, me.id)
        seen = refused.version if isinstance(refused, EditedMeanwhile) else version
        values = texts | {"display_name": display_name, "version": seen}
        return again(send, "profile_form.html", refused, values=values, face=face)
    return go(f"/people/{quote(me.handle, safe='')}")


def _counted(badges: list[BadgeAward]) -> list[BadgeCount]:
    counts = Counter((award.tier, award.badge) for award in badges)
    ranked = sorted(counts.items(), key=lambda item: (TIERS.index(item[0][0]), -item[1], item[0][1]))
    return [BadgeCount(badge, tier, count) for (tier, badge), count in ranked]
