"""Suggestions as they hold at this moment: what was followed, answered, closed or withdrawn since is left out."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Any, LiteralString
from uuid import UUID

from psycopg.rows import class_row

from lake.contracts.suggestions import PURPOSES
from platform_app.db import Conn
from platform_app.moderation import blocks, hidden

_TAKES_PART: LiteralString = (
    "(SELECT count(*) FROM identity.consents c WHERE c.account_id = {} AND c.granted AND c.purpose = ANY(%(purposes)s))"
    " = cardinality(%(purposes)s)"
)
_PEOPLE: LiteralString = (
    "SELECT a.handle, a.display_name, s.reason, s.because FROM suggestions.suggestions s "
    "JOIN identity.accounts a ON a.id = s.person_id WHERE s.account_id = %(me)s AND s.kind = 'person' "
    "AND a.status = 'active' AND a.id <> %(me)s AND "
    + blocks.seen_by_viewer("a.id")
    + " AND NOT EXISTS (SELECT 1 FROM community.follows f "
    "WHERE f.follower_id = %(me)s AND f.followee_id = a.id) AND "
    + _TAKES_PART.replace("{}", "a.id")
    + " ORDER BY s.score DESC, a.id LIMIT %(limit)s"
)
_NEW_TO_ME: LiteralString = (
    "p.status = 'open' AND p.kind = 'problem' AND p.author_id <> %(me)s AND "
    + hidden.in_lists("p.id", "p.author_id")
    + " AND "
    + blocks.seen_by_viewer("p.author_id")
    + " "
    "AND NOT EXISTS (SELECT 1 FROM community.approaches r WHERE r.post_id = p.id AND r.author_id = %(me)s)"
)
_CARD: LiteralString = (
    "p.id, p.title, u.handle AS author_handle, u.display_name AS author_name, "
    "(SELECT count(*) FROM community.approaches r WHERE r.post_id = p.id AND r.status <> 'deleted')::integer AS approaches"
)
_PROBLEMS: LiteralString = (
    f"SELECT {_CARD}, s.reason, s.because FROM suggestions.suggestions s JOIN community.posts p ON p.id = s.post_id "
    f"JOIN identity.accounts u ON u.id = p.author_id WHERE s.account_id = %(me)s AND s.kind = 'post' AND {_NEW_TO_ME} AND "
    + _TAKES_PART.replace("{}", "p.author_id")
    + " ORDER BY s.score DESC, p.id LIMIT %(limit)s"
)
_TAGS: LiteralString = (
    "SELECT t.name, s.reason, s.because FROM suggestions.suggestions s JOIN community.tags t ON t.name = s.tag "
    "WHERE s.account_id = %(me)s AND s.kind = 'tag' AND t.synonym_of IS NULL AND NOT EXISTS (SELECT 1 FROM "
    "community.tag_follows f WHERE f.account_id = %(me)s AND f.tag = t.name) ORDER BY s.score DESC, t.name LIMIT %(limit)s"
)
_POPULAR: LiteralString = (
    # The newest are picked out first: a planner that takes them for few looks through them once for each open problem.
    "WITH newest AS MATERIALIZED (SELECT * FROM community.posts ORDER BY created_at DESC, id DESC LIMIT 200) "
    f"SELECT {_CARD}, 'popular' AS reason, NULL AS because FROM newest p "
    "JOIN identity.accounts u ON u.id = p.author_id LEFT JOIN community.post_counters n ON n.post_id = p.id "
    f"WHERE {_NEW_TO_ME} "
    "ORDER BY coalesce(n.score, 0) DESC, p.created_at DESC, p.id LIMIT %(limit)s"
)
_STARTS: LiteralString = (
    f"SELECT {_CARD}, s.reason, NULL AS because FROM discovery.starts s JOIN community.posts p ON p.id = s.post_id "
    f"JOIN identity.accounts u ON u.id = p.author_id WHERE s.account_id = %(me)s AND {_NEW_TO_ME} "
    "ORDER BY s.score DESC, p.id LIMIT %(limit)s"
)
_FOLLOWED: LiteralString = (
    "WITH tagged AS MATERIALIZED (SELECT t.post_id, min(t.tag) AS tag FROM community.tag_follows f, LATERAL "
    "(SELECT g.post_id, g.tag FROM community.taggings g WHERE g.tag = f.tag AND g.post_id IS NOT NULL "
    "ORDER BY g.created_at DESC LIMIT 50) t WHERE f.account_id = %(me)s GROUP BY t.post_id) "
    f"SELECT {_CARD}, 'followed_tag' AS reason, t.tag AS because FROM tagged t JOIN community.posts p ON p.id = t.post_id "
    f"JOIN identity.accounts u ON u.id = p.author_id WHERE {_NEW_TO_ME} "
    "ORDER BY p.created_at DESC, p.id LIMIT %(limit)s"
)
_WORDS = {
    "like_profile": "fits what you tell about yourself",
    "answered_tag": "because you answered in {because}",
    "followed_tag": "because you follow {because}",
    "used_together": "often together with {because}",
    "answered_you": "answered your problems",
    "people_like_you": "chosen by people like you",
    "popular": "popular among the newest",
}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to follow."""

    handle: str
    display_name: str
    reason: str
    because: str | None

    @property
    def words(self) -> str:
        return in_words(self.reason, self.because, "answers the same problems as you")


