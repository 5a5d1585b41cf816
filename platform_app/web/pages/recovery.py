"""A new password by mail, and claiming an account that was brought here from another community.

Whether an address or a handle is known shows neither in the answer nor in its time: the work is done after it.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.background import BackgroundTask
from starlette.responses import Response

from lake.kit.clock import utc_now
from platform_app.db import Database
from platform_app.errors import Invalid, NotFound, Refused
from platform_app.identity import access, service, verification
from platform_app.mail import Outbox
from platform_app.rules import required
from platform_app.web.letters import send_link
from platform_app.web.limits import RESET_PLACE
from platform_app.web.pages.forms import again, go
from platform_app.web.templates import render
from platform_app.web.visit import Look, Send

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form()]


@router.get("/reset")
def reset_form(look: Look) -> Response:
    """The form that asks for a link."""
    with look.read():
        return render(look.request, "reset.html", error=None, sent=False)


@router.post("/reset")
def ask_for_link(send: Send, email: Text = "") -> Response:
    """Send a link if an account has the address; the answer is the same if none has."""
    try:
        with send.write_as_visitor():
            send.limits.take((RESET_PLACE, send.place))
    except Refused as refused:
        return again(send, "reset.html", refused, sent=False)
    answer = render(send.request, "reset.html", error=None, sent=True)
    state = send.request.app.state
    answer.background = BackgroundTask(
        _send_link, state.database, state.outbox, state.settings.public_url, email, send.correlation_id
    )
    return answer


def _send_link(database: Database, outbox: Outbox, public_url: str, email: str, correlation_id: str) -> None:
    with database.write(correlation_id) as conn:
        account = service.find_by_email(conn, email)
        if account is None or account.email is None or account.status != "active":
            return
        token = service.issue_reset_token(conn, account.id, utc_now())
    outbox.send(account.email, "A new password", link_text(account.display_name, public_url, token))


def check_address(email: str) -> None:
    """Invalid when mail cannot be sent there."""
    if not service.EMAIL.fullmatch(email.strip()):
        raise Invalid("Email must be a mail address.", field="email")


def link_text(name: str, public_url: str, token: str) -> str:
    """The message that carries a link."""
    return (
        f"Hello {name},\n\nwith this link you choose a new password. It works once, for a day:\n\n"
        f"{public_url.rstrip('/')}/reset/{token}\n\nIf you did not ask for it, ignore this message.\n"
    )


@router.get("/reset/{token}")
def set_password_form(look: Look, token: str) -> Response:
    """The form for a new password, if the link is good."""
    with look.read() as (conn, _):
        account = access.reset_link_is_good(conn, token, utc_now())
    return render(
        look.request,
        "set_password.html",
        status=200 if account else 404,
        error=None,
        good=account is not None,
        handle=account.handle if account else "",
        needs_email=account is not None and account.email is None,
        values={"email": ""},
    )


@router.post("/reset/{token}")
def set_password(send: Send, token: str, password: Text = "", email: Text = "") -> Response:
    """Set the password; every session of the account ends."""
    link = None
    try:
        with send.write_as_visitor() as conn:
            account = access.reset_link_is_good(conn, token, utc_now())
            if account is None:
                raise Invalid("This link was used or has expired: ask for a new one.", code="bad_reset_token")
            password_hash = access.hash_password(password, account.email, account.handle, email)
            known = account.email
            service.claim_account(
                conn, token, password_hash=password_hash, email=None if known else email or None, now=utc_now()
            )
            if known:  # the link went there, so whoever opened it reads mail there
                verification.mark(conn, account.id, known, utc_now())
            else:
                link = verification.ask(conn, account.id, utc_now())
    except Refused as refused:
        with send.read() as (conn, _):
            account = access.reset_link_is_good(conn, token, utc_now())
        return again(
            send,
            "set_password.html",
            refused,
            good=account is not None,
            handle=account.handle if account else "",
            needs_email=account is not None and account.email is None,
            values={"email": email},
        )
    answer = go("/login?done=password")
    answer.background = BackgroundTask(send_link, send, link) if link else None
    return answer


@router.get("/claim")
def claim_form(look: Look) -> Response:
    """The form that asks a moderator for an account's link."""
    with look.read():
        return render(
            look.request, "claim.html", error=None, sent=False, values={"handle": "", "email": "", "proof": ""}
        )


@router.post("/claim")
def ask_to_claim(send: Send, handle: Text = "", email: Text = "", proof: Text = "") -> Response:
    """Pass the wish on to the moderators; the answer is the same whether or not there is such an account."""
    try:
        with send.write_as_visitor():
            send.limits.take((RESET_PLACE, send.place))
            required(handle=handle)
            check_address(email)
    except Refused as refused:
        values = {"handle": handle, "email": email, "proof": proof}
        return again(send, "claim.html", refused, sent=False, values=values)
    answer = render(send.request, "claim.html", error=None, sent=True)
    state = send.request.app.state
    answer.background = BackgroundTask(
        _tell_moderators, state.database, state.outbox, state.settings.public_url, (handle, email, proof[:2000])
    )
    return answer


def _tell_moderators(database: Database, outbox: Outbox, public_url: str, asked: tuple[str, str, str]) -> None:
    handle, email, proof = asked
    with database.read() as conn:
        try:
            account = service.find_by_handle(conn, handle.strip())
        except NotFound:
            return
        if account.origin == "signup" or account.email is not None:
            return
        moderators = conn.execute(
            "SELECT email FROM identity.accounts "
            "WHERE role IN ('moderator', 'admin') AND status = 'active' AND email IS NOT NULL"
        ).fetchall()
    text = (
        f"Somebody asks for the account {account.handle}.\nMail address: {email}\nProof: {proof}\n\n"
        f"If it is theirs, send them the link: {public_url.rstrip('/')}/moderate\n"
    )
    for (address,) in moderators:
        outbox.send(address, "Somebody wants to claim an account", text)
