"""Tells open pages at once: a WebSocket for each, woken by PostgreSQL's NOTIFY in whichever process somebody was told.

The same connection hears which topics changed, for what the process keeps of them (`hot.py`).

A message is only a reason to look: what is sent is read from the table, after the cursor that the reader has. So
nothing is missed when a connection, this process or PostgreSQL goes away for a while.
"""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.websockets import WebSocket, WebSocketDisconnect

from lake.kit.clock import utc_now
from lake.kit.errors import Retry
from lake.kit.ids import new_id
from lake.kit.log import get_log
from platform_app.messaging import quiet, reads
from platform_app.messaging.notify import CHANNEL
from platform_app.messaging.schemas import Notification
from platform_app.outbox import topics
from platform_app.web.hot import Hot
from platform_app.web.visit import Visit

PATIENCE = 30.0  # seconds after which a page is looked after even when nobody was told anything
LOG_IN_FIRST, TOO_MANY, TRY_AGAIN = 4401, 4429, 1013  # how a connection is closed
MOST = 20  # connections of one person
Show = Callable[[Notification], dict[str, Any]]


class Live:
    """Who is here, and the one connection that hears of who was told. `open` and `close` go with the app."""

    def __init__(self, database_url: str, hot: Hot) -> None:
        self._url, self._hot = database_url, hot
        self._here: dict[UUID, set[asyncio.Event]] = defaultdict(set)
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def open(self) -> None:
        """Begin to listen; call it in the event loop."""
        loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._listen, args=(loop,), daemon=True, name="live")
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        for events in self._here.values():
            for event in events:
                event.set()
        if self._thread is not None:
            self._thread.join(5)

    @property
    def closing(self) -> bool:
        return self._stop.is_set()

    @contextmanager
    def present(self, account_id: UUID) -> Iterator[asyncio.Event | None]:
        """An event that is set when the person was told something; None when they have too many connections."""
        events = self._here[account_id]
        if len(events) >= MOST:
            yield None
            return
        event = asyncio.Event()
        events.add(event)
        try:
            yield event
        finally:
            events.discard(event)
            if not events:
                self._here.pop(account_id, None)

    def _listen(self, loop: asyncio.AbstractEventLoop) -> None:
        away = False
        while not self._stop.is_set():
            try:
                with psycopg.connect(self._url, autocommit=True, connect_timeout=5) as conn:
                    conn.execute(f"LISTEN {CHANNEL}; LISTEN {topics.CHANNEL}".encode())
                    away = False
                    self._hot.clear()  # whatever was said while nobody listened
                    self._call(loop, self._wake_all)
                    while not self._stop.is_set():
                        for said in conn.notifies(timeout=0.5):
                            self._hear(loop, said)
            except psycopg.OperationalError:
                if not away:
                    get_log().warning("live_waits")
                away = True
                self._stop.wait(1.0)

    def _hear(self, loop: asyncio.AbstractEventLoop, said: psycopg.Notify) -> None:
        if said.channel == topics.CHANNEL:
            self._hot.drop(said.payload)
        else:
            self._call(loop, self._wake, UUID(said.payload))

    def _call(self, loop: asyncio.AbstractEventLoop, what: Any, *words: Any) -> None:
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(what, *words)

    def _wake(self, account_id: UUID) -> None:
        for event in self._here.get(account_id, ()):
            event.set()

    def _wake_all(self) -> None:
        for account_id in list(self._here):
            self._wake(account_id)


@dataclass
class Look:
    """What one look found: the person (None when the session has ended), their unread ones, and what is new."""

    account_id: UUID | None = None
    unread: int = 0
    items: tuple[dict[str, Any], ...] = ()
    cursor: datetime | None = None
    quiet: bool = False  # the person is not to be disturbed now


def look(socket: WebSocket, show: Show, after: datetime | None) -> Look:
    """Read what is new after a moment; without one, nothing is."""
    with Visit(cast(Request, socket)).read() as (conn, me):
        if me is None:
            return Look()
        new = reads.since(conn, me.id, after) if after else []
        cursor = new[-1].changed_at if new else after or reads.newest_change(conn, me.id) or utc_now()
        silent = quiet.until(conn, me.id, utc_now()) is not None
        return Look(me.id, reads.unread_count(conn, me.id), tuple(show(one) for one in new), cursor, silent)


async def attend(socket: WebSocket, show: Show, after: datetime | None) -> None:
    """Serve one connection until it ends; `show` makes of a notification what is sent."""
    live: Live = socket.app.state.live
    socket.state.correlation_id = str(new_id())
    await socket.accept()
    try:
        found = await run_in_threadpool(look, socket, show, after) if _from_here(socket) else Look()
    except Retry:  # PostgreSQL is away
        await socket.close(TRY_AGAIN)
        return
    if found.account_id is None:
        await socket.close(LOG_IN_FIRST)
        return
    with live.present(found.account_id) as event:
        if event is None:
            await socket.close(TOO_MANY)
            return
        gone = asyncio.ensure_future(_gone(socket))
        try:
            await _send(socket, found)
            while not gone.done() and not live.closing:
                event.clear()
                found = await _tell(socket, show, found)
                if found.account_id is None:
                    return
                waiting = asyncio.ensure_future(event.wait())
                await asyncio.wait({waiting, gone}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
        finally:
            gone.cancel()


async def _tell(socket: WebSocket, show: Show, before: Look) -> Look:
    """Send what is new since the look before; returns the newest look, without a person when the session has ended."""
    while True:
        try:
            found = await run_in_threadpool(look, socket, show, before.cursor)
        except Retry:  # PostgreSQL is away
            await asyncio.sleep(1.0)
            continue
        if found.account_id is None:
            await socket.close(LOG_IN_FIRST)
            return found
        if found.quiet:
            return before
        if found.items or (found.unread, found.cursor) != (before.unread, before.cursor):
            await _send(socket, found)
        if not found.items:
            return found
        before = found


async def _send(socket: WebSocket, found: Look) -> None:
    message = {"unread": found.unread, "cursor": found.cursor and found.cursor.isoformat(), "items": list(found.items)}
    with suppress(RuntimeError, WebSocketDisconnect):  # the reader has gone meanwhile
        await socket.send_json(message)


async def _gone(socket: WebSocket) -> None:
    """Ends when the reader has gone; what they say is not heard."""
    with suppress(WebSocketDisconnect, RuntimeError):
        while True:
            if (await socket.receive())["type"] == "websocket.disconnect":
                return


def _from_here(socket: WebSocket) -> bool:
    """Whether the connection was opened by a page of this site, or by a program: another site's page tells its origin."""
    origin = socket.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == socket.headers.get("host")
