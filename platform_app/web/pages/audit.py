"""Administrators look at an account, and see what they looked at."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from platform_app.errors import Refused
from platform_app.identity import audit
from platform_app.web.console import administrator, look_up
from platform_app.web.pages.forms import again
from platform_app.web.templates import render
from platform_app.web.visit import ACCOUNT, Look, Send

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form()]
PAGE = 50


@router.get("/admin/accounts")
def look_up_form(look: Look, handle: str = "") -> Response:
    """The form: whose account, and why."""
    with look.read_as_member(ACCOUNT) as (_, me):
        administrator(me)
    values = {"handle": handle, "reason": ""}
    return render(look.request, "admin_account.html", error=None, values=values, found=None)


@router.post("/admin/accounts")
def look_up_account(send: Send, handle: Text = "", reason: Text = "") -> Response:
    """What an account's owner alone sees otherwise; the look is written down."""
    values = {"handle": handle, "reason": reason}
    try:
        with send.write(ACCOUNT) as (conn, me):
            found = look_up(conn, me, handle, reason)
    except Refused as refused:
        return again(send, "admin_account.html", refused, values=values, found=None)
    return render(send.request, "admin_account.html", error=None, values=values, found=found)


@router.get("/admin/audit")
def audit_page(look: Look, before: UUID | None = None) -> Response:
    """Every look at personal data, the newest first."""
    with look.read_as_member(ACCOUNT) as (conn, me):
        administrator(me)
        found = audit.latest(conn, before=before, limit=PAGE + 1)
    more = found[PAGE - 1].id if len(found) > PAGE else None
    return render(look.request, "audit.html", found=found[:PAGE], more=more)
