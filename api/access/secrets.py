"""Passwords, API keys and session tokens: how they are made, and the only forms in which they are stored."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

KEY_START = "hwk_"
_HASHER = PasswordHasher()  # argon2id with the library's (RFC 9106 low-memory) parameters
_AT_ONCE = asyncio.Semaphore(2)  # each hash takes 64 MiB and a core
_NOBODY = _HASHER.hash(
    secrets.token_urlsafe(16)
)  # compared with when there is no such procurer: same time, same answer


@dataclass(frozen=True)
class FreshKey:
    """A new API key: `text` is shown once and stored nowhere."""

    text: str
    prefix: str
    digest: bytes


def fresh_key() -> FreshKey:
    """A key of 256 random bits behind a prefix that people can recognise it by."""
    prefix = KEY_START + secrets.token_hex(4)
    text = f"{prefix}_{secrets.token_urlsafe(32)}"
    return FreshKey(text, prefix, digest(text))


def fresh_token() -> str:
    """A session's or a form's token: 256 random bits."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> bytes:
    """SHA-256, which is enough for secrets with 256 random bits; passwords go through argon2."""
    return hashlib.sha256(secret.encode()).digest()


async def hash_password(password: str) -> str:
    """The argon2id hash of a password, made beside the event loop."""
    async with _AT_ONCE:
        return await asyncio.to_thread(_HASHER.hash, password)


async def password_fits(stored: str | None, password: str) -> bool:
    """Whether the password belongs to the stored hash; takes as long when there is none."""

    def check() -> bool:
        try:
            return _HASHER.verify(stored or _NOBODY, password) and stored is not None
        except (VerificationError, InvalidHashError):
            return False

    async with _AT_ONCE:
        return await asyncio.to_thread(check)
