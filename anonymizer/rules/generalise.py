"""Quasi-identifiers lose their precision: times become weeks and months, places countries, hours, rates and
years bands."""

from __future__ import annotations

import bisect

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer.rules.places import country_of
from lake.contracts.model import To

HOUR_EDGES = (1, 2, 4, 8, 12, 24, 48, 72, 168, 336, 720, 8760)
# A rate or a number of years is remembered with a name; a band of a fifth to a half of its value is not.
RATE_EDGES = (10, 15, 20, 25, 30, 40, 50, 60, 80, 100, 120, 150, 200, 300, 500)
YEAR_EDGES = (0, 1, 2, 5, 10, 15, 20, 30)
OPEN_END = 2_147_483_647  # the band of everything beyond the last edge


def generalise(values: pa.Array, to: To) -> tuple[pa.Array, ...]:
    """The silver columns of one QUASI column, in the order of its suffixes; null stays null."""
    match to:
        case To.WEEK_AND_MONTH:
            return week_and_month(values)
        case To.COUNTRY:
            return (pa.array([country_of(place) for place in values.to_pylist()], pa.string()),)
        case To.HOUR_BAND:
            return (pa.array([hour_band(hours) for hours in values.to_pylist()], pa.int32()),)
        case To.RATE_BAND:
            return (pa.array([band(rate, RATE_EDGES) for rate in values.to_pylist()], pa.int32()),)
        case To.YEAR_BAND:
            return (pa.array([band(years, YEAR_EDGES) for years in values.to_pylist()], pa.int32()),)


def week_and_month(times: pa.Array) -> tuple[pa.Array, pa.Array]:
    """The Monday of each time's ISO week and the first day of its month, in UTC, as dates."""
    if pa.types.is_timestamp(times.type):
        times = times.cast(pa.timestamp("us"))  # drops the zone, keeps the UTC clock
    week = pc.floor_temporal(times, unit="week", week_starts_monday=True)
    month = pc.floor_temporal(times, unit="month")
    return week.cast(pa.date32()), month.cast(pa.date32())


def hour_band(hours: int | None) -> int | None:
    """The upper edge of the band that hours fall into: 1 for 0 and 1, 8 for 5 to 8; the last band is open."""
    return band(hours, HOUR_EDGES)


def band(number: int | None, edges: tuple[int, ...]) -> int | None:
    """The first edge that is not below the number; OPEN_END beyond the last."""
    if number is None:
        return None
    at = bisect.bisect_left(edges, number)
    return edges[at] if at < len(edges) else OPEN_END
