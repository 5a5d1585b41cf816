"""What helps while somebody writes a problem: problems like it, and tags that fit. At once with scripts, by a button without."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import Response

from platform_app.discovery.likes import Likes
from platform_app.web.pages.forms import wants_fragment
from platform_app.web.pages.writing import OFFERED, post_form
from platform_app.web.receiving import LARGEST_TEXT
from platform_app.web.refusals import Suspended
from platform_app.web.templates import render
from platform_app.web.visit import Send

router = APIRouter(include_in_schema=False)

READ = 4_000  # characters of a text that are looked at


@router.post("/posts/new/hints", max_body_size=LARGEST_TEXT)
def hints(  # noqa: PLR0913, PLR0917 - what the form holds
    send: Send,
    title: Annotated[str, Form()] = "",
    body: Annotated[str, Form()] = "",
    tags: Annotated[str, Form()] = "",
    tag: Annotated[list[str], Form()] = [],  # noqa: B006 - FastAPI copies it
    kind: Annotated[str, Form()] = "problem",
    language: Annotated[str, Form()] = "en",
    draft: Annotated[str, Form()] = "",
    group: Annotated[str, Form()] = "",
) -> Response:
    """Problems like the text so far, and tags that fit it; nothing is saved."""
    likes: Likes = send.request.app.state.likes
    send.limits.search_place.take(send.place)
    with send.read_as_member() as (conn, me):
        if me.suspended_until is not None:
            raise Suspended(me.suspended_until)
        found = likes.hints(conn, title[:300].replace("\x00", ""), body[:READ].replace("\x00", ""), me.id)
        popular = send.popular_tags(conn)[:OFFERED]
    if wants_fragment(send):
        return render(send.request, "fragment_hints.html", hints=found, chosen=tag, typed=tags)
    values = {"title": title, "body": body, "tags": tags, "chosen": tag, "kind": kind, "language": language}
    values |= {"draft": draft, "group": group}
    return post_form(send, popular, values, back="/", hints=found)
