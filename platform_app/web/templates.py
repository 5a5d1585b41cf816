"""Pages: one Jinja environment, and `render`, which gives every page who is looking and the token for its forms."""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from lake.kit.clock import utc_now
from platform_app.community.second_thoughts import WINDOW
from platform_app.community.states import CLOSING, LOCKING
from platform_app.web import everybody
from platform_app.web.markdown import excerpt, to_html

if TYPE_CHECKING:
    from platform_app.web.visit import Visit

HERE = Path(__file__).parent
STATIC = HERE / "static"
UNITS = ((365 * 86_400, "year"), (30 * 86_400, "month"), (86_400, "day"), (3_600, "hour"), (60, "minute"))


def render(
    request: Request, template: str, /, *, status: int = 200, for_everybody: bool = False, **context: Any
) -> Response:
    """A page; sets the cookie that a visitor's first form needs. `for_everybody`: visitors are all shown the same."""
    visit: Visit | None = getattr(request.state, "visit", None)
    page = _PAGES.get_template(template).render(
        request=request,
        path=request.url.path,
        me=visit.me if visit else None,
        unread=visit.unread if visit else None,
        faces=visit.faces if visit else {},
        form_token=visit.make_form_token if visit else str,
        is_on=visit.is_on if visit else _everything,
        correlation_id=request.state.correlation_id,
        htmx=request.app.state.htmx,
        status=status,
        **context,
    )
    if for_everybody and visit and everybody.is_for_everybody(visit):
        return everybody.answer(request, page)
    answer = HTMLResponse(page, status, headers={"Cache-Control": "private, no-store", "Vary": "Cookie, HX-Request"})
    if visit:
        visit.leave_cookie(answer)
    return answer


def _everything(_: str) -> bool:
    """Where nobody has been met, nothing is switched off."""
    return True


def ago(moment: datetime) -> str:
    """How long ago, in the largest whole unit; the date itself beyond a month."""
    seconds = (utc_now() - moment).total_seconds()
    if seconds > 30 * 86_400:
        return f"{moment.day} {moment:%B %Y}"
    for size, unit in UNITS:
        if (count := int(seconds // size)) >= 1:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """`1 approach`, `1,200 approaches`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def initial(name: str) -> str:
    """The first letter of a name, for the round sign beside it."""
    return next((letter.upper() for letter in name if letter.isalnum()), "·")


def hue(handle: str) -> int:
    """One of eight colours for a person, always the same."""
    return hashlib.sha256(handle.encode()).digest()[0] % 8


@cache
def asset(name: str) -> str:
    """The address of a file of ours, which changes with its content."""
    return f"/static/{name}?v={digest(STATIC / name)}"


def digest(path: Path) -> str:
    """Ten characters that change with a file's content."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:10]


def recent(moment: datetime) -> bool:
    """Whether it can still be thought over: see `community/second_thoughts.py`."""
    return utc_now() - moment <= WINDOW


def closing(reason: str) -> str:
    """Why a post is closed or locked, in words."""
    return {"duplicate": "It was asked before", **CLOSING, **LOCKING}[reason]


_PAGES = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_PAGES.filters.update(ago=ago, counted=counted, markdown=to_html, excerpt=excerpt, initial=initial, hue=hue)
_PAGES.filters.update(recent=recent, closing=closing)
_PAGES.globals.update(asset=asset)
