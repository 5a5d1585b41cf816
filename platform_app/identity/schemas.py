"""What identity takes and gives. Moments are aware UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from lake.contracts.rules import OneOf
from lake.contracts.tables import BY_NAME

PURPOSES: tuple[str, ...] = next(
    rule.values for rule in BY_NAME["consents"].column("purpose").rules if isinstance(rule, OneOf)
)


@dataclass(frozen=True, slots=True)
class Account:
    """A person with an account; the columns of `identity.accounts`."""

    id: UUID
    email: str | None
    handle: str
    display_name: str
    role: str
    status: str
    origin: str
    created_at: datetime

    @property
    def is_moderator(self) -> bool:
        return self.role in ("moderator", "admin")


@dataclass(frozen=True, slots=True)
class Consent:
    """A person's decision on one purpose."""

    purpose: str
    granted: bool
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A person for the batch form: no password, no mail; `consents` maps a purpose to the decision."""

    id: UUID
    handle: str
    display_name: str
    origin: str
    created_at: datetime
    consents: Mapping[str, bool] = field(default_factory=dict)
    email: str | None = None
    role: str = "member"
    status: str = "active"


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """One row of `identity.consents`."""

    id: UUID
    account_id: UUID
    purpose: str
    granted: bool
    decided_at: datetime
