"""The declaration of the metrics: Prometheus' naming, no label that could grow, and a page that says the same."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from lake.contracts.metrics import EXPORTERS, Exporter, Kind, Metric
from lake.metrics import Meters

ROOT = Path(__file__).parents[3]
CLOSED = {"lane", "method", "route", "status", "state", "product", "outcome", "code", "level", "source", "stage", "table", "job", "subscriber"}  # fmt: skip
ALL = [(exporter, metric) for exporter in EXPORTERS for metric in exporter.metrics]


@pytest.mark.parametrize("exporter", EXPORTERS, ids=lambda e: e.name)
def test_what_is_exported_is_what_is_declared(exporter: Exporter) -> None:
    meters = Meters(exporter.name)
    found = {
        family.name: family for family in text_string_to_metric_families(generate_latest(meters.registry).decode())
    }
    for metric in exporter.metrics:
        family = found[metric.name.removesuffix("_total")]
        assert (family.type, family.documentation) == (metric.kind.value, metric.about)


@pytest.mark.parametrize(("exporter", "metric"), ALL, ids=lambda one: one.name)
def test_every_metric_keeps_prometheus_naming_and_has_closed_labels(exporter: Exporter, metric: Metric) -> None:
    assert re.fullmatch(r"headwater(_[a-z]+)+", metric.name)
    assert metric.about.endswith("."), "one sentence"
    assert set(metric.labels) <= CLOSED
    assert not re.search(r"_(ms|milliseconds|minutes|hours|kib|kilobytes|mb|percent)(_|$)", metric.name), "base units"


def test_a_metric_that_two_processes_share_is_one_declaration() -> None:
    by_name: dict[str, set[Metric]] = {}
    for _, metric in ALL:
        by_name.setdefault(metric.name, set()).add(metric)
    assert [name for name, declared in by_name.items() if len(declared) > 1] == []


@pytest.mark.parametrize(
    ("name", "kind", "buckets"),
    [
        ("land_rows_total", Kind.COUNTER, ()),
        ("headwater_land_rows", Kind.COUNTER, ()),
        ("headwater_land_rows_total", Kind.GAUGE, ()),
        ("headwater_land_commit_seconds", Kind.HISTOGRAM, ()),
    ],
)
def test_a_declaration_that_breaks_the_naming_does_not_import(
    name: str, kind: Kind, buckets: tuple[float, ...]
) -> None:
    with pytest.raises(ValueError, match=name):
        Metric(name, kind, "A sentence.", buckets=buckets)


def test_a_name_that_is_not_declared_is_found_at_once() -> None:
    meters = Meters("land")
    with pytest.raises(KeyError):
        meters.counter("headwater_land_row_total")
    with pytest.raises(TypeError, match="headwater_land_offset"):
        meters.counter("headwater_land_offset")


def test_the_page_has_every_metric() -> None:
    page = (ROOT / "docs" / "metrics.md").read_text()
    assert [metric.name for _, metric in ALL if f"| `{metric.name}` |" not in page] == []
