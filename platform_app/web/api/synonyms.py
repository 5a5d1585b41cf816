"""Words that mean a tag."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from platform_app.community import synonyms
from platform_app.community.synonyms import Synonym
from platform_app.web.errors import RESPONSES
from platform_app.web.visit import Call

router = APIRouter(prefix="/api/v1", tags=["community"], responses=RESPONSES)


class SynonymOf(BaseModel):
    """The tag that is used instead."""

    of: str = Field(description="A tag of the vocabulary that is no synonym itself.")


@router.get("/synonyms")
def list_synonyms(call: Call) -> list[Synonym]:
    """Every word that means a tag, with the tag."""
    with call.read() as (conn, _):
        return synonyms.synonyms(conn)


@router.put("/tags/{tag}/synonym", status_code=204)
def make_synonym(call: Call, tag: str, body: SynonymOf) -> None:
    """Make a tag a synonym of another: what carried it carries the other from now on; moderators only."""
    with call.write() as (conn, me):
        synonyms.make_synonym(conn, me.id, tag, body.of)
    call.request.app.state.popular.forget()


@router.delete("/tags/{tag}/synonym", status_code=204)
def drop_synonym(call: Call, tag: str) -> None:
    """Make a synonym a tag of its own again; moderators only."""
    with call.write() as (conn, me):
        synonyms.drop_synonym(conn, me.id, tag)
    call.request.app.state.popular.forget()
