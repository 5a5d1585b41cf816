"""Ids of imported rows are found again by a second run and keep the old order."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake.kit.ids import new_id
from platform_app.ids import milliseconds, settled_id

MOMENTS = st.datetimes(
    min_value=datetime(1970, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@given(MOMENTS, st.text(), st.text())
def test_the_same_origin_gives_the_same_id_and_another_gives_another(at: datetime, one: str, other: str) -> None:
    assert settled_id(at, "post", one) == settled_id(at, "post", one)
    assert (settled_id(at, "post", one) == settled_id(at, "post", other)) == (one == other)


@given(MOMENTS)
def test_an_id_is_a_uuid_of_version_7_that_holds_its_millisecond(at: datetime) -> None:
    made = settled_id(at, "x")
    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert int.from_bytes(made.bytes[:6], "big") == milliseconds(at)


def test_new_ids_ascend_within_a_millisecond_and_when_the_clock_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [new_id() for _ in range(10_000)]
    now = time.time_ns()
    for moment in (now, now - 10**9, now):
        monkeypatch.setattr(time, "time_ns", lambda moment=moment: moment)
        made += [new_id() for _ in range(5_000)]
    assert made == sorted(set(made))
    assert {(one.version, one.variant) for one in made} == {(7, "specified in RFC 4122")}
