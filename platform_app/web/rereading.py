"""A page or a read that broke with its connection to PostgreSQL is made once more, before anybody notices.

Only a GET or HEAD whose read-only transaction broke: whether a write was committed before its connection broke cannot be known.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lake.kit.log import get_log

_MARK = "broken"


def mark(request: Request) -> None:
    """The answer that is being made says that a read broke."""
    setattr(request.state, _MARK, True)


class Rereading:
    """ASGI middleware: asks the app a second time."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        state, asked = scope["state"], dict(scope)

        async def unless_broken(message: Message) -> None:
            if not state.get(_MARK):
                await send(message)

        await self._app(scope, receive, unless_broken)
        if state.pop(_MARK, False):
            get_log().warning("read_again")
            scope.clear()
            scope.update(asked)
            await self._app(scope, receive, send)
