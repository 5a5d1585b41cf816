"""The moderators' page of synonyms."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import Response

from lake.kit.clock import utc_now
from platform_app.community import service as community
from platform_app.community import synonyms
from platform_app.errors import NotAllowed, Refused
from platform_app.web.pages.forms import again, go
from platform_app.web.templates import render
from platform_app.web.visit import Look, Send, Visit

router = APIRouter(include_in_schema=False)

Text = Annotated[str, Form()]
NOTHING = {"name": "", "synonym_of": ""}
PAGE = "/moderate/synonyms"


@router.get(PAGE)
def synonyms_page(look: Look) -> Response:
    """Every synonym, and the form for another."""
    return _page(look, NOTHING)


@router.post(PAGE)
def add_synonym(send: Send, name: Text = "", synonym_of: Text = "") -> Response:
    """A word means a tag from now on, whether it was a tag itself or is new."""
    name, of = name.strip().lower(), synonym_of.strip().lower()
    try:
        with send.write() as (conn, me):
            if synonyms.tag_used(conn, name) is None:
                community.create_tag(conn, me.id, name, synonym_of=of, now=utc_now())
            else:
                synonyms.make_synonym(conn, me.id, name, of)
    except Refused as refused:
        return _page(send, {"name": name, "synonym_of": of}, refused)
    send.request.app.state.popular.forget()
    return go(PAGE)


@router.post("/moderate/synonyms/{name}/drop")
def drop_synonym(send: Send, name: str) -> Response:
    """The word is a tag of its own again."""
    with send.write() as (conn, me):
        synonyms.drop_synonym(conn, me.id, name)
    send.request.app.state.popular.forget()
    return go(PAGE)


def _page(visit: Visit, values: dict[str, str], refused: Refused | None = None) -> Response:
    with visit.read_as_member() as (conn, me):
        if not me.is_moderator:
            raise NotAllowed("Only a moderator may do this.", code="not_a_moderator")
        known = synonyms.synonyms(conn)
    if refused:
        return again(visit, "synonyms.html", refused, synonyms=known, values=values)
    return render(visit.request, "synonyms.html", error=None, synonyms=known, values=values)
