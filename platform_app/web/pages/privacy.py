"""The page of a private account: whether it is one, what that hides, and who asks to follow it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form
from starlette.responses import Response

from lake.kit.clock import utc_now
from platform_app.community import privacy
from platform_app.identity import service as identity
from platform_app.web.pages.forms import go
from platform_app.web.templates import render
from platform_app.web.visit import Look, Send

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form()]
HERE = "/settings/privacy"
NOTICES = {
    "private": "Your account is private: people ask before they follow you.",
    "public": "Your account is public: anybody may follow you.",
}


@router.get(HERE)
def privacy_page(look: Look, done: str = "") -> Response:
    """Whether one's account is private, who asks, and whom one asks."""
    with look.read_as_member() as (conn, me):
        context: dict[str, Any] = {
            "private": privacy.is_private(conn, me.id),
            "asking": privacy.asking(conn, me.id),
            "asked": privacy.asked(conn, me.id),
        }
    return render(look.request, "privacy.html", notice=NOTICES.get(done), **context)


@router.post(HERE)
def change_privacy(send: Send, private: Text = "") -> Response:
    """Make one's account private or public."""
    with send.write() as (conn, me):
        change = privacy.make_private if private else privacy.make_public
        change(conn, me.id, utc_now())
    return go(f"{HERE}?done={'private' if private else 'public'}")


@router.post(f"{HERE}/requests/{{handle}}")
def decide(send: Send, handle: str, do: Text = "") -> Response:
    """Let somebody follow who asks, or not."""
    with send.write() as (conn, me):
        other = identity.find_by_handle(conn, handle)
        if do == "accept":
            privacy.accept(conn, me.id, other.id, utc_now())
        else:
            privacy.decline(conn, me.id, other.id, utc_now())
    return go(HERE)
