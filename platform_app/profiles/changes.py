"""Saying that a profile changed: which parts of it, and how complete it is now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from platform_app.db import Conn
from platform_app.outbox.publish import publish


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that makes a profile complete."""

    done: bool
    advice: str
    path: str


@dataclass(frozen=True, slots=True)
class Completeness:
    """How complete a profile is, and what is missing."""

    steps: tuple[Step, ...]

    @property
    def percent(self) -> int:
        return round(100 * sum(step.done for step in self.steps) / len(self.steps))

    @property
    def missing(self) -> list[Step]:
        return [step for step in self.steps if not step.done]


STEPS = (
    ("headline", "Say in one line what you do", "/settings/profile"),
    ("bio", "Write a few words about yourself", "/settings/profile"),
    ("location", "Say where you are", "/settings/profile"),
    ("face", "Add a picture", "/settings/profile"),
    ("skills", "Name at least three skills", "/settings/work"),
    ("work", "Say whether you are free for work", "/settings/work"),
    ("portfolio", "Show a piece of work", "/settings/portfolio"),
)
_HAVE = """
    SELECT p.headline IS NOT NULL, p.bio IS NOT NULL, p.location IS NOT NULL,
        EXISTS (SELECT 1 FROM profiles.faces WHERE account_id = a.id),
        (SELECT count(*) FROM profiles.account_skills WHERE account_id = a.id) >= 3,
        EXISTS (SELECT 1 FROM profiles.working_lives WHERE account_id = a.id),
        EXISTS (SELECT 1 FROM profiles.portfolio_items WHERE account_id = a.id)
    FROM identity.accounts a LEFT JOIN profiles.profiles p ON p.account_id = a.id WHERE a.id = %s
"""


def completeness_of(conn: Conn, account_id: UUID) -> Completeness:
    """How complete a person's profile is."""
    row = conn.execute(_HAVE, (account_id,)).fetchone() or (False,) * len(STEPS)
    return Completeness(tuple(Step(bool(done), *step[1:]) for done, step in zip(row, STEPS, strict=True)))


def tell(  # noqa: PLR0913 - one word for each part
    conn: Conn,
    account_id: UUID,
    now: datetime,
    *,
    texts: bool = False,
    face: bool = False,
    skills: bool = False,
    work: bool = False,
    portfolio: bool = False,
) -> None:
    """Publish `profile.updated` with the parts that changed."""
    complete = completeness_of(conn, account_id).percent
    publish(
        conn, "profile.updated", account_id, account_id, now,
        texts=texts, face=face, skills=skills, work=work, portfolio=portfolio, complete=complete,
    )  # fmt: skip
