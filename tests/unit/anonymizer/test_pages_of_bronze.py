"""A backlog is read page by page, each row once, and no page looks through all that is left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from anonymizer import bronze as reading
from lake.store import START, LocalStore, Position
from lake.store.position import position
from tests.lib.changes import Bronze, person, thing


def test_pages_cover_every_row_once_and_look_no_further_than_they_must(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "LOOK", 8)
    bronze = Bronze(tmp_path)
    for number in range(40):
        if number % 20 < 3:
            bronze.put("tags", name=f"tag-{number}")
        else:
            bronze.put("votes", id=thing(number), account_id=person(1))
    end = bronze.land()
    looked: list[int] = []
    changes = LocalStore.changes

    def counted(self: LocalStore, path: str, **given: Any) -> Any:
        looked.append(int(given["upto"]) - int(given["after"]))
        return changes(self, path, **given)

    monkeypatch.setattr(LocalStore, "changes", counted)
    found: list[int] = []
    after: Position = START
    while after < end:
        rows, upto = reading.page(bronze.store, ["tags"], after, end, 2)
        assert after < upto
        assert rows.num_rows <= 2
        found, after = [*found, *rows["_position"].to_pylist()], upto
    assert found == [0, 1, 2, 20, 21, 22]
    assert max(looked) <= 16  # twice as far where nothing lay


def test_a_topic_made_anew_is_some_looks_away_and_not_millions_of_pages(tmp_path: Path) -> None:
    bronze = Bronze(tmp_path)
    bronze.put("tags", name="before")
    bronze.land()
    bronze.next = position(1, 3)
    bronze.put("tags", name="after")
    end, after = bronze.land(), START
    found: list[int] = []
    pages = 0
    while after < end and pages < 4:
        rows, after = reading.page(bronze.store, ["tags"], after, end, 2)
        found, pages = [*found, *rows["_position"].to_pylist()], pages + 1
    assert after == end
    assert found == [0, end]
