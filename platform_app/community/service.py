"""Rules of posts, approaches, comments, votes and tags.

Every function takes an open transaction (`db.Database.write`) and never commits. They raise Invalid, NotFound,
NotAllowed or Conflict (`errors.py`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from lake.kit.ids import new_id
from platform_app.community import batch, repository, revisions, second_thoughts, states, threads
from platform_app.community.groups import rules as groups
from platform_app.community.revisions import Version
from platform_app.community.schemas import (
    Accepted,
    ApproachRow,
    CommentRow,
    LinkRow,
    PostRow,
    TaggingRow,
    TagRow,
    Target,
    VoteRow,
)
from platform_app.community.tagging import tags_in
from platform_app.db import Conn
from platform_app.errors import Conflict, Invalid, NotAllowed, NotFound
from platform_app.identity import service as identity
from platform_app.identity.schemas import Account
from platform_app.moderation import guard
from platform_app.outbox.publish import publish
from platform_app.outbox.topics import TAGS, announce
from platform_app.rules import clean, fit, one_line, required

MOST_TAGS = 5  # an author gives a post


def write_post(  # noqa: PLR0913 - a post form has this many fields
    conn: Conn,
    author_id: UUID,
    *,
    title: str,
    body: str,
    tags: Sequence[str] = (),
    kind: str = "problem",
    language: str = "en",
    group_id: UUID | None = None,
    now: datetime,
) -> UUID:
    """Publish a problem or an update; every tag must be in the vocabulary. Returns the post's id.

    In a group (`group_id`) only its members write: NotAllowed for others.
    """
    if group_id is not None:
        groups.check_member(conn, author_id, group_id)
    title, body = _checked_texts("posts", title, body)
    guard.may_write(conn, author_id, "post", f"{title}\n{body}", now)
    fit("posts", kind=kind, language=language)
    chosen = _known_tags(conn, tags)
    row = PostRow(
        new_id(), author_id, title, body, now, now, tags=chosen, kind=kind, language=language, group_id=group_id
    )
    batch.add_posts(conn, [row])
    publish(conn, "post.published", row.id, author_id, now, kind=kind)
    return row.id


def edit_post(
    conn: Conn, actor_id: UUID, post_id: UUID, *, title: str, body: str, tags: Sequence[str], now: datetime
) -> None:
    """Replace title, body and the author's tags; by the author or a moderator."""
    post = _post(conn, post_id)
    actor = _author_or_moderator(conn, actor_id, post["author_id"])
    states.refuse_if_locked(conn, Target(post_id=post_id), actor)
    title, body = _checked_texts("posts", title, body)
    guard.may_edit(conn, actor_id, f"{title}\n{body}", now)
    wanted, target = set(_known_tags(conn, tags)), Target(post_id=post_id)
    before = Version(post["title"], post["body"], tuple(sorted(repository.tags_of(conn, target, "author"))))
    revisions.keep(conn, target, post, before, Version(title, body, tuple(sorted(wanted))), actor_id, now)
    repository.update_post(conn, post_id, title, body, now)
    repository.remove_taggings(conn, target, repository.tags_of(conn, target, "author") - wanted)
    new = wanted - repository.tags_of(conn, target)
    repository.add_taggings(conn, _taggings(target, post["author_id"], new, "author", now))
    publish(conn, "post.edited", post_id, actor_id, now)


def delete_post(conn: Conn, actor_id: UUID, post_id: UUID, now: datetime) -> None:
    """Take a post off every page (status deleted); by the author. A moderator hides it, with a reason."""
    post = _post(conn, post_id)
    actor = _author(conn, actor_id, post["author_id"])
    states.refuse_if_locked(conn, Target(post_id=post_id), actor)
    repository.set_post_status(conn, post_id, "deleted", now)
    second_thoughts.note(conn, "posts", post, actor_id, now)
    publish(conn, "post.deleted", post_id, actor_id, now)


def mark_duplicate(conn: Conn, actor_id: UUID, post_id: UUID, of: UUID, now: datetime) -> None:
    """Say that an older post asks the same; by the author or a moderator. Closes the post if it is open.

    What is closed for another reason is reopened first, so that an author cannot make a moderator's closing their own.
    """
    post, other = _post(conn, post_id), _post(conn, of)
    keeps_order = states.check_may_close(conn, actor_id, post)
    if post_id == of or other["duplicate_of"] == post_id:
        raise Invalid("A post cannot be a duplicate of itself.", field="duplicate_of")
    if post["duplicate_of"] is not None:
        raise Conflict("This post is already marked as a duplicate.", code="already_duplicate")
    if post["status"] == "closed" and not keeps_order:
        raise Conflict("This post is closed already: reopen it first.", code="already_closed")
    batch.add_links(conn, [LinkRow(new_id(), post_id, of, post["author_id"], "duplicate", now)])
    states.record(conn, post_id, actor_id, "closed", "duplicate", "", now)
    publish(conn, "post.duplicated", post_id, actor_id, now, of_id=of, author_id=post["author_id"])


