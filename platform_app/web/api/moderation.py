"""Reports, what moderators do about them, and what a person learns of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from lake.kit.clock import utc_now
from platform_app.identity import audit
from platform_app.identity import service as identity
from platform_app.moderation import cases, log, reports, suspensions, texts, trust
from platform_app.web.api.community import Created
from platform_app.web.errors import RESPONSES
from platform_app.web.visit import ACCOUNT, Call

router = APIRouter(prefix="/api/v1", tags=["safety"], responses=RESPONSES)

Kind = Literal["post", "approach", "comment", "person"]
Category = Literal["spam", "harassment", "hate", "illegal", "private_data", "off_topic", "other"]


class NewReport(BaseModel):
    """What should be looked at, and why."""

    target_kind: Kind
    target_id: UUID
    category: Category
    text: str = Field(default="", description="At most 1,000 characters; needed for `other`. Moderators alone read it.")


class MyReport(BaseModel):
    """A report of yours."""

    id: UUID
    target_kind: str
    category: str
    text: str
    state: str = Field(description="open, upheld or dismissed.")
    created_at: datetime


class Why(BaseModel):
    """The reason, which the person concerned reads."""

    reason: str = Field(description="1 to 1,000 characters.")


class Decision(Why):
    """Whether a report is right."""

    outcome: Literal["upheld", "dismissed"]
    hide: bool = Field(default=True, description="Whether what was reported is hidden when the report is right.")


class NewSuspension(Why):
    """For how long a person may write nothing."""

    days: int = Field(description="1, 3, 7, 30 or 365.")


class Until(BaseModel):
    """When the person may write again."""

    until: datetime


class Trust(Why):
    """Whether a person is trusted before they have earned it."""

    trusted: bool


class Act(BaseModel):
    """What a moderator or a rule did."""

    at: datetime
    action: str
    target_kind: str
    target_id: UUID
    reason: str
    until: datetime | None


class LoggedAct(Act):
    """As moderators see it. `moderator` null: a rule of the app."""

    id: UUID
    moderator: str | None
    subject: str


class AboutMe(BaseModel):
    """What moderators did about you."""

    suspended_until: datetime | None
    appealed: bool
    acts: list[Act]


class Appeal(BaseModel):
    """What you say to your suspension; once."""

    text: str = Field(description="1 to 1,000 characters.")


class CaseRow(BaseModel):
    """All reports about one thing."""

    target_kind: str
    target_id: UUID
    state: str
    reports: int
    categories: list[str]
    author_handle: str
    assigned_handle: str | None
    hidden: bool
    since: datetime


class CaseReport(BaseModel):
    """One report. `reporter` null: they have left."""

    id: UUID
    reporter: str | None
    category: str
    text: str
    snapshot: str = Field(description="What was reported, as it was then.")
    state: str
    created_at: datetime
    decided_at: datetime | None


class CaseFile(BaseModel):
    """A case with its history. `text` null: the thing is gone."""

    target_kind: str
    target_id: UUID
    text: str | None
    link: str | None
    hidden: str | None = Field(description="Why it is hidden: reports, or moderator; null when it is not.")
    author_handle: str
    author_trusted: bool
    author_suspended_until: datetime | None
    reports: list[CaseReport]
    acts: list[LoggedAct]


class Word(BaseModel):
    """A word or phrase that nobody may publish."""

    word: str


@router.post("/reports", status_code=201)
def report(call: Call, body: NewReport) -> Created:
    """Report something to the moderators; once for each thing."""
    with call.write() as (conn, me):
        made = reports.file(
            conn, me.id, body.target_kind, body.target_id, category=body.category, body=body.text, now=utc_now()
        )
    return Created(id=made)


@router.get("/reports")
def my_reports(call: Call) -> list[MyReport]:
    """What you reported, and how it stands."""
    with call.read_as_member() as (conn, me):
        found = cases.reports_by(conn, me.id)
    return [
        MyReport(id=r.id, target_kind=r.target_kind, category=r.category, text=r.body, state=r.state, created_at=r.created_at)
        for r in found
    ]  # fmt: skip


@router.get("/account/moderation")
def about_me(call: Call) -> AboutMe:
    """What moderators did about you and why, and whether you are suspended."""
    with call.read_as_member(ACCOUNT) as (conn, me):
        found, entries = suspensions.of(conn, me.id), log.shown_to(conn, me.id)
    acts = [_act(entry) for entry in entries]
    return AboutMe(suspended_until=found.until if found else None, appealed=bool(found and found.appeal), acts=acts)


@router.post("/account/appeal", status_code=204)
def appeal(call: Call, body: Appeal) -> None:
    """Say once why your suspension should end."""
    with call.write(ACCOUNT) as (conn, me):
        suspensions.appeal(conn, me.id, body.text, utc_now())


@router.get("/moderation/cases")
def list_cases(
    call: Call,
    which: Literal["waiting", "mine", "decided"] = "waiting",
    skip: Annotated[int, Query(ge=0, le=10_000)] = 0,
) -> list[CaseRow]:
    """The queue, at most 30 at a time; moderators only."""
    with call.read_as_member() as (conn, me):
        log.moderator(conn, me.id)
        found = cases.queue(conn, me.id, which, skip=skip)
    return [CaseRow(**{name: getattr(one, name) for name in CaseRow.model_fields}) for one in found]


@router.get("/moderation/cases/{target_kind}/{target_id}")
def read_case(call: Call, target_kind: Kind, target_id: UUID) -> CaseFile:
    """One thing with its reports and its author's history; moderators only, and the look is written down."""
    with call.inspect() as (conn, me):
        log.moderator(conn, me.id)
        found = cases.file_of(conn, target_kind, target_id, utc_now())
        audit.record(conn, me.id, "case.read", found.author.id, utc_now())
    return CaseFile(
        target_kind=found.target_kind,
        target_id=found.target_id,
        text=found.thing.text if found.thing else None,
        link=found.thing.link if found.thing else None,
        hidden=found.cause,
        author_handle=found.author.handle,
        author_trusted=found.trusted,
        author_suspended_until=found.suspended_until,
        reports=[
            CaseReport(
                id=r.id, reporter=r.reporter, category=r.category, text=r.body, snapshot=r.snapshot, state=r.state,
                created_at=r.created_at, decided_at=r.decided_at,
            )
            for r in found.reports
        ],
        acts=[_logged(entry) for entry in found.entries],
    )  # fmt: skip


