"""Which administrator looked at whose data."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from platform_app.identity import audit
from platform_app.web.console import administrator
from platform_app.web.templates import render
from platform_app.web.visit import ACCOUNT, Look

router = APIRouter(include_in_schema=False)

PAGE = 50


@router.get("/admin/audit")
def audit_page(look: Look, before: UUID | None = None) -> Response:
    """Every look at personal data, the newest first."""
    with look.read_as_member(ACCOUNT) as (conn, me):
        administrator(me)
        found = audit.latest(conn, before=before, limit=PAGE + 1)
    more = found[PAGE - 1].id if len(found) > PAGE else None
    return render(look.request, "audit.html", found=found[:PAGE], more=more)
