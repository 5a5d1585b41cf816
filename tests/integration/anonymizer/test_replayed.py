"""A message that landing could not read, and can read after a fix, reaches silver too, at the place it always had."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from anonymizer import release as release_module
from lake.cut import cut, late_since
from tests.lib.changes import Bronze, person, thing
from tests.lib.releasing import Releasing


@pytest.fixture
def bronze(tmp_path: Path) -> Bronze:
    return Bronze(tmp_path)


@pytest.fixture
def release(bronze: Bronze) -> Releasing:
    return Releasing(bronze)


def leave_out(bronze: Bronze) -> int:
    """A position whose message lies in quarantine."""
    bronze.next += 1
    return bronze.next - 1


def fill_in(bronze: Bronze, place: int, table: str, **values: Any) -> None:
    """Landing puts the row there, and notes it at the stream's end."""
    here, bronze.next = bronze.next, place
    bronze.put(table, **values)
    bronze.next = here
    bronze.add("m", None, after=json.dumps({"kind": "replay", "positions": [place]}))


@pytest.mark.parametrize("table", ["votes", "posts"])
def test_a_row_that_landed_late_reaches_silver_and_is_announced(bronze: Bronze, release: Releasing, table: str) -> None:
    bronze.join(1)
    owner: dict[str, Any] = {{"posts": "author_id", "votes": "account_id"}[table]: person(1)}
    place = leave_out(bronze)
    bronze.put(table, id=thing(11), **owner)
    release.go()
    fill_in(bronze, place, table, id=thing(10), **owner)
    release.go()
    assert sorted(row["_position"] for row in release.current(table)) == [place, place + 1]
    assert [(late.table, late.first, late.last) for late in late_since(release.store)] == [(table, place, place)]
    release.go()
    assert len(release.current(table)) == 2


def test_a_late_row_does_not_bring_back_what_was_deleted_since(bronze: Bronze, release: Releasing) -> None:
    bronze.join(1)
    place = leave_out(bronze)
    bronze.delete("votes", id=thing(10), account_id=person(1))
    release.go()
    fill_in(bronze, place, "votes", id=thing(10), account_id=person(1))
    release.go()
    assert release.current("votes") == []


def test_without_the_step_for_late_rows_they_never_arrive(
    bronze: Bronze, release: Releasing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release_module, "release_replayed", lambda lane, reach: None)
    bronze.join(1)
    place = leave_out(bronze)
    bronze.put("votes", id=thing(11), account_id=person(1))
    release.go()
    fill_in(bronze, place, "votes", id=thing(10), account_id=person(1))
    release.go()
    assert [row["_position"] for row in release.current("votes")] == [place + 1]
    assert cut(release.store) > place


def agreed(bronze: Bronze, number: int, granted: bool, place: int | None = None) -> None:
    """A decision about the lake; with a place, one that lands there only now."""
    row: dict[str, Any] = {"id": thing(900_000 + number), "account_id": person(number), "purpose": "lake"}
    if place is None:
        bronze.put("consents", "u", granted=granted, **row)
    else:
        fill_in(bronze, place, "consents", granted=granted, **row)


def passed_by(bronze: Bronze) -> int:
    """A position whose message lies in quarantine, and which release passes."""
    place = leave_out(bronze)
    bronze.put("tags", name="a-tag")
    return place


def test_a_withdrawal_that_landed_late_takes_the_rows_out(bronze: Bronze, release: Releasing) -> None:
    bronze.join(1)
    bronze.put("votes", id=thing(10), account_id=person(1))
    place = passed_by(bronze)
    release.go()
    assert len(release.current("votes")) == 1
    agreed(bronze, 1, False, place)
    release.go()
    assert release.current("votes") == []
    bronze.put("votes", id=thing(12), account_id=person(1))
    release.go()
    assert release.current("votes") == []


def test_without_what_landed_late_the_registry_knows_of_no_withdrawal(
    bronze: Bronze, release: Releasing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("anonymizer.registry.Registry._late", lambda self, note, places: iter(()))
    bronze.join(1)
    bronze.put("votes", id=thing(10), account_id=person(1))
    place = passed_by(bronze)
    release.go()
    agreed(bronze, 1, False, place)
    release.go()
    assert len(release.current("votes")) == 1


def test_consent_that_landed_late_does_not_overrule_a_later_withdrawal(bronze: Bronze, release: Releasing) -> None:
    bronze.join(1, consents=False)
    place = leave_out(bronze)
    agreed(bronze, 1, False)
    release.go()
    agreed(bronze, 1, True, place)
    bronze.put("votes", id=thing(10), account_id=person(1))
    release.go()
    assert release.current("votes") == []


def test_consent_that_landed_late_and_stands_lets_later_rows_in(bronze: Bronze, release: Releasing) -> None:
    bronze.join(1, consents=False)
    place = passed_by(bronze)
    release.go()
    agreed(bronze, 1, True, place)
    bronze.put("votes", id=thing(10), account_id=person(1))
    release.go()
    assert len(release.current("votes")) == 1
