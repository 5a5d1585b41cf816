"""Rules of profiles and badges. Every function takes an open transaction (`db.Database.write`) and never commits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from lake.kit.ids import new_id
from platform_app import versions
from platform_app.db import Conn
from platform_app.errors import EditedMeanwhile, Invalid, Saved
from platform_app.identity import service as identity
from platform_app.moderation import guard
from platform_app.outbox.publish import publish
from platform_app.profiles import changes, repository
from platform_app.profiles.schemas import BadgeAward, Profile
from platform_app.rules import clean, fit, one_line

FIELDS = {
    "display_name": "Your name", "headline": "One line about you", "bio": "About you", "location": "Where you are",
    "website_url": "Your website",
}  # fmt: skip
WEBSITE = re.compile(r"https?://[^\s<>\"]{1,1990}")


def profile_of(conn: Conn, account_id: UUID) -> Profile:
    """The person's profile; an empty one when they have told nothing yet. NotFound when there is no such person."""
    account = identity.find_account(conn, account_id)
    return repository.profile_of(conn, account_id) or Profile(account_id, None, None, None, None, account.created_at)


def edit_profile(
    conn: Conn,
    account_id: UUID,
    *,
    headline: str | None,
    bio: str | None,
    website_url: str | None,
    location: str | None,
    now: datetime,
) -> Profile:
    """Replace the whole profile; empty texts become null. Invalid when one is too long or the page is no web address."""
    profile = Profile(
        account_id=account_id,
        headline=one_line(headline or "") or None,
        bio=clean(bio or "") or None,
        website_url=_checked_website(website_url),
        location=one_line(location or "") or None,
        updated_at=now,
    )
    fit("profiles", headline=profile.headline, bio=profile.bio, location=profile.location)
    guard.may_edit(conn, account_id, f"{profile.headline or ''}\n{profile.bio or ''}", now)
    repository.save_profile(conn, profile)
    changes.tell(conn, account_id, now, texts=True)
    return profile


def version_of(name: str, profile: Profile) -> str:
    """Changes with what somebody tells about themselves."""
    return versions.version_of(name, profile.headline, profile.bio, profile.location, profile.website_url)


def expect(conn: Conn, account_id: UUID, seen: str) -> None:
    """EditedMeanwhile when the profile is not the one that was seen; empty or `*` takes any. Whoever else edits it waits."""
    repository.lock_person(conn, account_id)
    name, profile = identity.find_account(conn, account_id).display_name, profile_of(conn, account_id)
    if versions.is_other(seen, version := version_of(name, profile)):
        saved = [
            Saved(field, label, (name if field == "display_name" else getattr(profile, field)) or "")
            for field, label in FIELDS.items()
        ]
        raise EditedMeanwhile(saved, version, "Your profile was changed meanwhile, in another window or by a program.")


def badges_of(conn: Conn, account_id: UUID) -> list[BadgeAward]:
    """The person's badges, newest first."""
    return repository.badges_of(conn, account_id)


def award_badge(conn: Conn, account_id: UUID, badge: str, tier: str, now: datetime) -> BadgeAward:
    """Award a badge (tier gold, silver or bronze); a badge can be earned more than once."""
    award = BadgeAward(new_id(), account_id, badge, tier, now)
    fit("badge_awards", badge=badge, tier=tier)
    identity.active_account(conn, account_id)
    repository.insert_awards(conn, [award])
    publish(conn, "badge.awarded", account_id, None, now, tier=tier)
    return award


def add_profiles(conn: Conn, rows: Sequence[Profile]) -> int:
    """Batch form: insert profiles; one that exists is left as it is. Returns how many were new."""
    return repository.insert_profiles(conn, rows)


def award_badges(conn: Conn, rows: Sequence[BadgeAward]) -> int:
    """Batch form: award badges; an award that exists is left as it is. Returns how many were new."""
    return repository.insert_awards(conn, rows)


def forget(conn: Conn, account_id: UUID) -> None:
    """Remove a person's profile and badges, what they show and how they work; their files are forgotten apart."""
    repository.remove_person(conn, account_id)


def _checked_website(website_url: str | None) -> str | None:
    checked = (website_url or "").strip()
    if not checked:
        return None
    if not WEBSITE.fullmatch(checked):
        raise Invalid("Website url must start with http:// or https:// and hold no spaces.", field="website_url")
    return checked
