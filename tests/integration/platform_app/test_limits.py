"""Tries at the door count in all processes together: two apps on one database, one key file."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from platform_app.buckets import Bucket
from platform_app.web import limits
from platform_app.web.limits import Limit, Limits
from platform_app.web.refusals import TooMany
from tests.lib.front_door import PASSWORD, Door, key_beside, open_door
from tests.lib.stack import Stack

THREE = Limit("three", Bucket(3, 60))
FIVE = Limit("five", Bucket(5, 60))


@pytest.fixture(scope="module")
def doors(app_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Door, Door]]:
    one, other = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("other")
    with (
        open_door(app_stack.url("app"), one) as first,
        open_door(app_stack.url("app"), other, key_file=key_beside(one)) as second,
    ):
        yield first, second


@pytest.fixture
def two(doors: tuple[Door, Door]) -> tuple[Limits, Limits]:
    """The limits of two processes."""
    return doors[0].app.state.limits, doors[1].app.state.limits


def count(of: Limits, *tries: limits.Try) -> bool:
    """Whether a try was let through."""
    try:
        of.take(*tries)
    except TooMany:
        return False
    return True


def guess(door: Door, email: str, password: str = "a wrong password") -> int:
    return door.visitor().call("POST", "/session", {"email": email, "password": password}).status_code


def test_wrong_passwords_are_counted_in_both_processes_together(doors: tuple[Door, Door]) -> None:
    person = doors[0].member("ann")
    said = [guess(doors[number % 2], person.email) for number in range(9)]
    assert said == [401] * 8 + [429]
    assert [guess(door, person.email, PASSWORD) for door in doors] == [429, 429], "the right password waits as well"


def test_forms_are_counted_with_programs(doors: tuple[Door, Door]) -> None:
    person = doors[1].member("bob")
    for number in range(8):
        doors[number % 2].visitor().send("/login", email=person.email, password="a wrong password")
    assert doors[0].visitor().send("/login", email=person.email, password=PASSWORD).status_code == 429


@pytest.mark.parametrize(
    ("limit", "page", "email"),
    [
        (limits.SIGN_UP_PLACE, "/signup", "no address"),
        (limits.RESET_PLACE, "/reset", "nobody@example.org"),
        (limits.RESET_PLACE, "/claim", "no address"),
    ],
)
def test_sign_ups_and_resets_are_counted_too(
    doors: tuple[Door, Door], two: tuple[Limits, Limits], limit: Limit, page: str, email: str
) -> None:
    while count(two[0], (limit, "127.0.0.1")):
        pass
    assert doors[1].visitor().send(page, email=email).status_code == 429
    for _ in range(2):
        two[0].give_back((limit, "127.0.0.1"))
    assert doors[1].visitor().send(page, email=email).status_code != 429


def test_many_at_once_are_exactly_as_many_as_there_are(two: tuple[Limits, Limits]) -> None:
    with ThreadPoolExecutor(8) as pool:
        passed = list(pool.map(lambda number: count(two[number % 2], (FIVE, "at once")), range(24)))
    assert sum(passed) == 5


def test_what_one_limit_refuses_no_other_counts(two: tuple[Limits, Limits]) -> None:
    both = ((FIVE, "both"), (THREE, "both"))
    assert [count(two[0], *both) for _ in range(6)] == [True] * 3 + [False] * 3
    assert [count(two[1], (FIVE, "both")) for _ in range(3)] == [True, True, False]


def test_what_was_right_does_not_count(two: tuple[Limits, Limits]) -> None:
    for number in range(9):
        assert count(two[number % 2], (THREE, "right"))
        two[0].give_back((THREE, "right"))
    two[0].give_back((THREE, "never seen"), (THREE, "right"))
    assert [count(two[1], (THREE, "right")) for _ in range(4)] == [True] * 3 + [False]


def test_rows_tell_nobody_and_go_after_a_day(two: tuple[Limits, Limits], app_stack: Stack) -> None:
    two[0].take((THREE, "192.0.2.7"))
    with psycopg.connect(app_stack.url("app_owner"), autocommit=True) as conn:
        [key] = conn.execute("SELECT key FROM kernel.tries WHERE kind = 'three' ORDER BY at DESC LIMIT 1").fetchall()[0]
        assert (len(key), b"192.0.2.7" in key) == (32, False)
        conn.execute("UPDATE kernel.tries SET at = at - interval '25 hours' WHERE key = %s", (key,))
        two[1].sweep()
        kept = conn.execute("SELECT count(*), count(*) FILTER (WHERE key = %s) FROM kernel.tries", (key,)).fetchone()
    assert kept is not None
    assert kept[0] > 0 == kept[1]


def test_no_limit_outlives_its_row() -> None:
    with pytest.raises(ValueError, match="taken for full"):
        Limit("week", Bucket(1, 7 * limits.DAY))
