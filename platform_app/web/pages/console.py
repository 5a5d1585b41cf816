"""The administrators' console: accounts, addresses that wait, what failed behind the pages; and the way to all the rest."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Form
from starlette.responses import Response

from lake.kit.clock import utc_now
from platform_app.errors import Refused
from platform_app.outbox import deliveries
from platform_app.web import console
from platform_app.web.console import ROLES, STATES, Wanted, administrator, look_up
from platform_app.web.pages.forms import again, go
from platform_app.web.templates import render
from platform_app.web.visit import ACCOUNT, Look, Send

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form()]
NOTICES = {
    "role": "The role is changed.", "log-ins": "The log-ins are ended.", "address": "The address is confirmed.",
    "again": "It is due now; the worker takes it up.",
}  # fmt: skip


@router.get("/admin")
def desk(look: Look) -> Response:
    """What waits for an administrator, and the way to everything they look after."""
    with look.read_as_member(ACCOUNT) as (conn, me):
        administrator(me)
        counts = console.counts(conn)
    flags = any(getattr(route, "path", "") == "/admin/flags" for route in look.request.app.routes)
    return render(look.request, "admin.html", counts=counts, flags=flags)


@router.get("/admin/accounts")
def accounts(look: Look, q: str = "", role: str = "", state: str = "", skip: int = 0, done: str = "") -> Response:
    """Accounts by name, role and state; a whole mail address finds its holder."""
    skip, size = min(max(skip, 0), 10_000), 50
    with look.inspect(ACCOUNT) as (conn, me):
        found = console.search(conn, me, Wanted(q[:254], role, state), skip=skip, limit=size + 1)
    more = skip + size if len(found) > size else None
    wanted = {"q": q[:254], "role": role, "state": state}
    return render(
        look.request, "admin_accounts.html", found=found[:size], more=more, wanted=wanted, roles=ROLES, states=STATES,
        notice=NOTICES.get(done),
    )  # fmt: skip


@router.get("/admin/accounts/{handle}")
def account_form(look: Look, handle: str) -> Response:
    """Why do you look?"""
    with look.read_as_member(ACCOUNT) as (_, me):
        administrator(me)
    values = {"handle": handle, "reason": ""}
    return render(look.request, "admin_account.html", error=None, values=values, found=None, form="", roles=ROLES)


@router.post("/admin/accounts/{handle}")
def account(send: Send, handle: str, reason: Text = "") -> Response:
    """What an account's owner alone sees otherwise, and what can be done with it; the look is written down."""
    values = {"handle": handle, "reason": reason}
    try:
        with send.write(ACCOUNT) as (conn, me):
            found = look_up(conn, me, handle, reason)
    except Refused as refused:
        return again(send, "admin_account.html", refused, values=values, found=None, form="", roles=ROLES)
    return render(send.request, "admin_account.html", error=None, values=values, found=found, form="", roles=ROLES)


@router.post("/admin/accounts/{handle}/{change}")
def change_account(
    send: Send, handle: str, change: Literal["role", "log-ins", "address"], role: Text = "", reason: Text = ""
) -> Response:
    """Change a role, end all log-ins, or confirm an address by hand."""
    try:
        with send.write(ACCOUNT) as (conn, me):
            if change == "role":
                console.change_role(conn, me, handle, role, reason, utc_now())
            elif change == "log-ins":
                console.end_log_ins(conn, me, handle, reason, utc_now())
            else:
                console.confirm_address(conn, me, handle, reason, utc_now())
    except Refused as refused:
        values = {"handle": handle, "reason": reason}
        return again(send, "admin_account.html", refused, values=values, found=None, form=change, roles=ROLES)
    return go(f"/admin/accounts?q={quote(handle, safe='')}&done={change}")


@router.get("/admin/jobs")
def jobs(look: Look, done: str = "") -> Response:
    """What waits in the queue of events, and what failed there."""
    with look.read_as_member(ACCOUNT) as (conn, me):
        administrator(me)
        waiting, failing, mails = deliveries.waiting(conn), deliveries.failing(conn), deliveries.mails(conn)
    notice = NOTICES.get(done)
    return render(look.request, "admin_jobs.html", waiting=waiting, failing=failing, mails=mails, notice=notice)


@router.post("/admin/jobs/again")
def jobs_again(send: Send) -> Response:
    """Let what failed be tried again now."""
    with send.write(ACCOUNT) as (conn, me):
        administrator(me)
        deliveries.try_again(conn)
    return go("/admin/jobs?done=again")
