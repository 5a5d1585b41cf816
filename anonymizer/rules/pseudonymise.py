"""Ids become keyed pseudonyms, in one domain for each kind of thing, so that joins still work."""

from __future__ import annotations

import pyarrow as pa

from anonymizer.vault import Vault


def pseudonymise(values: pa.Array, vault: Vault, domain: str) -> tuple[pa.Array, ...]:
    """One column of 32 hex digits; null stays null."""
    known: dict[str | None, str | None] = {None: None}
    for value in values.to_pylist():
        if value not in known:
            known[value] = vault.pseudonym(domain, value)
    return (pa.array([known[value] for value in values.to_pylist()], pa.string()),)
