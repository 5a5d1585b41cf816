"""Idempotency-Key: a JSON POST that carries one does its work once, however often it is sent within a day.

The handler's transaction stays open until its answer is made; then the answer is written into it and both are committed. So a
crash leaves either both or neither, and a repeat gets the answer of the first. A refusal keeps nothing: it did nothing.
`Once` is one such request; `commits.py` ends its transaction before the answer leaves.
"""

from __future__ import annotations

import re
from contextlib import ExitStack, suppress
from uuid import UUID

from starlette.requests import Request

from lake.kit.clock import utc_now
from platform_app import answers
from platform_app.db import Conn
from platform_app.errors import Invalid
from platform_app.sealing import Sealer

HEADER = "Idempotency-Key"
KEY = re.compile(r"[\x21-\x7e]{1,255}")


class Replayed(Exception):
    """The request was answered before; handled as a response."""

    def __init__(self, answer: answers.Kept) -> None:
        super().__init__("answered before")
        self.answer = answer


class _Abandoned(Exception):
    """Rolls the open transaction back."""


class Once:
    """One request that carries a key, and the transaction that its answer goes into."""

    def __init__(self, key: str, request: bytes, sealer: Sealer) -> None:
        self._key, self._request, self._sealer = key, request, sealer
        self._answer_id: UUID | None = None
        self._open: tuple[ExitStack, Conn] | None = None

    @property
    def is_begun(self) -> bool:
        return self._answer_id is not None

    def begin(self, conn: Conn, account_id: UUID) -> None:
        """Claim the key. Replayed when it was answered before, Invalid when it came with another request."""
        claimed = answers.claim(conn, self._sealer, account_id, self._key, self._request, utc_now())
        if isinstance(claimed, answers.Kept):
            raise Replayed(claimed)
        self._answer_id = claimed

    def hold(self, transaction: ExitStack, conn: Conn) -> None:
        """The handler is done: keep its transaction open for the answer."""
        self._open = transaction, conn

    def commit(self, status: int, body: bytes) -> None:
        """Write the answer and commit; a refusal or fault rolls back."""
        if self._open is None or self._answer_id is None:
            return
        if status >= 400:
            self.abandon()
            return
        (transaction, conn), self._open = self._open, None
        with transaction:
            answers.keep(conn, self._sealer, self._answer_id, answers.Kept(status, body))

    def abandon(self) -> None:
        """Roll back what is still open."""
        if self._open is not None:
            (transaction, _), self._open = self._open, None
            with suppress(_Abandoned), transaction:
                raise _Abandoned


async def once(request: Request) -> Once | None:
    """What a request's key asks for; None without one. Invalid when it is no key, or the request brings a file.

    A file is read before its transaction begins, which would stay open beside the one that keeps it.
    """
    if request.method != "POST" or HEADER not in request.headers:
        return None
    key = request.headers[HEADER].strip('"')
    if not KEY.fullmatch(key):
        raise Invalid(f"{HEADER} must be 1 to 255 visible ASCII characters.", field=HEADER)
    if request.headers.get("Content-Type", "").lower().startswith("multipart/"):
        raise Invalid(f"A file cannot be sent with {HEADER}: send it without.", code="key_with_file", field=HEADER)
    found = Once(key, answers.digest("POST", request.url.path, await request.body()), request.app.state.sealer)
    request.state.once = found
    return found
