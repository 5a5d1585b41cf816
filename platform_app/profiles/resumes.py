"""Résumés: a document is kept for its owner alone; skills and years that its text names are offered, never taken by itself."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from platform_app.db import Conn
from platform_app.errors import NotFound
from platform_app.identity import service as identity
from platform_app.outbox.publish import publish
from platform_app.profiles import changes, work
from platform_app.profiles.schemas import Resume
from platform_app.profiles.vocabulary import found_in
from platform_app.rules import clean
from platform_app.uploads import service as uploads
from platform_app.uploads.schemas import Prepared
from platform_app.uploads.store import Store

MOST_YEARS = 60
SAID = re.compile(r"\b(\d{1,2})\+?\s*(?:years?|yrs?)\b[^.\n]{0,40}?\bexperience\b", re.I)
RANGE = re.compile(
    r"(?<!\d)((?:19|20)\d\d)\s*(?:-|–|—|to|until|bis)\s*(?:[A-Za-z]{3,9}\.?\s+)?((?:19|20)\d\d(?!\d)|present|today|now|current|heute)",
    re.I,
)


def resume_of(conn: Conn, account_id: UUID) -> Resume | None:
    """A person's last résumé."""
    with conn.cursor(row_factory=class_row(Resume)) as cursor:
        return cursor.execute(
            "SELECT account_id, file_id, text, skills, years, uploaded_at, taken_at FROM profiles.resumes "
            "WHERE account_id = %s",
            (account_id,),
        ).fetchone()


def upload(conn: Conn, store: Store, account_id: UUID, prepared: Prepared, name: str, now: datetime) -> Resume:
    """Keep a résumé instead of the one before, and what is found in it."""
    identity.active_account(conn, account_id)
    _drop(conn, account_id)
    file = uploads.keep(conn, store, account_id, prepared, purpose="resume", name=name, now=now)
    uploads.use(conn, [file.id], now)
    text = clean(prepared.text)
    found = Resume(account_id, file.id, text, found_in(text), years_in(text, now.year), now, None)
    conn.execute(
        "INSERT INTO profiles.resumes (account_id, file_id, text, skills, years, uploaded_at) "
        "VALUES (%s, %s, %s, %s, %s, %s)",
        (account_id, file.id, found.text, found.skills, found.years, now),
    )
    publish(conn, "resume.uploaded", account_id, account_id, now, skills=len(found.skills), years=_band(found.years))
    return found


def take_over(conn: Conn, account_id: UUID, skills: Sequence[str], *, years: bool, now: datetime) -> int:
    """Take what the person ticked from their résumé into their profile; how many skills were new. NotFound without one."""
    resume = resume_of(conn, account_id)
    if resume is None:
        raise NotFound("There is no résumé: upload one first.")
    new = work.learn(conn, account_id, [skill for skill in skills if skill in resume.skills], "resume", now)
    if years and resume.years is not None:
        life = work.working_life_of(conn, account_id)
        said = {name: getattr(life, name) for name in work.COLUMNS[1:-1]} if life else {}
        work.edit_working_life(conn, account_id, now, **said | {"years_experience": resume.years})
    conn.execute("UPDATE profiles.resumes SET taken_at = %s WHERE account_id = %s", (now, account_id))
    return new


def remove(conn: Conn, account_id: UUID, now: datetime) -> None:
    """Forget a person's résumé; skills that were taken over stay."""
    if _drop(conn, account_id):
        changes.tell(conn, account_id, now, work=True)


def _drop(conn: Conn, account_id: UUID) -> bool:
    row = conn.execute("DELETE FROM profiles.resumes WHERE account_id = %s RETURNING file_id", (account_id,)).fetchone()
    if row is not None:
        uploads.drop(conn, [row[0]])
    return row is not None


def years_in(text: str, this_year: int) -> int | None:
    """How many years of experience a text tells of: as it says, or as its ranges of years cover; None when it does not."""
    said = [int(years) for years in SAID.findall(text) if int(years) <= MOST_YEARS]
    if said:
        return max(said)
    covered = _years(RANGE.findall(text), this_year)
    return min(len(covered), MOST_YEARS) if covered else None


def _years(ranges: Iterable[tuple[str, str]], this_year: int) -> set[int]:
    covered: set[int] = set()
    for first, last in ranges:
        end = int(last) if last.isdigit() else this_year
        if this_year - MOST_YEARS <= int(first) < end <= this_year:
            covered |= set(range(int(first), end))
    return covered


def _band(years: int | None) -> str:
    if years is None:
        return "unknown"
    return next((name for most, name in ((1, "first"), (4, "few"), (9, "several")) if years <= most), "many")
