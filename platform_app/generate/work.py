"""How invented people work: skills near what they are interested in, rates that rise with experience, who is free. Pure.

It draws from a source of its own, so that the rest of a community stays as it was. The shapes: two in three say how they work; a
rate is log-normal around what its level asks, with a fifth of spread; half are free, a third a little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random
from uuid import UUID

from lake.contracts.tables.profiles import INDUSTRIES
from platform_app.generate import words
from platform_app.generate.shape import PIECES, SHOWING, Rhythm, pick
from platform_app.ids import settled_id
from platform_app.profiles.schemas import OwnSkill, PortfolioItem, PortfolioSkill, WorkingLife
from platform_app.profiles.vocabulary import label_of, skills

TELLING = 0.65  # of people
AVAILABLE = (("available", 0.5), ("limited", 0.3), ("busy", 0.2))
EXPERIENCES = (("junior", 0.25, 1, 28), ("mid", 0.4, 4, 48), ("senior", 0.27, 9, 75), ("lead", 0.08, 14, 95))
"""Level, share, median years, median rate."""
PRICES = (("EUR", 0.55, 1.0), ("USD", 0.3, 1.15), ("GBP", 0.15, 0.9))
SPREAD = 0.22
SKILLS = ((1, 0.1), (3, 0.35), (5, 0.35), (8, 0.2))
LEVELS = ("beginner", "intermediate", "advanced", "expert")
HOURS = (10, 20, 30, 40)
LANGUAGES = 3.0  # times as often as other kinds


@dataclass(frozen=True, slots=True)
class Person:
    """Who works, and since when they are here."""

    id: UUID
    joined: datetime


def lives(people: Sequence[Person], seed: str, source: str) -> tuple[list[WorkingLife], list[OwnSkill]]:
    """How these people work, and what they know."""
    random = Random(f"work/{seed}")  # noqa: S311 - an invented community has to be repeatable
    names = sorted(skills())
    weights = [LANGUAGES if skills()[name].kind == "language" else 1.0 for name in names]
    found_lives, found_skills = [], []
    for person in people:
        if random.random() >= TELLING:
            continue
        life = _life(random, person)
        found_lives.append(life)
        count = random.choices([number for number, _ in SKILLS], [share for _, share in SKILLS])[0]
        for name in dict.fromkeys(random.choices(names, weights, k=count)):
            level = LEVELS[min(3, max(0, round(random.gauss(1.0 + (life.years_experience or 0) / 10, 0.8))))]
            key = settled_id(person.joined, source, "skill", person.id, name)
            found_skills.append(OwnSkill(key, person.id, name, level, "self", person.joined))
    return found_lives, found_skills


def _life(random: Random, person: Person) -> WorkingLife:
    level, _, years, rate = random.choices(EXPERIENCES, [share for _, share, *_ in EXPERIENCES])[0]
    currency, _, factor = random.choices(PRICES, [share for _, share, _ in PRICES])[0]
    says_rate = random.random() < 0.7
    return WorkingLife(
        account_id=person.id,
        availability=random.choices([name for name, _ in AVAILABLE], [share for _, share in AVAILABLE])[0],
        experience_level=level,
        years_experience=min(45, round(years * random.lognormvariate(0, 0.4))),
        hourly_rate=max(5, round(rate * factor * random.lognormvariate(0, SPREAD))) if says_rate else None,
        currency=currency if says_rate else None,
        weekly_hours=random.choice(HOURS),
        industry=random.choice(INDUSTRIES) if random.random() < 0.5 else None,
        time_zone=None,
        updated_at=person.joined,
    )


def pieces(skilled: Sequence[OwnSkill], seed: str, source: str, rhythm: Rhythm) -> list[PortfolioItem]:
    """What some of those with skills show of their work, each piece about one of their skills."""
    random = Random(f"pieces/{seed}")  # noqa: S311 - an invented community has to be repeatable
    known: dict[UUID, list[OwnSkill]] = {}
    for skill in skilled:
        known.setdefault(skill.account_id, []).append(skill)
    found = []
    for account_id, own in known.items():
        if random.random() >= SHOWING:
            continue
        for number in range(pick(random, PIECES)):
            at = rhythm.later(random, own[0].created_at, 24 * 30, 1.0)
            skill, kind = random.choice(own), random.choice(list(words.PIECES))
            if at is not None:
                key = settled_id(at, source, "portfolio_item", account_id, number)
                title = random.choice(words.PIECES[kind]).format(skill=label_of(skill.skill))
                about = random.choice(words.ABOUT_PIECES) if random.random() < 0.6 else None
                url = f"https://{key.hex[-8:]}.example.org/" if random.random() < 0.5 else None
                found.append(PortfolioItem(key, account_id, kind, title, about, url, None, at, (skill.skill,)))
    return found


def skills_shown(items: Sequence[PortfolioItem], source: str) -> list[PortfolioSkill]:
    """The rows for the skills that pieces of work show."""
    return [
        PortfolioSkill(
            settled_id(item.published_at, source, "portfolio_skill", item.id, skill),
            item.id,
            item.account_id,
            skill,
            item.published_at,
        )
        for item in items
        for skill in item.skills
    ]
