"""The search page. What is asked for is one line of text: the fields beside it only help to write it."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.responses import Response

from platform_app.discovery.query import KINDS, MOST_CHARACTERS, parse
from platform_app.discovery.search import MOST_PAGES, Search, Sort
from platform_app.web.pages.forms import go
from platform_app.web.templates import render
from platform_app.web.visit import Look

router = APIRouter(include_in_schema=False)

Kind = Literal["", "post", "approach", "person"]
Page = Annotated[int, Query(ge=1, le=MOST_PAGES)]


@router.get("/search")
def search_page(look: Look, q: str = "", kind: Kind = "", sort: Sort = "relevance", page: Page = 1) -> Response:
    """What fits what was typed, a page at a time."""
    q = q[:MOST_CHARACTERS].replace("\x00", "")
    query = parse(q)
    if kind:
        query = replace(query, kinds=KINDS[kind])
    search: Search = look.request.app.state.search
    results = None
    with look.read() as (conn, me):
        if not replace(query, kinds=()).is_empty:
            look.limits.search_place.take(look.place)
            results = search.find(conn, query, viewer_id=me.id if me else None, sort=sort, page=page)
        popular = look.popular_tags(conn)[:12]
        look.see_faces(conn, results)

    def link(**changed: object) -> str:
        given = {"q": q, "kind": kind, "sort": sort, "page": 1} | changed
        plain = {"kind": "", "sort": "relevance", "page": 1}
        return "/search?" + urlencode({name: value for name, value in given.items() if plain.get(name) != value})

    return render(
        look.request, "search.html", q=q, kind=kind, sort=sort, page=page, notes=query.notes, results=results, link=link,
        popular=popular,
    )  # fmt: skip


@router.get("/search/narrow")
def narrow(
    q: str = "", tag: str = "", author: str = "", state: str = "", after: str = "", before: str = ""
) -> Response:
    """The same search with what was chosen in the fields, as operators behind what was typed."""
    chosen = {"user": author.strip().lstrip("@"), "is": state, "after": after, "before": before}
    parts = [q.strip(), *(f"[{one}]" for one in tag.lower().replace(",", " ").split())]
    parts += [f"{name}:{value}" for name, value in chosen.items() if value and " " not in value]
    return go("/search?" + urlencode({"q": " ".join(part for part in parts if part)[:MOST_CHARACTERS]}))
