"""Log-in and sign-up with an account at another site, and linking one to the account one has.

What is remembered between leaving and coming back is sealed in a cookie of ten minutes. A link begins a log-in; linking
begins with a form and its token, since otherwise another site could link an account of its own choice.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from typing import Annotated, Any

from cryptography.fernet import InvalidToken
from fastapi import APIRouter, Form
from starlette.background import BackgroundTask
from starlette.responses import Response

from lake.kit.clock import utc_now
from platform_app.errors import Conflict, NotFound, Refused
from platform_app.identity import access, oauth, service, verification
from platform_app.identity.oauth import Arrival
from platform_app.identity.providers import Flow, Provider, ProviderFault
from platform_app.web.entry import Entered, check_owner, enter
from platform_app.web.letters import send_link, tell_owner
from platform_app.web.limits import ARRIVE_PLACE, SIGN_UP_PLACE
from platform_app.web.pages.entrance import let_in
from platform_app.web.pages.forms import again, go, own_path
from platform_app.web.pages.security import page_again
from platform_app.web.purposes import PURPOSES
from platform_app.web.refusals import LogInFirst
from platform_app.web.templates import render
from platform_app.web.visit import ACCOUNT, Look, Send, Visit

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form()]
FLOW, NEWCOMER = "headwater_flow", "headwater_newcomer"
MINUTES = 10
OVER = "That took too long, or your browser does not keep cookies: begin again."


@router.get("/login/with/{provider}")
def leave_for(look: Look, provider: str, next: str = "/") -> Response:
    """Go to the provider; whoever is logged in already goes on."""
    with look.read() as (_, me):
        if me:
            return go(own_path(next))
    try:
        found = provider_of(look, provider)
        address, flow = found.begin(redirect_uri(look, provider))
    except ProviderFault as refused:
        return _log_in_again(look, refused, next)
    answer = go(address)
    _keep(look, answer, FLOW, asdict(flow) | {"next": own_path(next), "link": False})
    return answer


@router.post("/settings/security/links/{provider}")
def leave_to_link(send: Send, provider: str, password: Text = "", code: Text = "") -> Response:
    """Go to the provider to link an account there, which outlives this log-in: so it is its owner who does."""
    try:
        with send.write(ACCOUNT) as (conn, me):
            found = provider_of(send, provider)
            check_owner(send, conn, me.id, password, code)
    except (LogInFirst, NotFound):
        raise
    except Refused as refused:
        return page_again(send, refused, f"link-{provider}")
    try:
        address, flow = found.begin(redirect_uri(send, provider))
    except ProviderFault:
        return go("/settings/security?done=provider-fault")
    # A form may not lead to another site (form-action), so a page of ours goes on by itself.
    answer = render(send.request, "leaving.html", title=found.title, address=address)
    _keep(send, answer, FLOW, asdict(flow) | {"next": "/settings/security", "link": True})
    return answer


@router.get("/login/with/{provider}/callback")
def come_back(look: Look, provider: str) -> Response:
    """Whom the provider sends back: known, new, or about to link."""
    kept = _kept(look, FLOW)
    if kept is None or kept["provider"] != provider:
        return _log_in_again(look, ProviderFault(OVER), "/")
    next_path, linking = str(kept.pop("next")), bool(kept.pop("link"))
    try:
        look.limits.take((ARRIVE_PLACE, look.place))
        found = provider_of(look, provider)
        arrival = found.finish(redirect_uri(look, provider), str(look.request.url), Flow(**kept))
        answer = _link(look, arrival) if linking else _arrive(look, arrival, next_path)
    except (LogInFirst, NotFound):
        raise
    except Refused as refused:
        answer = _log_in_again(look, refused, next_path) if not linking else _settings_again(look, refused)
    look.drop(answer, FLOW)
    return answer


def _arrive(visit: Visit, arrival: Arrival, next_path: str) -> Response:
    with visit.write_on_return() as (conn, _):
        account = oauth.account_of(conn, arrival, utc_now())
        entered = enter(visit, conn, account, arrival.provider, next_path) if account else None
    if entered is not None:
        return let_in(visit, entered, next_path)
    answer = go("/signup/with")
    _keep(visit, answer, NEWCOMER, asdict(arrival) | {"next": next_path})
    return answer


def _link(visit: Visit, arrival: Arrival) -> Response:
    with visit.write_on_return() as (conn, me):
        if me is None or me.session_id is None:
            raise LogInFirst
        oauth.link(conn, me.id, arrival, utc_now())
        address = service.find_account(conn, me.id).email
    answer = go("/settings/security?done=linked")
    answer.background = BackgroundTask(tell_owner, visit, address, me.display_name, "linked")
    return answer


@router.get("/signup/with")
def sign_up_form(look: Look) -> Response:
    """What is still missing from somebody new: a handle, a name, and what they agree to; nothing is ticked."""
    with look.read() as (_, me):
        if me:
            return go("/")
    arrival = _newcomer(look)
    if arrival is None:
        return go("/signup")
    values = {
        "display_name": arrival.display_name[:100],
        "handle": suggested_handle(arrival.username or arrival.display_name),
        "email": arrival.email or "",
        "consent": [],
    }
    return _sign_up_page(look, arrival, None, values)


@router.post("/signup/with")
def sign_up(
    send: Send,
    display_name: Text = "",
    handle: Text = "",
    email: Text = "",
    consent: Annotated[list[str], Form()] = [],  # noqa: B006 - FastAPI copies it
) -> Response:
    """Create an account without a password and log in."""
    arrival, link = _newcomer(send), None
    if arrival is None:
        return go("/signup")
    address = arrival.email if arrival.email and arrival.email_verified else email
    try:
        send.limits.take((SIGN_UP_PLACE, send.place))
        with send.write_as_visitor() as conn:
            if oauth.account_of(conn, arrival, utc_now()) is not None:
                raise Conflict("You have an account already: log in.", code="known_already")
            account = service.create_account(
                conn,
                email=address,
                handle=handle,
                display_name=display_name,
                consents=dict.fromkeys(consent, True),
                now=utc_now(),
            )
            oauth.settle(conn, account.id, arrival, utc_now())
            if not verification.is_verified(conn, account.id):
                link = verification.ask(conn, account.id, utc_now())
            session = access.open_session(conn, account.id, utc_now(), method=arrival.provider, agent=send.agent)
    except Refused as refused:
        values = {"display_name": display_name, "handle": handle, "email": email, "consent": consent}
        return _sign_up_page(send, arrival, refused, values)
    answer = let_in(send, Entered(account, session, ""), "/")
    send.drop(answer, NEWCOMER)
    answer.background = BackgroundTask(send_link, send, link) if link else None
    return answer


def provider_of(visit: Visit, name: str) -> Provider:
    """NotFound for a provider that is not offered here."""
    found: dict[str, Provider] = visit.request.app.state.providers
    if name not in found:
        raise NotFound("Log-in from there is not offered here.")
    return found[name]


def redirect_uri(visit: Visit, provider: str) -> str:
    """Where a provider sends people back to; registered there."""
    return f"{visit.site}/login/with/{provider}/callback"


def suggested_handle(name: str) -> str:
    """A handle made of what somebody is called elsewhere, or nothing when too little is left of it."""
    made = re.sub(r"[^a-z0-9_-]+", "-", name.partition("@")[0].lower()).strip("-_")[:30]
    return made if service.HANDLE.fullmatch(made) else ""


def _sign_up_page(visit: Visit, arrival: Arrival, error: Refused | None, values: dict[str, Any]) -> Response:
    more: dict[str, Any] = {
        "values": values,
        "purposes": PURPOSES,
        "title": provider_of(visit, arrival.provider).title,
        "vouched": arrival.email if arrival.email_verified else None,
    }
    if error is not None:
        return again(visit, "signup_with.html", error, **more)
    return render(visit.request, "signup_with.html", error=None, **more)


def _log_in_again(visit: Visit, refused: Refused, next_path: str) -> Response:
    with visit.read():
        values = {"email": "", "next": own_path(next_path)}
        return again(visit, "login.html", refused, notice=None, values=values)


def _settings_again(visit: Visit, refused: Refused) -> Response:
    known = {"linked_elsewhere", "provider_linked"}
    return go(
        f"/settings/security?done={refused.code.replace('_', '-') if refused.code in known else 'provider-fault'}"
    )


def _keep(visit: Visit, answer: Response, name: str, values: dict[str, Any]) -> None:
    sealed = visit.sealer.box(name).encrypt(json.dumps(values).encode()).decode()
    visit.keep(answer, name, sealed, MINUTES * 60)


def _kept(visit: Visit, name: str) -> dict[str, Any] | None:
    """What was kept, if we sealed it within the last minutes."""
    try:
        opened = visit.sealer.box(name).decrypt(visit.kept(name).encode(), ttl=MINUTES * 60)
    except InvalidToken:
        return None
    found: dict[str, Any] = json.loads(opened)
    return found


def _newcomer(visit: Visit) -> Arrival | None:
    kept = _kept(visit, NEWCOMER)
    if kept is None:
        return None
    kept.pop("next")
    return Arrival(**kept)
