"""Ends the transaction of a request with an Idempotency-Key once its answer is made, before the answer leaves."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lake.kit.errors import HouseError
from platform_app.web.errors import answer_refusal
from platform_app.web.once import HEADER, Once, Replayed

REPLAYED = "Idempotency-Replayed"


def replay(_: Request, done: Replayed) -> Response:
    """The answer of the first time."""
    kind = "application/json" if done.answer.body else None
    return Response(done.answer.body, done.answer.status, media_type=kind, headers={REPLAYED: "true"})


class Commits:
    """ASGI middleware: the transaction of a request with a key ends before its answer leaves."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or not _has_key(scope):
            await self._app(scope, receive, send)
            return
        start: Message = {}
        body = b""

        async def gather(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                start = message
                return
            body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._answer(scope, receive, send, start, body)

        try:
            await self._app(scope, receive, gather)
        finally:
            if (left := scope["state"].get("once")) is not None:
                await run_in_threadpool(left.abandon)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, start: Message, body: bytes) -> None:
        asked: Once | None = scope["state"].get("once")
        try:
            if asked is not None:
                await run_in_threadpool(asked.commit, start["status"], body)
        except HouseError as error:
            await answer_refusal(Request(scope), error)(scope, receive, send)
            return
        await send(start)
        await send({"type": "http.response.body", "body": body})


def _has_key(scope: Scope) -> bool:
    return any(name == HEADER.lower().encode() for name, _ in scope["headers"])
