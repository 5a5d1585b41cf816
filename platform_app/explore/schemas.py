"""What explore takes and gives. Moments are aware UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from platform_app.community.schemas import ApproachView, PostCard

Surface = Literal["feed", "explore", "popular"]
Kind = Literal["post", "approach"]
SEPARATOR = "."


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that could be shown, with what it is weighed by. `suggested` is the lake's score, 0 without one."""

    kind: Kind
    id: UUID
    author_id: UUID
    created_at: datetime
    votes: int
    approaches: int
    tags: tuple[str, ...] = ()
    suggested: float = 0.0
    group_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One place of a ranking: what, and why. `because` is the tag or the name of the group that the reason speaks of."""

    kind: Kind
    id: UUID
    reason: str
    because: str | None = None


@dataclass(frozen=True, slots=True)
class ImpressionRow:
    """A row of `explore.impressions`."""

    id: UUID
    account_id: UUID
    post_id: UUID | None
    surface: str
    rank: int
    algorithm: str
    reason: str
    shown_at: datetime
    clicked_at: datetime | None
    approach_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Ranking:
    """What was settled for somebody at one moment; pages of it stay the same while it is kept.

    `personal` says that more than follows went into it: then what is shown of it is remembered.
    """

    id: UUID
    surface: Surface
    algorithm: str
    personal: bool
    made_at: datetime
    entries: list[Entry]


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a ranking, as it is written into links: the ranking's id and how many entries came before."""

    ranking_id: UUID
    after: int

    def __str__(self) -> str:
        return f"{self.ranking_id}{SEPARATOR}{self.after}"

    @classmethod
    def read(cls, text: str) -> Cursor | None:
        """None for anything that is no cursor: the reader starts at the top then."""
        ranking, _, after = text.partition(SEPARATOR)
        if len(ranking) != 36 or not after.isascii() or not after.isdigit() or len(after) > 6:
            return None
        try:
            return cls(UUID(ranking), int(after))
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry as a page shows it: exactly one of `post` and `approach`. `rank` counts from 1.

    `post_title` is what an approach answers; None where it stands on its own.
    """

    rank: int
    reason: str
    because: str | None
    post: PostCard | None = None
    approach: ApproachView | None = None
    post_title: str | None = None

    @property
    def words(self) -> str:
        """The reason as the page says it."""
        item = self.post or self.approach
        name = item.author_name if item else ""
        return WORDS[self.reason].format(because=self.because, author=name)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a ranking, with the cursor of the next one."""

    ranking: Ranking
    items: list[Shown]
    next_cursor: Cursor | None


WORDS: dict[str, str] = {
    "follows_person": "because you follow {author}",
    "follows_tag": "because you follow {because}",
    "writes_in": "because you write about {because}",
    "skill": "because {because} is among your skills",
    "votes_in": "because you voted for {because}",
    "looks_at": "because you looked at {because}",
    "in_group": "because you are in {because}",
    "follows_group": "because you follow {because}",
    "suggested": "chosen by people like you",
    "near": "from somebody whom people you follow follow",
    "popular_tag": "popular in {because}",
    "popular": "popular now",
    "new": "new here",
}
"""Every reason there is, as a page says it."""
