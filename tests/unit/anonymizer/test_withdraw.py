"""Tombstones for whoever withdrew: for their live rows, at the withdrawal's position, read by key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from anonymizer.withdraw import tombstones
from lake.contracts.tables import BY_NAME
from lake.schema import silver_schema
from lake.store import LocalStore
from tests.lib.silver import Silver, pseudonym

VOTES = BY_NAME["votes"]
NOBODY = silver_schema(VOTES).empty_table()
LEAVES = pseudonym("who leaves")


def vote(number: int, who: str) -> dict[str, Any]:
    return {"id": pseudonym("vote", number), "account_id": who}


def dead(silver: Silver, at: int, fresh: pa.Table = NOBODY) -> set[tuple[str, int]]:
    found = tombstones(silver.store, VOTES, fresh, {LEAVES: at}).to_pylist()
    assert {row["_op"] for row in found} <= {"delete"}
    return {(row["id"], row["_position"]) for row in found}


def test_their_newest_versions_get_one_and_nobody_elses(tmp_path: Path) -> None:
    silver = Silver(tmp_path)
    silver.barrier("votes")
    silver.put("votes", *(vote(n, LEAVES) for n in range(4)), *(vote(n, pseudonym("other")) for n in range(4, 9)))
    silver.put("votes", vote(0, pseudonym("other")))  # went to somebody else
    silver.delete("votes", {"id": pseudonym("vote", 1)})
    at = silver.next + 5
    assert dead(silver, at) == {(pseudonym("vote", 2), at), (pseudonym("vote", 3), at)}
    assert dead(silver, 4) == {(pseudonym("vote", 2), 4)}  # the other one they wrote after they had agreed again


def test_rows_of_the_same_batch_count(tmp_path: Path) -> None:
    silver = Silver(tmp_path)
    silver.put("votes", vote(0, LEAVES))
    rows = [vote(0, pseudonym("other")) | {"_position": 7}, vote(1, LEAVES) | {"_position": 8}]
    fresh = pa.Table.from_pylist([row | {"_revision": 0, "_op": "upsert"} for row in rows], silver_schema(VOTES))
    assert dead(silver, 9, fresh) == {(pseudonym("vote", 1), 9)}


def test_no_more_is_read_than_what_they_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    silver, read = Silver(tmp_path), list[int]()
    silver.put("votes", vote(0, LEAVES), *(vote(n, pseudonym("other")) for n in range(1, 500)))
    reading = LocalStore.read

    def counted(store: LocalStore, path: str, **how: Any) -> pa.Table:
        rows = reading(store, path, **how)
        read.append(rows.num_rows)
        return rows

    monkeypatch.setattr(LocalStore, "read", counted)
    assert len(dead(silver, 900)) == 1
    assert read == [1, 1]
