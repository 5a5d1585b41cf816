"""The history of a post or an approach: every version, with what changed in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from platform_app.community import reads, revisions
from platform_app.community.revisions import Revision
from platform_app.web.differences import Block, differences
from platform_app.web.pages.discussion import target_of
from platform_app.web.templates import render
from platform_app.web.visit import Look

router = APIRouter(include_in_schema=False)

SHOWN = 10


@dataclass(frozen=True, slots=True)
class Step:
    """A version and how it differs from the one before; `first` when there is none before."""

    revision: Revision
    first: bool
    title: list[Block]
    body: list[Block]
    tags_new: list[str]
    tags_gone: list[str]


@router.get("/{kind}/{item_id}/history")
def history_page(
    look: Look,
    kind: Literal["posts", "approaches"],
    item_id: UUID,
    before: Annotated[int | None, Query(ge=1, le=1_000_000)] = None,
) -> Response:
    """Every version of a text, the newest first."""
    target = target_of(kind, item_id)
    with look.read() as (conn, me):
        title = reads.title_of(conn, target, me.id if me else None)
        found = revisions.revisions_of(conn, target, before=before, limit=SHOWN + 1)
        look.see_faces(conn, found)
    steps = [_step(one, found[place + 1] if place + 1 < len(found) else None) for place, one in enumerate(found)]
    more = found[SHOWN - 1].number if len(found) > SHOWN else None
    return render(
        look.request, "history.html", kind=kind, item_id=item_id, title=title, steps=steps[:SHOWN], next_before=more
    )


def _step(one: Revision, before: Revision | None) -> Step:
    old_tags = set(before.tags) if before else set(one.tags)
    return Step(
        one,
        before is None,
        differences(before.title or "", one.title or "") if before and before.title != one.title else [],
        differences(before.body, one.body) if before and before.body != one.body else [],
        sorted(set(one.tags) - old_tags),
        sorted(old_tags - set(one.tags)),
    )
