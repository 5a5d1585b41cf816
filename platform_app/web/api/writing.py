"""What surrounds writing: versions of a text, drafts, and what one saved."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from lake.kit.clock import utc_now
from platform_app.community import drafts, reads, revisions, saved
from platform_app.community.drafts import Draft, Words
from platform_app.community.revisions import Revision
from platform_app.community.saved import SavedItem
from platform_app.web.api.community import Created, target_of
from platform_app.web.api.paging import Cursor, Limit
from platform_app.web.errors import RESPONSES
from platform_app.web.visit import Call

router = APIRouter(prefix="/api/v1", tags=["community"], responses=RESPONSES)

Kind = Literal["posts", "approaches"]


class DraftWords(BaseModel):
    """What is in the form."""

    title: str = Field(default="", description="At most 300 characters.")
    body: str = Field(default="", description="Markdown, at most 50,000 characters.")
    tags: str = Field(default="", description="Tags with spaces between them; they are checked when it is published.")
    kind: str = Field(default="", description="As of a post or of an approach.")
    language: str = "en"
    group_id: UUID | None = Field(default=None, description="The group in which the post is to be published.")


class NewDraft(DraftWords):
    """A post or an approach that is begun."""

    form: Literal["post", "approach"]
    post_id: UUID | None = Field(default=None, description="The post that the approach would answer.")


@router.get("/{kind}/{target_id}/revisions")
def list_revisions(
    call: Call, kind: Kind, target_id: UUID, before: int | None = None, limit: Limit = 20
) -> list[Revision]:
    """Every version of a text that was changed, the newest first; `before` is the number of the last one seen."""
    with call.read() as (conn, me):
        reads.title_of(conn, target_of(kind, target_id), me.id if me else None)
        return revisions.revisions_of(conn, target_of(kind, target_id), before=before, limit=limit)


@router.get("/drafts")
def list_drafts(call: Call) -> list[Draft]:
    """What you have begun to write, the newest first."""
    with call.read_as_member() as (conn, me):
        return drafts.drafts_of(conn, me.id)


@router.post("/drafts", status_code=201)
def new_draft(call: Call, body: NewDraft) -> Created:
    """Begin a post or an approach; of an answer to a post there is one draft."""
    with call.write() as (conn, me):
        words = Words(**body.model_dump(exclude={"form", "post_id"}))
        return Created(id=drafts.save(conn, me.id, body.form, words, post_id=body.post_id, now=utc_now()))


@router.put("/drafts/{draft_id}", status_code=204)
def write_on(call: Call, draft_id: UUID, body: DraftWords) -> None:
    """Replace what is in a draft."""
    with call.write() as (conn, me):
        found = drafts.draft(conn, me.id, draft_id)
        drafts.save(conn, me.id, found.form, Words(**body.model_dump()), draft_id=draft_id, now=utc_now())


@router.delete("/drafts/{draft_id}", status_code=204)
def discard_draft(call: Call, draft_id: UUID) -> None:
    """Throw a draft away."""
    with call.write() as (conn, me):
        drafts.discard(conn, me.id, draft_id)


@router.post("/drafts/{draft_id}/publish", status_code=201)
def publish_draft(call: Call, draft_id: UUID) -> Created:
    """Publish a draft as it is: the id of the post or approach it becomes."""
    with call.write() as (conn, me):
        return Created(id=drafts.publish(conn, me.id, draft_id, utc_now()))


@router.get("/saved")
def list_saved(call: Call, cursor: Cursor = None, limit: Limit = 20) -> list[SavedItem]:
    """What you saved, the newest first; `cursor` is the id of the last one of the page before."""
    with call.read_as_member() as (conn, me):
        return saved.saved_by(conn, me.id, before=cursor, limit=limit)


@router.put("/{kind}/{target_id}/saved", status_code=204)
def save(call: Call, kind: Kind, target_id: UUID) -> None:
    """Save a post or an approach to find it again."""
    with call.write() as (conn, me):
        saved.save(conn, me.id, target_of(kind, target_id), utc_now())


@router.delete("/{kind}/{target_id}/saved", status_code=204)
def unsave(call: Call, kind: Kind, target_id: UUID) -> None:
    """Save it no longer."""
    with call.write() as (conn, me):
        saved.unsave(conn, me.id, target_of(kind, target_id), utc_now())
