"""What profiles takes and gives. Moments are aware UTC."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from platform_app.profiles.vocabulary import label_of, labels


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


@dataclass(frozen=True, slots=True)
class WorkingLife:
    """How a person works; the columns of `profiles.working_lives`."""

    account_id: UUID
    availability: str
    experience_level: str | None
    years_experience: int | None
    hourly_rate: int | None  # whole units of the currency
    currency: str | None
    weekly_hours: int | None
    industry: str | None
    time_zone: str | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class OwnSkill:
    """A skill of a person; the columns of `profiles.account_skills`."""

    id: UUID
    account_id: UUID
    skill: str
    level: str
    source: str
    created_at: datetime

    @property
    def label(self) -> str:
        """How the skill is written."""
        return label_of(self.skill)


@dataclass(frozen=True, slots=True)
class PortfolioItem:
    """A piece of work that a person shows; the columns of `profiles.portfolio_items`."""

    id: UUID
    account_id: UUID
    kind: str
    title: str
    summary: str | None
    url: str | None
    file_id: UUID | None
    published_at: datetime
    skills: Sequence[str] = ()  # those it shows

    @property
    def labels(self) -> list[str]:
        """How its skills are written."""
        return labels(self.skills)


@dataclass(frozen=True, slots=True)
class PortfolioSkill:
    """A skill that a piece of work shows; the columns of `profiles.portfolio_skills`."""

    id: UUID
    item_id: UUID
    account_id: UUID
    skill: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Resume:
    """What was found in a person's last résumé; its text stays with them."""

    account_id: UUID
    file_id: UUID
    text: str
    skills: list[str]
    years: int | None
    uploaded_at: datetime
    taken_at: datetime | None


@dataclass(frozen=True, slots=True)
class Reputation:
    """What others' votes and acceptances add up to."""

    score: int = 0
    from_votes: int = 0
    from_accepted: int = 0
