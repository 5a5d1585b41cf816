"""Drafts: saving what is in a form, by a button or while it is written, and the page of all one has begun."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from lake.kit.clock import utc_now
from platform_app.community import drafts, second_thoughts
from platform_app.community.drafts import Words
from platform_app.community.groups import reads as groups
from platform_app.web.pages.forms import go
from platform_app.web.templates import render
from platform_app.web.visit import Look, Send

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form()]
Texts = Annotated[list[str], Form()]


@router.get("/drafts")
def drafts_page(look: Look) -> Response:
    """What one has begun to write, and what one deleted within the hour."""
    with look.read_as_member() as (conn, me):
        begun = drafts.drafts_of(conn, me.id)
        removed = second_thoughts.recent(conn, me.id, utc_now())
    return render(look.request, "drafts.html", drafts=begun, removed=removed)


@router.post("/drafts/{form}/keep")
def keep_draft(  # noqa: PLR0913, PLR0917 - what the forms of a post and of an approach hold
    send: Send,
    form: str,
    draft: Annotated[str, Form()] = "",
    post: Annotated[str, Form()] = "",
    title: Text = "",
    body: Text = "",
    tags: Text = "",
    tag: Texts = [],  # noqa: B006 - FastAPI copies it
    kind: Text = "",
    language: Text = "en",
    group: Text = "",
) -> Response:
    """Keep what is in a form while somebody writes; the answer is the form's mark of its draft."""
    with send.write() as (conn, me):
        words = Words(title, body, " ".join([*tag, *tags.split()]), kind, language, groups.id_named(conn, group))
        kept = bool(title.strip() or body.strip())
        begun, answered = id_of(draft), id_of(post)
        if kept:
            begun = drafts.save(conn, me.id, form, words, draft_id=begun, post_id=answered, now=utc_now())
    return render(send.request, "fragment_draft.html", draft_id=begun, form=form, post_id=answered, kept=kept)


@router.post("/drafts/{draft_id}/discard")
def discard_draft(send: Send, draft_id: UUID) -> Response:
    """Throw a draft away."""
    with send.write() as (conn, me):
        drafts.discard(conn, me.id, draft_id)
    return go("/drafts")


def id_of(text: str) -> UUID | None:
    """The id in a form's hidden field, None where it is empty or was tampered with."""
    try:
        return UUID(text)
    except ValueError:
        return None
