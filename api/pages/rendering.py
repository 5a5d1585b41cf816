"""Templates and how amounts, times and numbers read on a page."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from api.money import MICRO_PER_CENT, to_text
from api.problems import Problem

_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(["html"]),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def money(micro: int) -> str:
    """12340000 → "12.34"; fractions of a cent are shown when there are any."""
    text = to_text(micro)
    return text[:-4] if micro % MICRO_PER_CENT == 0 else text.rstrip("0")


def day(moment: datetime | date | str) -> str:
    """A date as "31 January 2026"."""
    known = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return f"{known.day} {known:%B %Y}"


def query_in_words(canonical: str) -> str:
    """[["tag","in",["clay","kiln"]]] → "tag in clay, kiln"; the empty query is "all rows"."""
    conditions = [
        f"{column} {_SIGNS.get(op, op)} {', '.join(map(str, values))}" for column, op, values in json.loads(canonical)
    ]
    return " and ".join(conditions) or "all rows"


_SIGNS = {"eq": "=", "ne": "≠", "gt": ">", "gte": "≥", "lt": "<", "lte": "≤"}
_PAGES.filters |= {
    "money": money,
    "day": day,
    "query": query_in_words,
    "number": lambda n: f"{n:,}".replace(",", "\u202f"),
}


def page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page; `session` and `form_token` come from the visit, where there is one."""
    visit = getattr(request.state, "visit", None)
    known = {
        "session": visit.session if visit else None,
        "form_token": visit.form_token if visit else "",
        "path": request.url.path,
    }
    return HTMLResponse(_PAGES.get_template(template).render(**known | values), status)


def error_page(request: Request, problem: Problem) -> HTMLResponse:
    """A refusal as a page."""
    return page(request, "error.html", problem.status, problem=problem)


def wants_page(request: Request) -> bool:
    """Whether a person in a browser asks, rather than a program."""
    return not request.url.path.startswith(("/v1/", "/stripe/")) and "text/html" in request.headers.get("accept", "")