def write_approach(
    conn: Conn,
    author_id: UUID,
    *,
    body: str,
    post_id: UUID | None = None,
    title: str | None = None,
    kind: str = "idea",
    now: datetime,
) -> UUID:
    """Answer a post, or publish an approach that stands on its own (then it needs a title). Returns its id.

    Its tags are the vocabulary's tags that its words name. The first one by somebody else sets the post's
    `hours_to_first_approach`.
    """
    title, body = _checked_approach(post_id, title, body)
    guard.may_write(conn, author_id, "approach", f"{title or ''}\n{body}", now)
    fit("approaches", kind=kind)
    post = _post(conn, post_id) if post_id is not None else None
    if post is not None and post["status"] == "closed":
        raise Conflict("This post is closed: it takes no more approaches.", code="post_closed")
    if post is not None:
        guard.may_engage(conn, author_id, post["author_id"], post["id"])
    if post_id is not None:
        states.refuse_if_locked(conn, Target(post_id=post_id))
    row = ApproachRow(new_id(), post_id, author_id, title, body, now, now, kind=kind)
    batch.add_approaches(conn, [row])
    whose = post["author_id"] if post else None
    publish(conn, "approach.published", row.id, author_id, now, kind=kind, post_id=post_id, author_id=whose)
    return row.id


def edit_approach(
    conn: Conn, actor_id: UUID, approach_id: UUID, *, body: str, title: str | None = None, now: datetime
) -> None:
    """Replace title and body, and match its tags again; by the author or a moderator."""
    approach = _approach(conn, approach_id)
    actor = _author_or_moderator(conn, actor_id, approach["author_id"])
    states.refuse_if_locked(conn, Target(approach_id=approach_id), actor)
    title, body = _checked_approach(approach["post_id"], title, body)
    guard.may_edit(conn, actor_id, f"{title or ''}\n{body}", now)
    target = Target(approach_id=approach_id)
    before, after = Version(approach["title"], approach["body"]), Version(title, body)
    revisions.keep(conn, target, approach, before, after, actor_id, now)
    repository.update_approach(conn, approach_id, title, body, now)
    wanted = set(tags_in(f"{title or ''}\n{body}", repository.vocabulary(conn)))
    repository.remove_taggings(conn, target, repository.tags_of(conn, target, "machine") - wanted)
    new = wanted - repository.tags_of(conn, target)
    repository.add_taggings(conn, _taggings(target, approach["author_id"], new, "machine", now))
    publish(conn, "approach.edited", approach_id, actor_id, now)


def delete_approach(conn: Conn, actor_id: UUID, approach_id: UUID, now: datetime) -> None:
    """Take an approach off every page (status deleted); an accepted one is no longer accepted. By the author."""
    approach = _approach(conn, approach_id)
    actor = _author(conn, actor_id, approach["author_id"])
    states.refuse_if_locked(conn, Target(approach_id=approach_id), actor)
    if approach["accepted_at"] is not None:
        post = repository.post(conn, approach["post_id"])
        if post is not None:
            _unaccept(conn, actor_id, post, now)
        else:
            second_thoughts.unsolve(conn, approach["post_id"], now)
    repository.set_approach_status(conn, approach_id, "deleted", now)
    second_thoughts.note(conn, "approaches", approach, actor_id, now)
    if approach["post_id"] is not None:
        repository.refresh_counters(conn, [approach["post_id"]])
    publish(conn, "approach.deleted", approach_id, actor_id, now)


