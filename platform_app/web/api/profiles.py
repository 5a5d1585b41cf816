"""People's public pages and one's own profile."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from lake.kit.clock import utc_now
from platform_app.community import privacy, reads
from platform_app.community.schemas import ApproachView, PostCard
from platform_app.db import Conn
from platform_app.identity import service as identity
from platform_app.identity.schemas import Account
from platform_app.profiles import service, showing, work
from platform_app.profiles.schemas import OwnSkill, PortfolioItem
from platform_app.web.api.paging import Cursor, Limit, Page, page_of
from platform_app.web.errors import RESPONSES, IfMatch
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
    private: bool = Field(description="Whether they are asked before somebody follows them or sees their lists.")
    badges: list[Badge]
    face_url: str | None = Field(description="Their picture.")
    skills: list[ShownSkill]
    work: Work | None = Field(description="How they work; null when they have not said.")
    portfolio: list[Piece]


class ShownSkill(BaseModel):
    """A skill of a person."""

    skill: str
    label: str
    level: str
    source: str = Field(description="Where it was taken from; the person confirmed it.")


class Work(BaseModel):
    """How a person works."""

    availability: Literal["available", "limited", "busy"] = "available"
    experience_level: Literal["junior", "mid", "senior", "lead"] | None = None
    years_experience: int | None = Field(default=None, ge=0, le=70)
    hourly_rate: int | None = Field(default=None, ge=1, le=10_000, description="Whole units of the currency.")
    currency: str | None = Field(default=None, description="ISO 4217; needed with a rate.")
    weekly_hours: int | None = Field(default=None, ge=1, le=80)
    industry: str | None = None
    time_zone: str | None = Field(default=None, description="IANA, such as Europe/Berlin.")


class Piece(BaseModel):
    """A piece of work that a person shows."""

    id: UUID
    kind: str
    title: str
    summary: str | None
    url: str | None
    picture_url: str | None
    published_at: datetime
    skills: list[str] = Field(description="What it shows of the list of skills.")


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
        privacy.check_look(conn, me, account.id)
        found = reads.posts_of(conn, account.id, me.id if me else None, before=cursor, limit=limit + 1)
        return page_of(found, limit)


@router.get("/people/{handle}/approaches")
def approaches_of(call: Call, handle: str, cursor: Cursor = None, limit: Limit = 20) -> Page[ApproachView]:
    """A person's approaches, newest first."""
    with call.read() as (conn, me):
        account = identity.find_by_handle(conn, handle)
        privacy.check_look(conn, me, account.id)
        found = reads.approaches_of(conn, account.id, me.id if me else None, before=cursor, limit=limit + 1)
        return page_of(found, limit)


@router.get("/profile")
def my_profile(call: Call, answer: Response) -> Person:
    """Your own profile. `ETag` names its texts, for the `If-Match` of an edit."""
    with call.read_as_member() as (conn, me):
        answer.headers["ETag"] = _tag(conn, me.id)
        return _person(conn, identity.find_account(conn, me.id))


@router.put("/profile")
def edit_profile(call: Call, answer: Response, body: EditedProfile, if_match: IfMatch = "") -> Person:
    """Replace your profile."""
    with call.write() as (conn, me):
        service.expect(conn, me.id, if_match)
        texts = body.model_dump(exclude={"display_name"})
        service.edit_profile(conn, me.id, **texts, now=utc_now())
        if body.display_name is not None:
            identity.rename(conn, me.id, body.display_name)
        answer.headers["ETag"] = _tag(conn, me.id)
        return _person(conn, identity.find_account(conn, me.id))


def _tag(conn: Conn, account_id: UUID) -> str:
    name = identity.find_account(conn, account_id).display_name
    return f'"{service.version_of(name, service.profile_of(conn, account_id))}"'


def _person(conn: Conn, account: Account) -> Person:
    profile = service.profile_of(conn, account.id)
    badges = service.badges_of(conn, account.id)
    life = work.working_life_of(conn, account.id)
    return Person(
        handle=account.handle,
        display_name=account.display_name,
        joined_at=account.created_at,
        headline=profile.headline,
        bio=profile.bio,
        website_url=profile.website_url,
        location=profile.location,
        private=privacy.is_private(conn, account.id),
        badges=[Badge.model_validate(badge, from_attributes=True) for badge in badges],
        face_url=file_url(showing.face_of(conn, account.id)),
        skills=shown_skills(work.skills_of(conn, account.id)),
        work=Work.model_validate(life, from_attributes=True) if life else None,
        portfolio=[piece_of(item) for item in showing.portfolio_of(conn, account.id)],
    )


def file_url(file_id: UUID | None) -> str | None:
    """Where a file is served."""
    return f"/files/{file_id}" if file_id else None


def shown_skills(skills: list[OwnSkill]) -> list[ShownSkill]:
    """Skills as programs see them."""
    return [ShownSkill.model_validate(skill, from_attributes=True) for skill in skills]


def piece_of(item: PortfolioItem) -> Piece:
    """A piece of work as programs see it."""
    return Piece(
        id=item.id, kind=item.kind, title=item.title, summary=item.summary, url=item.url,
        picture_url=file_url(item.file_id), published_at=item.published_at, skills=list(item.skills),
    )  # fmt: skip
