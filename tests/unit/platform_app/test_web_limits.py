"""Tries are counted in a sliding window, for each key by itself."""

from __future__ import annotations

import pytest

from platform_app.web import limits
from platform_app.web.limits import Window
from platform_app.web.pages.forms import own_path
from platform_app.web.refusals import TooMany


class _Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def _use(window: Window, key: str, times: int) -> None:
    for _ in range(times):
        window.take(key)


def test_the_window_closes_and_says_when_it_opens() -> None:
    clock = _Clock()
    window = Window(3, 60, clock)
    _use(window, "a", 2)
    clock.now = 20
    _use(window, "a", 1)
    _use(window, "b", 3)
    with pytest.raises(TooMany) as refused:
        window.take("a")
    assert refused.value.seconds == 40
    clock.now = 60.1
    window.take("a")


def test_memory_stays_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_KEYS", 10)
    window = Window(1, 60, _Clock())
    for number in range(100):
        window.take(str(number))
    assert len(window._marks) <= 10


@pytest.mark.parametrize(
    ("asked", "led"),
    [
        ("/posts/1", "/posts/1"), ("/posts?a=b#c", "/posts?a=b#c"), ("", "/"), ("posts", "/"), ("//evil", "/"),
        ("/\\evil", "/"), ("https://evil", "/"), ("/a\r\nSet-Cookie: x", "/"), ("/\t/evil", "/"),
    ],
)  # fmt: skip
def test_a_way_back_stays_on_this_site(asked: str, led: str) -> None:
    assert own_path(asked) == led
