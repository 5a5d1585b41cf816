"""Each treatment alone: values in, silver's values out."""

from __future__ import annotations

import hashlib
import hmac
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anonymizer.rules.drop import drop
from anonymizer.rules.generalise import (
    HOUR_EDGES,
    OPEN_END,
    RATE_EDGES,
    YEAR_EDGES,
    band,
    hour_band,
    week_and_month,
)
from anonymizer.rules.keep import keep
from anonymizer.rules.places import country_of
from anonymizer.rules.pseudonymise import pseudonymise
from anonymizer.rules.redact import redact
from anonymizer.spans import Masked
from anonymizer.vault import KeyMissing, Vault, open_vault

VAULT = Vault(bytes(range(32)))


def test_a_pseudonym_is_the_keyed_hash_that_the_design_names() -> None:
    expected = hmac.new(bytes(range(32)), b"account\x1fsomebody", hashlib.sha256).hexdigest()[:32]
    assert VAULT.pseudonym("account", "somebody") == expected


def test_domains_and_keys_separate_pseudonyms_and_case_does_not() -> None:
    mine = VAULT.pseudonym("account", "0a")
    assert mine == VAULT.pseudonym("account", "0A")
    assert len({mine, VAULT.pseudonym("post", "0a"), Vault(bytes(32)).pseudonym("account", "0a")}) == 3


def test_a_column_of_ids_becomes_pseudonyms_and_null_stays_null() -> None:
    (column,) = pseudonymise(pa.array(["a", None, "a"]), VAULT, "post")
    assert column.to_pylist() == [VAULT.pseudonym("post", "a"), None, VAULT.pseudonym("post", "a")]


@pytest.mark.parametrize(("content", "advice"), [(None, "missing"), ("zz", "hex digits"), ("abcd", "32 bytes")])
def test_a_key_that_is_not_one_says_what_to_do(tmp_path: Path, content: str | None, advice: str) -> None:
    if content is not None:
        (tmp_path / "key").write_text(content)
    with pytest.raises(KeyMissing, match=advice):
        open_vault(tmp_path / "key")


def test_kept_values_stay_and_dropped_ones_leave_no_column() -> None:
    values = pa.array(["x", None])
    assert keep(values) == (values,)
    assert drop(values) == ()


@pytest.mark.parametrize(
    ("moment", "monday", "first"),
    [
        ("2026-03-01T23:59:59.999999+00:00", date(2026, 2, 23), date(2026, 3, 1)),
        ("2026-03-02T00:00:00+00:00", date(2026, 3, 2), date(2026, 3, 1)),
        ("2024-12-31T12:00:00+00:00", date(2024, 12, 30), date(2024, 12, 1)),
    ],
)
def test_a_time_becomes_its_monday_and_the_first_of_its_month(moment: str, monday: date, first: date) -> None:
    times = pa.array([datetime.fromisoformat(moment), None], pa.timestamp("us", tz="UTC"))
    week, month = week_and_month(times)
    assert (week.to_pylist(), month.to_pylist()) == ([monday, None], [first, None])


@given(st.integers(0, 10_000_000))
def test_hours_lie_within_their_band(hours: int) -> None:
    band = hour_band(hours)
    assert band is not None
    assert hours <= band
    if band != OPEN_END:
        below = [edge for edge in HOUR_EDGES if edge < band]
        assert not below or hours > below[-1]


@given(st.integers(0, 100_000), st.sampled_from([RATE_EDGES, YEAR_EDGES]))
def test_a_number_lies_within_its_band_and_a_larger_one_in_no_lower_band(number: int, edges: tuple[int, ...]) -> None:
    found, next_one = band(number, edges), band(number + 1, edges)
    assert found is not None
    assert next_one is not None
    assert number <= found <= next_one
    assert found in (*edges, OPEN_END)


def test_rates_and_years_lose_their_precision() -> None:
    assert [band(rate, RATE_EDGES) for rate in (1, 10, 11, 75, 100, 501, None)] == [10, 10, 15, 80, 100, OPEN_END, None]
    assert [band(years, YEAR_EDGES) for years in (0, 1, 3, 12, 45)] == [0, 1, 5, 15, OPEN_END]


def test_the_bands_meet_at_their_edges() -> None:
    assert [hour_band(h) for h in (0, 1, 2, 3, 24, 25, 8760, 8761, None)] == [1, 1, 2, 4, 24, 48, 8760, OPEN_END, None]


@pytest.mark.parametrize(
    ("place", "country"),
    [
        ("Lyon, France", "FR"),
        ("München, Deutschland", "DE"),
        ("NYC", "US"),
        ("Austin, TX", "US"),
        ("Austin, TX 78701", "US"),
        ("Atlanta, Georgia, USA", "US"),
        ("Tbilisi, Georgia", None),
        ("Ontario", "CA"),
        ("🇯🇵", "JP"),
        ("UK", "GB"),
        ("Earth", None),
        ("somewhere over the rainbow", None),
        ("in", None),
        ("", None),
        (None, None),
    ],
)
def test_a_place_becomes_the_country_it_plainly_names(place: str | None, country: str | None) -> None:
    assert country_of(place) == country


@given(st.text(max_size=200))
def test_any_text_is_a_place_without_failing(place: str) -> None:
    country = country_of(place)
    assert country is None or (len(country) == 2 and country.isupper())


def test_redaction_gives_text_length_and_count_and_names_what_failed() -> None:
    def mask(texts: object) -> list[Masked | None]:
        assert texts == ["abc", "slow"]
        return [Masked("<PERSON>", 1), None]

    (text, chars, spans), failed = redact(pa.array(["abc", None, "slow"]), mask)
    assert text.to_pylist() == ["<PERSON>", None, None]
    assert chars.to_pylist() == [3, None, 4]
    assert spans.to_pylist() == [1, None, None]
    assert failed == [2]
