"""What moderators do: keep the list of tags, and let people claim accounts that were brought here."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import Response

from lake.kit.clock import utc_now
from platform_app.community import service as community
from platform_app.errors import Conflict, NotAllowed, Refused
from platform_app.identity import service as identity
from platform_app.identity.access import Member
from platform_app.web.pages.forms import again, go
from platform_app.web.pages.recovery import check_address, link_text
from platform_app.web.templates import render
from platform_app.web.visit import Look, Send

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form()]
NOTHING = {"name": "", "synonym_of": "", "handle": "", "email": ""}
NOTICES = {"tag": "The tag is in the list.", "claim": "The link is on its way."}


def _moderator(me: Member) -> None:
    if not me.is_moderator:
        raise NotAllowed("Only a moderator may do this.", code="not_a_moderator")


@router.get("/moderate")
def moderate(look: Look, done: str = "") -> Response:
    """The moderators' forms."""
    with look.read_as_member() as (_, me):
        _moderator(me)
    return render(look.request, "moderate.html", error=None, notice=NOTICES.get(done), values=NOTHING)


@router.post("/moderate/tags")
def add_tag(send: Send, name: Text = "", synonym_of: Text = "") -> Response:
    """Add a tag, or a synonym of one."""
    try:
        with send.write() as (conn, me):
            name = name.strip().lower()
            community.create_tag(conn, me.id, name, synonym_of=synonym_of.strip().lower() or None, now=utc_now())
    except Refused as refused:
        values = NOTHING | {"name": name, "synonym_of": synonym_of}
        return again(send, "moderate.html", refused, notice=None, values=values)
    send.request.app.state.popular.forget()
    return go("/moderate?done=tag")


@router.post("/moderate/claims")
def send_claim(send: Send, handle: Text = "", email: Text = "") -> Response:
    """Send the link to an account that nobody has claimed yet."""
    try:
        with send.write() as (conn, me):
            _moderator(me)
            check_address(email)
            account = identity.find_by_handle(conn, handle.strip())
            if account.origin == "signup" or account.email is not None:
                raise Conflict(
                    "This account has a mail address: its holder asks for a new password themselves.",
                    code="already_claimed",
                    field="handle",
                )
            token = identity.issue_reset_token(conn, account.id, utc_now())
    except Refused as refused:
        values = NOTHING | {"handle": handle, "email": email}
        return again(send, "moderate.html", refused, notice=None, values=values)
    state = send.request.app.state
    state.outbox.send(email.strip(), "Your account", link_text(account.display_name, state.settings.public_url, token))
    return go("/moderate?done=claim")
