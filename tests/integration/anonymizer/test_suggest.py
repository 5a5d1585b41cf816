"""Suggestions on their way back: pseudonyms meet ids under the key, and only of people who still take part."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pyarrow as pa
import pytest
from deltalake import CommitProperties, Transaction, write_deltalake
from pydantic import SecretStr

from anonymizer.settings import AnonymizerSettings
from anonymizer.suggest import suggest
from lake.features.tables import SUGGESTIONS, app_of, people_in
from lake.kit.errors import Stop
from lake.settings import LakeSettings
from lake.store import LocalStore
from platform_app.db import Conn
from platform_app.identity import service as identity
from platform_app.identity.schemas import Account
from platform_app.migrations.runner import migrate
from tests.lib.people import NOON, post_by, sign_up, vocabulary
from tests.lib.releasing import VAULT
from tests.lib.stack import Stack

COLUMNS = ("account", "kind", "item", "score", "reason", "because")
CUT = 4711


class Way:
    """An app with people, a lake that suggests something to them, and the command between."""

    def __init__(self, stack: Stack, root: Path, conn: Conn) -> None:
        key = root.parent / "lake.key"
        key.write_text((b"k" * 32).hex())
        self.conn = conn
        self.lake = LakeSettings(_env_file=None, root=root)  # type: ignore[call-arg]
        self.settings = AnonymizerSettings(
            _env_file=None,  # type: ignore[call-arg]
            key_file=key,
            suggest_url=SecretStr(stack.url("app_suggest")),
        )

    def join(self, name: str, *, agrees: bool = True) -> Account:
        person = sign_up(self.conn, name)
        identity.decide_consent(self.conn, person.id, "recommendations", agrees, NOON)
        return person

    def compute(self, *rows: tuple[Any, ...]) -> None:
        """What a run of `lake features` leaves behind."""
        table = pa.Table.from_pylist(
            [dict(zip(COLUMNS, row, strict=True)) for row in rows],
            pa.schema([(name, pa.float64() if name == "score" else pa.string()) for name in COLUMNS]),
        )
        commit = CommitProperties(app_transactions=[Transaction(app_of(-1), CUT)])
        path = self.lake.root / SUGGESTIONS.path
        path.mkdir(parents=True, exist_ok=True)
        write_deltalake(path, table, mode="overwrite", commit_properties=commit)

    def bring(self) -> dict[str, Any]:
        self.conn.commit()
        return suggest(self.settings, self.lake).summary()

    def rows(self) -> set[tuple[Any, ...]]:
        query = "SELECT account_id, coalesce(person_id::text, post_id::text, tag), reason, because FROM suggestions.suggestions"
        return set(self.conn.execute(query.encode()).fetchall())


@pytest.fixture
def way(postgres: Stack, tmp_path: Path) -> Iterator[Way]:
    postgres.recreate("app")
    migrate(postgres.url("app_owner"))
    with psycopg.connect(postgres.url("app")) as conn:
        yield Way(postgres, tmp_path / "lake", conn)


def person(account: UUID) -> str:
    return VAULT.pseudonym("account", str(account))


def test_pseudonyms_become_ids_again_with_the_cut(way: Way) -> None:
    ann, bob = way.join("ann"), way.join("bob")
    vocabulary(way.conn, "python")
    post = post_by(way.conn, bob)
    way.compute(
        (person(ann.id), "person", person(bob.id), 0.9, "same_problems", None),
        (person(ann.id), "post", VAULT.pseudonym("post", str(post)), 0.5, "answered_tag", "python"),
        (person(ann.id), "tag", "python", 0.2, "people_like_you", None),
    )
    summary = way.bring()
    assert way.rows() == {
        (ann.id, str(bob.id), "same_problems", None),
        (ann.id, str(post), "answered_tag", "python"),
        (ann.id, "python", "people_like_you", None),
    }
    assert (summary["in"], summary["out"], summary["refused"], summary["cut"]) == (3, 3, 0, CUT)
    assert way.conn.execute("SELECT cut FROM suggestions.made").fetchall() == [(CUT,)]
    assert way.bring() | {"seconds": 0} == summary | {"seconds": 0}


def test_what_the_app_does_not_know_never_enters(way: Way) -> None:
    ann, bob = way.join("ann"), way.join("bob")
    way.compute(
        (person(ann.id), "person", "0" * 32, 0.9, "same_problems", None),
        (person(ann.id), "post", VAULT.pseudonym("post", str(bob.id)), 0.9, "same_problems", None),
        (person(ann.id), "tag", "nowhere", 0.9, "people_like_you", None),
        (person(ann.id), "person", person(ann.id), 0.9, "same_problems", None),
        ("1" * 32, "person", person(bob.id), 0.9, "same_problems", None),
    )
    summary = way.bring()
    assert (summary["forgotten"], summary["refused"]) == (2, 3)  # strangers are deleted from the lake as well
    assert way.rows() == set()


@pytest.mark.parametrize("purpose", ["lake", "recommendations"])
def test_whoever_withdraws_loses_what_they_had_in_the_app_and_in_the_lake(way: Way, purpose: str) -> None:
    ann, bob, eve = way.join("ann"), way.join("bob"), way.join("eve")
    way.compute(
        (person(ann.id), "person", person(bob.id), 0.9, "same_problems", None),
        (person(bob.id), "person", person(eve.id), 0.9, "same_problems", None),
        (person(ann.id), "person", person(eve.id), 0.8, "same_problems", None),
    )
    assert way.bring()["out"] == 3
    identity.decide_consent(way.conn, bob.id, purpose, False, NOON)
    summary = way.bring()
    assert (summary["forgotten"], summary["out"]) == (2, 1)
    assert way.rows() == {(ann.id, str(eve.id), "same_problems", None)}
    assert people_in(LocalStore(way.lake.root)) == {person(ann.id), person(eve.id)}
    held = b"".join(path.read_bytes() for path in (way.lake.root / SUGGESTIONS.path).glob("*.parquet"))
    assert person(bob.id).encode() not in held


def test_before_the_first_computation_it_says_what_to_run(way: Way) -> None:
    with pytest.raises(Stop, match="lake features"):
        way.bring()