@dataclass(frozen=True, slots=True)
class Problem:
    """An open problem to look at."""

    id: UUID
    title: str
    author_handle: str
    author_name: str
    approaches: int
    reason: str
    because: str | None

    @property
    def words(self) -> str:
        return in_words(self.reason, self.because, "people who answered the same problems are there")


@dataclass(frozen=True, slots=True)
class TagToFollow:
    """A tag to follow."""

    name: str
    reason: str
    because: str | None

    @property
    def words(self) -> str:
        return in_words(self.reason, self.because, "")


@dataclass(frozen=True, slots=True)
class Suggested:
    """What is shown to one person; `agreed` is false, and all else empty, for somebody who agreed to no suggestions."""

    agreed: bool
    people: list[Person]
    problems: list[Problem]
    tags: list[TagToFollow]


def in_words(reason: str, because: str | None, same_problems: str) -> str:
    """A reason as a page says it."""
    return _WORDS.get(reason, same_problems).format(because=because)


def suggested(conn: Conn, account_id: UUID, *, limit: int = 5) -> Suggested:
    """What to suggest now. Somebody of whom the lake knows nothing yet is shown what is near to their profile and new in
    the tags they follow, and what is popular where they have told and followed nothing."""
    values = {"me": account_id, "viewer": account_id, "purposes": list(PURPOSES), "limit": limit}
    query: LiteralString = "SELECT " + _TAKES_PART.replace("{}", "%(me)s")
    row = conn.execute(query, values).fetchone()
    if row is None or not row[0]:
        return Suggested(False, [], [], [])
    people = _read(conn, Person, _PEOPLE, values)
    problems = (
        _read(conn, Problem, _PROBLEMS, values) or _start(conn, values, limit) or _read(conn, Problem, _POPULAR, values)
    )
    return Suggested(True, people, problems, _read(conn, TagToFollow, _TAGS, values))


def forget(conn: Conn, account_id: UUID) -> None:
    """Delete what was suggested to a person, and the person where they were suggested to others."""
    conn.execute(
        "DELETE FROM suggestions.suggestions WHERE account_id = %(me)s OR person_id = %(me)s OR post_id IN "
        "(SELECT id FROM community.posts WHERE author_id = %(me)s)",
        {"me": account_id},
    )


def _start(conn: Conn, values: dict[str, Any], limit: int) -> list[Problem]:
    """What is near to the profile and what is new in followed tags, in turns."""
    near, tagged = _read(conn, Problem, _STARTS, values), _read(conn, Problem, _FOLLOWED, values)
    first: dict[UUID, Problem] = {}
    for one in chain.from_iterable(zip_longest(near, tagged)):
        if one is not None:
            first.setdefault(one.id, one)
    return list(first.values())[:limit]


def _read(conn: Conn, kind: type[Any], query: LiteralString, values: dict[str, Any]) -> list[Any]:
    with conn.cursor(row_factory=class_row(kind)) as cursor:
        return cursor.execute(query, values).fetchall()
