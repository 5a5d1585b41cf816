"""Rules of posts, approaches, comments, votes, tags and follows, on a real database."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest

from platform_app.community import follows, reads, repository, second_thoughts
from platform_app.community import service as community
from platform_app.community.schemas import Target
from platform_app.db import Conn
from platform_app.errors import Conflict, Invalid, NotAllowed, NotFound, Refused
from platform_app.explore.followed import followed_posts
from platform_app.moderation import hidden, reports
from tests.lib.people import NOON, approach_by, hours, moderator, post_by, sign_up, vocabulary


def test_a_post_is_read_with_everything_under_it(conn: Conn) -> None:
    vocabulary(conn, "python")
    ann, bob = sign_up(conn, "Ann"), sign_up(conn, "Bob")
    post_id = post_by(conn, ann, tags=("Python",))
    late = approach_by(conn, bob, post_id, body="Use python.", now=hours(5.5))
    best = approach_by(conn, bob, post_id, now=hours(7))
    community.comment(conn, bob.id, Target(post_id=post_id), body="Hm", now=hours(1))
    community.comment(conn, ann.id, Target(approach_id=late), body="Ah", now=hours(6))
    community.vote(conn, bob.id, Target(post_id=post_id), 1, hours(2))
    community.accept(conn, ann.id, best, hours(8))
    repository.add_views(conn, [post_id], [1])
    view = reads.read_post(conn, post_id, bob.id)
    assert (view.card.tags, view.card.score, view.card.approaches, view.card.comments, view.card.views) == (
        ["python"], 1, 2, 1, 1
    )  # fmt: skip
    assert [approach.id for approach in view.approaches] == [best, late]
    assert view.approaches[1].tags == ["python"]
    assert [one.root.body for one in view.discussion_on(late).threads] == ["Ah"]
    assert (view.my_vote, view.card.status, view.accepted_approach_id) == (1, "solved", best)
    assert hours_to_first(conn, post_id) == 5


def hours_to_first(conn: Conn, post_id: object) -> int | None:
    row = conn.execute("SELECT hours_to_first_approach FROM community.posts WHERE id = %s", (post_id,)).fetchone()
    return row[0] if row else None


def test_ones_own_approach_is_not_the_first_answer(conn: Conn) -> None:
    ann, bob = sign_up(conn), sign_up(conn)
    post_id = post_by(conn, ann)
    approach_by(conn, ann, post_id, now=hours(1))
    assert hours_to_first(conn, post_id) is None
    approach_by(conn, bob, post_id, now=hours(30))
    approach_by(conn, bob, post_id, now=hours(40))
    assert hours_to_first(conn, post_id) == 30


def test_a_vote_is_cast_changed_and_withdrawn(conn: Conn) -> None:
    ann, bob = sign_up(conn), sign_up(conn)
    target = Target(post_id=post_by(conn, ann))
    assert target.post_id
    scores = []
    for value in (1, 1, -1, 0, 0, -1):
        community.vote(conn, bob.id, target, value, NOON)
        scores.append(reads.read_post(conn, target.post_id).card.score)
    assert scores == [1, 1, -1, 0, 0, -1]


def test_accepting_another_approach_takes_the_first_acceptance_back(conn: Conn) -> None:
    ann, bob = sign_up(conn), sign_up(conn)
    post_id = post_by(conn, ann)
    first, second = approach_by(conn, bob, post_id), approach_by(conn, bob, post_id)
    community.accept(conn, ann.id, first, hours(1))
    community.accept(conn, ann.id, second, hours(2))
    accepted = {a.id: a.accepted_at for a in reads.read_post(conn, post_id).approaches}
    assert accepted == {first: None, second: hours(2)}
    community.delete_approach(conn, bob.id, second, hours(3))
    view = reads.read_post(conn, post_id)
    assert (view.card.status, view.accepted_approach_id, len(view.approaches)) == ("open", None, 1)


def test_editing_a_post_replaces_its_authors_tags_and_keeps_a_moderators(conn: Conn) -> None:
    vocabulary(conn, "python", "sql", "git")
    ann, keeper = sign_up(conn), moderator(conn)
    post_id = post_by(conn, ann, tags=("python",))
    community.add_tags(conn, keeper.id, Target(post_id=post_id), ["git"], NOON)
    community.edit_post(conn, ann.id, post_id, title="Why?", body="Because.", tags=["sql", "git"], now=hours(1))
    view = reads.read_post(conn, post_id)
    assert (view.card.title, view.card.tags, view.updated_at) == ("Why?", ["git", "sql"], hours(1))


def test_a_synonym_means_the_tag_it_stands_for(conn: Conn) -> None:
    vocabulary(conn, "python")
    community.create_tag(conn, moderator(conn).id, "py3", synonym_of="python", now=NOON)
    ann = sign_up(conn)
    post_id = post_by(conn, ann, tags=("py3", "python"))
    assert reads.read_post(conn, post_id).card.tags == ["python"]
    assert [card.id for card in reads.newest_posts(conn, tag="py3")] == [post_id]
    assert "py3" not in [tag.name for tag in reads.popular_tags(conn)]


def test_a_comment_of_ones_own_is_gone_after_an_hour_and_a_moderator_hides_one(conn: Conn) -> None:
    ann, keeper = sign_up(conn), moderator(conn)
    target = Target(post_id=post_by(conn, ann))
    own, other = (community.comment(conn, ann.id, target, body=body, now=NOON) for body in ("a", "b"))
    community.delete_comment(conn, ann.id, own, NOON)
    with pytest.raises(NotAllowed):
        community.delete_comment(conn, keeper.id, other, NOON)
    reports.hide(conn, keeper.id, "comment", other, reason="Rude.", now=NOON)
    assert target.post_id
    assert [one.body for one in reads.read_post(conn, target.post_id).comments] == [hidden.HIDDEN]
    second_thoughts.forget_comments(conn, hours(1.1))
    left = conn.execute("SELECT id, status FROM community.comments WHERE post_id = %s", (target.post_id,)).fetchall()
    assert left == [(other, "published")]


def test_a_duplicate_points_at_the_older_post_and_is_closed(conn: Conn) -> None:
    ann, bob = sign_up(conn), sign_up(conn)
    older, newer = post_by(conn, ann), post_by(conn, ann)
    community.mark_duplicate(conn, ann.id, newer, older, hours(1))
    view = reads.read_post(conn, newer)
    assert (view.duplicate_of, view.card.status) == (older, "closed")
    with pytest.raises(Conflict, match="closed"):
        approach_by(conn, bob, newer)


def test_a_deleted_post_is_on_no_page(conn: Conn) -> None:
    ann = sign_up(conn)
    post_id = post_by(conn, ann)
    community.delete_post(conn, ann.id, post_id, hours(1))
    assert reads.posts_of(conn, ann.id) == []
    with pytest.raises(NotFound):
        reads.read_post(conn, post_id)


def test_lists_are_paged_without_gaps_or_repeats(conn: Conn) -> None:
    ann = sign_up(conn)
    written = [post_by(conn, ann, now=hours(number // 2)) for number in range(7)]
    pages, before = [], None
    while page := reads.posts_of(conn, ann.id, before=before, limit=3):
        pages += [card.id for card in page]
        before = pages[-1]
    assert sorted(pages) == sorted(written)
    assert pages[0] == written[-1]


def test_a_feed_has_posts_of_followed_people_and_tags(conn: Conn) -> None:
    vocabulary(conn, "kafka")
    ann, bob, cem = sign_up(conn), sign_up(conn), sign_up(conn)
    follows.follow(conn, ann.id, bob.id, NOON)
    follows.follow(conn, ann.id, bob.id, NOON)
    follows.follow_tag(conn, ann.id, "kafka", NOON)
    of_bob, tagged = post_by(conn, bob, now=hours(1)), post_by(conn, cem, tags=("kafka",), now=hours(2))
    post_by(conn, cem, now=hours(3))
    assert [card.id for card in followed_posts(conn, ann.id)[0]] == [tagged, of_bob]
    follows.unfollow(conn, ann.id, bob.id, NOON)
    follows.unfollow_tag(conn, ann.id, "kafka")
    assert followed_posts(conn, ann.id) == ([], None)


def test_an_approach_stands_on_its_own_with_a_title(conn: Conn) -> None:
    ann, bob = sign_up(conn), sign_up(conn)
    approach_id = approach_by(conn, ann, None)
    community.vote(conn, bob.id, Target(approach_id=approach_id), 1, NOON)
    community.edit_approach(conn, ann.id, approach_id, title="Better", body="Now with words.", now=hours(1))
    view = reads.read_approach(conn, approach_id, bob.id)
    assert (view.title, view.score, view.my_vote) == ("Better", 1, 1)
    assert [found.id for found in reads.newest_approaches(conn)] == [approach_id]
    with pytest.raises(Invalid, match="stands on its own"):
        community.accept(conn, ann.id, approach_id, NOON)


def _own_vote(conn: Conn) -> None:
    ann = sign_up(conn)
    community.vote(conn, ann.id, Target(post_id=post_by(conn, ann)), 1, NOON)


def _foreign_accept(conn: Conn) -> None:
    ann, bob = sign_up(conn), sign_up(conn)
    community.accept(conn, bob.id, approach_by(conn, bob, post_by(conn, ann)), NOON)


def _foreign_delete(conn: Conn) -> None:
    community.delete_post(conn, sign_up(conn).id, post_by(conn, sign_up(conn)), NOON)


def _six_tags(conn: Conn) -> None:
    tags = tuple(f"tag{number}" for number in range(6))
    vocabulary(conn, *tags)
    post_by(conn, sign_up(conn), tags=tags)


def _tag_by_member(conn: Conn) -> None:
    community.create_tag(conn, sign_up(conn).id, "mine", now=NOON)


def _tag_twice(conn: Conn) -> None:
    vocabulary(conn, "twice")
    community.create_tag(conn, moderator(conn).id, "twice", now=NOON)


def _untitled(conn: Conn) -> None:
    community.write_approach(conn, sign_up(conn).id, body="text", now=NOON)


def _own_follow(conn: Conn) -> None:
    ann = sign_up(conn)
    follows.follow(conn, ann.id, ann.id, NOON)


def _empty_comment(conn: Conn) -> None:
    ann = sign_up(conn)
    community.comment(conn, ann.id, Target(post_id=post_by(conn, ann)), body=" ", now=NOON)


CASES: dict[str, tuple[type[Refused], str, Callable[[Conn], object]]] = {
    "a vote on one's own post": (NotAllowed, "own_vote", _own_vote),
    "an acceptance by somebody else": (NotAllowed, "not_the_author", _foreign_accept),
    "a deletion by somebody else": (NotAllowed, "not_the_author", _foreign_delete),
    "a tag outside the vocabulary": (Invalid, "unknown_tag", lambda c: post_by(c, sign_up(c), tags=("nonesuch",))),
    "too many tags": (Invalid, "invalid", _six_tags),
    "a tag by somebody who is no moderator": (NotAllowed, "not_a_moderator", _tag_by_member),
    "a tag that exists": (Conflict, "tag_exists", _tag_twice),
    "an approach to nothing": (NotFound, "not_found", lambda c: approach_by(c, sign_up(c), uuid4())),
    "an approach of its own without a title": (Invalid, "invalid", _untitled),
    "a follow of oneself": (NotAllowed, "own_follow", _own_follow),
    "an empty comment": (Invalid, "invalid", _empty_comment),
}


@pytest.mark.parametrize("case", CASES)
def test_what_the_rules_forbid_is_refused(conn: Conn, case: str) -> None:
    kind, code, attempt = CASES[case]
    with pytest.raises(kind) as refusal:
        attempt(conn)
    assert refusal.value.code == code
