"""What community takes and gives. Moments are aware UTC; the batch rows have an attribute for each column of their table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from platform_app.community.snippets import code_language


@dataclass(frozen=True, slots=True)
class Target:
    """What a comment, vote or tag is about: a post or an approach, exactly one of them."""

    post_id: UUID | None = None
    approach_id: UUID | None = None

    def __post_init__(self) -> None:
        if (self.post_id is None) == (self.approach_id is None):
            raise ValueError("A target is a post or an approach: give exactly one id.")

    @property
    def id(self) -> UUID:
        """The one id."""
        found = self.post_id or self.approach_id
        assert found is not None  # noqa: S101 - exactly one is given
        return found


@dataclass(frozen=True, slots=True)
class TagRow:
    """A row of `community.tags`."""

    name: str
    created_at: datetime
    synonym_of: str | None = None


@dataclass(frozen=True, slots=True)
class PostRow:
    """A row of `community.posts`, with the tags its author chose."""

    id: UUID
    author_id: UUID
    title: str
    body: str
    created_at: datetime
    updated_at: datetime
    tags: tuple[str, ...] = ()
    kind: str = "problem"
    language: str = "en"
    status: str = "open"
    accepted_approach_id: UUID | None = None
    duplicate_of: UUID | None = None
    hours_to_first_approach: int | None = None
    closed_reason: str | None = None
    locked_at: datetime | None = None
    group_id: UUID | None = None

    @property
    def code_language(self) -> str | None:
        """The language of the first code in it."""
        return code_language(self.body)


@dataclass(frozen=True, slots=True)
class ApproachRow:
    """A row of `community.approaches`; its tags are matched from its words."""

    id: UUID
    post_id: UUID | None
    author_id: UUID
    title: str | None
    body: str
    created_at: datetime
    updated_at: datetime
    tags: tuple[str, ...] = ()
    kind: str = "idea"
    status: str = "published"
    accepted_at: datetime | None = None

    @property
    def code_language(self) -> str | None:
        """The language of the first code in it."""
        return code_language(self.body)


@dataclass(frozen=True, slots=True)
class CommentRow:
    """A row of `community.comments`."""

    id: UUID
    post_id: UUID | None
    approach_id: UUID | None
    author_id: UUID
    body: str
    created_at: datetime
    status: str = "published"
    parent_id: UUID | None = None
    thread_id: UUID | None = None
    edited_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class VoteRow:
    """A row of `community.votes`."""

    id: UUID
    account_id: UUID
    post_id: UUID | None
    approach_id: UUID | None
    value: int
    cast_at: datetime


@dataclass(frozen=True, slots=True)
class TaggingRow:
    """A row of `community.taggings`."""

    id: UUID
    post_id: UUID | None
    approach_id: UUID | None
    author_id: UUID
    tag: str
    source: str
    created_at: datetime
    confidence: int | None = None


@dataclass(frozen=True, slots=True)
class LinkRow:
    """A row of `community.post_links`; a duplicate also marks its post."""

    id: UUID
    post_id: UUID
    related_post_id: UUID
    author_id: UUID
    kind: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class FollowRow:
    """A row of `community.follows`."""

    id: UUID
    follower_id: UUID
    followee_id: UUID
    created_at: datetime


@dataclass(frozen=True, slots=True)
class TagFollowRow:
    """A row of `community.tag_follows`."""

    id: UUID
    account_id: UUID
    tag: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SavedItemRow:
    """A row of `community.saved_items`."""

    id: UUID
    account_id: UUID
    post_id: UUID | None
    approach_id: UUID | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Accepted:
    """An approach that its post's author accepted, and when."""

    approach_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Closed:
    """A post that its author closed, why and when; `id` is that of the row that says so."""

    id: UUID
    post_id: UUID
    actor_id: UUID
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PostCard:
    """A post in a list."""

    id: UUID
    kind: str
    title: str
    body: str
    status: str
    created_at: datetime
    author_id: UUID
    author_handle: str
    author_name: str
    tags: list[str]
    score: int
    approaches: int
    comments: int
    views: int
    hidden: bool = False  # from everybody but its author and moderators


@dataclass(frozen=True, slots=True)
class CommentView:
    """A comment on a page. One that is deleted keeps its place while replies stand under it, without words and author."""

    id: UUID
    post_id: UUID | None
    approach_id: UUID | None
    parent_id: UUID | None
    thread_id: UUID | None
    depth: int
    status: str
    body: str
    created_at: datetime
    edited_at: datetime | None
    author_id: UUID | None
    author_handle: str
    author_name: str
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Thread:
    """A comment with its first replies, each behind what it answers; `more` replies are not here."""

    root: CommentView
    replies: list[CommentView]
    more: int


@dataclass(frozen=True, slots=True)
class Discussion:
    """Threads under one text, oldest first; `more` comments are in threads after `next_cursor`."""

    threads: list[Thread]
    more: int
    next_cursor: UUID | None

    @property
    def ids(self) -> set[UUID]:
        """The comments that are here."""
        return {comment.id for one in self.threads for comment in (one.root, *one.replies)}


@dataclass(frozen=True, slots=True)
class StateChange:
    """Somebody closed, reopened, locked or unlocked a post."""

    change: str
    reason: str | None
    note: str | None
    at: datetime
    actor_id: UUID
    actor_handle: str
    actor_name: str


@dataclass(frozen=True, slots=True)
class LinkedPost:
    """Another post: the older one that asks the same, a newer one that does, or one that is related."""

    id: UUID
    title: str
    status: str
    relation: str


@dataclass(frozen=True, slots=True)
class ApproachView:
    """An approach on a page; `my_vote` is the viewer's, 0 without one."""

    id: UUID
    post_id: UUID | None
    kind: str
    title: str | None
    body: str
    accepted_at: datetime | None
    created_at: datetime
    updated_at: datetime
    edited_at: datetime | None
    author_id: UUID
    author_handle: str
    author_name: str
    tags: list[str]
    score: int
    my_vote: int
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class PostView:
    """A post with what is under it: a page of approaches (accepted first, then by score), the first comments of each text.

    `discussions` has the comments by the id of the text they are under; `changes` says why it is closed or locked,
    `keeps_order` whether the viewer is a moderator of the site or of its group.
    """

    card: PostCard
    language: str
    updated_at: datetime
    accepted_approach_id: UUID | None
    duplicate_of: UUID | None
    closed_reason: str | None
    locked_at: datetime | None
    edited_at: datetime | None
    group_id: UUID | None
    group_slug: str | None
    group_name: str | None
    my_vote: int
    approaches: list[ApproachView]
    discussions: dict[UUID, Discussion]
    linked: list[LinkedPost]
    changes: list[StateChange]
    keeps_order: bool = False

    @property
    def comments(self) -> list[CommentView]:
        """The comments that are here, of every text."""
        found = [one for discussion in self.discussions.values() for one in discussion.threads]
        return [comment for one in found for comment in (one.root, *one.replies)]

    def discussion_on(self, text_id: UUID) -> Discussion:
        """The first comments under one approach, or under the post itself."""
        return self.discussions.get(text_id, Discussion([], 0, None))


@dataclass(frozen=True, slots=True)
class TagCount:
    """A tag, how many posts carry it, and the words that mean the same."""

    name: str
    posts: int
    synonyms: list[str]
