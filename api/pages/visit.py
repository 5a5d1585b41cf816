"""Who visits a page, and the token that proves that a form came from our page.

Signed in, the token belongs to the session. Before that it is a random cookie that the form repeats, which another site
can neither read nor set.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import parse_qs

from fastapi import Depends, Request, Response

from api.access import procurers, secrets
from api.access.guard import address, limit
from api.access.procurers import Session
from api.problems import Problem
from api.shop import Shop, ShopOf
from lake.kit.errors import HouseError

SESSION_COOKIE, FORM_COOKIE = "headwater_shop", "headwater_shop_form"
_LONGEST_FORM = 20_000  # bytes


class LogInFirst(HouseError):
    """The page is for signed-in procurers; the visitor is sent to the log-in page and back."""


@dataclass(frozen=True)
class Visit:
    """A request to a page: the session, or None, and the token for its forms."""

    session: Session | None
    form_token: str


async def _visit(request: Request, shop: ShopOf) -> Visit:
    limit(shop, request, "pages", address(request), shop.settings.anonymous_per_minute)
    token = request.cookies.get(SESSION_COOKIE)
    session = await procurers.find_session(shop.db, token, shop.now()) if token else None
    form_token = session.csrf_token if session else request.cookies.get(FORM_COOKIE) or secrets.fresh_token()
    request.state.visit = Visit(session, form_token)
    return Visit(session, form_token)


VisitOf = Annotated[Visit, Depends(_visit)]


async def _signed_in(visit: VisitOf) -> Session:
    if visit.session is None:
        raise LogInFirst("Log in first.")
    return visit.session


async def _form(request: Request, visit: VisitOf) -> Mapping[str, str]:
    """The fields of a form that carries the visit's token; Problem `bad_form_token` for any other."""
    body = await request.body()
    if len(body) > _LONGEST_FORM:
        raise Problem("invalid", "The form is too long.")
    fields = {name: texts[-1] for name, texts in parse_qs(body.decode(errors="replace")).items()}
    ours = visit.session.csrf_token if visit.session else request.cookies.get(FORM_COOKIE, "")
    if not ours or not hmac.compare_digest(fields.pop("form_token", "").encode(), ours.encode()):
        raise Problem("bad_form_token", "The form is out of date or from elsewhere: reload the page and send it again.")
    return fields


SignedIn = Annotated[Session, Depends(_signed_in)]
Form = Annotated[Mapping[str, str], Depends(_form)]


def _cookie(response: Response, shop: Shop, name: str, text: str, seconds: int) -> None:
    secure = shop.settings.public_url.startswith("https://")
    response.set_cookie(name, text, max_age=seconds, httponly=True, secure=secure, samesite="lax", path="/")


def remember_form(response: Response, shop: Shop, visit: Visit) -> None:
    """Set the cookie that a form before log-in is compared with."""
    if visit.session is None:
        _cookie(response, shop, FORM_COOKIE, visit.form_token, 3_600)


def remember_session(response: Response, shop: Shop, token: str) -> None:
    """Set the session's cookie and drop the form's."""
    _cookie(response, shop, SESSION_COOKIE, token, int(procurers.SESSION_LASTS.total_seconds()))
    response.delete_cookie(FORM_COOKIE, path="/")


def local_path(text: str | None) -> str:
    """Where to go after log-in: a path of this shop, else the dashboard."""
    known = text is not None and text.startswith("/") and not text.startswith(("//", "/\\"))
    return text if text is not None and known else "/dashboard"
