"""People's public pages and one's own profile."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from lake.kit.clock import utc_now
from platform_app.community import reads
from platform_app.community.schemas import ApproachView, PostCard
from platform_app.db import Conn
from platform_app.identity import service as identity
from platform_app.identity.schemas import Account
from platform_app.profiles import service
from platform_app.web.api.paging import Cursor, Limit, Page, page_of
from platform_app.web.errors import RESPONSES
from platform_app.web.visit import Call

router = APIRouter(prefix="/api/v1", tags=["profiles"], responses=RESPONSES)


class Badge(BaseModel):
    """A badge and how often it was awarded."""

    badge: str
    tier: str
    awarded_at: datetime


class Person(BaseModel):
    """A person as everybody sees them."""

    handle: str
    display_name: str
    joined_at: datetime
    headline: str | None
    bio: str | None = Field(description="Markdown.")
    website_url: str | None
    location: str | None
    badges: list[Badge]


class EditedProfile(BaseModel):
    """What replaces a profile; texts that are left out become empty."""

    display_name: str | None = Field(default=None, description="Left out: stays as it is.")
    headline: str | None = None
    bio: str | None = None
    website_url: str | None = None
    location: str | None = None


@router.get("/people/{handle}")
def read_person(call: Call, handle: str) -> Person:
    """A person's profile and badges."""
    with call.read() as (conn, _):
        return _person(conn, identity.find_by_handle(conn, handle))


@router.get("/people/{handle}/posts")
def posts_of(call: Call, handle: str, cursor: Cursor = None, limit: Limit = 20) -> Page[PostCard]:
    """A person's posts, newest first."""
    with call.read() as (conn, me):
        account = identity.find_by_handle(conn, handle)
        found = reads.posts_of(conn, account.id, me.id if me else None, before=cursor, limit=limit + 1)
        return page_of(found, limit)


@router.get("/people/{handle}/approaches")
def approaches_of(call: Call, handle: str, cursor: Cursor = None, limit: Limit = 20) -> Page[ApproachView]:
    """A person's approaches, newest first."""
    with call.read() as (conn, me):
        account = identity.find_by_handle(conn, handle)
        found = reads.approaches_of(conn, account.id, me.id if me else None, before=cursor, limit=limit + 1)
        return page_of(found, limit)


@router.get("/profile")
def my_profile(call: Call) -> Person:
    """Your own profile."""
    with call.read_as_member() as (conn, me):
        return _person(conn, identity.find_account(conn, me.id))


@router.put("/profile")
def edit_profile(call: Call, body: EditedProfile) -> Person:
    """Replace your profile."""
    with call.write() as (conn, me):
        texts = body.model_dump(exclude={"display_name"})
        service.edit_profile(conn, me.id, **texts, now=utc_now())
        if body.display_name is not None:
            identity.rename(conn, me.id, body.display_name)
        return _person(conn, identity.find_account(conn, me.id))


def _person(conn: Conn, account: Account) -> Person:
    profile = service.profile_of(conn, account.id)
    badges = service.badges_of(conn, account.id)
    return Person(
        handle=account.handle,
        display_name=account.display_name,
        joined_at=account.created_at,
        headline=profile.headline,
        bio=profile.bio,
        website_url=profile.website_url,
        location=profile.location,
        badges=[Badge.model_validate(badge, from_attributes=True) for badge in badges],
    )
