"""What GitHub says about oneself, and whom administrators feature."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from lake.kit.clock import utc_now
from platform_app.errors import NotAllowed
from platform_app.identity import service as identity
from platform_app.identity.access import Member
from platform_app.profiles import featured
from platform_app.web.consulting import consult_github
from platform_app.web.errors import RESPONSES
from platform_app.web.visit import Call

router = APIRouter(prefix="/api/v1", tags=["profiles"], responses=RESPONSES)


class GitHubAnalysis(BaseModel):
    """What GitHub says about the linked account."""

    login: str
    languages: dict[str, int] = Field(description="Share in percent.")
    skills: list[str] = Field(description="Which of them are skills of the list; add them by PUT /profile/skills.")
    repositories: int
    stars: int
    active: str = Field(description="When something was pushed last: month, year, earlier or never.")
    analyzed_at: datetime
    is_fresh: bool = Field(description="False when GitHub is away and this was found before.")


class Featured(BaseModel):
    """A person who is shown first."""

    handle: str
    display_name: str
    headline: str | None
    face_url: str | None
    ends_at: datetime


class Days(BaseModel):
    """For how long."""

    days: int = Field(ge=1, le=featured.LONGEST)


@router.put("/profile/github")
def analyze(call: Call) -> GitHubAnalysis:
    """Ask GitHub about the account that you linked."""
    made, is_fresh = consult_github(call)
    return GitHubAnalysis(
        login=made.login, languages=made.languages, skills=made.skills, repositories=made.repositories,
        stars=made.stars, active=made.active, analyzed_at=made.analyzed_at, is_fresh=is_fresh,
    )  # fmt: skip


@router.get("/featured")
def featured_people(call: Call) -> list[Featured]:
    """Whom administrators show first, the newest choice first."""
    with call.read() as (conn, _):
        found = featured.featured(conn, utc_now())
    return [
        Featured(
            handle=one.handle, display_name=one.display_name, headline=one.headline, face_url=_face(one.file_id),
            ends_at=one.ends_at,
        )
        for one in found
    ]  # fmt: skip


@router.put("/featured/{handle}", status_code=204)
def feature(call: Call, handle: str, body: Days) -> Response:
    """Show a person first for some days; for administrators."""
    with call.write() as (conn, me):
        _insist(me)
        featured.feature(conn, me.id, identity.find_by_handle(conn, handle).id, body.days, utc_now())
    return Response(status_code=204)


@router.delete("/featured/{handle}", status_code=204)
def end(call: Call, handle: str) -> Response:
    """Show a person no more than others; for administrators."""
    with call.write() as (conn, me):
        _insist(me)
        featured.end(conn, identity.find_by_handle(conn, handle).id)
    return Response(status_code=204)


def _insist(me: Member) -> None:
    if me.role != "admin":
        raise NotAllowed("Only an administrator may do this.", code="not_an_administrator")


def _face(file_id: UUID | None) -> str | None:
    return f"/files/{file_id}" if file_id else None
