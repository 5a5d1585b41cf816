"""Which family of browser and device a User-Agent names."""

from __future__ import annotations

import pytest

from platform_app.identity.agents import browser_and_device

BASE = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("agent", "families"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", ("Firefox", "Linux")),
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {BASE} Chrome/142.0 Safari/537.36", ("Chrome", "Windows")),
        (f"Mozilla/5.0 (Windows NT 10.0) {BASE} Chrome/142.0 Safari/537.36 Edg/142.0", ("Edge", "Windows")),
        (f"Mozilla/5.0 (Linux; Android 15) {BASE} SamsungBrowser/28.0 Chrome/130.0 Mobile", ("Samsung Internet", "Android")),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile Safari/604.1", ("Safari", "iPhone")),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/19.0 Safari/605.1.15", ("Safari", "Mac")),
        (f"Mozilla/5.0 (X11; CrOS x86_64) {BASE} Chrome/142.0 Safari/537.36", ("Chrome", "ChromeOS")),
        ("curl/8.5.0", ("A program", "Another")),
        ("Mozilla/5.0", ("Another", "Another")),
        ("", ("A program", "Another")),
    ],
)  # fmt: skip
def test_the_family_is_told(agent: str, families: tuple[str, str]) -> None:
    assert browser_and_device(agent) == families
