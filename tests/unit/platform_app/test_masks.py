"""A masked form token is the token again, and looks different every time."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from platform_app.web.masks import mask, unmask


@given(st.text(min_size=1, max_size=80).filter(lambda token: not token.startswith("~")))
def test_a_token_comes_back(token: str) -> None:
    assert unmask(mask(token)) == token.encode()
    assert unmask(token) == token.encode()


def test_no_two_pages_carry_the_same() -> None:
    assert len({mask("a-token") for _ in range(50)}) == 50
    assert all("a-token" not in mask("a-token") for _ in range(50))


@given(st.text(max_size=80))
def test_nonsense_is_no_token(given: str) -> None:
    assert unmask("~" + given) != b"a-token"
