"""Micro-units inside, decimal strings of the currency unit at the edge; no float touches an amount."""

from __future__ import annotations

import re

from lake.contracts.products import MICRO

_AMOUNT = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,6}))?")
MICRO_PER_CENT = MICRO // 100


def to_text(micro: int) -> str:
    """20000 → "0.020000"."""
    sign = "-" if micro < 0 else ""
    return f"{sign}{abs(micro) // MICRO}.{abs(micro) % MICRO:06d}"


def from_text(amount: str) -> int:
    """ "0.02" → 20000. Raises ValueError when the text is no amount or is finer than a micro-unit."""
    match = _AMOUNT.fullmatch(amount.strip())
    if match is None:
        raise ValueError("an amount is digits with at most six decimals, such as 25.00")
    return int(match[1]) * MICRO + int((match[2] or "").ljust(6, "0"))
