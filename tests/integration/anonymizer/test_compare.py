"""Silver against what has landed: whatever is done to silver by hand is found and mended, also when bronze is long gone."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from anonymizer.mend import audit
from lake.contracts.names import silver_path
from lake.contracts.tables import BY_NAME
from lake.kit.errors import Stop
from lake.store import Position
from lake.upkeep.budget import Budget
from lake.upkeep.raw import let_go, past
from tests.lib.changes import Bronze, person, thing
from tests.lib.releasing import VAULT, Releasing, pseudonym

VOTES = BY_NAME["votes"]


class Lake:
    """Two people, three votes of the first: one stands, one was changed, one deleted."""

    def __init__(self, root: Path) -> None:
        self.bronze = Bronze(root)
        self.release = Releasing(self.bronze)
        self.bronze.join(1)
        self.bronze.join(2, consents=False)
        for number in range(3):
            self.vote(number, 1)
        self.vote(1, 1, "u")
        self.vote(7, 2)
        self.release.go()
        self.deleted = self.bronze.delete("votes", id=thing(2), account_id=person(1))
        self.release.go()

    def vote(self, number: int, voter: int, op: str = "c") -> int:
        return self.bronze.put("votes", op, id=thing(number), account_id=person(voter))

    def erase(self, where: str) -> None:
        assert self.bronze.store.erase(silver_path(VOTES), where)

    def let_bronze_go(self) -> None:
        for day in past(self.bronze.store, before="9999"):
            let_go(self.bronze.store, day, Position(self.bronze.next - 1), Budget(60, 1 << 30))
        assert self.bronze.store.read("restricted/bronze/changes").num_rows == 0

    def audit(self, mend: bool = False) -> tuple[int, int, int]:
        said = audit(
            self.bronze.store, VAULT, list(BY_NAME.values()), (lambda: self.release.room("plain")) if mend else None
        )
        return said["missing"], said["stale"], said["extra"]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def key(number: int) -> str:
    return f"id = '{pseudonym('vote', thing(number))}'"


@pytest.mark.parametrize("trimmed", [False, True], ids=["bronze is there", "bronze has gone"])
def test_a_lake_that_nobody_touched_is_equal(lake: Lake, trimmed: bool) -> None:
    if trimmed:
        lake.let_bronze_go()
    assert lake.audit() == (0, 0, 0)


@pytest.mark.parametrize("trimmed", [False, True], ids=["bronze is there", "bronze has gone"])
@pytest.mark.parametrize("what", ["removed", "changed", "tombstone"])
def test_what_was_taken_from_silver_is_found(lake: Lake, what: str, trimmed: bool) -> None:
    if trimmed:
        lake.let_bronze_go()
    newest = max(row["_position"] for row in lake.release.versions("votes").to_pylist() if row["id"] in key(1))
    where = {
        "removed": key(0),
        "changed": f"{key(1)} and _position = {newest}",
        "tombstone": f"{key(2)} and _op = 'delete'",
    }
    lake.erase(where[what])
    found = {"removed": (1, 0, 0), "changed": (0, 1, 0), "tombstone": (0, 0, 1)}[what]
    assert lake.audit() == found
    if trimmed and what != "tombstone":
        with pytest.raises(Stop, match="resnapshot votes"):
            lake.audit(mend=True)
    else:
        assert lake.audit(mend=True) == found
        assert lake.audit() == (0, 0, 0)


def test_a_row_that_never_landed_is_found_and_gets_a_tombstone(lake: Lake) -> None:
    (row,) = [row for row in lake.release.versions("votes").to_pylist() if row["id"] in key(0)]
    stray = pseudonym("vote", thing(99))
    rows = pa.Table.from_pylist([row | {"id": stray}], lake.release.versions("votes").schema)
    lake.bronze.store.append(silver_path(VOTES), rows, app="by-hand", upto=Position(1))
    assert lake.audit(mend=True) == (0, 0, 1)
    assert lake.audit() == (0, 0, 0)
    assert stray not in lake.release.ids("votes")


def test_a_row_of_somebody_who_does_not_consent_is_one_too_many(lake: Lake) -> None:
    (row,) = [row for row in lake.release.versions("votes").to_pylist() if row["id"] in key(0)]
    stray = row | {"id": pseudonym("vote", thing(7)), "account_id": pseudonym("account", person(2))}
    rows = pa.Table.from_pylist([stray], lake.release.versions("votes").schema)
    lake.bronze.store.append(silver_path(VOTES), rows, app="by-hand", upto=Position(1))
    assert lake.audit() == (0, 0, 1)
