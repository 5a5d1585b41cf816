"""The tables of features: their names, which of their columns hold people, and at which cut they were made.

Pseudonymous personal data: restricted, replaced by each run, and purged when a person withdraws.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import pyarrow.compute as pc

from lake.contracts.names import INTERNAL, internal_path
from lake.cut import late_since
from lake.store import START, Position, Store

JOB = "features"  # the lease of whoever writes these tables or carries them away
RECIPE = 1  # grows when the computation changes, so that a run at the same cut is not taken for done


@dataclass(frozen=True)
class Feature:
    """One table: what a row says, and the columns that hold pseudonyms of people."""

    name: str
    about: str
    people: tuple[str, ...]

    @property
    def path(self) -> str:
        return internal_path(self.name)


ANSWER_PAIRS = Feature(
    "answer_pairs", "who answers whom: asker, answerer, problems, accepted answers", ("asker", "answerer")
)
TAG_PAIRS = Feature("tag_pairs", "tags on the same problems: tag, other, problems together, authors, Jaccard index", ())
SIMILAR_PEOPLE = Feature(
    "similar_people", "cosine of what two people did: account, other, score, in common", ("account", "other")
)
SIMILAR_POSTS = Feature("similar_posts", "cosine of who was there: post, other, score, people in common", ())
ACCOUNT_FACTORS = Feature("account_factors", "ALS: account, factors", ("account",))
ITEM_FACTORS = Feature("item_factors", "ALS: kind (person, post, tag), item, factors", ("item",))
SUGGESTIONS = Feature("suggestions", "account, kind, item, score, reason, because (a tag or null)", ("account", "item"))

FEATURES = (ANSWER_PAIRS, TAG_PAIRS, SIMILAR_PEOPLE, SIMILAR_POSTS, ACCOUNT_FACTORS, ITEM_FACTORS, SUGGESTIONS)
"""In the order in which a run writes them: suggestions, by which a run is known to be complete, come last."""


def app_of(late: int) -> str:
    """The application id under which a run writes its cut; rows that entered silver late make another one."""
    return f"features.{RECIPE}.{late}"


def latest_late(store: Store) -> int:
    """The number of the newest announcement of late rows; -1 for none."""
    return max((one.number for one in late_since(store)), default=-1)


def made_at(store: Store) -> Position:
    """The cut at which the suggestions were computed; START when they never were, or by another recipe."""
    if not store.exists(SUGGESTIONS.path):
        return START
    return max(store.position(SUGGESTIONS.path, app_of(late)) for late in range(latest_late(store), -2, -1))


def forget(store: Store, accounts: Collection[str]) -> int:
    """Delete every row about one of the pseudonyms, and the bytes of the files that held them; returns the rows."""
    gone = 0
    if not accounts or not (store.root / INTERNAL).exists():
        return gone
    quoted = ", ".join(f"'{account}'" for account in sorted(accounts))  # pseudonyms: hex digits only
    for feature in FEATURES:
        if not feature.people or not store.exists(feature.path):
            continue
        about = [pc.field(column).isin(list(accounts)) for column in feature.people]
        where = about[0] if len(about) == 1 else about[0] | about[1]
        if store.read(feature.path, columns=[feature.people[0]], where=where).num_rows:
            gone += store.erase(feature.path, " or ".join(f"{column} in ({quoted})" for column in feature.people))
            store.vacuum(feature.path, older_than_hours=0)
    return gone


def people_in(store: Store) -> set[str]:
    """The pseudonyms of everybody whom a row is about."""
    found: set[str] = set()
    for feature in FEATURES:
        if not feature.people or not store.exists(feature.path):
            continue
        for column in feature.people:
            where = pc.field("kind") == "person" if column == "item" else None
            found |= set(pc.unique(store.read(feature.path, columns=[column], where=where)[column]).to_pylist())
    return found
