"""Who asks, and the transaction a handler works in: one for each request, opened and closed here.

`read` knows the member if there is one; `write` insists on a member and on a CSRF token (a bearer token needs none:
no other site can send it). `write_as_visitor` is for the forms before the log-in.

What somebody came with may do only what is in its scope, and this is the one place that asks: a session may do everything,
a personal token or a program's access token what its owner ticked. Reading needs `read`, writing `write`; handlers of
passwords, factors, tokens and of the account itself ask for `account`, which no token has.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Form, Header
from starlette.requests import Request
from starlette.responses import Response

from lake.kit.clock import utc_now
from platform_app.community.schemas import TagCount
from platform_app.db import Conn, Database
from platform_app.flags import Rules
from platform_app.identity import grants, tokens
from platform_app.identity.access import SESSION_LIFETIME, Member, NewSession, member_of
from platform_app.identity.signing import Signer
from platform_app.messaging import reads as notifications
from platform_app.outbox.topics import PERSON
from platform_app.sealing import Sealer
from platform_app.uploads.store import Store
from platform_app.web.circles import Counts, counts_of
from platform_app.web.faces import faces_in
from platform_app.web.hot import Hot
from platform_app.web.impressions import Impressions
from platform_app.web.limits import Limits
from platform_app.web.masks import mask, unmask
from platform_app.web.once import Once, once
from platform_app.web.popular import PopularTags
from platform_app.web.refusals import BadForm, LogInFirst, NotInScope, Suspended
from platform_app.web.sightings import Sightings

SESSION, VISITOR = "headwater_session", "headwater_visitor"
READ, WRITE, ACCOUNT = "read", "write", "account"


class Visit:
    """One request: its member once a transaction was opened, its cookies, its place in the log."""

    def __init__(self, request: Request, given_token: str = "", *, page: bool = False) -> None:
        self.request = request
        self.me: Member | None = None
        self.unread: int | None = None  # notifications, for the sign on pages
        self.faces: dict[str, UUID] = {}  # whose picture stands beside a name, by handle
        self.once: Once | None = None  # what an Idempotency-Key asks for
        self.correlation_id: str = request.state.correlation_id
        self._rules = Rules({})
        self._database: Database = request.app.state.database
        self._secure: bool = request.app.state.secure
        self._given_token = given_token
        self.made_token = False  # whether a page was given one for its forms
        self._page = page and request.method == "GET"
        self._bearer = _bearer(request)
        self._new_visitor: str | None = None
        self.moment = self.hot.moment
        request.state.visit = self

    @property
    def token(self) -> str | None:
        """The session's token: the bearer's if there is one, else the cookie's."""
        return self._bearer or self.request.cookies.get(self._cookie(SESSION))

    def popular_tags(self, conn: Conn, prefix: str = "") -> list[TagCount]:
        """The most used tags that begin so, at most a few seconds old."""
        popular: PopularTags = self.request.app.state.popular
        return popular.read(conn, self.moment, prefix)

    def see_faces(self, conn: Conn, *shown: object) -> None:
        """Look up the pictures of the people that the page is about to show."""
        self.faces |= faces_in(conn, *shown)

    @property
    def hot(self) -> Hot:
        """What is kept for everybody; it keeps what is read in this visit as of `moment`."""
        hot: Hot = self.request.app.state.hot
        return hot

    def circle(self, conn: Conn, account_id: UUID) -> Counts:
        """How many follow a person and whom they follow, at most a few seconds old."""
        topic = f"{PERSON}{account_id}"
        return self.hot.read(f"circle:{account_id}", (topic,), self.moment, lambda: counts_of(conn, account_id))

    @property
    def impressions(self) -> Impressions:
        impressions: Impressions = self.request.app.state.impressions
        return impressions

    @property
    def limits(self) -> Limits:
        limits: Limits = self.request.app.state.limits
        return limits

    @property
    def sealer(self) -> Sealer:
        sealer: Sealer = self.request.app.state.sealer
        return sealer

    @property
    def store(self) -> Store:
        """Where files of people lie."""
        store: Store = self.request.app.state.store
        return store

    @property
    def signer(self) -> Signer:
        signer: Signer = self.request.app.state.signer
        return signer

    @property
    def site(self) -> str:
        """The address of this site, without a slash at its end; also what signs access tokens is called so."""
        address: str = self.request.app.state.settings.public_url
        return address.rstrip("/")

    @property
    def agent(self) -> str:
        """What the browser or program calls itself."""
        return self.request.headers.get("User-Agent", "")

    @property
    def place(self) -> str:
        """Where the request comes from, for limits."""
        return self.request.client.host if self.request.client else "unknown"

    @contextmanager
    def read(self, scope: str = READ) -> Iterator[tuple[Conn, Member | None]]:
        """A read-only transaction, and the member if somebody is logged in; NotInScope for a token that may not read."""
        with self._database.read() as conn:
            yield conn, self._meet(conn, scope)
        self._sightings.write_if_due()

    @contextmanager
    def read_as_member(self, scope: str = READ) -> Iterator[tuple[Conn, Member]]:
        """A read-only transaction for a member; LogInFirst for anybody else."""
        with self.read(scope) as (conn, me):
            if me is None:
                raise LogInFirst
            yield conn, me

    @contextmanager
    def inspect(self, scope: str = READ) -> Iterator[tuple[Conn, Member]]:
        """A look of a member that is itself written down, and changes nothing else."""
        with self._database.write(self.correlation_id) as conn:
            me = self._meet(conn, scope)
            if me is None:
                raise LogInFirst
            yield conn, me

    @contextmanager
    def write(self, scope: str = WRITE, *, suspended_too: bool = False) -> Iterator[tuple[Conn, Member]]:
        """A transaction for a member whose request comes from our own pages; LogInFirst or BadForm otherwise.

        Suspended for somebody who is, unless it is about the account itself or `suspended_too` says that it hurts nobody.
        """
        with ExitStack() as transaction:
            conn = transaction.enter_context(self._database.write(self.correlation_id))
            me = self._meet(conn, scope)
            if me is None:
                raise LogInFirst
            if self._bearer is None:
                self._check(me.csrf_token)
            if me.suspended_until is not None and scope != ACCOUNT and not suspended_too:
                raise Suspended(me.suspended_until)
            once = None if self.once is None or self.once.is_begun else self.once
            if once is not None:
                once.begin(conn, me.id)
            yield conn, me
            if once is not None:
                once.hold(transaction.pop_all(), conn)

    @contextmanager
    def write_as_visitor(self) -> Iterator[Conn]:
        """A transaction for a form that nobody has to log in for; BadForm when it is not one of ours."""
        with self._database.write(self.correlation_id) as conn:
            self._meet(conn, None)
            self._check(self.me.csrf_token if self.me else self._visitor_token())
            yield conn

    @contextmanager
    def write_on_return(self) -> Iterator[tuple[Conn, Member | None]]:
        """A transaction for somebody whom another site sends back; the caller has compared the state of the log-in."""
        with self._database.write(self.correlation_id) as conn:
            yield conn, self._meet(conn, None)

    @contextmanager
    def write_from_program(self) -> Iterator[Conn]:
        """A transaction for a JSON request that opens a session: another site's page cannot send that content type."""
        if self.request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            raise BadForm
        with self._database.write(self.correlation_id) as conn:
            yield conn

    @contextmanager
    def keep_own(self) -> Iterator[Conn]:
        """A transaction for what the app keeps for itself: nothing that somebody said or asked for."""
        with self._database.write(self.correlation_id) as conn:
            yield conn

    def is_on(self, flag: str) -> bool:
        """Whether who asks sees a feature that is switched by a flag; known once a transaction was opened."""
        return self._rules.is_on(flag, self.me.id, self.me.role) if self.me else self._rules.is_on(flag, None)

    def make_form_token(self) -> str:
        """What the forms of the next page carry, never twice the same; a visitor's first one makes a cookie."""
        self.made_token = True
        return mask(self.me.csrf_token if self.me else self._visitor_token())

    def leave_cookie(self, answer: Response) -> None:
        """Set the visitor's cookie if this request made one."""
        if self._new_visitor and self.request.cookies.get(self._cookie(VISITOR)) is None:
            self._set(answer, VISITOR, self._new_visitor, 24 * 3600)

    def enter(self, answer: Response, session: NewSession) -> None:
        """Give the browser its session."""
        self._set(answer, SESSION, session.token, int(SESSION_LIFETIME.total_seconds()))
        self.drop(answer, VISITOR)

    def leave(self, answer: Response) -> None:
        """Take the session from the browser."""
        self.drop(answer, SESSION)

    def keep(self, answer: Response, name: str, value: str, seconds: int) -> None:
        """Let the browser keep something for a step of a log-in; scripts and other sites cannot read it."""
        self._set(answer, name, value, seconds)

    def kept(self, name: str) -> str:
        """What the browser kept; empty when it did not."""
        return self.request.cookies.get(self._cookie(name), "")

    def drop(self, answer: Response, name: str) -> None:
        """Take it from the browser."""
        answer.delete_cookie(self._cookie(name), path="/", secure=self._secure, httponly=True, samesite="lax")

    @property
    def _sightings(self) -> Sightings:
        sightings: Sightings = self.request.app.state.sightings
        return sightings

    def _meet(self, conn: Conn, scope: str | None) -> Member | None:
        """Who it is, if what they came with may do this; `scope` is None where no right of theirs is used."""
        now = utc_now()
        kind, self.me = self._who(conn, now)
        self._rules = self.request.app.state.flags.read(conn)
        if self.me is None:
            return None
        if scope is not None and scope not in self.me.scopes:
            raise NotInScope(scope)
        if self.me.session_id is not None:
            self._sightings.note(kind, self.me.session_id, now)
        if self._page:
            self.unread = notifications.unread_count(conn, self.me.id)
            self.see_faces(conn, self.me)
        return self.me

    def _who(self, conn: Conn, now: datetime) -> tuple[str, Member | None]:
        """What they came with, and who it says they are. Tokens count only where a program sends them."""
        given = self.token
        if given is None:
            return "sessions", None
        if self._bearer is not None and given.startswith(tokens.PREFIX):
            return "tokens", tokens.member_of(conn, given, now)
        if self._bearer is not None and given.count(".") == 2:
            return "grants", grants.member_of(conn, self.signer, self.site, given, now)
        return "sessions", member_of(conn, given, now)

    def _check(self, expected: str) -> None:
        if self.request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            raise BadForm
        if not hmac.compare_digest(unmask(self._given_token), expected.encode()):
            raise BadForm

    def _visitor_token(self) -> str:
        """Derived from the visitor's cookie, which no other site can read or send."""
        cookie = self.request.cookies.get(self._cookie(VISITOR)) or self._new_visitor
        if cookie is None:
            cookie = self._new_visitor = secrets.token_urlsafe(24)
        return hmac.new(cookie.encode(), b"form", hashlib.sha256).hexdigest()

    def _cookie(self, name: str) -> str:
        return f"__Host-{name}" if self._secure else name

    def _set(self, answer: Response, name: str, value: str, seconds: int) -> None:
        answer.set_cookie(
            self._cookie(name), value, max_age=seconds, path="/", secure=self._secure, httponly=True, samesite="lax"
        )


def _bearer(request: Request) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token.strip() else None


# The three are coroutines so that they cost no thread.
async def _looking(request: Request) -> Visit:
    return Visit(request, page=True)


async def _sending(request: Request, csrf_token: Annotated[str, Form()] = "") -> Visit:
    return Visit(request, csrf_token, page=True)


async def _calling(
    request: Request,
    x_csrf_token: Annotated[
        str, Header(description="The session's CSRF token; needed for changes when the session comes as a cookie.")
    ] = "",
) -> Visit:
    visit = Visit(request, x_csrf_token)
    visit.once = await once(request)
    return visit


Look = Annotated[Visit, Depends(_looking)]
"""A page is looked at."""
Send = Annotated[Visit, Depends(_sending)]
"""A page's form is sent."""
Call = Annotated[Visit, Depends(_calling)]
"""A program calls the JSON API."""
