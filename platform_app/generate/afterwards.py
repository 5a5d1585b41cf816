"""What needs the rest of a community to be there: replies, problems that settle themselves, what is written in groups. Pure.

It draws from a source of its own, so that the rest of a community stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random
from uuid import UUID

from platform_app.community.groups.schemas import MembershipRow
from platform_app.community.schemas import Accepted, ApproachRow, Closed, CommentRow, LinkRow, PostRow
from platform_app.community.threads import DEEPEST
from platform_app.generate import shape
from platform_app.generate.shape import Rhythm
from platform_app.generate.texts import Writer

REASONS = (("settled", 0.6), ("outdated", 0.4))  # those that an author gives


@dataclass(frozen=True, slots=True)
class Ground:
    """What everything here is drawn with."""

    random: Random
    rhythm: Rhythm
    writer: Writer
    id_of: Callable[[datetime, str, object], UUID]


def replies(ground: Ground, comments: Sequence[CommentRow], authors: dict[UUID, UUID]) -> list[CommentRow]:
    """Answers to comments, mostly by whoever wrote what is remarked on, then to and fro until one has had enough.

    `authors` are those of posts and approaches, by id. Each answer comes after what it answers.
    """
    found: list[CommentRow] = []
    for comment in comments:
        answered, depth = comment, 1
        author = authors[comment.post_id or comment.approach_id or comment.id]
        if author == comment.author_id:
            continue
        while depth < DEEPEST and ground.random.random() < shape.REPLIES:
            at = ground.rhythm.later(
                ground.random, answered.created_at, shape.FIRST_REPLY_HOURS, shape.FIRST_REPLY_SPREAD
            )
            if at is None:
                break
            answered = CommentRow(
                id=ground.id_of(at, "reply", (comment.id, depth)),
                post_id=comment.post_id,
                approach_id=comment.approach_id,
                author_id=author if answered.author_id != author else comment.author_id,
                body=ground.writer.remark(()),
                created_at=at,
                parent_id=answered.id,
                thread_id=comment.id,
            )
            found.append(answered)
            depth += 1
    return found


def closed(
    ground: Ground,
    posts: Iterable[PostRow],
    approaches: Iterable[ApproachRow],
    accepted: Iterable[Accepted],
    links: Iterable[LinkRow],
) -> list[Closed]:
    """Problems that their authors close after the last approach; none that is solved or asks what an older one does."""
    last: dict[UUID, datetime] = {}
    solutions = {one.approach_id for one in accepted}
    done = {link.post_id for link in links if link.kind == "duplicate"}
    for approach in approaches:
        if approach.post_id is not None:
            last[approach.post_id] = max(approach.created_at, last.get(approach.post_id, approach.created_at))
            if approach.id in solutions:
                done.add(approach.post_id)
    found = []
    for post in posts:
        if post.id in done or post.kind != "problem" or ground.random.random() >= shape.CLOSED:
            continue
        since = last.get(post.id, post.created_at)
        at = ground.rhythm.later(ground.random, since, shape.CLOSE_HOURS, shape.ACCEPT_SPREAD)
        reason = ground.random.choices([name for name, _ in REASONS], [share for _, share in REASONS])[0]
        if at is not None:
            found.append(Closed(ground.id_of(at, "state_change", post.id), post.id, post.author_id, reason, at))
    return found


def in_groups(random: Random, posts: Sequence[PostRow], memberships: Sequence[MembershipRow]) -> list[PostRow]:
    """The posts, some of them written in a group that their author had joined by then."""
    joined: dict[UUID, list[MembershipRow]] = {}
    for row in memberships:
        joined.setdefault(row.account_id, []).append(row)
    return [_in_group(random, post, joined.get(post.author_id, [])) for post in posts]


def _in_group(random: Random, post: PostRow, memberships: Sequence[MembershipRow]) -> PostRow:
    there = [row.group_id for row in memberships if row.created_at <= post.created_at]
    if not there or random.random() >= shape.IN_GROUPS:
        return post
    return replace(post, group_id=random.choice(there))