def accept(conn: Conn, actor_id: UUID, approach_id: UUID, now: datetime) -> None:
    """The post's author accepts an approach; an approach accepted before is no longer. The post counts as solved."""
    approach = _approach(conn, approach_id)
    if approach["post_id"] is None:
        raise Invalid("This approach stands on its own: only an answer to a post can be accepted.")
    post = _post(conn, approach["post_id"])
    if post["author_id"] != actor_id:
        raise NotAllowed("Only the author of the post can accept an approach.", code="not_the_author")
    if post["accepted_approach_id"] == approach_id:
        return
    actor = guard.may_do(conn, actor_id, "accept", now)  # each one tells somebody by mail
    states.refuse_if_locked(conn, Target(post_id=post["id"]), actor)
    if post["accepted_approach_id"] is not None:
        _unaccept(conn, actor_id, post, now)
    repository.accept(conn, [Accepted(approach_id, now)])
    about = {"post_id": post["id"], "author_id": approach["author_id"]}
    publish(conn, "approach.accepted", approach_id, actor_id, now, **about)


def unaccept(conn: Conn, actor_id: UUID, post_id: UUID, now: datetime) -> None:
    """The post's author takes the acceptance back; the post is open again."""
    post = _post(conn, post_id)
    if post["author_id"] != actor_id:
        raise NotAllowed("Only the author of the post can take an acceptance back.", code="not_the_author")
    if post["accepted_approach_id"] is not None:
        states.refuse_if_locked(conn, Target(post_id=post_id), identity.active_account(conn, actor_id))
        _unaccept(conn, actor_id, post, now)


def comment(
    conn: Conn, author_id: UUID, target: Target, *, body: str, parent_id: UUID | None = None, now: datetime
) -> UUID:
    """Remark on a post or an approach, or answer a remark there (`parent_id`). Returns the comment's id."""
    whose = _author_of(conn, target)
    guard.may_engage(conn, author_id, whose, target.id)
    body = clean(body)
    required(body=body)
    fit("comments", body=body)
    guard.may_write(conn, author_id, "comment", body, now)
    states.refuse_if_locked(conn, target)
    place = threads.place_of_reply(conn, author_id, parent_id, target) if parent_id else (None, None)
    row = CommentRow(new_id(), target.post_id, target.approach_id, author_id, body, now, "published", *place)
    batch.add_comments(conn, [row])
    publish(conn, "comment.added", row.id, author_id, now, **_about(target, whose))
    return row.id


def delete_comment(conn: Conn, actor_id: UUID, comment_id: UUID, now: datetime) -> None:
    """Take a comment of one's own off the pages; after an hour it is gone for good. A moderator hides one, with a reason."""
    comment = repository.comment(conn, comment_id)
    if comment is None:
        raise NotFound("There is no such comment.")
    actor = _author(conn, actor_id, comment["author_id"])
    states.refuse_if_locked(conn, Target(comment["post_id"], comment["approach_id"]), actor)
    repository.set_comment_status(conn, comment_id, "deleted")
    second_thoughts.note(conn, "comments", comment, actor_id, now)
    publish(conn, "comment.deleted", comment_id, actor_id, now)
    if comment["post_id"] is not None:
        repository.refresh_counters(conn, [comment["post_id"]])


def vote(conn: Conn, account_id: UUID, target: Target, value: int, now: datetime) -> None:
    """Vote for (1) or against (-1), change the vote, or withdraw it (0); never on one's own."""
    if value not in (-1, 0, 1):
        raise Invalid("A vote is 1 (for), -1 (against) or 0 (withdrawn).", field="value")
    guard.may_do(conn, account_id, "vote", now)
    whose = _author_of(conn, target)
    if whose == account_id:
        raise NotAllowed("Nobody votes on what they wrote themselves.", code="own_vote")
    if value:
        guard.may_engage(conn, account_id, whose, target.id)
    states.refuse_if_locked(conn, target)
    before = repository.vote_of(conn, account_id, target)
    if before is None and value:
        vote_id = new_id()
        batch.cast_votes(conn, [VoteRow(vote_id, account_id, target.post_id, target.approach_id, value, now)])
    elif before is not None and not value:
        vote_id = before.id
        repository.remove_vote(conn, vote_id)
    elif before is not None and before.value != value:
        vote_id = before.id
        repository.change_vote(conn, vote_id, value, now)
    else:
        return
    changed = {"value": value, "before": before.value if before else 0}
    publish(conn, "vote.cast", vote_id, account_id, now, **_about(target, whose), **changed)
    if target.post_id is not None:
        repository.refresh_counters(conn, [target.post_id])


def add_tags(conn: Conn, moderator_id: UUID, target: Target, tags: Sequence[str], now: datetime) -> None:
    """A moderator adds tags of the vocabulary to a post or an approach."""
    _moderator(conn, moderator_id)
    author_id = _author_of(conn, target)
    new = set(_known_tags(conn, tags)) - repository.tags_of(conn, target)
    repository.add_taggings(conn, _taggings(target, author_id, new, "moderator", now))


