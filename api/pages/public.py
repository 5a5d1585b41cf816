"""Pages that everybody may see: the catalogue, a product, sign-up and log-in."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from api.access import procurers
from api.access.guard import address, limit
from api.catalogue.endpoints import newest_of
from api.pages.rendering import page
from api.pages.visit import (
    SESSION_COOKIE,
    Form,
    SignedIn,
    VisitOf,
    local_path,
    remember_form,
    remember_session,
)
from api.problems import CODES, Problem
from api.shop import ShopOf

router = APIRouter(include_in_schema=False)


@router.get("/")
async def home(request: Request, shop: ShopOf, _: VisitOf) -> Response:
    """What the shop sells."""
    return page(request, "home.html", products=shop.shelf.current())


@router.get("/products/{product}")
async def show_product(product: str, request: Request, shop: ShopOf, _: VisitOf) -> Response:
    """A product: columns, price, shape, versions, quality and privacy reports. No value."""
    declared, newest = shop.shelf.product(product), newest_of(shop, product)
    versions = [shop.shelf.manifest(product, number) for number in shop.shelf.versions(product)]
    return page(request, "product.html", product=declared, newest=newest, versions=versions)


@router.get("/signup")
async def sign_up_form(request: Request, shop: ShopOf, visit: VisitOf) -> Response:
    """The form of a new account."""
    return _entry(request, shop, visit, "signup.html", fields={})


@router.post("/signup")
async def sign_up(request: Request, shop: ShopOf, visit: VisitOf, form: Form) -> Response:
    """Make an account and start a session."""
    limit(shop, request, "attempts", address(request), shop.settings.attempts_per_minute)
    email, password = form.get("email", ""), form.get("password", "")
    try:
        await procurers.sign_up(shop.db, email, password, form.get("organisation", ""), shop.now())
    except Problem as problem:
        return _entry(request, shop, visit, "signup.html", fields=form, problem=problem)
    return await _log_in(shop, email, password, "/dashboard")


@router.get("/login")
async def log_in_form(request: Request, shop: ShopOf, visit: VisitOf, next: str = "") -> Response:
    """The form that starts a session."""
    return _entry(request, shop, visit, "login.html", fields={"next": next})


@router.post("/login")
async def log_in(request: Request, shop: ShopOf, visit: VisitOf, form: Form) -> Response:
    """Start a session, then go where the visitor wanted to."""
    limit(shop, request, "attempts", address(request), shop.settings.attempts_per_minute)
    try:
        return await _log_in(shop, form.get("email", ""), form.get("password", ""), local_path(form.get("next")))
    except Problem as problem:
        return _entry(request, shop, visit, "login.html", fields=form, problem=problem)


@router.post("/logout")
async def log_out(request: Request, shop: ShopOf, _: SignedIn, __: Form) -> Response:
    """End the session."""
    await procurers.end_session(shop.db, request.cookies[SESSION_COOKIE])
    response = RedirectResponse("/", 303)
    response.delete_cookie(SESSION_COOKIE, path="/")
    return response


@router.get("/problems")
async def list_problems(request: Request, _: VisitOf) -> Response:
    """Every code an answer may carry."""
    return page(request, "problems.html", codes=CODES)


async def _log_in(shop: ShopOf, email: str, password: str, then: str) -> Response:
    caller = await procurers.check_password(shop.db, email, password)
    token = await procurers.open_session(shop.db, caller, shop.now())
    response = RedirectResponse(then, 303)
    remember_session(response, shop, token)
    return response


def _entry(request: Request, shop: ShopOf, visit: VisitOf, template: str, **values: Any) -> Response:
    problem: Problem | None = values.pop("problem", None)
    if visit.session is not None and problem is None:
        return RedirectResponse("/dashboard", 303)
    response = page(request, template, problem.status if problem else 200, problem=problem, **values)
    remember_form(response, shop, visit)
    return response
