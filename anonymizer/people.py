"""Who consents, and what everybody is called: built from bronze in order, kept in one restricted table.

Each row of the table is one event; its position lies in the commit that holds it. Accounts appear as pseudonyms.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
import pyarrow as pa

from anonymizer.bronze import hides
from anonymizer.vault import Vault
from lake.contracts.names import PEOPLE
from lake.contracts.tables.community import TAG
from lake.store import START, Position, Store

PURPOSE = "lake"
SOURCES = ("accounts", "consents", "tags")
NAMES = {"display_name": "name", "handle": "handle", "email": "email"}
SCHEMA = pa.schema(
    [
        pa.field("_position", pa.int64()),
        pa.field("kind", pa.string()),  # consent, reset; name, handle, email; tag
        pa.field("account", pa.string()),  # pseudonym of whom it is about
        pa.field("decision", pa.string()),  # of a consent: pseudonym of its row in the app
        pa.field("granted", pa.bool_()),
        pa.field("hides", pa.int64()),  # of a reset: decisions up to here count no more
        pa.field("text", pa.string()),  # of a name or a tag
        pa.field("late", pa.int64()),  # the place of a change that landed after others beyond it; null for the others
        pa.field("_day", pa.string()),
    ]
)


@dataclass
class People:
    """The state after a position: consent by decision, and the names met so far."""

    position: Position = START
    decisions: dict[str, tuple[str, bool, int]] = field(default_factory=dict)
    granting: dict[str, int] = field(default_factory=dict)  # account → how many decisions grant
    withdrawals: list[tuple[int, str]] = field(default_factory=list)  # position, account: granted before, not after
    erased: frozenset[str] = frozenset()
    hidden: int = START  # decisions up to here count no more

    def consents(self, accounts: Iterable[str]) -> bool:
        """Whether every one of them agrees; nobody unknown or erased does."""
        return all(account in self.granting and account not in self.erased for account in accounts)

    def apply(self, event: Mapping[str, Any]) -> None:
        """Take one event of consent into account; names are for whoever keeps an index of them."""
        if event["kind"] == "consent":
            late = event.get("late")
            if late is None or self._counts(event["decision"], late):
                self._decide(event["decision"], event["account"], bool(event["granted"]), event["_position"], late)
        elif event["kind"] == "reset":
            self.hidden = max(self.hidden, event["hides"])
            for decision, (account, granted, at) in list(self.decisions.items()):
                if granted and at <= event["hides"]:
                    self._decide(decision, account, False, event["_position"])
        self.position = Position(max(self.position, event["_position"]))

    def _counts(self, decision: str, late: int) -> bool:
        """Whether a decision that landed late is still the newest of its kind."""
        _, _, at = self.decisions.get(decision, ("", False, START))
        return late > max(at, self.hidden)

    def _decide(self, decision: str, account: str, granted: bool, at: int, late: int | None = None) -> None:
        owner, before, _ = self.decisions.get(decision, (account, False, at))
        self.decisions[decision] = (account or owner, granted, at if late is None else late)
        if granted:
            self.granting[account] = self.granting.get(account, 0) + (not before)
        elif before:
            self.granting[owner] -= 1
            if not self.granting[owner]:
                del self.granting[owner]
                self.withdrawals.append((at, owner))

    def withdrawn(self, after: Position, upto: Position) -> dict[str, int]:
        """Account → position of its withdrawal, for those between two positions."""
        return {account: at for at, account in self.withdrawals if after < at <= upto}

    def forget_withdrawals(self, upto: Position) -> None:
        """Those up to a position have been carried out."""
        self.withdrawals = [(at, account) for at, account in self.withdrawals if at > upto]


def events(bronze: Iterable[dict[str, Any]], vault: Vault) -> Iterator[dict[str, Any]]:
    """Bronze rows of accounts, consents and tags, in order → events. A row that cannot be read grants nothing."""
    for row in bronze:
        place = {"_position": row["_position"], "_day": row["_day"]}
        image = _image(row["after"]) or _image(row["before"])
        match row["table"], row["op"]:
            case "consents", "c" | "u" | "r" | "d":
                yield from ({**place, **event} for event in _consent(row, image, vault))
            case "consents", "t" | "b":
                yield {**place, "kind": "reset", "hides": int(hides(row))}
            case "accounts", "c" | "u" | "r" if image.get("status") != "deleted":  # "Deleted user" is nobody's name
                account = vault.pseudonym("account", str(image.get("id")))
                for column, kind in NAMES.items():
                    if isinstance(text := image.get(column), str):
                        yield {**place, "kind": kind, "account": account, "text": text}
            case "tags", "c" | "u" | "r":
                if re.fullmatch(TAG, name := str(image.get("name"))):  # whatever else it is goes to quarantine
                    yield {**place, "kind": "tag", "text": name}


def _consent(row: Mapping[str, Any], image: dict[str, Any], vault: Vault) -> Iterator[dict[str, Any]]:
    granted = row["op"] != "d" and image.get("granted") is True and image.get("purpose") == PURPOSE
    if granted or row["op"] in ("u", "d") or image.get("purpose") == PURPOSE:
        key = _image(row["key"])
        yield {
            "kind": "consent",
            "account": vault.pseudonym("account", str(image.get("account_id"))),
            "decision": vault.pseudonym("consent", str(key.get("id"))),
            "granted": granted,
        }


def _image(text: str | None) -> dict[str, Any]:
    try:
        image = orjson.loads(text) if text else {}
    except orjson.JSONDecodeError:
        return {}
    return image if isinstance(image, dict) else {}


def as_table(found: list[dict[str, Any]]) -> pa.Table:
    """Events as rows of the restricted table."""
    return pa.Table.from_pylist(found, SCHEMA)


def read_events(store: Store, after: Position) -> list[dict[str, Any]]:
    """The events beyond a position, in order."""
    if not store.exists(PEOPLE):
        return []
    rows: list[dict[str, Any]] = store.changes(PEOPLE, after=after).sort_by("_position").to_pylist()
    return rows
