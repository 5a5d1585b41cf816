from __future__ import annotations

from typing import Any

import pytest

from ingestion.agreement import check, without_search
from ingestion.source import Slot
from lake.kit.errors import Stop


def slot(confirmed: int | None = 100, status: str = "reserved") -> Slot:
    return Slot(status, confirmed, 0, active=False)


AT_100 = {"lsn_proc": "100", "lsn_commit": "90", "lsn": "100"}


@pytest.mark.parametrize(
    ("have", "offset", "landed_before"),
    [
        (None, None, False),  # the first start
        (None, None, True),  # after a reset
        (slot(), None, False),  # a first snapshot that was killed before it wrote an offset
        (slot(100), AT_100, True),
        (slot(90), AT_100, True),  # Connect has read on, and PostgreSQL was not told yet
        (slot(100, "extended"), AT_100, True),
        (slot(100), {"snapshot": True}, True),  # a snapshot that was killed: it starts again
    ],
)
def test_these_may_go_on(have: Slot | None, offset: dict[str, Any] | None, landed_before: bool) -> None:
    check(have, offset, landed_before=landed_before)


@pytest.mark.parametrize(
    ("have", "offset", "what"),
    [
        (None, AT_100, "missing"),
        (slot(None), AT_100, "lost"),
        (slot(100, "lost"), AT_100, "lost"),
        (slot(101), AT_100, "advanced"),
        (slot(), None, "no offset"),
    ],
)
def test_these_are_stops_that_name_the_repair(have: Slot | None, offset: dict[str, Any] | None, what: str) -> None:
    with pytest.raises(Stop, match=rf"{what}.*`python -m ingestion resnapshot`"):
        check(have, offset, landed_before=True)


@pytest.mark.parametrize(
    ("offset", "moved"),
    [
        ({"lsn": 90, "lsn_proc": 90, "lsn_commit": 100, "txId": 7}, {"lsn": 100, "txId": 7}),  # inside a transaction
        ({"lsn": 120, "lsn_proc": 120, "lsn_commit": 100}, {"lsn": 120}),
        ({"lsn": 100, "snapshot": "INITIAL"}, {"lsn": 100, "snapshot": "INITIAL"}),
        ({"snapshot": True}, {"snapshot": True}),  # a first snapshot that has only begun
    ],
)
def test_debezium_searches_nothing_and_goes_on_no_later_than_it_had_read(
    offset: dict[str, Any], moved: dict[str, Any]
) -> None:
    assert without_search(offset) == moved
    check(slot(100), moved | {"lsn": moved.get("lsn", 100)}, landed_before=True)
