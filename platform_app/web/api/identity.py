"""Accounts, sessions and consent."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter, BackgroundTasks, Response
from pydantic import BaseModel, Field, SecretStr

from lake.kit.clock import utc_now
from platform_app.identity import access, erasure, service, verification
from platform_app.identity.schemas import Account, Consent
from platform_app.web.entry import identify
from platform_app.web.errors import RESPONSES
from platform_app.web.farewell import say_farewell, tell
from platform_app.web.letters import send_link
from platform_app.web.limits import SIGN_UP_PLACE
from platform_app.web.refusals import LogInFirst
from platform_app.web.visit import ACCOUNT, Call

router = APIRouter(prefix="/api/v1", tags=["identity"], responses=RESPONSES)

Purpose = Literal["lake", "text_corpus", "email", "recommendations"]


class SignUp(BaseModel):
    """What a new account needs."""

    email: str = Field(description="Where mail reaches you; never shown.")
    handle: str = Field(description="3 to 30 of a-z, 0-9, _ and -; part of your page's address.")
    display_name: str = Field(description="The name others see, at most 100 characters.")
    password: SecretStr = Field(description="At least 10 characters.")
    consents: dict[Purpose, bool] = Field(default={}, description="Purposes you agree to; left out means no.")


class LogIn(BaseModel):
    """A mail address and its password, and a code where the account asks for one."""

    email: str
    password: SecretStr
    code: str | None = Field(
        default=None,
        description="A code of the authenticator app, or a recovery code; asked for with 401 `second_factor_needed`.",
    )


class Me(BaseModel):
    """The member who is logged in."""

    handle: str
    display_name: str
    role: str
    csrf_token: str = Field(description="Send it as X-CSRF-Token with changes when the session comes as a cookie.")
    expires_at: datetime
    is_verified: bool = Field(description="Whether you have shown that your mail address is yours.")


class Session(Me):
    """A session that was just opened. It is also set as a cookie."""

    token: str = Field(description="Send it as `Authorization: Bearer …`; it is shown only now.")


class Decision(BaseModel):
    """A decision on one purpose."""

    granted: bool


class Consents(BaseModel):
    """Present decisions by purpose, and every decision ever made, oldest first."""

    consents: dict[str, bool]
    history: list[Consent]


@router.post("/accounts", status_code=201)
def sign_up(call: Call, body: SignUp, answer: Response, after: BackgroundTasks) -> Session:
    """Create an account and log in. A link that confirms the address comes by mail."""
    call.limits.take((SIGN_UP_PLACE, call.place))
    with call.write_from_program() as conn:
        account = service.create_account(
            conn,
            email=body.email,
            handle=body.handle,
            display_name=body.display_name,
            consents={str(purpose): granted for purpose, granted in body.consents.items()},
            now=utc_now(),
        )
        access.set_password(conn, account, body.password.get_secret_value(), utc_now())
        link = verification.ask(conn, account.id, utc_now())
        session = access.open_session(conn, account.id, utc_now(), method="signup", agent=call.agent)
    call.enter(answer, session)
    after.add_task(send_link, call, link)
    return _session(session, account, verified=False)


class Farewell(BaseModel):
    """Confirms that it is you who deletes the account."""

    password: SecretStr
    code: str = Field(default="", description="A code, where the account asks for one.")


class Leave(BaseModel):
    """The account is deleted; the receipt comes when the last copy is."""

    receipt_token: str = Field(description="For GET /api/v1/erasures/{token}; it is shown only now.")


class Erasure(BaseModel):
    """How far an erasure is."""

    state: Literal["open", "done"]
    requested_at: datetime
    finished_at: datetime | None
    receipt: dict[str, Any] | None = Field(description="Signed; null until it is done. docs/erasure.md describes it.")


@router.delete("/account", status_code=202, responses={429: {"description": "Too many tries."}})
def delete_account(call: Call, body: Farewell, answer: Response, after: BackgroundTasks) -> Leave:
    """Delete your account with everything in it, at once and for good."""
    token, address = say_farewell(call, body.password.get_secret_value(), body.code)
    call.leave(answer)
    after.add_task(tell, call, address, token)
    return Leave(receipt_token=token)


@router.get("/erasures/{token}")
def read_erasure(call: Call, token: str) -> Erasure:
    """The receipt of a deleted account; whoever has the token may read it."""
    with call.read() as (conn, _):
        return Erasure.model_validate(erasure.find(conn, token), from_attributes=True)


@router.post("/session", status_code=201, responses={429: {"description": "Too many tries."}})
def open_session(call: Call, body: LogIn, answer: Response) -> Session:
    """Log in."""
    with call.write_from_program() as conn:
        account, asked = identify(call, conn, body.email, body.password.get_secret_value(), body.code)
        session = access.open_session(conn, account.id, utc_now(), agent=call.agent, second_factor=asked)
        verified = verification.is_verified(conn, account.id)
    call.enter(answer, session)
    return _session(session, account, verified=verified)


@router.get("/session")
def whoami(call: Call) -> Me:
    """Who is logged in."""
    with call.read_as_member() as (_, me):
        return Me.model_validate(me, from_attributes=True)


@router.delete("/session", status_code=204)
def close_session(call: Call, answer: Response) -> None:
    """Log out: the token and the cookie are worth nothing from now on."""
    with call.write(ACCOUNT) as (conn, _):
        if call.token is None:
            raise LogInFirst
        access.close_session(conn, call.token, utc_now())
    call.leave(answer)


@router.get("/consents")
def consents(call: Call) -> Consents:
    """What you agreed to, and when."""
    with call.read_as_member() as (conn, me):
        return Consents(consents=service.consents_of(conn, me.id), history=service.consent_history(conn, me.id))


@router.put("/consents/{purpose}", status_code=204)
def decide(call: Call, purpose: Purpose, body: Decision) -> None:
    """Agree to a purpose or withdraw; the same decision again changes nothing. No program's token decides that."""
    with call.write(ACCOUNT, suspended_too=True) as (conn, me):
        service.decide_consent(conn, me.id, purpose, body.granted, utc_now())


def _session(session: access.NewSession, account: Account, *, verified: bool) -> Session:
    return Session(
        handle=account.handle,
        display_name=account.display_name,
        role=account.role,
        token=session.token,
        csrf_token=session.csrf_token,
        expires_at=session.expires_at,
        is_verified=verified,
    )
