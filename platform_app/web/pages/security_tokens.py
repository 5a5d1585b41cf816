"""Settings, Access for programs: personal tokens, and programs that are logged in."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from lake.kit.clock import utc_now
from platform_app.db import Conn
from platform_app.errors import Refused
from platform_app.identity import grants, mfa, tokens
from platform_app.identity.access import Member
from platform_app.web.entry import check_owner
from platform_app.web.pages.forms import again, go
from platform_app.web.templates import render
from platform_app.web.visit import ACCOUNT, Look, Send

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form()]
HERE = "/settings/tokens"
NOTICES = {"revoked": "The token is revoked.", "ended": "The program is logged out."}
NOTHING: dict[str, Any] = {"name": "", "scopes": ["read"], "days": 90}


def _state(conn: Conn, me: Member) -> dict[str, Any]:
    now = utc_now()
    return {
        "found": tokens.tokens_of(conn, me.id, now),
        "programs": grants.grants_of(conn, me.id, now),
        "lengths": tokens.DAYS,
        "factor": mfa.status_of(conn, me.id),
    }


@router.get(HERE)
def tokens_page(look: Look, done: str = "") -> Response:
    """The tokens, and a form for a new one."""
    with look.read_as_member(ACCOUNT) as (conn, me):
        state = _state(conn, me)
    return render(
        look.request, "tokens.html", error=None, notice=NOTICES.get(done), shown=None, values=NOTHING, **state
    )


@router.post(HERE)
def create_token(
    send: Send,
    name: Text = "",
    scopes: Annotated[list[str], Form()] = [],  # noqa: B006 - FastAPI copies it
    days: Annotated[int, Form()] = 0,
    password: Text = "",
    code: Text = "",
) -> Response:
    """Make a token; the page that answers shows it, and never again."""
    try:
        with send.write(ACCOUNT) as (conn, me):
            check_owner(send, conn, me.id, password, code)
            _, text = tokens.create(conn, me.id, name=name, scopes=scopes, days=days, now=utc_now())
            state = _state(conn, me)
    except Refused as refused:
        with send.read_as_member(ACCOUNT) as (conn, me):
            state = _state(conn, me)
        values = {"name": name, "scopes": scopes, "days": days}
        return again(send, "tokens.html", refused, notice=None, shown=None, values=values, **state)
    return render(send.request, "tokens.html", error=None, notice=None, shown=text, values=NOTHING, **state)


@router.post(f"{HERE}/{{token_id}}/revoke")
def revoke_token(send: Send, token_id: UUID) -> Response:
    """Revoke a token."""
    with send.write(ACCOUNT) as (conn, me):
        tokens.revoke(conn, me.id, token_id, utc_now())
    return go(f"{HERE}?done=revoked")


@router.post(f"{HERE}/programs/{{grant_id}}/end")
def end_program(send: Send, grant_id: UUID) -> Response:
    """Log a program out."""
    with send.write(ACCOUNT) as (conn, me):
        grants.revoke(conn, me.id, grant_id, utc_now())
    return go(f"{HERE}?done=ended")
