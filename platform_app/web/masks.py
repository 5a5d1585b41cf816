"""Form tokens look different on every page, so that the length of a compressed page tells nothing about them (BREACH).

A masked token is a random pad and the token XORed with it. Programs send the plain token, which is as good.
"""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode

SIGN = "~"


def mask(token: str) -> str:
    """The token as a page carries it, never twice the same."""
    plain = token.encode()
    pad = secrets.token_bytes(len(plain))
    return SIGN + urlsafe_b64encode(pad + _mixed(plain, pad)).decode()


def unmask(given: str) -> bytes:
    """The token that a form or a program sent; empty for what is no token."""
    if not given.startswith(SIGN):
        return given.encode()
    try:
        mixed = urlsafe_b64decode(given[1:])
    except ValueError:
        return b""
    half = len(mixed) // 2
    return _mixed(mixed[half:], mixed[:half])


def _mixed(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=False))
