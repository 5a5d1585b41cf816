"""Settings, Security: the password, the second factor, linked sites, and where one is logged in."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import segno
from fastapi import APIRouter, Form
from markupsafe import Markup
from starlette.background import BackgroundTask
from starlette.responses import Response

from lake.kit.clock import utc_now
from platform_app.db import Conn
from platform_app.errors import Refused
from platform_app.identity import access, mfa, oauth, service, sessions
from platform_app.identity.access import Member
from platform_app.web.entry import check_owner
from platform_app.web.letters import tell_owner
from platform_app.web.limits import LOG_IN_HERE
from platform_app.web.pages.forms import again, go
from platform_app.web.templates import render
from platform_app.web.visit import ACCOUNT, Look, Send, Visit

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form()]
HERE = "/settings/security"
NOTICES = {
    "password": "Your password is changed. You are logged out everywhere else.",
    "factor-off": "Log-ins no longer ask for a code.",
    "ended": "That log-in is ended.",
    "others": "You are logged out everywhere else.",
    "linked": "The account is linked: you can log in with it.",
    "unlinked": "The link is removed.",
}
FAULTS = {
    "provider-fault": "The log-in at the other site did not work. Nothing was changed.",
    "linked-elsewhere": "That account is linked to somebody else here.",
    "provider-linked": "Another account there is linked already: remove it first.",
}
METHODS = {"password": "password", "signup": "sign-up", "github": "GitHub", "google": "Google"}


def _state(visit: Visit, conn: Conn, me: Member) -> dict[str, Any]:
    """What the page shows of a member."""
    return {
        "factor": mfa.status_of(conn, me.id),
        "has_password": access.has_password(conn, me.id),
        "log_ins": sessions.sessions_of(conn, me.id, utc_now()),
        "links": {one.provider: one for one in oauth.links_of(conn, me.id)},
        "providers": visit.request.app.state.providers,
        "methods": METHODS | {name: one.title for name, one in visit.request.app.state.providers.items()},
    }


@router.get(HERE)
def security_page(look: Look, done: str = "") -> Response:
    """Everything that guards the account."""
    with look.read_as_member(ACCOUNT) as (conn, me):
        state = _state(look, conn, me)
    return render(
        look.request, "security.html", error=None, notice=NOTICES.get(done), fault=FAULTS.get(done), form="", **state
    )


def page_again(send: Send, refused: Refused, form: str) -> Response:
    """The page with what was refused, at the form it is about."""
    with send.read_as_member(ACCOUNT) as (conn, me):
        state = _state(send, conn, me)
    return again(send, "security.html", refused, notice=None, fault=None, form=form, **state)


@router.post(f"{HERE}/password")
def change_password(send: Send, password: Text = "", new_password: Text = "") -> Response:
    """Choose a new password; every other log-in ends."""
    try:
        with send.write(ACCOUNT) as (conn, me):
            guess = (LOG_IN_HERE, f"{me.id} {send.place}")
            send.limits.take(guess)
            access.change_password(conn, me, password, new_password, utc_now())
            send.limits.give_back(guess)
            address = service.find_account(conn, me.id).email
    except Refused as refused:
        return page_again(send, refused, "password")
    return _told(send, f"{HERE}?done=password", address, me.display_name, "password")


@router.post(f"{HERE}/factor")
def begin_factor(send: Send) -> Response:
    """Make a secret for the authenticator app."""
    try:
        with send.write(ACCOUNT) as (conn, me):
            mfa.begin(conn, send.sealer, me.id, utc_now())
    except Refused as refused:
        return page_again(send, refused, "factor")
    return go(f"{HERE}/factor")


@router.get(f"{HERE}/factor")
def factor_form(look: Look) -> Response:
    """The QR code, and the form for the first code."""
    with look.read_as_member(ACCOUNT) as (conn, me):
        setup = mfa.pending(conn, look.sealer, me.id)
    if setup is None:
        return go(HERE)
    return render(look.request, "factor.html", error=None, **_shown(setup))


@router.post(f"{HERE}/factor/confirm")
def confirm_factor(send: Send, password: Text = "", code: Text = "") -> Response:
    """Turn the second factor on; the recovery codes are on the page that answers, and never again."""
    try:
        with send.write(ACCOUNT) as (conn, me):
            check_owner(send, conn, me.id, password, code)
            codes = mfa.confirm(conn, send.sealer, me.id, code, utc_now())
            address = service.find_account(conn, me.id).email
    except Refused as refused:
        with send.read_as_member(ACCOUNT) as (conn, me):
            setup = mfa.pending(conn, send.sealer, me.id)
        return again(send, "factor.html", refused, **_shown(setup)) if setup else go(HERE)
    answer = render(send.request, "recovery_codes.html", codes=codes, fresh=True)
    answer.background = BackgroundTask(tell_owner, send, address, me.display_name, "factor_on")
    return answer


@router.post(f"{HERE}/factor/codes")
def renew_codes(send: Send, password: Text = "", code: Text = "") -> Response:
    """Ten new recovery codes, shown once."""
    try:
        with send.write(ACCOUNT) as (conn, me):
            check_owner(send, conn, me.id, password, code)
            codes = mfa.renew_codes(conn, me.id)
    except Refused as refused:
        return page_again(send, refused, "codes")
    return render(send.request, "recovery_codes.html", codes=codes, fresh=False)


@router.post(f"{HERE}/factor/off")
def disable_factor(send: Send, password: Text = "", code: Text = "") -> Response:
    """Turn the second factor off."""
    try:
        with send.write(ACCOUNT) as (conn, me):
            check_owner(send, conn, me.id, password, code)
            mfa.disable(conn, me.id, utc_now())
            address = service.find_account(conn, me.id).email
    except Refused as refused:
        return page_again(send, refused, "off")
    return _told(send, f"{HERE}?done=factor-off", address, me.display_name, "factor_off")


@router.post(f"{HERE}/sessions/others/end")
def end_others(send: Send) -> Response:
    """Log out everywhere else."""
    with send.write(ACCOUNT) as (conn, me):
        sessions.revoke_others(conn, me.id, me.session_id, utc_now())
    return go(f"{HERE}?done=others")


@router.post(f"{HERE}/sessions/{{session_id}}/end")
def end_session(send: Send, session_id: UUID) -> Response:
    """End one log-in."""
    with send.write(ACCOUNT) as (conn, me):
        sessions.revoke_session(conn, me.id, session_id, utc_now())
    return go(f"{HERE}?done=ended")


@router.post(f"{HERE}/links/{{provider}}/remove")
def remove_link(send: Send, provider: str) -> Response:
    """No log-in from there any more."""
    try:
        with send.write(ACCOUNT) as (conn, me):
            oauth.unlink(conn, me.id, provider, utc_now())
    except Refused as refused:
        return page_again(send, refused, "links")
    return go(f"{HERE}?done=unlinked")


def _shown(setup: mfa.Setup) -> dict[str, Any]:
    """The secret in groups of four, and as a QR code of black on white in any colour scheme."""
    picture = segno.make(setup.uri, error="m").svg_inline(
        border=3,
        omitsize=True,
        light="#ffffff",
        svgclass="qr",
        lineclass=None,
        title="QR code for an authenticator app",
    )
    grouped = " ".join(setup.secret[at : at + 4] for at in range(0, len(setup.secret), 4))
    return {"picture": Markup(picture), "secret": grouped, "uri": setup.uri}  # noqa: S704 - segno draws it of modules alone


def _told(send: Visit, path: str, address: str | None, name: str, what: str) -> Response:
    answer = go(path)
    answer.background = BackgroundTask(tell_owner, send, address, name, what)
    return answer
