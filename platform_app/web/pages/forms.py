"""What every form does: answer with a redirect when it went well, and show itself again when it did not."""

from __future__ import annotations

import re
from typing import Any

from starlette.responses import RedirectResponse, Response

from platform_app.errors import Refused
from platform_app.web.refusals import status_of
from platform_app.web.templates import render
from platform_app.web.visit import Visit

OWN = re.compile(r"/(?!/)[^\x00-\x20\x7f\\]*")  # browsers drop control characters and read a backslash as a slash


def go(path: str) -> Response:
    """Look at another page next."""
    return RedirectResponse(path, 303)


def again(visit: Visit, template: str, refused: Refused, **context: Any) -> Response:
    """The same form with what was typed and why it was refused."""
    return render(visit.request, template, status=status_of(refused), error=refused, **context)


def wants_fragment(visit: Visit) -> bool:
    """Whether htmx asks, which puts the answer into the page."""
    return "HX-Request" in visit.request.headers


def own_path(path: str, otherwise: str = "/") -> str:
    """The path if it is one of this site's, so that a link cannot lead away after the log-in."""
    return path if OWN.fullmatch(path) else otherwise
