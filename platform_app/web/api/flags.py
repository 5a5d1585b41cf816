"""Features that are switched while the app runs, for administrators' programs."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from platform_app.web.errors import RESPONSES
from platform_app.web.switching import rules_of, switch_flag
from platform_app.web.visit import Call

router = APIRouter(prefix="/api/v1", tags=["flags"], responses=RESPONSES)

Audience = Literal["everybody", "members", "moderators", "administrators"]


class Flag(BaseModel):
    """A feature, and for whom it is on."""

    name: str
    about: str = Field(description="What happens where it is on, or off.")
    percent: int = Field(description="The share of the audience; a person is always in the same hundredth.")
    audience: Audience


class Switch(BaseModel):
    """For whom a feature is on from now on."""

    percent: int = Field(ge=0, le=100)
    audience: Audience
    reason: str = Field(description="Why; administrators read it in the audit log.")


@router.get("/admin/flags")
def all_flags(call: Call) -> list[Flag]:
    """Every feature that can be switched; for administrators."""
    return [
        Flag.model_validate({"name": name, "about": about, "percent": rule.percent, "audience": rule.audience})
        for name, about, rule in rules_of(call)
    ]


@router.put("/admin/flags/{flag}", status_code=204)
def switch(call: Call, flag: str, body: Switch) -> None:
    """Switch a feature, as an administrator. It holds at once in this process, within five seconds in the others."""
    switch_flag(call, flag, body.percent, body.audience, body.reason)
