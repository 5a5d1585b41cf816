"""What must be remembered of a dump while it is read: its people, its posts, and who could have voted."""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate
from uuid import UUID

ATTEMPTS = 40  # draws for one vote before the first free person takes it


@dataclass(frozen=True, slots=True)
class Person:
    """A person of the dump; `votes` is how many they cast there."""

    id: UUID
    joined: datetime
    votes: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A question or an answer that was imported."""

    id: UUID
    author_id: UUID
    is_question: bool
    created_at: datetime
    parent: str | None = None  # an answer's question, by the dump's id


@dataclass
class Memory:
    """What later stages look up, by the dump's ids."""

    people: dict[str, Person] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    accepted: dict[str, str] = field(default_factory=dict)  # question → answer
    tags: set[str] = field(default_factory=set)
    links: set[tuple[UUID, UUID, str]] = field(default_factory=set)


def draw(*origin: object) -> float:
    """A number in [0, 1) that depends on nothing but its origin."""
    digest = hashlib.blake2b("\x1f".join(map(str, origin)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


class Voters:
    """Draws who cast a vote: people who had joined, by how much they voted; nobody twice on a target, never its author."""

    def __init__(self, people: list[Person], source: str, seed: int) -> None:
        active = [person for person in people if person.votes > 0] or people
        self._people = sorted(active, key=lambda person: (person.joined, person.id))
        self._joined = [person.joined for person in self._people]
        self._weights = list(accumulate(max(person.votes, 1) for person in self._people))
        self._origin = (source, seed)
        self._taken: defaultdict[UUID, set[int]] = defaultdict(set)

    def voter(self, vote: str, target: Entry, cast_at: datetime) -> UUID | None:
        """Who cast this vote; None when nobody is left. Votes must come in the dump's order."""
        taken = self._taken[target.id]
        among = bisect_left(self._joined, cast_at + timedelta(days=1)) or len(self._people)
        for attempt in range(ATTEMPTS if among else 0):
            point = draw(*self._origin, vote, attempt) * self._weights[among - 1]
            place = bisect_left(self._weights, point, hi=among - 1)
            if self._take(place, taken, target):
                return self._people[place].id
        free = (place for place in range(len(self._people)) if self._take(place, taken, target))
        place_left = next(free, None)
        return None if place_left is None else self._people[place_left].id

    def _take(self, place: int, taken: set[int], target: Entry) -> bool:
        if place in taken or self._people[place].id == target.author_id:
            return False
        taken.add(place)
        return True
