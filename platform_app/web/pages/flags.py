"""Administrators switch features on and off, and each switch is written down."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form
from starlette.responses import Response

from lake.kit.clock import utc_now
from platform_app import flags
from platform_app.errors import Invalid, Refused
from platform_app.identity import audit
from platform_app.rules import required
from platform_app.web.console import administrator
from platform_app.web.pages.forms import again, go
from platform_app.web.templates import render
from platform_app.web.visit import ACCOUNT, Look, Send, Visit

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form()]


@router.get("/admin/flags")
def flags_page(look: Look, changed: bool = False) -> Response:
    """Every flag with for whom it is on."""
    return render(look.request, "flags.html", error=None, changed=changed, wrong=None, **_shown(look))


@router.post("/admin/flags/{flag}")
def switch(send: Send, flag: str, percent: Text = "", audience: Text = "", reason: Text = "") -> Response:
    """Set a flag, and write down who did and why."""
    try:
        with send.write(ACCOUNT) as (conn, me):
            administrator(me)
            required(reason=reason)
            if not percent.isdecimal() or len(percent) > 3:
                raise Invalid("Share must be a number from 0 to 100.", field="percent")
            flags.switch(conn, flag, int(percent), audience, utc_now())
            audit.record(
                conn, me.id, "flag.switched", None, utc_now(), reason=f"{flag}: {percent} % of {audience}. {reason}"
            )
    except Invalid as refused:
        return _refused(send, refused, flag)
    send.request.app.state.flags.forget()
    return go("/admin/flags?changed=true")


def _refused(send: Visit, refused: Refused, flag: str) -> Response:
    return again(send, "flags.html", refused, changed=False, wrong=flag, **_shown(send))


def _shown(visit: Visit) -> dict[str, Any]:
    with visit.read_as_member(ACCOUNT) as (conn, me):
        administrator(me)
        rules = flags.Rules(flags.stored(conn))
    found = [(name, about, rules.of(name)) for name, about in flags.FLAGS.items()]
    return {"found": found, "audiences": flags.AUDIENCES}
