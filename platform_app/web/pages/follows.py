"""The lists of a person's follow section: who follows them, and whom they follow."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from platform_app.community import privacy
from platform_app.identity import service as identity
from platform_app.web.circles import PAGE, Side, people_around
from platform_app.web.pages.explore import post_id
from platform_app.web.templates import render
from platform_app.web.visit import Look

router = APIRouter(include_in_schema=False)


@router.get("/people/{handle}/followers")
def followers_page(look: Look, handle: str, before: str = "") -> Response:
    """Who follows a person, the newest first."""
    return _page(look, handle, "followers", post_id(before))


@router.get("/people/{handle}/following")
def following_page(look: Look, handle: str, before: str = "") -> Response:
    """Whom a person follows, the newest first."""
    return _page(look, handle, "following", post_id(before))


def _page(look: Look, handle: str, side: Side, before: UUID | None) -> Response:
    with look.read() as (conn, me):
        account = identity.find_by_handle(conn, handle)
        open_to_me, viewer_id = privacy.may_look(conn, me, account.id), me.id if me else None
        found = people_around(conn, account.id, side, viewer_id, before=before, limit=PAGE + 1) if open_to_me else []
        counts = look.circle(conn, account.id)
        look.see_faces(conn, found)
    next_cursor = found[PAGE - 1].id if len(found) > PAGE else None
    return render(
        look.request, "follows.html", account=account, side=side, people=found[:PAGE], counts=counts,
        next_cursor=next_cursor, open_to_me=open_to_me,
    )  # fmt: skip
