"""One's own work: how one works, skills, résumé, face, portfolio, and the dashboard."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from lake.contracts.tables.profiles import CURRENCIES, INDUSTRIES, SKILL_LEVELS, WORKS
from lake.kit.clock import utc_now
from lake.kit.errors import Retry
from platform_app.errors import Invalid, NotAllowed, Refused
from platform_app.identity import oauth
from platform_app.identity import service as identity
from platform_app.profiles import changes, dashboard, featured, github, reputation, resumes, showing, vocabulary, work
from platform_app.uploads import service as uploads
from platform_app.web.consulting import consult_github
from platform_app.web.drawing import bars
from platform_app.web.pages.forms import again, go
from platform_app.web.receiving import LARGEST_UPLOAD, Given, chosen, receive
from platform_app.web.templates import render
from platform_app.web.visit import Look, Send, Visit

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form()]
Texts = Annotated[list[str], Form()]
EMPTY_ROWS = 4
FIELDS = ("availability", "experience_level", "currency", "industry", "time_zone")
NUMBERS = ("years_experience", "weekly_hours", "hourly_rate")
NOTICES = {
    "github": "GitHub has answered.",
    "before": "GitHub does not answer: this is what it said before.",
    "away": "GitHub does not answer: try again in a minute.",
    "work": "Saved.",
    "skills": "Your skills are saved.",
    "taken": "What you ticked is in your profile.",
}
WORDS = [(name, name.replace("_", " ").capitalize()) for name in INDUSTRIES]


def _work_page(visit: Visit, *, notice: str = "", refused: Refused | None = None, **given: Any) -> Response:
    with visit.read_as_member() as (conn, me):
        life, skills = work.working_life_of(conn, me.id), work.skills_of(conn, me.id)
        resume = resumes.resume_of(conn, me.id)
        linked = next((link.username for link in oauth.links_of(conn, me.id) if link.provider == "github"), None)
        analysis = github.analysis_of(conn, me.id) if linked else None
    known = {name: getattr(life, name) if life else None for name in (*FIELDS, *NUMBERS)}
    rows = [(skill.label, skill.level) for skill in skills]
    context = {
        "values": known | {"availability": known["availability"] or "available"} | given.pop("values", {}),
        "rows": given.pop("rows", rows) + [("", "intermediate")] * EMPTY_ROWS,
        "resume": resume,
        "linked": linked,
        "offered": "github" in visit.request.app.state.providers,
        "analysis": analysis,
        "have": {skill.skill for skill in skills},
        "names": {
            skill: vocabulary.label_of(skill)
            for skill in [*(resume.skills if resume else ()), *(analysis.skills if analysis else ())]
        },
        "labels": sorted((skill.label for skill in vocabulary.skills().values()), key=str.lower),
        "levels": SKILL_LEVELS,
        "currencies": [(code, code) for code in CURRENCIES],
        "industries": WORDS,
        "notice": NOTICES.get(notice),
    }
    if refused:
        return again(visit, "work_form.html", refused, **context)
    return render(visit.request, "work_form.html", error=None, **context)


@router.get("/settings/work")
def work_page(look: Look, done: str = "") -> Response:
    """How one works, one's skills and one's résumé."""
    return _work_page(look, notice=done)


@router.post("/settings/work")
def edit_work(  # noqa: PLR0913, PLR0917 - a field each
    send: Send,
    availability: Text = "available",
    experience_level: Text = "",
    years_experience: Text = "",
    weekly_hours: Text = "",
    hourly_rate: Text = "",
    currency: Text = "",
    industry: Text = "",
    time_zone: Text = "",
) -> Response:
    """Replace how one works."""
    typed = {
        "availability": availability, "experience_level": experience_level, "years_experience": years_experience,
        "weekly_hours": weekly_hours, "hourly_rate": hourly_rate, "currency": currency, "industry": industry,
        "time_zone": time_zone,
    }  # fmt: skip
    try:
        with send.write() as (conn, me):
            values: dict[str, Any] = {name: typed[name].strip() or None for name in FIELDS[1:]}
            values |= {name: _number(name, typed[name]) for name in NUMBERS}
            work.edit_working_life(conn, me.id, utc_now(), availability=availability, **values)
    except Refused as refused:
        return _work_page(send, refused=refused, values=typed)
    return go("/settings/work?done=work")


def _number(name: str, typed: str) -> int | None:
    if not typed.strip():
        return None
    if not typed.strip().isdecimal() or len(typed.strip()) > 6:
        raise Invalid("This must be a whole number.", field=name)
    return int(typed)


@router.post("/settings/skills")
def set_skills(send: Send, skill: Texts = [], level: Texts = []) -> Response:  # noqa: B006 - FastAPI copies them
    """Replace one's skills."""
    rows = [(name.strip(), how) for name, how in zip(skill, level, strict=False) if name.strip()]
    try:
        with send.write() as (conn, me):
            work.set_skills(conn, me.id, dict(rows), utc_now())
    except Refused as refused:
        return _work_page(send, refused=refused, rows=rows)
    return go("/settings/work?done=skills#skills")


@router.post("/settings/github")
def ask_github(send: Send) -> Response:
    """Ask GitHub about the linked account."""
    try:
        _, is_fresh = consult_github(send)
    except Retry:
        return go("/settings/work?done=away#github")
    except Refused as refused:
        return _work_page(send, refused=refused)
    return go(f"/settings/work?done={'github' if is_fresh else 'before'}#github")


