"""Stripe's request bodies: form fields whose names nest, such as line_items[0][price_data][unit_amount]."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

_STEP = re.compile(r"\[([^\]]*)\]")


def parse_form(body: str) -> dict[str, Any]:
    """The nested dictionary of a form-encoded body; numbered steps stay dictionaries with "0", "1", … as keys."""
    result: dict[str, Any] = {}
    for name, text in parse_qsl(body, keep_blank_values=True):
        first, _, _ = name.partition("[")
        steps = [first, *_STEP.findall(name[len(first) :])]
        place = result
        for step in steps[:-1]:
            inner = place.setdefault(step, {})
            place = inner if isinstance(inner, dict) else {}
        place[steps[-1]] = text
    return result
