"""What profiles takes and gives. Moments are aware UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Profile:
    """What a person tells about themselves; the columns of `profiles.profiles`."""

    account_id: UUID
    headline: str | None
    bio: str | None  # Markdown
    website_url: str | None
    location: str | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class BadgeAward:
    """One badge of a person; the columns of `profiles.badge_awards`."""

    id: UUID
    account_id: UUID
    badge: str
    tier: str
    awarded_at: datetime
