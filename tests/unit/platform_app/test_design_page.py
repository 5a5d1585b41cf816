"""The gallery at /design shows every token of the style sheet."""

from __future__ import annotations

import re

from platform_app.web.pages.design import TOKENS
from platform_app.web.templates import STATIC


def test_every_token_is_shown_and_explained() -> None:
    sheet = (STATIC / "app.css").read_text()
    defined = set(re.findall(r"--([\w-]+):", re.findall(r":root \{(.*?)\}", sheet, re.DOTALL)[0]))
    shown = {name for group in TOKENS.values() for name in group}
    assert shown == defined, "say in platform_app/web/pages/design.py what each token is for"
    assert set(re.findall(r"\.swatch-([\w-]+)", (STATIC / "design.css").read_text())) == defined
