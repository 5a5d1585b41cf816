"""One's own work: skills, availability and rate, face, portfolio, résumé; and the list of skills for everybody."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field
from starlette.responses import Response

from lake.kit.clock import utc_now
from platform_app.profiles import resumes, showing, vocabulary, work
from platform_app.profiles.schemas import Resume
from platform_app.web.api.profiles import Piece, ShownSkill, Work, piece_of, shown_skills
from platform_app.web.errors import RESPONSES
from platform_app.web.receiving import LARGEST_UPLOAD, Given, receive
from platform_app.web.visit import Call

router = APIRouter(prefix="/api/v1", tags=["profiles"], responses=RESPONSES)


class KnownSkill(BaseModel):
    """A skill of the one list."""

    skill: str
    label: str
    kind: str = Field(description="language, framework, tool, domain or soft.")
    broader: str | None
    alternatives: list[str]


class ChosenSkill(BaseModel):
    """A skill by any of its names, and how well one knows it."""

    skill: str
    level: Literal["beginner", "intermediate", "advanced", "expert"] = "intermediate"


class ChosenSkills(BaseModel):
    """What replaces one's skills."""

    skills: list[ChosenSkill]


class Face(BaseModel):
    """Where one's picture is served."""

    url: str


class NewPiece(BaseModel):
    """A piece of work to show."""

    title: str
    kind: Literal["code", "design", "writing", "product", "talk", "other"] = "other"
    summary: str | None = None
    url: str | None = None
    file_id: UUID | None = Field(default=None, description="A picture brought with purpose `portfolio`.")
    skills: list[str] = Field(default=[], description="At most eight of the list of skills, by any of their names.")


class FoundInResume(BaseModel):
    """What a résumé tells; nothing of it is taken over before you say so."""

    skills: list[str]
    years: int | None
    file_url: str
    uploaded_at: datetime
    taken_at: datetime | None


class Taken(BaseModel):
    """What of a résumé is right."""

    skills: list[str]
    years: bool = False


@router.get("/skills")
def list_skills(q: str = "") -> list[KnownSkill]:
    """The list of skills, or those with a name that starts with `q`."""
    found = vocabulary.starting_with(q, 20) if q else list(vocabulary.skills().values())
    return [KnownSkill.model_validate(skill, from_attributes=True) for skill in found]


@router.put("/profile/work")
def edit_work(call: Call, body: Work) -> Work:
    """Replace how you work."""
    with call.write() as (conn, me):
        life = work.edit_working_life(conn, me.id, utc_now(), **body.model_dump())
    return Work.model_validate(life, from_attributes=True)


@router.put("/profile/skills")
def set_skills(call: Call, body: ChosenSkills) -> list[ShownSkill]:
    """Replace your skills; a name that the list does not have is refused with the nearest ones."""
    with call.write() as (conn, me):
        found = work.set_skills(conn, me.id, {one.skill: one.level for one in body.skills}, utc_now())
    return shown_skills(found)


@router.put("/profile/face", max_body_size=LARGEST_UPLOAD)
def set_face(call: Call, file: Given = None) -> Face:
    """Replace your picture; it is cut to a square."""
    received = receive(call, file, "avatar")
    with call.write() as (conn, me):
        file_id = showing.set_face(conn, call.store, me.id, received.prepared, utc_now())
    return Face(url=f"/files/{file_id}")


@router.delete("/profile/face", status_code=204)
def remove_face(call: Call) -> Response:
    """Remove your picture."""
    with call.write() as (conn, me):
        showing.remove_face(conn, me.id, utc_now())
    return Response(status_code=204)


@router.post("/profile/portfolio", status_code=201)
def add_item(call: Call, body: NewPiece) -> Piece:
    """Show a piece of work."""
    with call.write() as (conn, me):
        return piece_of(showing.add_item(conn, me.id, utc_now(), **body.model_dump()))


@router.delete("/profile/portfolio/{item_id}", status_code=204)
def remove_item(call: Call, item_id: UUID) -> Response:
    """Show a piece of work no more."""
    with call.write() as (conn, me):
        showing.remove_item(conn, me.id, item_id, utc_now())
    return Response(status_code=204)


@router.put("/profile/resume", max_body_size=LARGEST_UPLOAD)
def upload_resume(call: Call, file: Given = None) -> FoundInResume:
    """Bring your résumé (PDF, Word or text, at most 5 MB and 60 pages); the answer says what was found in it."""
    received = receive(call, file, "resume")
    with call.write() as (conn, me):
        return _found(resumes.upload(conn, call.store, me.id, received.prepared, received.name, utc_now()))


@router.get("/profile/resume")
def my_resume(call: Call) -> FoundInResume | None:
    """What was found in your last résumé; null without one."""
    with call.read_as_member() as (conn, me):
        resume = resumes.resume_of(conn, me.id)
    return _found(resume) if resume else None


@router.post("/profile/resume/taken")
def take_over(call: Call, body: Taken) -> list[ShownSkill]:
    """Take the skills that you name, and the years if you say so, from your résumé into your profile."""
    with call.write() as (conn, me):
        resumes.take_over(conn, me.id, body.skills, years=body.years, now=utc_now())
        return shown_skills(work.skills_of(conn, me.id))


@router.delete("/profile/resume", status_code=204)
def remove_resume(call: Call) -> Response:
    """Remove your résumé; what was taken over stays."""
    with call.write() as (conn, me):
        resumes.remove(conn, me.id, utc_now())
    return Response(status_code=204)


def _found(resume: Resume) -> FoundInResume:
    return FoundInResume(
        skills=resume.skills, years=resume.years, file_url=f"/files/{resume.file_id}", uploaded_at=resume.uploaded_at,
        taken_at=resume.taken_at,
    )  # fmt: skip
