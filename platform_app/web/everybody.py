"""Pages that are the same for every visitor: kept for seconds by browsers and proxies, which then ask whether they changed.

A page is shared only when nobody is logged in or tries to be, and nothing on it was made for whoever looks: a form token keeps
it private. Its validator is a digest of the page itself, so what changes the page changes the validator, whatever it is. Left
out of the digest is what stands in `<data>`: counts of views, which every look changes.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

if TYPE_CHECKING:
    from platform_app.web.visit import Visit

SECONDS = 15  # how old a page may be that nobody asked about again; as old as what `hot.py` keeps
COUNT = re.compile(r"<data[^>]*>[^<]*</data>")
VARY = "Cookie, Authorization, HX-Request"


def is_for_everybody(visit: Visit) -> bool:
    """Whether nobody in particular looks, and the page holds nothing that was made for them."""
    return visit.me is None and visit.token is None and not visit.made_token


def answer(request: Request, page: str) -> Response:
    """The page for whoever asks; 304 for somebody who has it."""
    tag = validator(page)
    headers = {"Cache-Control": f"public, max-age={SECONDS}", "ETag": tag, "Vary": VARY}
    if _has(request.headers.get("If-None-Match", ""), tag):
        return Response(status_code=304, headers=headers)
    return HTMLResponse(page, headers=headers)


def validator(page: str) -> str:
    """The ETag of a page: weak, for it may travel compressed and with other counts."""
    return f'W/"{hashlib.sha256(COUNT.sub("", page).encode()).hexdigest()[:24]}"'


def _has(given: str, tag: str) -> bool:
    """Whether one of the validators of an If-None-Match is this one, compared weakly (RFC 9110, 13.1.2)."""
    opaque = tag.removeprefix("W/")
    return any(one.strip().removeprefix("W/") in ("*", opaque) for one in given.split(","))
