"""Release under the Spark engine: treated in mapInArrow by the model itself, and the rows are those of the local engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from anonymizer.lanes import in_turn
from anonymizer.settings import AnonymizerSettings
from lake.contracts.names import QUARANTINE
from lake.cut import cut
from lake.settings import LakeSettings
from lake.store import LocalStore, Position, open_store
from lake.store.engine import switch
from tests.lib.changes import Bronze, person, thing
from tests.lib.spark import spark_settings, stop_spark


@pytest.fixture
def one_spark() -> Iterator[None]:
    yield
    stop_spark()


def fill(bronze: Bronze, first: int) -> None:
    for number in range(first, first + 30):
        who = person(number % 3)
        bronze.put("votes", id=thing(number), account_id=who, value=9 if number % 10 == 7 else 1)
        bronze.put("posts", id=thing(number), author_id=who, body=f"Ask Wilhelmina Zorgvliet, or a{number}@b.example.")
    bronze.delete("votes", id=thing(first), account_id=person(0))
    bronze.land()


def silver(root: Path) -> dict[str, Any]:
    """Every row of some tables and of quarantine, without the day on which it was made."""
    store, found = LocalStore(root), {}
    for path in ("silver/votes", "silver/posts", "silver/accounts", QUARANTINE):
        rows = store.read(path).drop_columns(["_day"]).to_pylist()
        for row in rows:
            row.pop("refused_at", None)
        found[path] = sorted(rows, key=lambda row: (row["_position"], str(row)))
    return found


def test_both_engines_release_the_same_rows(tmp_path: Path, one_spark: None) -> None:
    (tmp_path / "key").write_text("ab" * 32)
    settings = AnonymizerSettings(key_file=tmp_path / "key")
    outcomes = []
    for engine in ("local", "spark"):
        root = tmp_path / engine
        bronze = Bronze(root)
        for number in range(3):
            bronze.join(number, name="Wilhelmina Zorgvliet" if number == 1 else "Some Body", consents=number < 2)
        fill(bronze, 100)
        bronze.decide(1, False)
        bronze.land()
        lake = LakeSettings(_env_file=None, root=root)  # type: ignore[call-arg]
        if engine == "spark":
            switch(root, "spark")
            lake = spark_settings(root)
        said = in_turn(settings, lake, Position(bronze.next - 1))
        assert cut(open_store(lake)) == Position(bronze.next - 1)
        outcomes.append(({name: said[name] for name in ("in", "out", "refused", "withheld")}, silver(root)))
        assert not list(root.glob("restricted/scratch/*/*/*.parquet"))
    assert outcomes[0] == outcomes[1]
    assert outcomes[1][0]["refused"] > 0
    bodies = [row["body"] for row in outcomes[1][1]["silver/posts"] if row["body"]]
    assert bodies
    assert not any("Zorgvliet" in body or "@" in body for body in bodies)
