"""Administrators switch features on and off, and each switch is written down."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form
from starlette.responses import Response

from platform_app.errors import Invalid
from platform_app.flags import AUDIENCES
from platform_app.web.pages.forms import again, go
from platform_app.web.switching import rules_of, switch_flag
from platform_app.web.templates import render
from platform_app.web.visit import Look, Send, Visit

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form()]


@router.get("/admin/flags")
def flags_page(look: Look, changed: bool = False) -> Response:
    """Every flag with for whom it is on."""
    return render(look.request, "flags.html", error=None, changed=changed, wrong=None, **_shown(look))


@router.post("/admin/flags/{flag}")
def switch(send: Send, flag: str, percent: Text = "", audience: Text = "", reason: Text = "") -> Response:
    """Set a flag, and write down who did and why."""
    share = int(percent) if percent.isdecimal() and len(percent) <= 3 else -1
    try:
        switch_flag(send, flag, share, audience, reason)
    except Invalid as refused:
        return again(send, "flags.html", refused, changed=False, wrong=flag, **_shown(send))
    return go("/admin/flags?changed=true")


def _shown(visit: Visit) -> dict[str, Any]:
    return {"found": rules_of(visit), "audiences": AUDIENCES}
