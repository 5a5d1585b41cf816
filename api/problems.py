"""Errors as RFC 9457 problem details, each with a stable code, the time and the request's correlation id."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from lake.kit.clock import utc_now
from lake.kit.errors import HouseError, Retry
from lake.kit.log import get_log

MEDIA_TYPE = "application/problem+json"

CODES: dict[str, tuple[int, str]] = {
    "bad_request": (400, "The request cannot be read"),
    "unknown_parameter": (400, "No such parameter or column"),
    "bad_value": (400, "A value does not fit its column"),
    "cursor_mismatch": (400, "The cursor belongs to another query"),
    "unauthenticated": (401, "A valid API key is needed"),
    "insufficient_balance": (402, "The balance does not cover the price"),
    "scope_missing": (403, "The key lacks the scope"),
    "bad_form_token": (403, "The form is not from this session"),
    "not_found": (404, "There is no such thing"),
    "method_not_allowed": (405, "The method is not allowed here"),
    "not_acceptable": (406, "No acceptable format"),
    "conflict": (409, "It is there already"),
    "invalid": (422, "The input breaks a rule"),
    "idempotency_conflict": (422, "The idempotency key was used for another request"),
    "idempotency_expired": (422, "The idempotency key's purchase has ended"),
    "rate_limited": (429, "Too many requests"),
    "internal": (500, "The shop failed"),
    "payments_unavailable": (502, "The payment service did not answer"),
    "unavailable": (503, "A part of the shop is away"),
    "product_damaged": (503, "A product's files are damaged"),
}
"""Every code the shop answers with: its HTTP status and its title."""

_BY_STATUS = {
    400: "bad_request",
    401: "unauthenticated",
    403: "scope_missing",
    404: "not_found",
    405: "method_not_allowed",
}


class Problem(HouseError):
    """A refusal with a code of `CODES`; the detail says what to do next and names no value of a row."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        details: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code, self.details, self.headers = code, dict(details or {}), dict(headers or {})

    @property
    def status(self) -> int:
        return CODES[self.code][0]

    @property
    def title(self) -> str:
        return CODES[self.code][1]

    @property
    def detail(self) -> str:
        return str(self)


def body_of(problem: Problem, path: str, correlation_id: str) -> dict[str, Any]:
    """The problem's JSON document."""
    return {
        "type": f"/problems#{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": str(problem),
        "instance": path,
        "code": problem.code,
        "details": problem.details,
        "timestamp": utc_now().isoformat(),
        "correlation_id": correlation_id,
    }


def to_problem(error: Exception) -> Problem:
    """What the caller is told of an error; only a `Problem` speaks for itself."""
    match error:
        case Problem():
            return error
        case Retry():
            return Problem(
                "unavailable", "A part of the shop is away. Try again shortly.", headers={"Retry-After": "2"}
            )
        case RequestValidationError():
            faults = [{"at": ".".join(map(str, fault["loc"])), "message": fault["msg"]} for fault in error.errors()]
            return Problem("invalid", "Correct the fields named in `details`.", details={"fields": faults})
        case HTTPException():
            return Problem(_BY_STATUS.get(error.status_code, "bad_request"), str(error.detail))
        case _:
            return Problem("internal", "The shop failed; nothing was charged unless a receipt says so. Try again.")


def answer(request: Request, problem: Problem) -> Response:
    """The problem as a response."""
    document = body_of(problem, request.url.path, getattr(request.state, "correlation_id", ""))
    headers = {"WWW-Authenticate": 'Bearer realm="headwater"'} if problem.status == 401 else {}
    return Response(orjson.dumps(document), problem.status, headers | problem.headers, MEDIA_TYPE)


def install(app: FastAPI, show: Callable[[Request, Problem], Response | None], note: Callable[[Problem], None]) -> None:
    """Have every error of the app noted, and answered as a problem or as the page that `show` makes of it for a browser."""

    async def handle(request: Request, error: Exception) -> Response:
        problem = to_problem(error)
        note(problem)
        if problem.status >= 500:
            get_log().error("request_failed", code=problem.code, exc_info=error)
        return show(request, problem) or answer(request, problem)

    for kind in (HouseError, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, handle)