@router.put("/moderation/cases/{target_id}/assignee", status_code=204)
def take_case(call: Call, target_id: UUID) -> None:
    """Take a case; moderators only."""
    with call.write() as (conn, me):
        reports.assign(conn, me.id, target_id)


@router.delete("/moderation/cases/{target_id}/assignee", status_code=204)
def give_case_back(call: Call, target_id: UUID) -> None:
    """Give a case back to all; moderators only."""
    with call.write() as (conn, me):
        reports.release(conn, me.id, target_id)


@router.put("/moderation/cases/{target_id}/decision", status_code=204)
def decide(call: Call, target_id: UUID, body: Decision) -> None:
    """Settle all reports about a thing that wait; moderators only, and nobody about themselves."""
    with call.write() as (conn, me):
        uphold = body.outcome == "upheld"
        reports.decide(conn, me.id, target_id, uphold=uphold, hide=body.hide, reason=body.reason, now=utc_now())


@router.post("/moderation/cases/{target_id}/reopen", status_code=204)
def reopen(call: Call, target_id: UUID, body: Why) -> None:
    """Let what was decided wait again; moderators only."""
    with call.write() as (conn, me):
        reports.reopen(conn, me.id, target_id, reason=body.reason, now=utc_now())


@router.put("/moderation/hidden/{target_kind}/{target_id}", status_code=204)
def hide(call: Call, target_kind: Kind, target_id: UUID, body: Why) -> None:
    """Hide a thing from all but its author and moderators; moderators only."""
    with call.write() as (conn, me):
        reports.hide(conn, me.id, target_kind, target_id, reason=body.reason, now=utc_now())


@router.post("/moderation/hidden/{target_kind}/{target_id}/restore", status_code=204)
def restore(call: Call, target_kind: Kind, target_id: UUID, body: Why) -> None:
    """Show a thing again; moderators only."""
    with call.write() as (conn, me):
        reports.restore(conn, me.id, target_kind, target_id, reason=body.reason, now=utc_now())


@router.put("/people/{handle}/suspension")
def suspend(call: Call, handle: str, body: NewSuspension) -> Until:
    """Let a person write nothing for some days; moderators only. They still read and log in."""
    with call.write() as (conn, me):
        who = identity.find_by_handle(conn, handle)
        end = suspensions.suspend(conn, me.id, who.id, days=body.days, reason=body.reason, now=utc_now())
    return Until(until=end)


@router.post("/people/{handle}/suspension/lift", status_code=204)
def lift(call: Call, handle: str, body: Why) -> None:
    """End a suspension early; moderators only."""
    with call.write() as (conn, me):
        who = identity.find_by_handle(conn, handle)
        suspensions.lift(conn, me.id, who.id, reason=body.reason, now=utc_now())


@router.put("/people/{handle}/trust", status_code=204)
def set_trust(call: Call, handle: str, body: Trust) -> None:
    """Trust a person before they have earned it, or take that back; moderators only."""
    with call.write() as (conn, me):
        who, act = identity.find_by_handle(conn, handle), trust.give if body.trusted else trust.take
        act(conn, me.id, who.id, reason=body.reason, now=utc_now())


@router.get("/moderation/log")
def moderation_log(call: Call, before: UUID | None = None) -> list[LoggedAct]:
    """What moderators and rules did, the newest first, at most 50; moderators only."""
    with call.read_as_member() as (conn, me):
        log.moderator(conn, me.id)
        return [_logged(entry) for entry in log.latest(conn, before=before)]


@router.get("/moderation/words")
def list_words(call: Call) -> list[str]:
    """Words that nobody may publish; moderators only."""
    with call.read_as_member() as (conn, me):
        log.moderator(conn, me.id)
        return texts.unwanted(conn)


@router.post("/moderation/words", status_code=201)
def add_word(call: Call, body: Word) -> Word:
    """Let nobody publish a word from now on; moderators only."""
    with call.write() as (conn, me):
        log.moderator(conn, me.id)
        return Word(word=texts.ban(conn, body.word, utc_now()))


@router.delete("/moderation/words/{word}", status_code=204)
def remove_word(call: Call, word: str) -> None:
    """Take a word off the list; moderators only."""
    with call.write() as (conn, me):
        log.moderator(conn, me.id)
        texts.allow(conn, word)


def _act(entry: log.Entry) -> Act:
    return Act(**{name: getattr(entry, name) for name in Act.model_fields})


def _logged(entry: log.Entry) -> LoggedAct:
    return LoggedAct(**{name: getattr(entry, name) for name in LoggedAct.model_fields})
