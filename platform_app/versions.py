"""Which text somebody edited: a digest of it, which a form or an If-Match brings back when it is saved."""

from __future__ import annotations

import hashlib

ANY = "*"


def version_of(*texts: str | None) -> str:
    """16 characters that change with the texts; none is as good as an empty one."""
    return hashlib.sha256("\0".join(text or "" for text in texts).encode()).hexdigest()[:16]


def is_other(seen: str, version: str) -> bool:
    """Whether somebody edited another text than the one of this version; empty or `*` takes any."""
    return seen.strip().strip('"') not in ("", ANY, version)
