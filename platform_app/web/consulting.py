"""Asks GitHub about the account that somebody linked, for pages and for the API."""

from __future__ import annotations

from lake.kit.clock import utc_now
from platform_app.profiles import github
from platform_app.profiles.github import Analysis
from platform_app.web.limits import GITHUB_ACCOUNT
from platform_app.web.visit import Visit


def consult_github(visit: Visit) -> tuple[Analysis, bool]:
    """What GitHub says, and whether it is of now; no transaction is open while it answers.

    Conflict when nothing is linked, TooMany when somebody asks too often, Retry when GitHub is away and was never heard.
    """
    with visit.write() as (conn, me):
        visit.limits.take((GITHUB_ACCOUNT, me.id))
        login = github.login_of(conn, me.id)
    found = github.ask(visit.request.app.state.github, login)
    with visit.write() as (conn, me):
        return github.keep(conn, me.id, login, found, utc_now())
