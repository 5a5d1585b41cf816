"""Who asks, and what they were found to be entitled to.

Whatever gives data or spends money takes an `Entitlement`, and only `entitle` makes one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

from api.problems import Problem
from lake.contracts.products import PRODUCT_BY_NAME

CATALOGUE, BILLING, ALL_ROWS = "catalogue", "billing", "rows:*"
EVERYTHING = frozenset({CATALOGUE, BILLING, ALL_ROWS})

_ROWS = re.compile(r"rows:([a-z][a-z0-9_]*|\*)")


@dataclass(frozen=True, slots=True)
class Caller:
    """A procurer whose key, password or session was checked. `key_id` is None in a browser."""

    procurer_id: UUID
    key_id: UUID | None
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Entitlement:
    """The proof that a caller may use `scope`. Made by `entitle` alone; a test looks for other makers."""

    procurer_id: UUID
    scope: str


def rows_of(product: str) -> str:
    """The scope that rows of a product need."""
    return f"rows:{product}"


def entitle(caller: Caller, scope: str) -> Entitlement:
    """The caller's right to use a scope; Problem `scope_missing` when the key does not carry it."""
    if scope not in caller.scopes and not (scope.startswith("rows:") and ALL_ROWS in caller.scopes):
        raise Problem(
            "scope_missing", f"Use a key with the scope {scope!r}, or make one.", details={"required_scope": scope}
        )
    return Entitlement(caller.procurer_id, scope)


def checked_scopes(scopes: list[str]) -> list[str]:
    """The scopes in order without repeats; Problem `invalid` names the first that does not exist."""
    for scope in scopes:
        rows = _ROWS.fullmatch(scope)
        if scope not in (CATALOGUE, BILLING) and not (rows and rows[1] in {"*", *PRODUCT_BY_NAME}):
            raise Problem(
                "invalid", "Scopes are: catalogue, billing, rows:*, rows:<product>.", details={"field": "scopes"}
            )
    if not scopes:
        raise Problem("invalid", "Give a key at least one scope.", details={"field": "scopes"})
    return sorted(set(scopes))
