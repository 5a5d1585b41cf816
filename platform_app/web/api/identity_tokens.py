"""Access for programs: personal tokens, and log-ins of programs with signed access tokens and refresh tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field, SecretStr

from lake.kit.clock import utc_now
from platform_app.identity import grants, signing, tokens
from platform_app.web.entry import check_owner, identify
from platform_app.web.errors import RESPONSES
from platform_app.web.limits import REFRESH_PLACE
from platform_app.web.refusals import BadToken
from platform_app.web.visit import ACCOUNT, Call

router = APIRouter(prefix="/api/v1", tags=["access for programs"], responses=RESPONSES)

Scope = Literal["read", "write"]


class NewToken(BaseModel):
    """What a token is called, what it may do, and for how long."""

    name: str = Field(description="So that you recognise it: 1 to 60 characters.")
    scopes: list[Scope] = Field(description="`read` looks, `write` changes.", min_length=1, max_length=2)
    days: Literal[7, 30, 90, 365] = 90
    password: SecretStr = Field(description="Yours: a token outlives the log-in that makes it.")
    code: str = Field(default="", description="A code, where the account asks for one.")


class Token(BaseModel):
    """A personal token."""

    id: UUID
    name: str
    scopes: list[str]
    created_at: datetime
    seen_at: datetime | None = Field(description="When it was last used, within half a minute.")
    expires_at: datetime


class ShownToken(Token):
    """A personal token that was just made."""

    token: str = Field(description="Send it as `Authorization: Bearer …`; it is shown only now.")


class Enter(BaseModel):
    """Logs a program in for you."""

    email: str
    password: SecretStr
    code: str | None = Field(default=None, description="Asked for with 401 `second_factor_needed`.")
    scopes: list[Scope] = Field(default=["read"], min_length=1, max_length=2)


class Refresh(BaseModel):
    """A refresh token; it is used up by this."""

    refresh_token: SecretStr


class Pair(BaseModel):
    """What a program calls with, and what it gets the next pair with."""

    access_token: str = Field(description="A JWT (ES256); its key is at /api/v1/keys.")
    refresh_token: str = Field(description="Good once. Coming a second time it ends the log-in.")
    token_type: Literal["Bearer"]
    expires_in: int = Field(description="Seconds that the access token lives.")
    scope: str


class Program(BaseModel):
    """A program that is logged in for you."""

    id: UUID
    scopes: list[str]
    browser: str
    device: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


class Keys(BaseModel):
    """A JSON Web Key Set."""

    keys: list[dict[str, Any]]


@router.get("/tokens")
def list_tokens(call: Call) -> list[Token]:
    """Your personal tokens, the newest first."""
    with call.read_as_member(ACCOUNT) as (conn, me):
        return [Token.model_validate(one, from_attributes=True) for one in tokens.tokens_of(conn, me.id, utc_now())]


@router.post("/tokens", status_code=201)
def create_token(call: Call, body: NewToken) -> ShownToken:
    """A token for a program of yours. It can look or change things, and nothing of your account itself."""
    with call.write(ACCOUNT) as (conn, me):
        check_owner(call, conn, me.id, body.password.get_secret_value(), body.code)
        scopes = [str(scope) for scope in body.scopes]
        made, text = tokens.create(conn, me.id, name=body.name, scopes=scopes, days=body.days, now=utc_now())
    return ShownToken(token=text, **Token.model_validate(made, from_attributes=True).model_dump())


@router.delete("/tokens/{token_id}", status_code=204)
def revoke_token(call: Call, token_id: UUID) -> None:
    """Revoke one of your tokens."""
    with call.write(ACCOUNT) as (conn, me):
        tokens.revoke(conn, me.id, token_id, utc_now())


@router.get("/programs")
def list_programs(call: Call) -> list[Program]:
    """The programs that are logged in for you, the one used last first."""
    with call.read_as_member(ACCOUNT) as (conn, me):
        return [Program.model_validate(one, from_attributes=True) for one in grants.grants_of(conn, me.id, utc_now())]


@router.delete("/programs/{grant_id}", status_code=204)
def end_program(call: Call, grant_id: UUID) -> None:
    """Log one of them out, with all its tokens."""
    with call.write(ACCOUNT) as (conn, me):
        grants.revoke(conn, me.id, grant_id, utc_now())


@router.post("/auth/token", status_code=201, responses={429: {"description": "Too many tries."}})
def enter(call: Call, body: Enter) -> Pair:
    """Log a program in: an access token for a quarter of an hour, and a refresh token."""
    with call.write_from_program() as conn:
        account, _ = identify(call, conn, body.email, body.password.get_secret_value(), body.code)
        scopes = [str(scope) for scope in body.scopes]
        made = grants.start(conn, call.signer, call.site, account.id, scopes, agent=call.agent, now=utc_now())
    return _pair(made)


@router.post("/auth/refresh", status_code=201, responses={429: {"description": "Too many tries."}})
def refresh(call: Call, body: Refresh) -> Pair:
    """The next pair. A refresh token that was used before ends the log-in, since somebody else may have it."""
    call.limits.take((REFRESH_PLACE, call.place))
    with call.write_from_program() as conn:
        made = grants.carry_on(conn, call.signer, call.site, body.refresh_token.get_secret_value(), utc_now())
    if made is None:  # after the commit: what a reused token ended stays ended
        raise BadToken
    return _pair(made)


@router.post("/auth/logout", status_code=204)
def leave(call: Call, body: Refresh) -> None:
    """Log a program out, by its refresh token; an unknown one changes nothing."""
    with call.write_from_program() as conn:
        grants.give_up(conn, body.refresh_token.get_secret_value(), utc_now())


@router.get("/keys")
def keys(call: Call) -> Keys:
    """The public keys of access tokens (RFC 7517)."""
    with call.read() as (conn, _):
        return Keys(keys=signing.public_keys(conn))


def _pair(made: grants.Pair) -> Pair:
    return Pair(
        access_token=made.access_token,
        refresh_token=made.refresh_token,
        token_type="Bearer",  # noqa: S106 - the name of a kind
        expires_in=made.seconds,
        scope=" ".join(made.scopes),
    )
