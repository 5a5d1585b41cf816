"""What GitHub says about the account that a person linked: languages, stars, how lately something was pushed.

GitHub is asked through a breaker: after three failures in a row it is left alone for a minute. Whatever was found before stands
in meanwhile, with its day on it.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import quote
from uuid import UUID

import httpx
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from lake.kit.clock import parse_moment
from lake.kit.errors import Retry
from platform_app.db import Conn
from platform_app.errors import Conflict
from platform_app.identity import oauth
from platform_app.outbox.publish import publish
from platform_app.profiles import work
from platform_app.profiles.vocabulary import names

PATIENCE = 5.0  # seconds
MOST_REPOSITORIES = 100
FAILURES, PAUSE = 3, 60.0  # in a row; seconds
MONTH, YEAR = 30, 365  # days


class Away(Exception):
    """GitHub did not answer, or not as agreed."""


@dataclass(frozen=True, slots=True)
class Repository:
    """One public repository of somebody's own."""

    language: str | None
    stars: int
    pushed_at: datetime | None


class GitHub(Protocol):
    """Where repositories are asked for."""

    def repositories(self, login: str) -> list[Repository]:
        """A person's own public repositories; Away when they cannot be had."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """What was found, and when."""

    login: str
    languages: dict[str, int]  # share in percent, the largest first
    repositories: int
    stars: int
    active: str
    analyzed_at: datetime

    @property
    def skills(self) -> list[str]:
        """The languages that are skills of the list."""
        return [names()[language.lower()] for language in self.languages if language.lower() in names()]


class OverHttp:
    """GitHub's REST API, or a server that speaks it."""

    def __init__(self, api_url: str) -> None:
        self._api = api_url.rstrip("/")

    def repositories(self, login: str) -> list[Repository]:
        """One request: the repositories that were pushed to last, forks left out."""
        query = {"per_page": str(MOST_REPOSITORIES), "sort": "pushed", "type": "owner"}
        headers = {"Accept": "application/vnd.github+json", "User-Agent": "headwater"}
        try:
            answer = httpx.get(
                f"{self._api}/users/{quote(login, safe='')}/repos", params=query, headers=headers, timeout=PATIENCE
            )
            answer.raise_for_status()
            return [_repository(one) for one in answer.json() if not one["fork"]]
        except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise Away from error


def _repository(told: dict[str, Any]) -> Repository:
    pushed = told["pushed_at"]
    return Repository(told["language"], int(told["stargazers_count"]), parse_moment(pushed) if pushed else None)


class Breaker:
    """Leaves a server alone that has failed several times in a row; shared by all requests of a process."""

    def __init__(self, behind: GitHub, clock: Callable[[], float] = time.monotonic) -> None:
        self._behind, self._clock = behind, clock
        self._failures, self._open_until = 0, 0.0
        self._lock = threading.Lock()

    def repositories(self, login: str) -> list[Repository]:
        """As the server says; Away at once while it is left alone."""
        with self._lock:
            if self._clock() < self._open_until:
                raise Away
        try:
            found = self._behind.repositories(login)
        except Away:
            with self._lock:
                self._failures += 1
                if self._failures >= FAILURES:
                    self._open_until = self._clock() + PAUSE
            raise
        with self._lock:
            self._failures = 0
        return found


def analysis_of(conn: Conn, account_id: UUID) -> Analysis | None:
    """What was found last; None when GitHub was never asked."""
    with conn.cursor(row_factory=class_row(Analysis)) as cursor:
        return cursor.execute(
            "SELECT login, languages, repositories, stars, active, analyzed_at FROM profiles.github WHERE account_id = %s",
            (account_id,),
        ).fetchone()


def login_of(conn: Conn, account_id: UUID) -> str:
    """How the person is called at GitHub. Conflict when they have linked no account there."""
    login = next((link.username for link in oauth.links_of(conn, account_id) if link.provider == "github"), None)
    if not login:
        raise Conflict("Link your GitHub account first: under Security in your settings.", code="no_github")
    return login


def ask(port: GitHub, login: str) -> list[Repository] | None:
    """Ask GitHub, outside of any transaction; None when it is away."""
    try:
        return port.repositories(login)
    except Away:
        return None


def keep(
    conn: Conn, account_id: UUID, login: str, found: Sequence[Repository] | None, now: datetime
) -> tuple[Analysis, bool]:
    """Keep what was found, and whether it is of now: what was found before stands in. Retry when there is nothing at all."""
    if found is None:
        before = analysis_of(conn, account_id)
        if before is None or before.login != login:
            raise Retry("GitHub does not answer: try again in a minute.")
        return before, False
    made = analyze(login, found, now)
    conn.execute(
        "INSERT INTO profiles.github (account_id, login, languages, repositories, stars, active, analyzed_at) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (account_id) DO UPDATE SET login = excluded.login, "
        "languages = excluded.languages, repositories = excluded.repositories, stars = excluded.stars, "
        "active = excluded.active, analyzed_at = excluded.analyzed_at",
        (account_id, login[:100], Jsonb(made.languages), made.repositories, made.stars, made.active, now),
    )
    publish(conn, "github.analyzed", account_id, account_id, now, active=made.active, languages=len(made.languages))
    return made, True


def take_over(conn: Conn, account_id: UUID, skills: Sequence[str], now: datetime) -> int:
    """Take what the person ticked of GitHub's languages into their skills; how many were new."""
    found = analysis_of(conn, account_id)
    named = found.skills if found else []
    return work.learn(conn, account_id, [skill for skill in skills if skill in named], "github", now)


def analyze(login: str, found: Sequence[Repository], now: datetime) -> Analysis:
    """Add repositories up. Languages are shares of the repositories that have one, in percent."""
    languages = Counter(one.language for one in found if one.language)
    total = languages.total()
    shares = {name: round(100 * count / total) for name, count in languages.most_common(20)}
    return Analysis(login, shares, len(found), sum(one.stars for one in found), _active(found, now), now)


def _active(found: Sequence[Repository], now: datetime) -> str:
    last = max((one.pushed_at for one in found if one.pushed_at), default=None)
    if last is None:
        return "never"
    days = (now - last).days
    return "month" if days <= MONTH else "year" if days <= YEAR else "earlier"
