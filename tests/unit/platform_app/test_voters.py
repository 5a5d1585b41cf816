"""Votes of a dump name nobody: voters are drawn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from platform_app.dump.people import Entry, Person, Voters

DAY = datetime(2021, 5, 1, tzinfo=UTC)


def people(votes: list[int]) -> list[Person]:
    return [Person(UUID(int=place), DAY + timedelta(days=place), count) for place, count in enumerate(votes)]


def draws(crowd: list[Person], target: Entry, count: int, day: datetime) -> list[UUID | None]:
    voters = Voters(crowd, "dump", 1)
    return [voters.voter(str(vote), target, day) for vote in range(count)]


@given(st.lists(st.integers(0, 50), min_size=1, max_size=12), st.integers(0, 11), st.integers(0, 15))
def test_nobody_votes_twice_on_a_target_or_on_their_own_and_the_draw_repeats(
    votes: list[int], author: int, count: int
) -> None:
    target = Entry(UUID(int=99), UUID(int=author), True, DAY)
    drawn = draws(people(votes), target, count, DAY + timedelta(days=30))
    voters = [voter for voter in drawn if voter is not None]
    assert len(voters) == len(set(voters))
    assert target.author_id not in voters
    assert drawn == draws(people(votes), target, count, DAY + timedelta(days=30))


def test_a_voter_had_joined_by_the_day_of_the_vote() -> None:
    target = Entry(UUID(int=99), UUID(int=98), True, DAY)
    drawn = draws(people([1, 1, 1, 500, 500]), target, 3, DAY + timedelta(days=2))
    assert {voter.int for voter in drawn if voter} == {0, 1, 2}


def test_nobody_is_left_when_everybody_has_voted() -> None:
    target = Entry(UUID(int=99), UUID(int=0), True, DAY)
    assert draws(people([1, 1]), target, 2, DAY)[1] is None
