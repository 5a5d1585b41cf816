"""Whoever is erased: the id as the app has it, and what the lake knows the person by."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from anonymizer.vault import Vault
from lake.erased import digest


@dataclass(frozen=True)
class Person:
    """One person. `id` is the account's id in lower case, `account` its pseudonym."""

    id: str
    account: str
    digest: str

    @property
    def spellings(self) -> tuple[str, ...]:
        """How the id can stand in a file."""
        return self.id, self.id.replace("-", "")


def person(account_id: UUID, vault: Vault) -> Person:
    """The person behind an account's id."""
    raw = str(account_id)
    return Person(raw, vault.pseudonym("account", raw), digest(raw))
