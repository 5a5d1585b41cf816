"""Builds the app: the one place where settings, database, endpoints and pages meet."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from lake.http_meters import HttpMeters
from lake.kit.log import get_log
from platform_app.db import Database
from platform_app.discovery.embedder import Embedder
from platform_app.discovery.likes import Likes
from platform_app.discovery.search import Search
from platform_app.flags import Flags
from platform_app.identity import providers
from platform_app.identity.signing import Signer
from platform_app.mail import open_outbox
from platform_app.profiles.github import Breaker, OverHttp
from platform_app.sealing import Sealer
from platform_app.settings import Settings
from platform_app.uploads.store import Store
from platform_app.web import api, errors, pages
from platform_app.web.assets import Assets, installed_htmx, own_files
from platform_app.web.commits import Commits, replay
from platform_app.web.correlation import Correlation
from platform_app.web.footfall import Footfall
from platform_app.web.hot import Hot
from platform_app.web.impressions import Impressions
from platform_app.web.limits import Limits
from platform_app.web.live import Live
from platform_app.web.once import Replayed
from platform_app.web.popular import PopularTags
from platform_app.web.rereading import Rereading
from platform_app.web.sightings import Sightings
from platform_app.web.templates import digest

WORTH_COMPRESSING = 1_000  # bytes of an answer
COMPRESSION = 4  # of gzip's 9 levels: pages are made for each visitor, and 9 takes three times as long for 2 % less
AT_THE_DOOR = 2  # connections that count tries and nothing else
LARGEST_REQUEST = 400_000  # bytes: the longest text, percent-encoded; routes that take files name their own


def create_app(settings: Settings) -> FastAPI:
    """The application; it connects to PostgreSQL when it starts, not before."""
    app = FastAPI(
        title="Headwater app",
        version="1",
        description="Problems people post, approaches that answer them, and what people agreed to. A POST that carries an "
        "`Idempotency-Key` is done once, however often it is sent within a day.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        max_body_size=LARGEST_REQUEST,
    )
    app.state.settings = settings
    app.state.database = Database(settings.database_url.get_secret_value(), size=settings.pool_size)
    app.state.meters = HttpMeters("app")
    app.state.meters.watch_pool(app.state.database.stats, settings.pool_size)
    app.state.secure = settings.public_url.startswith("https://")
    app.state.outbox = open_outbox(settings)
    app.state.hot = Hot()
    app.state.live = Live(settings.database_url.get_secret_value(), app.state.hot)
    app.state.store = Store(settings.uploads)
    app.state.github = Breaker(OverHttp(settings.github_api_url))
    app.state.flags = Flags()
    app.state.popular = PopularTags(app.state.hot)
    app.state.footfall = Footfall(app.state.database)
    app.state.sightings = Sightings(app.state.database)
    app.state.impressions = Impressions(app.state.database)
    app.state.search = Search(Embedder(settings.models))
    app.state.likes = Likes(app.state.search)
    app.state.sealer = Sealer(settings.key_file)
    app.state.signer = Signer(app.state.sealer)
    app.state.limits = Limits(Database(settings.database_url.get_secret_value(), size=AT_THE_DOOR), app.state.sealer)
    app.state.providers = providers.offered(settings)
    htmx = installed_htmx(settings.assets)
    app.state.htmx = f"/static/htmx.js?v={digest(htmx)}" if htmx else None
    errors.install(app)
    app.exception_handler(Replayed)(replay)
    for router in (*api.ROUTERS, *pages.ROUTERS):
        app.include_router(router)
    app.mount("/static", Assets([*own_files(), *([("htmx.js", htmx)] if htmx else [])]), name="static")
    app.add_api_route("/healthz", _healthz, methods=["GET"], include_in_schema=False)
    app.add_middleware(Commits)
    app.add_middleware(Rereading)
    app.add_middleware(GZipMiddleware, minimum_size=WORTH_COMPRESSING, compresslevel=COMPRESSION)
    app.add_middleware(Correlation, secure=app.state.secure, meters=app.state.meters)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    if not app.state.htmx:
        get_log().warning("htmx_missing")  # every page works without it
    app.state.live.open()
    with app.state.limits.database, app.state.database:
        yield
        app.state.live.close()
        app.state.footfall.write()
        app.state.sightings.close()
        app.state.impressions.close()


def _healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}
