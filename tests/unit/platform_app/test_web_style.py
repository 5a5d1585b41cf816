"""The style sheet's colours can be read by everybody: WCAG 2.2 asks for 4.5 : 1."""

from __future__ import annotations

import re

import pytest

from platform_app.web.templates import STATIC

PAIRS = [
    ("ink", "paper"), ("ink", "surface"), ("ink", "sunken"), ("ink", "water-tint"), ("ink", "good-tint"), ("ink", "bad-tint"),
    ("soft", "paper"), ("soft", "surface"), ("soft", "sunken"), ("soft", "good-tint"), ("water", "paper"),
    ("water", "surface"), ("water", "water-tint"), ("water-deep", "water-tint"), ("on-water", "water"), ("good", "good-tint"),
    ("paper", "good"), ("bad", "surface"), ("water-deep", "sunken"), ("good", "sunken"), ("bad", "sunken"),
    ("bronze", "sunken"), ("bad", "bad-tint"),
]  # fmt: skip


def _palettes() -> list[dict[str, str]]:
    style = (STATIC / "app.css").read_text()
    blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    return [dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in blocks[:2]]


def _light(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("palette", _palettes(), ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), PAIRS)
def test_text_stands_out_from_its_ground(palette: dict[str, str], text: str, ground: str) -> None:
    high, low = sorted((_light(palette[text]), _light(palette[ground])), reverse=True)
    assert (high + 0.05) / (low + 0.05) >= 4.5
