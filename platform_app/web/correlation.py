"""The outermost layer: a correlation id for each request, security headers on each answer, one log line for each.

The id is taken from `X-Correlation-Id` or made here, returned in the answer, bound to the log and, through `Visit`,
written into the write-ahead log with whatever the request changes.
"""

from __future__ import annotations

import re
import time

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lake.http_meters import HttpMeters, route_of
from lake.kit.ids import new_id
from lake.kit.log import get_log
from platform_app.web.errors import answer_unforeseen

HEADER = "X-Correlation-Id"
ACCEPTED = re.compile(r"[A-Za-z0-9_-]{8,64}")

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SECURITY = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
HSTS = "max-age=31536000"


class Correlation:
    """ASGI middleware. Whatever a handler did not foresee ends here as an answer without a traceback."""

    def __init__(self, app: ASGIApp, *, secure: bool, meters: HttpMeters) -> None:
        self._app, self._meters = app, meters
        self._headers = SECURITY | ({"Strict-Transport-Security": HSTS} if secure else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(HEADER, "")
        correlation_id = given if ACCEPTED.fullmatch(given) else str(new_id())
        scope.setdefault("state", {})["correlation_id"] = correlation_id
        with structlog.contextvars.bound_contextvars(correlation_id=correlation_id):
            await self._answer(scope, receive, send, correlation_id)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, correlation_id: str) -> None:
        started = time.monotonic()
        status = 0
        self._meters.began()

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[HEADER] = correlation_id
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception as error:  # noqa: BLE001 - the edge of the process: a traceback would quote the request
            get_log().error("request_failed", exc_info=error)
            if status == 0:
                unforeseen: Response = answer_unforeseen(Request(scope))
                await unforeseen(scope, receive, send_with_headers)
        finally:
            seconds = time.monotonic() - started
            self._meters.answered(scope, status, seconds)
        get_log().info(
            "answered", method=scope["method"], route=route_of(scope), status=status, ms=round(seconds * 1000, 1)
        )
