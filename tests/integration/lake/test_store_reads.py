"""What the store's readers must not stumble over."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from lake.store import LocalStore, Position

SCHEMA = pa.schema([("_position", pa.int64()), ("id", pa.string()), ("_day", pa.string())])


def test_a_filter_on_text_still_works_after_an_erasure_has_rewritten_the_file(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.create("things", SCHEMA)
    rows = [{"_position": at, "id": name, "_day": "2026-01-01"} for at, name in enumerate("abc")]
    store.append("things", pa.Table.from_pylist(rows, SCHEMA), app="test", upto=Position(2))
    assert store.erase("things", "id = 'a'") == 1
    for where in (pc.field("id") == "b", pc.field("id").isin(["b"])):
        assert store.read("things", columns=["_position"], where=where)["_position"].to_pylist() == [1]
        assert store.changes("things", after=Position(0), where=where)["id"].to_pylist() == ["b"]
        assert store.changes("things", after=Position(1), where=where).num_rows == 0
