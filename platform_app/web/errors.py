"""What a refusal looks like: RFC 9457 problem details for the API, a readable page for browsers.

A problem never repeats what was sent.
"""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import FastAPI, Header
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from lake.kit.clock import utc_now
from lake.kit.errors import HouseError, Retry
from lake.kit.log import get_log
from platform_app.db import Broken
from platform_app.errors import TooSoon
from platform_app.web.refusals import LogInFirst, NotInScope, TooMany, status_of
from platform_app.web.rereading import mark
from platform_app.web.templates import render
from platform_app.web.visit import Visit

API = "/api/"
PROBLEM = "application/problem+json"


class Detail(BaseModel):
    """One fault of an input."""

    field: str | None = Field(description="The input it is about, if it is about one.")
    message: str = Field(description="What is wrong, in a sentence.")


class Problem(BaseModel):
    """Problem details (RFC 9457) of every refusal."""

    type: str = Field(description="Always about:blank: `code` says what happened.")
    title: str = Field(description="The HTTP status in words.")
    status: int
    detail: str = Field(description="What happened and what to do next, in a sentence.")
    instance: str = Field(description="The path that was asked.")
    code: str = Field(description="Stable name of the refusal, for programs.")
    details: list[Detail] = Field(description="The inputs at fault; empty when it is about none.")
    timestamp: str = Field(description="When it happened, ISO 8601, UTC.")
    correlation_id: str = Field(description="Name this when you ask for help.")


def install(app: FastAPI) -> None:
    """Let every refusal of this application look alike."""
    app.exception_handler(HouseError)(answer_refusal)
    app.exception_handler(RequestValidationError)(_malformed)
    app.exception_handler(HTTPException)(_from_framework)


def answer_unforeseen(request: Request) -> Response:
    """The answer to a fault of our own; it needs no template, which may be the fault."""
    text = "Something went wrong here. Try again; if it stays, tell a moderator."
    if _is_api(request):
        return _problem(request, 500, "internal", text, [])
    return PlainTextResponse(f"{text}\nName this when you ask: {request.state.correlation_id}\n", 500)


def answer_refusal(request: Request, error: HouseError) -> Response:
    """The answer to a refusal, or to a fault that says what to do."""
    status = status_of(error)
    if isinstance(error, Broken):
        mark(request)
    if status >= 500:
        get_log().error("request_failed", exc_info=error.__cause__ or error)
    if isinstance(error, LogInFirst) and not _is_api(request):
        return RedirectResponse(f"/login?next={_way_back(request)}", 303)
    code = getattr(error, "code", "unavailable" if status == 503 else "internal")
    field = getattr(error, "field", None)
    text = str(error) if status < 500 else "This is not available at the moment: try again in a few seconds."
    answer = _answer(request, status, code, text, [Detail(field=field, message=text)] if field else [])
    if isinstance(error, TooMany | TooSoon):
        answer.headers["Retry-After"] = str(error.seconds)
    elif status == 503:
        answer.headers["Retry-After"] = "5"
    elif status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _malformed(request: Request, error: RequestValidationError) -> Response:
    details = [
        Detail(field=".".join(map(str, fault["loc"][1:])) or None, message=f"{fault['msg']}.")
        for fault in error.errors()
    ]
    return _answer(request, 422, "malformed", "The request does not fit: see `details`.", details)


def _from_framework(request: Request, error: HTTPException) -> Response:
    code = HTTPStatus(error.status_code).name.lower()
    text = {
        404: "There is nothing here.",
        405: "This cannot be done here.",
        413: "This is too large: a text may have 400 kB, an image 8 MB, a document 5 MB.",
    }.get(error.status_code, HTTPStatus(error.status_code).phrase + ".")
    answer = _answer(request, error.status_code, code, text)
    for name, value in (error.headers or {}).items():
        answer.headers[name] = value
    return answer


def _answer(request: Request, status: int, code: str, text: str, details: list[Detail] | None = None) -> Response:
    if not _is_api(request):
        if status < 500:
            _recognise(request)
        return render(request, "error.html", status=status, text=text, details=details or [])
    return _problem(request, status, code, text, details or [])


def _problem(request: Request, status: int, code: str, text: str, details: list[Detail]) -> Response:
    problem = Problem(
        type="about:blank",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=text,
        instance=request.url.path,
        code=code,
        details=details,
        timestamp=utc_now().isoformat(timespec="milliseconds"),
        correlation_id=request.state.correlation_id,
    )
    return JSONResponse(problem.model_dump(), status, media_type=PROBLEM)


def _recognise(request: Request) -> None:
    """Let the page's head show who is logged in, where the handler did not get as far."""
    with suppress(Retry, NotInScope), Visit(request, page=True).read():
        pass


def _is_api(request: Request) -> bool:
    return request.url.path.startswith(API)


def _way_back(request: Request) -> str:
    """Where to go after the log-in: the page itself, or home when it was a form that was sent."""
    return request.url.path if request.method == "GET" else "/"


IfMatch = Annotated[
    str,
    Header(alias="If-Match", description="The ETag of what you edited: refused when somebody saved another text."),
]
RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {"model": Problem, "description": text}
    for status, text in {
        401: "Not logged in.",
        403: "Not allowed, or the CSRF token is missing.",
        404: "No such thing.",
        409: "It contradicts what is there.",
        412: "Somebody saved another text meanwhile: If-Match names an older one.",
        422: "An input breaks a rule.",
    }.items()
}
