"""What the app suggests to a member."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from platform_app.suggestions import reads
from platform_app.web.errors import RESPONSES
from platform_app.web.visit import Call

router = APIRouter(prefix="/api/v1", tags=["suggestions"], responses=RESPONSES)


class _Reasoned(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    reason: str = Field(description="A code from a closed list.")
    because: str | None = Field(description="The tag that the reason speaks of.")
    words: str = Field(description="The reason as the page says it.")


class SuggestedPerson(_Reasoned):
    """Somebody to follow."""

    handle: str
    display_name: str


class SuggestedProblem(_Reasoned):
    """An open problem to look at."""

    id: UUID
    title: str
    author_handle: str
    author_name: str
    approaches: int


class SuggestedTag(_Reasoned):
    """A tag to follow."""

    name: str


class Suggestions(BaseModel):
    """What fits a member; empty where they have not agreed to suggestions."""

    model_config = ConfigDict(from_attributes=True)

    agreed: bool = Field(description="Whether the member agreed to `lake` and `recommendations`.")
    people: list[SuggestedPerson]
    problems: list[SuggestedProblem]
    tags: list[SuggestedTag]


@router.get("/suggestions")
def list_suggestions(
    call: Call, limit: Annotated[int, Query(ge=1, le=12, description="Most of each kind.")] = 5
) -> Suggestions:
    """People to follow, problems to look at and tags to follow, each with its reason; needs a session."""
    with call.read_as_member() as (conn, me):
        return Suggestions.model_validate(reads.suggested(conn, me.id, limit=limit))
