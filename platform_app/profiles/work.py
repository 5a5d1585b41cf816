"""Rules of how people work: availability, experience, rate, skills. Every function takes an open transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from psycopg.rows import class_row

from lake.contracts.tables import BY_NAME
from lake.contracts.tables.profiles import SKILL_LEVELS
from lake.kit.ids import new_id
from platform_app.db import Conn, insert_rows
from platform_app.errors import Invalid
from platform_app.identity import service as identity
from platform_app.outbox.publish import publish
from platform_app.profiles import changes
from platform_app.profiles.schemas import OwnSkill, WorkingLife
from platform_app.profiles.vocabulary import skill_of
from platform_app.rules import fit

MOST_SKILLS = 40
COLUMNS = (
    "account_id", "availability", "experience_level", "years_experience", "hourly_rate", "currency", "weekly_hours",
    "industry", "time_zone", "updated_at",
)  # fmt: skip


def working_life_of(conn: Conn, account_id: UUID) -> WorkingLife | None:
    """How a person works; None when they have not said."""
    with conn.cursor(row_factory=class_row(WorkingLife)) as cursor:
        return cursor.execute(
            f"SELECT {', '.join(COLUMNS)} FROM profiles.working_lives WHERE account_id = %s", (account_id,)
        ).fetchone()


def edit_working_life(
    conn: Conn, account_id: UUID, now: datetime, *, availability: str = "available", **values: Any
) -> WorkingLife:
    """Replace how a person works; what is left out becomes unknown. Invalid when a value breaks a rule.

    A rate needs its currency; without a rate the currency is dropped.
    """
    identity.active_account(conn, account_id)
    given: dict[str, Any] = dict.fromkeys(COLUMNS[2:-1]) | values
    if given["hourly_rate"] is None:
        given["currency"] = None
    elif given["currency"] is None:
        raise Invalid("A rate needs its currency: choose one.", field="currency")
    life = WorkingLife(account_id=account_id, availability=availability, updated_at=now, **given)
    fit("working_lives", **{name: getattr(life, name) for name in COLUMNS[1:-1]})
    if life.time_zone is not None and life.time_zone not in available_timezones():
        raise Invalid("This is no time zone: choose one such as Europe/Berlin.", field="time_zone")
    before = working_life_of(conn, account_id)
    _save(conn, life)
    was = before.availability if before else None
    if was is not None and was != life.availability:
        publish(conn, "availability.changed", account_id, account_id, now, before=was, after=life.availability)
    if before is None or replace(before, updated_at=now) != life:
        changes.tell(conn, account_id, now, work=True)
    return life


def _save(conn: Conn, life: WorkingLife) -> None:
    sets = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS[1:])
    conn.execute(
        f"INSERT INTO profiles.working_lives ({', '.join(COLUMNS)}) VALUES ({', '.join(['%s'] * len(COLUMNS))}) "
        f"ON CONFLICT (account_id) DO UPDATE SET {sets}".encode(),
        [getattr(life, name) for name in COLUMNS],
    )


def skills_of(conn: Conn, account_id: UUID) -> list[OwnSkill]:
    """A person's skills, what they know best first."""
    with conn.cursor(row_factory=class_row(OwnSkill)) as cursor:
        found = cursor.execute(
            "SELECT id, account_id, skill, level, source, created_at FROM profiles.account_skills WHERE account_id = %s",
            (account_id,),
        ).fetchall()
    return sorted(found, key=lambda one: (-SKILL_LEVELS.index(one.level), one.label.lower()))


def set_skills(conn: Conn, account_id: UUID, chosen: Mapping[str, str], now: datetime) -> list[OwnSkill]:
    """Replace a person's skills by (what they typed → level). Invalid when one is not in the list or there are too many."""
    identity.active_account(conn, account_id)
    wanted = {skill_of(typed): level for typed, level in chosen.items()}
    if len(wanted) > MOST_SKILLS:
        raise Invalid(f"At most {MOST_SKILLS} skills: keep those that matter.", field="skills")
    for level in wanted.values():
        fit("account_skills", level=level)
    there = {one.skill: one for one in skills_of(conn, account_id)}
    gone = [one.id for name, one in there.items() if name not in wanted]
    changed = [
        (level, there[name].id) for name, level in wanted.items() if name in there and there[name].level != level
    ]
    new = [
        OwnSkill(new_id(), account_id, name, level, "self", now) for name, level in wanted.items() if name not in there
    ]
    conn.execute("DELETE FROM profiles.account_skills WHERE id = ANY(%s)", (gone,))
    for level, skill_id in changed:
        conn.execute("UPDATE profiles.account_skills SET level = %s WHERE id = %s", (level, skill_id))
    add_skills(conn, new)
    if gone or changed or new:
        changes.tell(conn, account_id, now, skills=True)
    return skills_of(conn, account_id)


def learn(conn: Conn, account_id: UUID, found: Iterable[str], source: str, now: datetime) -> int:
    """Add confirmed skills from a résumé or from GitHub; those a person has already stay as they are. How many were new."""
    there = {one.skill for one in skills_of(conn, account_id)}
    new = [skill for skill in dict.fromkeys(map(skill_of, found)) if skill not in there][: MOST_SKILLS - len(there)]
    add_skills(conn, [OwnSkill(new_id(), account_id, skill, "intermediate", source, now) for skill in new])
    if new:
        changes.tell(conn, account_id, now, skills=True)
    return len(new)


def add_skills(conn: Conn, rows: Sequence[OwnSkill]) -> int:
    """Batch form: insert skills; one that exists is left as it is. Returns how many were new."""
    return insert_rows(conn, BY_NAME["account_skills"], rows)


def add_working_lives(conn: Conn, rows: Sequence[WorkingLife]) -> int:
    """Batch form: insert working lives; one that exists is left as it is. Returns how many were new."""
    return insert_rows(conn, BY_NAME["working_lives"], rows)
