"""What is kept for a few seconds: never older than its time, nor than what this process heard of a change."""

from __future__ import annotations

import threading

import pytest

from platform_app.web import hot as module
from platform_app.web.hot import Hot


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_value_is_made_once_and_again_when_its_time_is_over(clock: Clock) -> None:
    hot, make = Hot(10, clock), iter(range(9))
    assert [hot.read("a", ("posts",), hot.moment, lambda: next(make)) for _ in range(3)] == [0, 0, 0]
    clock.now = 10.0
    assert hot.read("a", ("posts",), hot.moment, lambda: next(make)) == 1


def test_a_change_forgets_what_depends_on_it_and_nothing_else(clock: Clock) -> None:
    hot = Hot(10, clock)
    hot.read("front", ("posts", "tags"), hot.moment, lambda: "old")
    hot.read("card", ("person:1",), hot.moment, lambda: "old")
    hot.drop("posts")
    assert hot.read("front", ("posts", "tags"), hot.moment, lambda: "new") == "new"
    assert hot.read("card", ("person:1",), hot.moment, lambda: "new") == "old"
    hot.drop("person:2")
    assert hot.read("card", ("person:1",), hot.moment, lambda: "new") == "old"
    hot.clear()
    assert hot.read("card", ("person:1",), hot.moment, lambda: "new") == "new"


def test_what_was_read_before_a_change_is_not_kept_for_those_who_come_after_it(clock: Clock) -> None:
    hot = Hot(10, clock)
    moment = hot.moment  # a transaction begins here and sees the past
    hot.drop("posts")
    assert hot.read("front", ("posts",), moment, lambda: "past") == "past"
    assert hot.read("front", ("posts",), hot.moment, lambda: "present") == "present"


def test_what_fails_is_kept_for_nobody(clock: Clock) -> None:
    hot = Hot(10, clock)
    with pytest.raises(ZeroDivisionError):
        hot.read("a", ("posts",), hot.moment, lambda: 1 / 0)
    assert hot.read("a", ("posts",), hot.moment, lambda: 1) == 1


def test_many_who_ask_at_once_wait_for_one(clock: Clock) -> None:
    hot, made, begun, go = Hot(10, clock), [], threading.Event(), threading.Event()

    def make() -> int:
        begun.set()
        assert go.wait(10)
        made.append(1)
        return 7

    got: list[int] = []
    threads = [threading.Thread(target=lambda: got.append(hot.read("a", ("p",), 0, make))) for _ in range(5)]
    for thread in threads:
        thread.start()
    assert begun.wait(10)
    go.set()
    for thread in threads:
        thread.join(10)
    assert (got, made) == ([7] * 5, [1])


def test_topics_and_values_are_bounded(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST", 3)
    hot = Hot(10, clock)
    hot.read("old", ("person:0",), hot.moment, lambda: "old")
    for number in range(5):
        hot.drop(f"person:{number}")
    assert hot.read("old", ("person:0",), hot.moment, lambda: "new") == "new"  # its change is no longer told apart
    for number in range(5):
        hot.read(f"key {number}", ("posts",), hot.moment, lambda: "old")
    assert hot.read("key 0", ("posts",), hot.moment, lambda: "new") == "new"
    assert hot.read("key 4", ("posts",), hot.moment, lambda: "new") == "old"
