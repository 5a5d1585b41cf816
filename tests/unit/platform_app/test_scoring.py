"""How things are weighed against each other: a table of cases, and what holds for all of them."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake.contracts.tables.explore import REASONS
from platform_app.explore.interests import likings
from platform_app.explore.schemas import WORDS, Candidate
from platform_app.explore.scoring import (
    HOURS,
    KEPT,
    MOST,
    WINDOW,
    Circle,
    Interests,
    Liking,
    rank,
    reasons,
    spread,
    worth,
)
from tests.lib.people import NOON

ANN, BOB, CLUB = UUID(int=1), UUID(int=2), UUID(int=50)
LIKES_RUST = {"rust": Liking(1.0, "follows_tag")}


def thing(number: int = 100, **changes: object) -> Candidate:
    values = {"kind": "post", "id": UUID(int=number), "author_id": BOB, "created_at": NOON, "votes": 0, "approaches": 0}
    return Candidate(**(values | changes))  # type: ignore[arg-type]  # a test's shorthand


@pytest.mark.parametrize(
    ("one", "known", "expected"),
    [
        (thing(), Interests(), ("new", None)),
        (thing(votes=9), Interests(), ("popular", None)),
        (thing(tags=("go",), votes=40), Interests(tags=LIKES_RUST), ("popular", None)),
        (thing(votes=-9), Interests(), ("new", None)),
        (thing(approaches=8), Interests(), ("popular", None)),
        (thing(tags=("rust",)), Interests(tags=LIKES_RUST), ("follows_tag", "rust")),
        (thing(group_id=CLUB), Interests(groups={CLUB: Circle("Menders", "in_group")}), ("in_group", "Menders")),
        (thing(group_id=CLUB), Interests(groups={CLUB: Circle("Menders", "follows_group")}), ("follows_group", "Menders")),
        (thing(group_id=BOB), Interests(groups={CLUB: Circle("Menders", "in_group")}), ("new", None)),
        (thing(tags=("rust",), votes=90), Interests(people=frozenset({BOB}), tags=LIKES_RUST), ("follows_person", None)),
        (thing(tags=("rust",)), Interests(tags={"rust": Liking(0.5, "looks_at")}), ("looks_at", "rust")),
        (thing(tags=("rust",), votes=90), Interests(tags={"rust": Liking(0.3, "looks_at")}), ("popular_tag", "rust")),
        (thing(suggested=0.9), Interests(), ("suggested", None)),
        (thing(), Interests(near={BOB: 9}), ("near", None)),
    ],
)  # fmt: skip
def test_the_reason_is_what_speaks_loudest(one: Candidate, known: Interests, expected: tuple[str, str | None]) -> None:
    (entry,) = rank([one], known, "feed", NOON)
    assert (entry.reason, entry.because) == expected


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (thing(1, author_id=ANN), thing(2, votes=1000)),  # somebody one follows before what all like
        (thing(1, tags=("rust",)), thing(2, votes=1000)),
        (thing(1, votes=5), thing(2)),
        (thing(1), thing(2, created_at=NOON - timedelta(hours=2))),
        (thing(1, created_at=NOON - timedelta(days=1), votes=3), thing(2, created_at=NOON - timedelta(days=30), votes=99)),
        (thing(1), thing(3)),  # shown before
        (thing(1), thing(4)),  # opened before
        (thing(1, created_at=NOON - timedelta(days=4000)), thing(2, created_at=NOON - timedelta(days=4001))),
    ],
)  # fmt: skip
def test_what_stands_first(better: Candidate, worse: Candidate) -> None:
    known = Interests(frozenset({ANN}), tags=LIKES_RUST, shown={UUID(int=3): 2}, opened=frozenset({UUID(int=4)}))
    assert [entry.id for entry in rank([worse, better], known, "feed", NOON)] == [better.id, worse.id]


def test_the_formula_is_the_one_that_is_written_down() -> None:
    one = thing(author_id=ANN, tags=("rust", "go"), votes=4, approaches=2, created_at=NOON - timedelta(hours=48))
    known = Interests(
        frozenset({ANN}), tags={"rust": Liking(1.0, "follows_tag"), "go": Liking(0.5, "votes_in")}, shown={one.id: 1}
    )
    assert {reason: round(value, 4) for reason, value, _ in reasons(one, known)} == {
        "follows_person": 1.0, "follows_tag": 0.8, "popular_tag": 0.25, "new": 0.1,
    }  # fmt: skip
    assert worth(one, known, "feed", NOON) == pytest.approx(2.15 / 2 * 0.7)


things = st.builds(
    thing, st.integers(1, 10**6), author_id=st.integers(1, 6).map(lambda n: UUID(int=n)),
    votes=st.integers(-50, 5000), approaches=st.integers(0, 50), suggested=st.floats(0, 1),
    tags=st.lists(st.sampled_from(["rust", "go", "sql"]), unique=True, max_size=3).map(tuple),
    created_at=st.integers(-10, 500_000).map(lambda hours: NOON - timedelta(hours=hours)),
)  # fmt: skip
knowns = st.builds(
    Interests, st.frozensets(st.integers(1, 6).map(lambda n: UUID(int=n))),
    tags=st.dictionaries(st.sampled_from(["rust", "go"]), st.builds(Liking, st.floats(0, 1), st.just("writes_in"))),
    near=st.dictionaries(st.integers(1, 6).map(lambda n: UUID(int=n)), st.integers(1, 99)),
)  # fmt: skip
surfaces = st.sampled_from(sorted(HOURS))


@given(things, knowns, surfaces)
def test_more_votes_and_less_age_never_count_against_a_thing(one: Candidate, known: Interests, surface: str) -> None:
    def value(**changes: object) -> float:
        fields = {name: getattr(one, name) for name in Candidate.__slots__}
        return worth(Candidate(**(fields | changes)), known, surface, NOON)  # type: ignore[arg-type]

    here = value()
    assert here > 0
    assert value(votes=one.votes + 1) >= here
    assert value(created_at=one.created_at + timedelta(hours=1)) >= here
    assert value(approaches=one.approaches + 1) >= here


@given(st.lists(things, max_size=60, unique_by=lambda one: one.id), knowns, surfaces, st.randoms())
def test_the_order_is_the_same_for_the_same_things_in_any_order(
    found: list[Candidate], known: Interests, surface: str, random: object
) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    ranked = rank(found, known, surface, NOON)  # type: ignore[arg-type]
    assert rank(shuffled, known, surface, NOON) == ranked  # type: ignore[arg-type]
    assert {entry.id for entry in ranked} == {one.id for one in found}
    assert {entry.reason for entry in ranked} <= set(WORDS)
    assert all((entry.because is None) == ("{because}" not in WORDS[entry.reason]) for entry in ranked)


@given(st.lists(st.integers(1, 5), max_size=60))
def test_no_ten_neighbours_hold_three_of_one_author_while_others_are_left(authors: list[int]) -> None:
    found = [thing(number, author_id=UUID(int=author)) for number, author in enumerate(authors, start=1)]
    shown = list(spread(found))
    assert sorted(one.id.int for one in shown) == sorted(one.id.int for one in found)
    for place, one in enumerate(shown):
        before = [other.author_id for other in shown[max(0, place - WINDOW + 1) : place]]
        left = {other.author_id for other in shown[place:]}
        assert before.count(one.author_id) < MOST or all(before.count(author) >= MOST for author in left)


def test_one_who_writes_all_the_time_does_not_fill_the_page() -> None:
    loud = [thing(number, author_id=ANN, votes=99) for number in range(1, 30)]
    quiet = [thing(100 + number, author_id=UUID(int=50 + number)) for number in range(20)]
    top = rank([*loud, *quiet], Interests(frozenset({ANN})), "feed", NOON)[:20]
    assert sum(entry.id.int < 100 for entry in top) == 4
    assert top[0].id.int < 100


def test_a_ranking_has_an_end() -> None:
    found = [thing(number, author_id=UUID(int=number)) for number in range(1, KEPT + 50)]
    assert len(rank(found, Interests(), "feed", NOON)) == KEPT


def test_likings_grow_with_what_happened_and_keep_the_strongest() -> None:
    found = likings(
        [("rust", "follows_tag", 1), ("rust", "writes_in", 99), ("go", "looks_at", 2), ("go", "votes_in", 1)]
    )
    assert found == {"rust": Liking(1.0, "follows_tag"), "go": Liking(0.5, "looks_at")}
    assert len(likings([(f"tag-{number}", "writes_in", 1) for number in range(50)])) == 30


def test_every_reason_has_words_and_is_declared() -> None:
    assert set(WORDS) == set(REASONS)
