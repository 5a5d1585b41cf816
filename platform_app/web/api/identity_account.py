"""One's own account: its mail address, linked sites, all its data; and what administrators look at."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, Query
from pydantic import BaseModel, Field, SecretStr
from starlette.responses import Response

from lake.kit.clock import utc_now
from platform_app.identity import audit, oauth, verification
from platform_app.web.console import administrator, look_up
from platform_app.web.entry import check_owner
from platform_app.web.errors import RESPONSES
from platform_app.web.exporting import export_of
from platform_app.web.letters import send_link, tell_old_address
from platform_app.web.limits import MAIL_ACCOUNT
from platform_app.web.visit import ACCOUNT, Call

router = APIRouter(prefix="/api/v1", tags=["account"], responses={**RESPONSES, 429: {"description": "Too many tries."}})


class NewAddress(BaseModel):
    """A mail address that is to take the place of the present one."""

    email: str
    password: SecretStr
    code: str = Field(default="", description="A code, where the account asks for one.")


class Confirmed(BaseModel):
    """What a link confirmed."""

    email: str


class Linked(BaseModel):
    """An account of yours at another site, with which you log in."""

    provider: str
    username: str | None
    linked_at: datetime


class Reason(BaseModel):
    """Why an administrator looks."""

    reason: str = Field(description="1 to 500 characters; the person sees it in their data.")


class AccountDetails(BaseModel):
    """What an administrator sees of an account."""

    handle: str
    display_name: str
    email: str | None
    is_verified: bool
    role: str
    status: str
    origin: str
    created_at: datetime
    second_factor: bool
    sessions: int
    providers: list[str]


class Looked(BaseModel):
    """An administrator's look at personal data."""

    id: UUID
    at: datetime
    action: str
    actor: str
    subject: str | None
    reason: str | None


@router.post("/verification", status_code=202)
def send_again(call: Call, after: BackgroundTasks) -> None:
    """Send a new link that confirms your address; at most five within a day."""
    with call.write(ACCOUNT) as (conn, me):
        link = verification.ask(conn, me.id, utc_now())
        call.limits.take((MAIL_ACCOUNT, me.id))
    after.add_task(send_link, call, link)


@router.post("/verification/{token}")
def confirm_address(call: Call, token: str, after: BackgroundTasks) -> Confirmed:
    """Use a link: whoever has it reads mail there."""
    with call.write_from_program() as conn:
        done = verification.accept(conn, token, utc_now())
    after.add_task(tell_old_address, call, done)
    return Confirmed(email=done.account.email or "")


@router.put("/account/email", status_code=202)
def change_address(call: Call, body: NewAddress, after: BackgroundTasks) -> None:
    """Send a link to a new address; opening it puts the address in the place of the present one."""
    with call.write(ACCOUNT) as (conn, me):
        check_owner(call, conn, me.id, body.password.get_secret_value(), body.code)
        link = verification.ask(conn, me.id, utc_now(), email=body.email)
        call.limits.take((MAIL_ACCOUNT, me.id))
    after.add_task(send_link, call, link)


@router.get("/links")
def list_links(call: Call) -> list[Linked]:
    """The sites you can log in with."""
    with call.read_as_member(ACCOUNT) as (conn, me):
        return [Linked.model_validate(one, from_attributes=True) for one in oauth.links_of(conn, me.id)]


@router.delete("/links/{provider}", status_code=204)
def remove_link(call: Call, provider: Literal["github", "google", "oidc"]) -> None:
    """No log-in from there any more."""
    with call.write(ACCOUNT) as (conn, me):
        oauth.unlink(conn, me.id, str(provider), utc_now())


@router.get(
    "/account/export",
    response_class=Response,
    responses={200: {"content": {"application/zip": {}}, "description": "One JSON file for each table."}},
)
def export(call: Call) -> Response:
    """All data that names you, as a zip: one JSON file for each table, and about.json, which explains them."""
    return export_of(call)


@router.post("/admin/accounts/{handle}/details")
def account_details(call: Call, handle: str, body: Reason) -> AccountDetails:
    """Look at an account's personal data, as an administrator. The look is written down with its reason."""
    with call.write(ACCOUNT) as (conn, me):
        return AccountDetails.model_validate(look_up(conn, me, handle, body.reason), from_attributes=True)


@router.get("/admin/audit")
def audit_log(
    call: Call,
    before: Annotated[UUID | None, Query(description="The last `id` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> list[Looked]:
    """What administrators looked at, the newest first."""
    with call.read_as_member(ACCOUNT) as (conn, me):
        administrator(me)
        found = audit.latest(conn, before=before, limit=limit)
    return [Looked.model_validate(one, from_attributes=True) for one in found]