@router.post("/settings/github/skills")
def take_from_github(send: Send, skill: Texts = []) -> Response:  # noqa: B006 - FastAPI copies it
    """Add skills that GitHub's languages name, as many as were ticked."""
    with send.write() as (conn, me):
        github.take_over(conn, me.id, skill, utc_now())
    return go("/settings/work?done=taken#skills")


@router.post("/settings/resume", max_body_size=LARGEST_UPLOAD)
def upload_resume(send: Send, file: Given = None) -> Response:
    """Bring a résumé."""
    try:
        received = receive(send, file, "resume")
        with send.write() as (conn, me):
            resumes.upload(conn, send.store, me.id, received.prepared, received.name, utc_now())
    except Refused as refused:
        return _work_page(send, refused=refused)
    return go("/settings/work#resume")


@router.post("/settings/resume/taken")
def take_over(send: Send, skill: Texts = [], years: Text = "") -> Response:  # noqa: B006
    """Take what is ticked from the résumé into the profile."""
    with send.write() as (conn, me):
        resumes.take_over(conn, me.id, skill, years=bool(years), now=utc_now())
    return go("/settings/work?done=taken#skills")


@router.post("/settings/resume/delete")
def remove_resume(send: Send) -> Response:
    """Remove the résumé."""
    with send.write() as (conn, me):
        resumes.remove(conn, me.id, utc_now())
    return go("/settings/work#resume")


@router.post("/settings/face", max_body_size=LARGEST_UPLOAD)
def set_face(send: Send, file: Given = None) -> Response:
    """Replace one's picture."""
    received = receive(send, file, "avatar")
    with send.write() as (conn, me):
        showing.set_face(conn, send.store, me.id, received.prepared, utc_now())
    return go("/settings/profile")


@router.post("/settings/face/delete")
def remove_face(send: Send) -> Response:
    """Remove one's picture."""
    with send.write() as (conn, me):
        showing.remove_face(conn, me.id, utc_now())
    return go("/settings/profile")


def _portfolio_page(visit: Visit, refused: Refused | None = None, **values: str) -> Response:
    with visit.read_as_member() as (conn, me):
        items = showing.portfolio_of(conn, me.id)
    context: dict[str, Any] = {
        "items": items,
        "kinds": [(kind, kind.capitalize()) for kind in WORKS],
        "values": {"title": "", "kind": "code", "summary": "", "url": "", "skills": ""} | values,
    }
    if refused:
        return again(visit, "portfolio_form.html", refused, **context)
    return render(visit.request, "portfolio_form.html", error=None, **context)


@router.get("/settings/portfolio")
def portfolio_page(look: Look) -> Response:
    """What one shows of one's work."""
    return _portfolio_page(look)


@router.post("/settings/portfolio", max_body_size=LARGEST_UPLOAD)
def add_item(
    send: Send,
    file: Given = None,
    title: Text = "",
    kind: Text = "other",
    summary: Text = "",
    url: Text = "",
    skills: Text = "",
) -> Response:
    """Show a piece of work."""
    try:
        received = receive(send, file, "portfolio") if chosen(file) else None
        with send.write() as (conn, me):
            now, file_id = utc_now(), None
            if received:
                file_id = uploads.keep(
                    conn, send.store, me.id, received.prepared, purpose="portfolio", name=received.name, now=now
                ).id
            named = [name for name in skills.split(",") if name.strip()]
            showing.add_item(
                conn, me.id, now, title=title, kind=kind, summary=summary, url=url, file_id=file_id, skills=named
            )
    except Refused as refused:
        return _portfolio_page(send, refused, title=title, kind=kind, summary=summary, url=url, skills=skills)
    return go(f"/people/{quote(me.handle, safe='')}?show=portfolio")


@router.post("/settings/portfolio/{item_id}/delete")
def remove_item(send: Send, item_id: UUID) -> Response:
    """Show a piece of work no more."""
    with send.write() as (conn, me):
        showing.remove_item(conn, me.id, item_id, utc_now())
    return go("/settings/portfolio")


@router.get("/dashboard")
def dashboard_page(look: Look) -> Response:
    """What one has done, and how it was received."""
    now = utc_now()
    with look.read_as_member() as (conn, me):
        months = dashboard.months_of(conn, me.id, now)
        context: dict[str, Any] = {
            "totals": dashboard.totals_of(conn, me.id),
            "seen": dashboard.most_seen(conn, me.id),
            "reputation": reputation.reputation_of(conn, me.id),
            "complete": changes.completeness_of(conn, me.id),
        }
    named = [(f"{one.month:%b}", one) for one in months]
    charts = [
        ("Problems and approaches by month", bars([(name, one.posts + one.approaches) for name, one in named])),
        ("Votes for them by month", bars([(name, one.votes) for name, one in named])),
    ]
    return render(look.request, "dashboard.html", charts=charts, **context)


@router.post("/people/{handle}/featured")
def feature(send: Send, handle: str, days: Annotated[int, Form()] = 7) -> Response:
    """Show a person first for some days, or no more; for administrators."""
    with send.write() as (conn, me):
        if me.role != "admin":
            raise NotAllowed("Only an administrator may do this.", code="not_an_administrator")
        account = identity.find_by_handle(conn, handle)
        if days == 0:
            featured.end(conn, account.id)
        else:
            featured.feature(conn, me.id, account.id, days, utc_now())
    return go(f"/people/{quote(account.handle, safe='')}")