def create_tag(conn: Conn, moderator_id: UUID, name: str, *, synonym_of: str | None = None, now: datetime) -> None:
    """A moderator adds a tag to the vocabulary, or a synonym of one."""
    _moderator(conn, moderator_id)
    fit("tags", name=name)
    known = repository.vocabulary(conn)
    if name in known:
        raise Conflict("This tag is in the vocabulary already.", code="tag_exists", field="name")
    if synonym_of is not None and known.get(synonym_of) != synonym_of:
        raise Invalid("A synonym must name a tag of the vocabulary that is no synonym itself.", field="synonym_of")
    batch.add_vocabulary(conn, [TagRow(name, now, synonym_of)])
    announce(conn, TAGS)


def _post(conn: Conn, post_id: UUID) -> dict[str, Any]:
    post = repository.post(conn, post_id)
    if post is None:
        raise NotFound("There is no such post.")
    return post


def _approach(conn: Conn, approach_id: UUID) -> dict[str, Any]:
    approach = repository.approach(conn, approach_id)
    if approach is None:
        raise NotFound("There is no such approach.")
    return approach


def _author_of(conn: Conn, target: Target) -> UUID:
    if target.post_id is not None:
        return UUID(str(_post(conn, target.post_id)["author_id"]))
    assert target.approach_id is not None  # noqa: S101 - Target holds exactly one id
    return UUID(str(_approach(conn, target.approach_id)["author_id"]))


def _about(target: Target, author_id: UUID) -> dict[str, UUID | None]:
    return {"post_id": target.post_id, "approach_id": target.approach_id, "author_id": author_id}


def _unaccept(conn: Conn, actor_id: UUID, post: dict[str, Any], now: datetime) -> None:
    """Take the acceptance of a post's approach back."""
    approach = _approach(conn, post["accepted_approach_id"])
    repository.unaccept(conn, post["id"], now)
    about = {"post_id": post["id"], "author_id": approach["author_id"]}
    publish(conn, "approach.unaccepted", approach["id"], actor_id, now, **about)


def _moderator(conn: Conn, actor_id: UUID) -> None:
    if not identity.active_account(conn, actor_id).is_moderator:
        raise NotAllowed("Only a moderator may do this.", code="not_a_moderator")


def _author(conn: Conn, actor_id: UUID, author_id: UUID) -> Account:
    actor = identity.active_account(conn, actor_id)
    if actor.id != author_id:
        raise NotAllowed("Only its author deletes it; a moderator hides it, with a reason.", code="not_the_author")
    return actor


def _author_or_moderator(conn: Conn, actor_id: UUID, author_id: UUID) -> Account:
    actor = identity.active_account(conn, actor_id)
    if actor.id != author_id and not actor.is_moderator:
        raise NotAllowed("Only its author or a moderator may do this.", code="not_the_author")
    return actor


def _checked_texts(table: str, title: str, body: str) -> tuple[str, str]:
    title, body = one_line(title), clean(body)
    required(title=title, body=body)
    fit(table, title=title, body=body)
    return title, body


def _checked_approach(post_id: UUID | None, title: str | None, body: str) -> tuple[str | None, str]:
    if post_id is None or (title and title.strip()):
        return _checked_texts("approaches", title or "", body)
    body = clean(body)
    required(body=body)
    fit("approaches", body=body)
    return None, body


def _known_tags(conn: Conn, tags: Sequence[str]) -> tuple[str, ...]:
    """The tags in use for what was typed, without repeats; Invalid when one is unknown or there are too many."""
    typed = dict.fromkeys(tag.strip().lower() for tag in tags if tag.strip())
    known = repository.vocabulary(conn)
    if any(tag not in known for tag in typed):
        raise Invalid(
            "A tag is not in the vocabulary: choose tags from the list, or ask a moderator to add one.",
            code="unknown_tag",
            field="tags",
        )
    used = tuple(dict.fromkeys(known[tag] for tag in typed))
    if len(used) > MOST_TAGS:
        raise Invalid(f"Choose at most {MOST_TAGS} tags.", field="tags")
    return used


def _taggings(target: Target, author_id: UUID, tags: Collection[str], source: str, now: datetime) -> list[TaggingRow]:
    return [
        TaggingRow(new_id(), target.post_id, target.approach_id, author_id, tag, source, now) for tag in sorted(tags)
    ]
