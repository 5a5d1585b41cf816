"""Passwords, the second factor, and log-ins. All of it needs a session: no token may touch it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks
from pydantic import BaseModel, Field, SecretStr

from lake.kit.clock import utc_now
from platform_app.identity import access, mfa, service, sessions
from platform_app.web.entry import check_owner
from platform_app.web.errors import RESPONSES
from platform_app.web.letters import tell_owner
from platform_app.web.limits import LOG_IN_HERE
from platform_app.web.visit import ACCOUNT, Call

router = APIRouter(
    prefix="/api/v1", tags=["security"], responses={**RESPONSES, 429: {"description": "Too many tries."}}
)


class NewPassword(BaseModel):
    """The password you have, and the one you want."""

    password: SecretStr
    new_password: SecretStr = Field(description="At least 10 characters.")


class Proof(BaseModel):
    """Shows that it is you: the password, and a code where the account asks for one."""

    password: SecretStr
    code: str = Field(default="", description="A code of the authenticator app, or a recovery code.")


class FactorStatus(BaseModel):
    """Whether log-ins ask for a code."""

    on: bool
    since: datetime | None
    codes_left: int = Field(description="Recovery codes that have not been used.")


class FactorSetup(BaseModel):
    """What the authenticator app needs. Confirm it with a code before it asks for any."""

    secret: str = Field(description="Base32, to type into the app.")
    uri: str = Field(description="otpauth://…, to show as a QR code.")


class RecoveryCodes(BaseModel):
    """Each logs you in once when the app is lost."""

    recovery_codes: list[str] = Field(description="Shown only now.")


class LoggedIn(BaseModel):
    """One of your log-ins."""

    id: UUID
    current: bool
    method: str
    second_factor: bool
    browser: str = Field(description="The family of the browser, or `A program`.")
    device: str
    created_at: datetime
    seen_at: datetime = Field(description="When it was last used, within half a minute.")
    expires_at: datetime


class Ended(BaseModel):
    """How many log-ins were ended."""

    ended: int


@router.put("/account/password", status_code=204)
def change_password(call: Call, body: NewPassword, after: BackgroundTasks) -> None:
    """Choose a new password; every other log-in ends, those of programs too. Personal tokens stay."""
    with call.write(ACCOUNT) as (conn, me):
        guess = (LOG_IN_HERE, f"{me.id} {call.place}")
        call.limits.take(guess)
        old, new = body.password.get_secret_value(), body.new_password.get_secret_value()
        access.change_password(conn, me, old, new, utc_now())
        call.limits.give_back(guess)
        address = service.find_account(conn, me.id).email
    after.add_task(tell_owner, call, address, me.display_name, "password")


@router.get("/mfa")
def factor(call: Call) -> FactorStatus:
    """Whether log-ins ask for a code, and how many recovery codes are left."""
    with call.read_as_member(ACCOUNT) as (conn, me):
        return FactorStatus.model_validate(mfa.status_of(conn, me.id), from_attributes=True)


@router.post("/mfa", status_code=201)
def begin_factor(call: Call) -> FactorSetup:
    """A secret for the authenticator app; it asks for nothing until it is confirmed."""
    with call.write(ACCOUNT) as (conn, me):
        return FactorSetup.model_validate(mfa.begin(conn, call.sealer, me.id, utc_now()), from_attributes=True)


@router.put("/mfa")
def confirm_factor(call: Call, body: Proof, after: BackgroundTasks) -> RecoveryCodes:
    """Turn the second factor on with the password and the app's first code; the recovery codes are shown only now."""
    with call.write(ACCOUNT) as (conn, me):
        check_owner(call, conn, me.id, body.password.get_secret_value(), body.code)
        codes = mfa.confirm(conn, call.sealer, me.id, body.code, utc_now())
        address = service.find_account(conn, me.id).email
    after.add_task(tell_owner, call, address, me.display_name, "factor_on")
    return RecoveryCodes(recovery_codes=codes)


@router.post("/mfa/recovery-codes", status_code=201)
def renew_recovery_codes(call: Call, body: Proof) -> RecoveryCodes:
    """Ten new recovery codes; those before are worth nothing any more."""
    with call.write(ACCOUNT) as (conn, me):
        check_owner(call, conn, me.id, body.password.get_secret_value(), body.code)
        return RecoveryCodes(recovery_codes=mfa.renew_codes(conn, me.id))


@router.delete("/mfa", status_code=204)
def disable_factor(call: Call, body: Proof, after: BackgroundTasks) -> None:
    """Turn the second factor off, with the password and a code."""
    with call.write(ACCOUNT) as (conn, me):
        check_owner(call, conn, me.id, body.password.get_secret_value(), body.code)
        mfa.disable(conn, me.id, utc_now())
        address = service.find_account(conn, me.id).email
    after.add_task(tell_owner, call, address, me.display_name, "factor_off")


@router.get("/sessions")
def list_sessions(call: Call) -> list[LoggedIn]:
    """Where you are logged in, the one used last first."""
    with call.read_as_member(ACCOUNT) as (conn, me):
        found = sessions.sessions_of(conn, me.id, utc_now())
    return [
        LoggedIn(
            current=one.id == me.session_id,
            **{name: getattr(one, name) for name in LoggedIn.model_fields if name != "current"},
        )
        for one in found
    ]


@router.delete("/sessions")
def end_other_sessions(call: Call) -> Ended:
    """Log out everywhere else, programs too."""
    with call.write(ACCOUNT) as (conn, me):
        return Ended(ended=sessions.revoke_others(conn, me.id, me.session_id, utc_now()))


@router.delete("/sessions/{session_id}", status_code=204)
def end_session(call: Call, session_id: Annotated[UUID, "One of `GET /sessions`."]) -> None:
    """End one of your log-ins."""
    with call.write(ACCOUNT) as (conn, me):
        sessions.revoke_session(conn, me.id, session_id, utc_now())
