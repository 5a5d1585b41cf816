"""The moderators' desk: the queue of reports, one case, the log, and words that are not wanted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Form
from starlette.responses import Response

from lake.kit.clock import utc_now
from platform_app.db import Conn
from platform_app.errors import Refused
from platform_app.identity import audit
from platform_app.identity import service as identity
from platform_app.identity.access import Member
from platform_app.moderation import cases, log, reports, suspensions, texts, trust
from platform_app.web.pages.forms import again, go
from platform_app.web.templates import render
from platform_app.web.visit import Look, Send, Visit

router = APIRouter(include_in_schema=False)

Kind = Literal["post", "approach", "comment", "person"]
Text = Annotated[str, Form()]
PAGE = 50


@dataclass(frozen=True, slots=True)
class _Given:
    """What was typed into one of the forms of a case."""

    reason: str
    outcome: str
    hide: bool
    days: int


async def _given(reason: Text = "", outcome: Text = "", hide: Text = "", days: Annotated[int, Form()] = 0) -> _Given:
    return _Given(reason, outcome, bool(hide), days)


@router.get("/moderate/reports")
def queue(look: Look, show: Literal["waiting", "mine", "decided"] = "waiting", skip: int = 0) -> Response:
    """What people reported."""
    skip = min(max(skip, 0), 10_000)
    with look.read_as_member() as (conn, me):
        log.moderator(conn, me.id)
        found = cases.queue(conn, me.id, show, limit=cases.PAGE + 1, skip=skip)
        waiting, suspended = cases.waiting(conn), suspensions.lasting(conn)
        look.see_faces(conn, found)
    more = skip + cases.PAGE if len(found) > cases.PAGE else None
    return render(
        look.request,
        "cases.html",
        show=show,
        cases=found[: cases.PAGE],
        more=more,
        waiting=waiting,
        suspended=suspended,
    )


@router.get("/moderate/reports/{target_kind}/{target_id}")
def case(look: Look, target_kind: Kind, target_id: UUID) -> Response:
    """One case with everything there is about it; the look is written down."""
    return _case(look, target_kind, target_id)


@router.post("/moderate/reports/{target_kind}/{target_id}/{act}")
def act(
    send: Send,
    target_kind: Kind,
    target_id: UUID,
    act: Literal["assign", "release", "decide", "reopen", "hide", "restore", "suspend", "lift", "trust", "distrust"],
    given: Annotated[_Given, Depends(_given)],
) -> Response:
    """What the moderator does about it."""
    try:
        with send.write() as (conn, me):
            ACTS[act](conn, me, target_kind, target_id, given)
    except Refused as refused:
        return _case(send, target_kind, target_id, refused, act, given)
    return go(f"/moderate/reports/{target_kind}/{target_id}")


Do = Callable[[Conn, Member, str, UUID, _Given], object]


def _author(conn: Conn, kind: str, target_id: UUID) -> UUID:
    return cases.file_of(conn, kind, target_id, utc_now()).author.id


ACTS: dict[str, Do] = {
    "assign": lambda conn, me, _, target, __: reports.assign(conn, me.id, target),
    "release": lambda conn, me, _, target, __: reports.release(conn, me.id, target),
    "decide": lambda conn, me, _, target, given: reports.decide(
        conn, me.id, target, uphold=given.outcome == "upheld", hide=given.hide, reason=given.reason, now=utc_now()
    ),
    "reopen": lambda conn, me, _, target, given: reports.reopen(
        conn, me.id, target, reason=given.reason, now=utc_now()
    ),
    "hide": lambda conn, me, kind, target, given: reports.hide(
        conn, me.id, kind, target, reason=given.reason, now=utc_now()
    ),
    "restore": lambda conn, me, kind, target, given: reports.restore(
        conn, me.id, kind, target, reason=given.reason, now=utc_now()
    ),
    "suspend": lambda conn, me, kind, target, given: suspensions.suspend(
        conn, me.id, _author(conn, kind, target), days=given.days, reason=given.reason, now=utc_now()
    ),
    "lift": lambda conn, me, kind, target, given: suspensions.lift(
        conn, me.id, _author(conn, kind, target), reason=given.reason, now=utc_now()
    ),
    "trust": lambda conn, me, kind, target, given: trust.give(
        conn, me.id, _author(conn, kind, target), reason=given.reason, now=utc_now()
    ),
    "distrust": lambda conn, me, kind, target, given: trust.take(
        conn, me.id, _author(conn, kind, target), reason=given.reason, now=utc_now()
    ),
}


@router.get("/moderate/people/{handle}")
def person(look: Look, handle: str) -> Response:
    """A person as moderators see them."""
    with look.read_as_member() as (conn, me):
        log.moderator(conn, me.id)
        account = identity.find_by_handle(conn, handle)
    return go(f"/moderate/reports/person/{account.id}")


@router.get("/moderate/log")
def log_page(look: Look, before: UUID | None = None) -> Response:
    """What moderators and rules did."""
    with look.read_as_member() as (conn, me):
        log.moderator(conn, me.id)
        found = log.latest(conn, before=before, limit=PAGE + 1)
    more = found[PAGE - 1].id if len(found) > PAGE else None
    return render(look.request, "moderation_log.html", entries=found[:PAGE], more=more)


@router.get("/moderate/words")
def words_page(look: Look) -> Response:
    """Words that nobody may publish."""
    with look.read_as_member() as (conn, me):
        log.moderator(conn, me.id)
        words = texts.unwanted(conn)
    return render(look.request, "words.html", error=None, words=words, word="")


@router.post("/moderate/words")
def change_words(send: Send, word: Text = "", off: Text = "") -> Response:
    """Put a word on the list, or take one off."""
    try:
        with send.write() as (conn, me):
            log.moderator(conn, me.id)
            if off:
                texts.allow(conn, off)
            else:
                texts.ban(conn, word, utc_now())
    except Refused as refused:
        with send.read_as_member() as (conn, me):
            log.moderator(conn, me.id)
            words = texts.unwanted(conn)
        return again(send, "words.html", refused, words=words, word=word)
    return go("/moderate/words")


def _case(
    visit: Visit,
    kind: str,
    target_id: UUID,
    refused: Refused | None = None,
    form: str = "",
    given: _Given | None = None,
) -> Response:
    now = utc_now()
    with visit.inspect() as (conn, me):
        log.moderator(conn, me.id)
        found = cases.file_of(conn, kind, target_id, now)
        audit.record(conn, me.id, "case.read", found.author.id, now)
    context: dict[str, Any] = {"case": found, "form": form, "given": given, "days": suspensions.DAYS}
    if refused:
        return again(visit, "case.html", refused, **context)
    return render(visit.request, "case.html", error=None, **context)
