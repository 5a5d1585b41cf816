"""Consent by purpose: what each means, what withdrawing does, every decision made."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import Response

from lake.kit.clock import utc_now
from platform_app.identity import service
from platform_app.web.pages.forms import go
from platform_app.web.purposes import PURPOSES, TITLES
from platform_app.web.templates import render
from platform_app.web.visit import ACCOUNT, Look, Send

router = APIRouter(include_in_schema=False)


@router.get("/settings/consent")
def consent_page(look: Look) -> Response:
    """The purposes, with a member's decisions; a visitor sees what they could agree to."""
    with look.read() as (conn, me):
        decided = service.consents_of(conn, me.id) if me else {}
        history = service.consent_history(conn, me.id) if me else []
    return render(look.request, "consent.html", purposes=PURPOSES, titles=TITLES, decided=decided, history=history)


@router.post("/settings/consent/{purpose}")
def decide(send: Send, purpose: str, granted: Annotated[str, Form()] = "") -> Response:
    """Agree to a purpose (any text in `granted`), or withdraw."""
    with send.write(ACCOUNT, suspended_too=True) as (conn, me):
        service.decide_consent(conn, me.id, purpose, bool(granted), utc_now())
    return go(f"/settings/consent#purpose-{purpose}")
