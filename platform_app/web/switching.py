"""Switching a feature, the same for pages and the API: by an administrator, at once, and written down with its reason."""

from __future__ import annotations

from lake.kit.clock import utc_now
from platform_app import flags
from platform_app.identity import audit
from platform_app.rules import required
from platform_app.web.console import administrator
from platform_app.web.visit import ACCOUNT, Visit


def switch_flag(visit: Visit, flag: str, percent: int, audience: str, reason: str) -> None:
    """Set a flag. NotAllowed for all but administrators, NotFound for no flag, Invalid for no share, audience or reason."""
    with visit.write(ACCOUNT) as (conn, me):
        administrator(me)
        required(reason=reason)
        flags.switch(conn, flag, percent, audience, utc_now())
        said = f"{flag}: {percent} % of {audience}. {reason}"
        audit.record(conn, me.id, "flag.switched", None, utc_now(), reason=said)
    visit.request.app.state.flags.forget()


def rules_of(visit: Visit) -> list[tuple[str, str, flags.Rule]]:
    """(name, what it does, for whom it is on) of every flag; for administrators."""
    with visit.read_as_member(ACCOUNT) as (conn, me):
        administrator(me)
        rules = flags.Rules(flags.stored(conn))
    return [(name, about, rules.of(name)) for name, about in flags.FLAGS.items()]
