"""Builds the shop's application: its parts, its endpoints, and what surrounds every request."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import Headers, MutableHeaders
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.access import endpoints as access
from api.billing import endpoints as billing
from api.billing.stripe_door import StripeDoor
from api.catalogue import endpoints as catalogue
from api.catalogue.shelf import Shelf
from api.datasets import endpoints as datasets
from api.db import Database
from api.failpoints import Failpoints
from api.limits import Limiter
from api.metering import endpoints as metering
from api.metering.receipts import Signer
from api.meters import ShopMeters
from api.pages import account, buying, public
from api.pages.rendering import error_page, wants_page
from api.pages.visit import LogInFirst
from api.problems import Problem
from api.settings import Settings
from api.shop import Shop, ShopOf
from lake.kit.clock import utc_now
from lake.kit.ids import new_id
from lake.kit.log import get_log

VERSION = "1"
_CORRELATION = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SAFE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self' https: http://127.0.0.1:*; frame-ancestors 'none'; base-uri 'none'",
}


class Surroundings:
    """Gives each request a correlation id, adds what every answer carries, and logs the fact that it was answered."""

    def __init__(self, app: ASGIApp, meters: ShopMeters) -> None:
        self._app, self._meters = app, meters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-correlation-id", "")
        correlation = given if _CORRELATION.fullmatch(given) else str(new_id())
        state = scope.setdefault("state", {})
        state["correlation_id"] = correlation
        structlog.contextvars.bind_contextvars(correlation_id=correlation)
        started, status = time.perf_counter(), 0
        self._meters.began()

        async def carry(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, text in ({"X-Correlation-Id": correlation} | _SAFE | state.get("limit_headers", {})).items():
                    headers.setdefault(name, text)
            await send(message)

        try:
            await self._app(scope, receive, carry)
        finally:
            seconds = time.perf_counter() - started
            self._meters.answered(scope, status, seconds)
            took = round(seconds * 1000, 1)
            get_log().info("answered", method=scope["method"], path=scope["path"], status=status, ms=took)


def build_shop(settings: Settings, now: Callable[[], datetime] = utc_now) -> Shop:
    """The shop's parts; nothing is connected yet."""
    db, meters = Database(settings.database_url.get_secret_value(), size=settings.pool_size), ShopMeters()
    meters.watch_pool(db.stats, settings.pool_size)
    return Shop(
        settings=settings,
        db=db,
        meters=meters,
        shelf=Shelf(settings.shelf),
        signer=Signer.from_file(settings.signing_key_file),
        stripe=StripeDoor(
            settings.stripe_base,
            settings.stripe_secret_key.get_secret_value(),
            settings.stripe_webhook_secret.get_secret_value(),
        ),
        limiter=Limiter(time.monotonic),
        failpoints=Failpoints(settings.failpoint),
        now=now,
    )


def _page_of(request: Request, problem: Problem) -> Response | None:
    return error_page(request, problem) if wants_page(request) else None


async def _to_log_in(request: Request, _: Exception) -> Response:
    return RedirectResponse(f"/login?{urlencode({'next': request.url.path})}", 303)


def create_app(shop: Shop | None) -> FastAPI:
    """The application over a shop; without one only its OpenAPI document is of use."""

    meters = ShopMeters() if shop is None else shop.meters

    @asynccontextmanager
    async def open_database(_: FastAPI) -> AsyncIterator[None]:
        if shop is None:
            raise AssertionError("an application that serves needs a shop")
        await shop.db.open()
        inbox = asyncio.create_task(meters.watch_inbox(shop.db)) if shop.settings.metrics_port else None
        yield
        if inbox is not None:
            inbox.cancel()
            with suppress(asyncio.CancelledError):
                await inbox
        await shop.db.close()

    app = FastAPI(
        title="Headwater shop",
        version=VERSION,
        description="Anonymised data products by the row. Amounts are decimal strings of the account's currency.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        lifespan=open_database,
    )
    app.state.shop = shop
    for router in (
        access.router,
        catalogue.router,
        datasets.router,
        metering.router,
        billing.router,
        public.router,
        account.router,
        buying.router,
    ):
        app.include_router(router)
    problems.install(app, _page_of, meters.refused)
    app.add_exception_handler(LogInFirst, _to_log_in)
    app.add_middleware(Surroundings, meters=meters)
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "pages" / "static"), name="static")

    @app.get("/healthz", tags=["operation"])
    async def health(shop: ShopOf) -> dict[str, bool]:
        """Whether the shop and its database answer."""
        await shop.db.one("SELECT 1 AS up")
        return {"up": True}

    return app
