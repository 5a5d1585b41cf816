"""The stand-in's HTTP API: the paths, parameters, objects and errors of Stripe's that the shop uses."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from infra.stripe.errors import StripeError, invalid, missing
from infra.stripe.form import parse_form
from infra.stripe.page import payment_page
from infra.stripe.payments import make_customer, make_refund, open_session, pay_session
from infra.stripe.settings import Settings
from infra.stripe.store import Json, Store
from infra.stripe.webhooks import Courier

LISTED = {
    "customers": "customer",
    "checkout/sessions": "checkout.session",
    "payment_intents": "payment_intent",
    "charges": "charge",
    "refunds": "refund",
    "events": "event",
}
"""Each collection of the API and the kind of object in it."""


def _check_key(request: Request, secret: str) -> None:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        with suppress(binascii.Error, UnicodeDecodeError):
            given = base64.b64decode(given).decode().partition(":")[0]
    if not secret or not hmac.compare_digest(given.encode(), secret.encode()):
        raise StripeError(401, "invalid_request_error", "Invalid API Key provided.")


def _list(store: Store, collection: str, query: dict[str, str]) -> Json:
    found = store.listed(LISTED[collection])
    if "created[gte]" in query:
        found = [each for each in found if each["created"] >= int(query["created[gte]"])]
    if "type" in query:
        found = [each for each in found if each["type"] == query["type"]]
    if after := query.get("starting_after"):
        places = [place for place, each in enumerate(found) if each["id"] == after]
        found = found[places[0] + 1 :] if places else []
    limit = int(query.get("limit", "10"))
    if not 1 <= limit <= 100:
        raise invalid("Invalid limit: must be between 1 and 100.", "limit")
    return {"object": "list", "url": f"/v1/{collection}", "has_more": len(found) > limit, "data": found[:limit]}


def _once(store: Store, request: Request, body: str, make: Callable[[Json], Json]) -> JSONResponse:
    """Do a POST, or answer as the first time when its Idempotency-Key is known; errors are answered, not kept."""
    key = request.headers.get("idempotency-key")
    fingerprint = hashlib.sha256(f"{request.url.path}\n{body}".encode()).hexdigest()
    with store.transaction():
        if key and (known := store.finished(key)):
            if known[0] != fingerprint:
                message = (
                    "Keys for idempotent requests can only be used with the same parameters they were first used with."
                )
                raise StripeError(400, "idempotency_error", message)
            return JSONResponse(known[2], known[1], {"Idempotent-Replayed": "true"})
        made = make(parse_form(body))
        if key:
            store.finish(key, fingerprint, 200, made)
    return JSONResponse(made)


def create_app(settings: Settings) -> FastAPI:
    """The stand-in over its SQLite file."""
    settings.state.parent.mkdir(parents=True, exist_ok=True)
    store = Store(settings.state)
    secret = settings.secret_key.get_secret_value()

    @asynccontextmanager
    async def deliver(_: FastAPI) -> AsyncIterator[None]:
        tasks = []
        if settings.webhook_url:
            hook = settings.webhook_secret.get_secret_value()
            courier = Courier(store, settings.webhook_url, hook, settings.retry_seconds)
            tasks.append(asyncio.create_task(courier.run()))
        yield
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        store.close()

    app = FastAPI(title="Stand-in for Stripe", lifespan=deliver, openapi_url=None)

    @app.exception_handler(StripeError)
    async def refuse(_: Request, error: StripeError) -> Response:
        return JSONResponse(error.body, error.status)

    _add_api(app, store, secret)
    _add_pages(app, store)
    return app


def _add_api(app: FastAPI, store: Store, secret: str) -> None:
    def base(request: Request) -> str:
        return str(request.base_url).rstrip("/")

    @app.post("/v1/{collection:path}")
    async def make(collection: str, request: Request) -> Response:
        _check_key(request, secret)
        body = (await request.body()).decode()
        makers: dict[str, Callable[[Json], Json]] = {
            "customers": lambda form: make_customer(store, form),
            "checkout/sessions": lambda form: open_session(store, form, base(request)),
            "refunds": lambda form: make_refund(store, form),
        }
        if collection not in makers:
            raise StripeError(404, "invalid_request_error", f"Unrecognized request URL (POST: /v1/{collection}).")
        return _once(store, request, body, makers[collection])

    @app.get("/v1/{path:path}")
    async def read(path: str, request: Request) -> Response:
        _check_key(request, secret)
        if path in LISTED:
            return JSONResponse(_list(store, path, dict(request.query_params)))
        collection, _, key = path.rpartition("/")
        if collection not in LISTED:
            raise StripeError(404, "invalid_request_error", f"Unrecognized request URL (GET: /v1/{path}).")
        found: dict[str, Any] | None = store.find(LISTED[collection], key)
        if found is None:
            raise missing(LISTED[collection], key)
        return JSONResponse(found)


def _add_pages(app: FastAPI, store: Store) -> None:
    @app.get("/pay/{session_id}")
    async def show(session_id: str) -> Response:
        session = store.find("checkout.session", session_id)
        if session is None:
            raise missing("checkout.session", session_id)
        return HTMLResponse(payment_page(session))

    @app.post("/pay/{session_id}")
    async def pay(session_id: str, request: Request) -> Response:
        form = parse_form((await request.body()).decode())
        card = str(form.get("card", "4242424242424242")).replace(" ", "")
        try:
            paid = pay_session(store, session_id, card)
        except StripeError as error:
            session = store.find("checkout.session", session_id)
            if session is None:
                raise
            return HTMLResponse(payment_page(session, str(error)), error.status)
        return RedirectResponse(paid["success_url"], 303)
