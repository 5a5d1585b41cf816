"""Sign-up, log-in with its second step, log-out. Log-in at another site is in `entrance_elsewhere.py`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.background import BackgroundTask
from starlette.responses import Response

from lake.kit.clock import utc_now
from platform_app.errors import Refused
from platform_app.identity import access, mfa, service, verification
from platform_app.web.entry import ChallengeOver, Entered, log_in, meet_challenge
from platform_app.web.letters import send_link
from platform_app.web.limits import SIGN_UP_PLACE
from platform_app.web.pages.forms import again, go, own_path
from platform_app.web.purposes import PURPOSES
from platform_app.web.templates import render
from platform_app.web.visit import ACCOUNT, Look, Send, Visit

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form()]
NOTICES = {
    "password": "Your password is set. Log in with it.",
    "out": "You are logged out.",
    "over": "That took too long: log in again.",
    "email": "Your mail address is confirmed.",
}
CHALLENGE = "headwater_challenge"  # the cookie between the password and the code


@router.get("/signup")
def sign_up_form(look: Look) -> Response:
    """The form for a new account; nothing is ticked."""
    with look.read() as (_, me):
        if me:
            return go("/")
    values = {"display_name": "", "handle": "", "email": "", "consent": []}
    return render(look.request, "signup.html", error=None, values=values, purposes=PURPOSES)


@router.post("/signup")
def sign_up(
    send: Send,
    display_name: Text = "",
    handle: Text = "",
    email: Text = "",
    password: Text = "",
    consent: Annotated[list[str], Form()] = [],  # noqa: B006 - FastAPI copies it
) -> Response:
    """Create an account and log in."""
    try:
        send.limits.take((SIGN_UP_PLACE, send.place))
        with send.write_as_visitor() as conn:
            decided = dict.fromkeys(consent, True)
            account = service.create_account(
                conn, email=email, handle=handle, display_name=display_name, consents=decided, now=utc_now()
            )
            access.set_password(conn, account, password, utc_now())
            link = verification.ask(conn, account.id, utc_now())
            session = access.open_session(conn, account.id, utc_now(), method="signup", agent=send.agent)
    except Refused as refused:
        values = {"display_name": display_name, "handle": handle, "email": email, "consent": consent}
        return again(send, "signup.html", refused, values=values, purposes=PURPOSES)
    answer = go("/")
    send.enter(answer, session)
    answer.background = BackgroundTask(send_link, send, link)
    return answer


@router.get("/login")
def log_in_form(look: Look, next: str = "/", done: str = "") -> Response:
    """The log-in form."""
    with look.read() as (_, me):
        if me:
            return go(own_path(next))
    values = {"email": "", "next": own_path(next)}
    return render(look.request, "login.html", error=None, notice=NOTICES.get(done), values=values)


@router.post("/login")
def log_in_sent(send: Send, email: Text = "", password: Text = "", next: Text = "/") -> Response:
    """Log in and go on to where the visitor wanted to go."""
    try:
        entered = log_in(send, send.write_as_visitor, email, password, own_path(next))
    except Refused as refused:
        values = {"email": email, "next": own_path(next)}
        return again(send, "login.html", refused, notice=None, values=values)
    return let_in(send, entered, next)


def let_in(visit: Visit, entered: Entered, next_path: str) -> Response:
    """Go on to where the visitor wanted to go, or to the form for the code where the account asks for one."""
    if entered.session is None:
        answer = go("/login/code")
        visit.keep(answer, CHALLENGE, entered.challenge, int(mfa.CHALLENGE_LIFETIME.total_seconds()))
        return answer
    answer = go(own_path(next_path))
    visit.enter(answer, entered.session)
    return answer


@router.get("/login/code")
def code_form(look: Look) -> Response:
    """The form for the code, after the password."""
    with look.read() as (conn, _):
        if mfa.challenged(conn, look.kept(CHALLENGE), utc_now()) is None:
            return go("/login?done=over")
    return render(look.request, "login_code.html", error=None)


@router.post("/login/code")
def code_sent(send: Send, code: Text = "") -> Response:
    """Log in with the code and go on."""
    try:
        with send.write_as_visitor() as conn:
            session, next_path = meet_challenge(send, conn, send.kept(CHALLENGE), code)
    except ChallengeOver:
        return go("/login?done=over")
    except Refused as refused:
        return again(send, "login_code.html", refused)
    answer = go(own_path(next_path))
    send.enter(answer, session)
    send.drop(answer, CHALLENGE)
    return answer


@router.post("/logout")
def log_out(send: Send) -> Response:
    """End the session."""
    with send.write(ACCOUNT) as (conn, _):
        access.close_session(conn, send.token or "", utc_now())
    answer = go("/login?done=out")
    send.leave(answer)
    return answer
