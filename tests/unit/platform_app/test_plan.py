"""An invented community is the same for the same seed and keeps every rule of the app."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from platform_app.community.schemas import PostRow
from platform_app.community.states import CLOSING
from platform_app.generate.plan import Community, plan
from platform_app.rules import fit

UNTIL = datetime(2026, 6, 1, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def planned() -> Community:
    return plan(300, 7, UNTIL, "test")


def test_the_same_seed_gives_the_same_rows_and_another_seed_others(planned: Community) -> None:
    assert plan(300, 7, UNTIL, "test") == planned
    assert plan(300, 8, UNTIL, "test").posts != planned.posts


def test_nothing_happens_after_the_end(planned: Community) -> None:
    moments = [person.created_at for person in planned.people] + [post.created_at for post in planned.posts]
    moments += [approach.created_at for approach in planned.approaches]
    moments += [comment.created_at for comment in planned.comments]
    moments += [vote.cast_at for vote in planned.votes] + [accepted.at for accepted in planned.accepted]
    assert max(moments) < UNTIL


def test_votes_are_unique_and_never_on_ones_own(planned: Community) -> None:
    authors = {post.id: post.author_id for post in planned.posts}
    authors |= {approach.id: approach.author_id for approach in planned.approaches}
    pairs = [(vote.post_id or vote.approach_id, vote.account_id) for vote in planned.votes]
    assert len(pairs) == len(set(pairs))
    assert all(authors[target] != voter for target, voter in pairs if target)


def test_ids_are_unique_and_texts_keep_their_contracts(planned: Community) -> None:
    for rows in (planned.posts, planned.approaches, planned.comments, planned.votes, planned.badges, planned.people):
        ids = [getattr(row, "id") for row in rows]  # noqa: B009 - the lists hold different kinds of rows
        assert len(set(ids)) == len(ids)
    for post in planned.posts:
        fit("posts", title=post.title, body=post.body, kind=post.kind)
    for person in planned.people:
        fit("accounts", role=person.role, origin=person.origin)
    assert len({person.handle for person in planned.people}) == 300


def test_the_shapes_are_those_of_a_real_community(planned: Community) -> None:
    problems = [post for post in planned.posts if post.kind == "problem"]
    assert 0.3 < len(planned.accepted) / len(problems) < 0.5
    assert 1.0 < len(planned.approaches) / len(problems) < 2.0
    by_author = Counter(post.author_id for post in planned.posts)
    assert max(by_author.values()) > 4 * (sum(by_author.values()) / len(by_author))
    assert 0.8 < sum(person.consents["lake"] for person in planned.people) / 300 < 0.9
    assert planted(planned.posts) > 0


def planted(posts: list[PostRow]) -> int:
    """How many posts carry a mail address or a telephone number."""
    return sum("@example.org" in post.body or "555-01" in post.body for post in posts)


def test_replies_follow_what_they_answer_three_deep_at_most(planned: Community) -> None:
    there = {comment.id: comment for comment in planned.comments}
    replies = [comment for comment in planned.comments if comment.parent_id]
    assert len(replies) > 20
    for reply in replies:
        assert reply.parent_id
        assert reply.thread_id
        answered, root = there[reply.parent_id], there[reply.thread_id]
        assert root.parent_id is None
        assert root.id in (answered.id, answered.parent_id)
        assert answered.created_at < reply.created_at < UNTIL
        assert (answered.post_id, answered.approach_id) == (reply.post_id, reply.approach_id)
        assert answered.author_id != reply.author_id
    assert {reply.parent_id == reply.thread_id for reply in replies} == {True, False}


def test_what_is_closed_is_unsolved_and_answered_no_more(planned: Community) -> None:
    assert planned.closed
    solved = {one.approach_id for one in planned.accepted}
    for one in planned.closed:
        assert one.reason in CLOSING
        answers = [approach for approach in planned.approaches if approach.post_id == one.post_id]
        assert all(answer.created_at < one.at and answer.id not in solved for answer in answers)


def test_what_is_written_in_a_group_is_by_somebody_who_had_joined(planned: Community) -> None:
    joined = {(row.group_id, row.account_id): row.created_at for row in planned.memberships}
    written = [post for post in planned.posts if post.group_id]
    assert written
    assert all(post.group_id and joined[post.group_id, post.author_id] <= post.created_at for post in written)


def test_pieces_of_work_are_shown_by_people_who_say_what_they_know(planned: Community) -> None:
    assert planned.portfolio_items
    assert {item.account_id for item in planned.portfolio_items} < {skill.account_id for skill in planned.skills}
    for item in planned.portfolio_items:
        fit("portfolio_items", kind=item.kind, title=item.title, summary=item.summary)
    shown = {(row.item_id, row.skill) for row in planned.portfolio_skills}
    assert shown == {(item.id, skill) for item in planned.portfolio_items for skill in item.skills}
