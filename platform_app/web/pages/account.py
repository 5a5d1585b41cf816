"""One's own account: deleting it, and the receipt that shows what became of the data."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.background import BackgroundTask
from starlette.responses import Response

from platform_app.errors import NotAllowed, Refused
from platform_app.identity import erasure
from platform_app.web.farewell import say_farewell, tell
from platform_app.web.pages.forms import again, go
from platform_app.web.templates import render
from platform_app.web.visit import Look, Send

router = APIRouter(include_in_schema=False)


@router.get("/settings/account")
def account_page(look: Look) -> Response:
    """What deleting the account does, and the form for it."""
    with look.read_as_member():
        return render(look.request, "account.html", error=None)


@router.post("/settings/account/delete")
def delete_account(send: Send, password: Annotated[str, Form()] = "") -> Response:
    """Delete the account and everything in it, at once; leads to the receipt."""
    try:
        token, address = say_farewell(send, send.write, password)
    except Refused as refused:
        return again(send, "account.html", refused)
    answer = go(f"/erasure/{token}")
    send.leave(answer)
    answer.background = BackgroundTask(tell, send, address, token)
    return answer


@router.get("/erasure/{token}")
def receipt_page(look: Look, token: str) -> Response:
    """How far the erasure is; whoever has the link may look."""
    with look.read() as (conn, _):
        found = erasure.find(conn, token)
    link = f"{look.request.app.state.settings.public_url.rstrip('/')}/erasure/{token}"
    return render(look.request, "erasure.html", found=found, link=link)


@router.get("/moderate/erasures")
def erasures_page(look: Look) -> Response:
    """Requests and receipts, for administrators. They say when and where, never whose."""
    with look.read_as_member() as (conn, me):
        if me.role != "admin":
            raise NotAllowed("Only an administrator may see this.", code="not_an_administrator")
        found = erasure.latest(conn)
    return render(look.request, "erasures.html", found=found)
