"""A private account, and who asks to follow it."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from lake.kit.clock import utc_now
from platform_app.community import privacy
from platform_app.identity import service as identity
from platform_app.web.errors import RESPONSES
from platform_app.web.visit import Call

router = APIRouter(prefix="/api/v1", tags=["follows"], responses=RESPONSES)


class Privacy(BaseModel):
    """Whether you are asked before somebody follows you. What you publish is public either way."""

    private: bool


class Request(BaseModel):
    """Somebody who asks, or is asked."""

    model_config = ConfigDict(from_attributes=True)

    handle: str
    display_name: str
    created_at: datetime


class Requests(BaseModel):
    """Requests that nobody has decided, the newest first."""

    received: list[Request] = Field(description="Who asks to follow you.")
    sent: list[Request] = Field(description="Whom you ask; `DELETE /people/{handle}/follow` takes one back.")


@router.get("/privacy")
def read_privacy(call: Call) -> Privacy:
    """Whether your account is private."""
    with call.read_as_member() as (conn, me):
        return Privacy(private=privacy.is_private(conn, me.id))


@router.put("/privacy", status_code=204)
def change_privacy(call: Call, body: Privacy) -> None:
    """Make your account private, or public: then whoever asks to follow you does."""
    with call.write() as (conn, me):
        change = privacy.make_private if body.private else privacy.make_public
        change(conn, me.id, utc_now())


@router.get("/follow-requests")
def follow_requests(call: Call) -> Requests:
    """Who asks to follow you, and whom you ask."""
    with call.read_as_member() as (conn, me):
        return Requests(
            received=[Request.model_validate(one) for one in privacy.asking(conn, me.id)],
            sent=[Request.model_validate(one) for one in privacy.asked(conn, me.id)],
        )


@router.put("/follow-requests/{handle}", status_code=204)
def accept(call: Call, handle: str) -> None:
    """Let somebody follow you who asks."""
    with call.write() as (conn, me):
        privacy.accept(conn, me.id, identity.find_by_handle(conn, handle).id, utc_now())


@router.delete("/follow-requests/{handle}", status_code=204)
def decline(call: Call, handle: str) -> None:
    """Do not let somebody follow you; they are not told."""
    with call.write() as (conn, me):
        privacy.decline(conn, me.id, identity.find_by_handle(conn, handle).id, utc_now())
