"""One's own account: its mail address, all its data as a download, deleting it, and the receipt of that."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form
from starlette.background import BackgroundTask
from starlette.responses import Response

from lake.kit.clock import utc_now
from platform_app.db import Conn
from platform_app.errors import NotAllowed, Refused
from platform_app.identity import erasure, mfa, service, verification
from platform_app.identity.access import Member
from platform_app.web.entry import check_owner
from platform_app.web.exporting import export_of
from platform_app.web.farewell import say_farewell, tell
from platform_app.web.letters import send_link, tell_old_address
from platform_app.web.limits import MAIL_ACCOUNT
from platform_app.web.pages.forms import again, go
from platform_app.web.templates import render
from platform_app.web.visit import ACCOUNT, Look, Send, Visit

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form()]
HERE = "/settings/account"
NOTICES = {
    "sent": "A message with a link is on its way. The link works for two days.",
    "confirmed": "Your mail address is confirmed.",
}


def _state(conn: Conn, me: Member) -> dict[str, Any]:
    return {"email": service.find_account(conn, me.id).email, "factor": mfa.status_of(conn, me.id)}


@router.get(HERE)
def account_page(look: Look, done: str = "") -> Response:
    """The mail address, the data, and what deleting the account does."""
    with look.read_as_member(ACCOUNT) as (conn, me):
        state = _state(conn, me)
    return render(look.request, "account.html", error=None, form="", notice=NOTICES.get(done), values={}, **state)


def _page_again(send: Send, refused: Refused, form: str, **values: str) -> Response:
    with send.read_as_member(ACCOUNT) as (conn, me):
        state = _state(conn, me)
    return again(send, "account.html", refused, form=form, notice=None, values=values, **state)


@router.post(f"{HERE}/email")
def change_address(send: Send, email: Text = "", password: Text = "", code: Text = "") -> Response:
    """Send a link to a new address; opening it puts the address in the place of the present one."""
    try:
        with send.write(ACCOUNT) as (conn, me):
            check_owner(send, conn, me.id, password, code)
            link = verification.ask(conn, me.id, utc_now(), email=email)
            send.limits.take((MAIL_ACCOUNT, me.id))
    except Refused as refused:
        return _page_again(send, refused, "email", email=email)
    return _sent(send, f"{HERE}?done=sent", link)


@router.post("/verify")
def send_again(send: Send) -> Response:
    """Send a new link that confirms the address."""
    try:
        with send.write(ACCOUNT) as (conn, me):
            link = verification.ask(conn, me.id, utc_now())
            send.limits.take((MAIL_ACCOUNT, me.id))
    except Refused as refused:
        return _page_again(send, refused, "verify")
    return _sent(send, f"{HERE}?done=sent", link)


def _sent(visit: Visit, path: str, link: verification.Link) -> Response:
    answer = go(path)
    answer.background = BackgroundTask(send_link, visit, link)
    return answer


@router.get("/verify/{token}")
def verify_form(look: Look, token: str) -> Response:
    """A button that confirms the address: programs that look at links in mail do not press it."""
    with look.read() as (conn, _):
        address = verification.address_of(conn, token, utc_now())
    return render(look.request, "verify.html", status=200 if address else 404, error=None, address=address)


@router.post("/verify/{token}")
def verify(send: Send, token: str) -> Response:
    """Confirm the address; it is the account's from now on."""
    try:
        with send.write_as_visitor() as conn:
            done = verification.accept(conn, token, utc_now())
    except Refused as refused:
        return again(send, "verify.html", refused, address=None)
    answer = go(f"{HERE}?done=confirmed" if send.me else "/login?done=email")
    answer.background = BackgroundTask(tell_old_address, send, done)
    return answer


@router.get(f"{HERE}/export")
def export_data(look: Look) -> Response:
    """All data that names the member, as a zip."""
    return export_of(look)


@router.post(f"{HERE}/delete")
def delete_account(send: Send, password: Text = "", code: Text = "") -> Response:
    """Delete the account and everything in it, at once; leads to the receipt."""
    try:
        token, address = say_farewell(send, password, code)
    except Refused as refused:
        return _page_again(send, refused, "delete")
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
