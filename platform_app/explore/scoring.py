"""How much something is worth showing to somebody, and why: pure functions of what is known about both.

The formula, with its reasons, is written in docs/decisions/0096-how-the-feed-is-ranked.md; change both together, and
`ALGORITHM` with them, so that what was shown before can be told from what is shown after.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from uuid import UUID

from platform_app.explore.schemas import Candidate, Entry, Surface

ALGORITHM = "blend-2"
WEIGHTS: dict[str, float] = {
    "follows_person": 1.0, "in_group": 0.9, "follows_group": 0.8, "follows_tag": 0.8, "writes_in": 0.7, "skill": 0.6, "votes_in": 0.5, "looks_at": 0.4,
    "suggested": 0.6, "near": 0.4, "popular": 0.5, "new": 0.1,
}  # fmt: skip
"""What each reason can add at most."""
HOURS: dict[Surface, float] = {"feed": 48.0, "explore": 168.0, "popular": 72.0}
"""After how many hours something is worth half."""
TIRED, OPENED = 0.7, 0.3  # for each time it was shown and not opened; once it was opened
KEPT = 200  # entries of a ranking
MOST, WINDOW = 2, 10  # things of one author among ten neighbours


@dataclass(frozen=True, slots=True)
class Liking:
    """How much somebody likes a tag (0 to 1), and how that is known: a key of `WEIGHTS`."""

    weight: float
    reason: str


@dataclass(frozen=True, slots=True)
class Circle:
    """A group of theirs by its name, and how they are in it: `in_group` or `follows_group`."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Interests:
    """What is known of somebody; empty for a visitor."""

    people: frozenset[UUID] = frozenset()  # whom they follow
    near: Mapping[UUID, int] = field(default_factory=dict)  # authors, by how many of those they follow follow them
    tags: Mapping[str, Liking] = field(default_factory=dict)
    groups: Mapping[UUID, Circle] = field(default_factory=dict)
    shown: Mapping[UUID, int] = field(default_factory=dict)  # on how many days a thing was shown and not opened
    opened: frozenset[UUID] = frozenset()


def rank(candidates: Iterable[Candidate], known: Interests, surface: Surface, now: datetime) -> list[Entry]:
    """The first 200 in the order in which they are shown, each with its strongest reason; the same input, the same order."""
    weighed = sorted(
        ((worth(one, known, surface, now), one) for one in candidates),
        key=lambda pair: (-pair[0], -pair[1].created_at.timestamp(), str(pair[1].id)),
    )
    return [_entry(one, known) for one in islice(spread([one for _, one in weighed]), KEPT)]


def worth(one: Candidate, known: Interests, surface: Surface, now: datetime) -> float:
    """(what speaks for it) x freshness x what is left after it was shown before; above 0, whatever its age."""
    hours = max(0.0, (now - one.created_at).total_seconds() / 3600)
    seen = OPENED if one.id in known.opened else TIRED ** min(known.shown.get(one.id, 0), 10)
    return sum(value for _, value, _ in reasons(one, known)) / (1 + hours / HOURS[surface]) * seen


def reasons(one: Candidate, known: Interests) -> Iterator[tuple[str, float, str | None]]:
    """(reason, what it adds, the tag or group it speaks of) for everything that speaks for it."""
    if one.author_id in known.people:
        yield "follows_person", WEIGHTS["follows_person"], None
    if one.group_id is not None and (circle := known.groups.get(one.group_id)):
        yield circle.reason, WEIGHTS[circle.reason], circle.name
    if liked := _liked(one, known):
        left = 1.0
        for _, liking in liked:
            left *= 1 - liking.weight
        first, best = liked[0]
        yield best.reason, WEIGHTS[best.reason] * (1 - left), first
    if one.suggested > 0:
        yield "suggested", WEIGHTS["suggested"] * min(one.suggested, 1.0), None
    if near := known.near.get(one.author_id, 0):
        yield "near", WEIGHTS["near"] * near / (near + 3), None
    voices = max(0, one.votes) + one.approaches / 2
    if voices:
        tag = liked[0][0] if liked else None
        yield "popular_tag" if tag else "popular", WEIGHTS["popular"] * voices / (voices + 5), tag
    yield "new", WEIGHTS["new"], None


def spread(ranked: Sequence[Candidate]) -> Iterator[Candidate]:
    """The same things in nearly the same order, with at most two of one author among any ten while others are left."""
    waiting = list(ranked)
    recent: deque[UUID] = deque(maxlen=WINDOW - 1)
    while waiting:
        held = Counter(recent)
        place = next((at for at, one in enumerate(waiting) if held[one.author_id] < MOST), 0)
        one = waiting.pop(place)
        recent.append(one.author_id)
        yield one


def _liked(one: Candidate, known: Interests) -> list[tuple[str, Liking]]:
    """The tags of it that they like, the one that counts most first."""
    found = [(tag, known.tags[tag]) for tag in one.tags if tag in known.tags]
    return sorted(found, key=lambda pair: (-pair[1].weight * WEIGHTS[pair[1].reason], pair[0]))


def _entry(one: Candidate, known: Interests) -> Entry:
    reason, _, because = max(reasons(one, known), key=lambda found: found[1])
    return Entry(one.kind, one.id, reason, because)
