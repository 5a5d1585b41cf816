"""docs/metrics.md, written from the declaration of the metrics."""

from __future__ import annotations

from lake.contracts.metrics import EXPORTERS, Kind, Metric

INTRO = """\
Each long-running process answers `GET /metrics` in Prometheus' text format on a loopback port of its own, never on a
port that the public reaches. `make up` chooses the ports and writes them into the settings files; 0 switches the server
off, as in every one-shot command. Beside the metrics below each process exports `process_resident_memory_bytes`,
`process_cpu_seconds_total`, `process_open_fds` and the others of that family.

Prometheus' label `job` is the exporter's name, so that one metric of several processes stays apart. No label holds a
person, an id, a path or a value: its values come from a closed list of tables, lanes, products, codes or routes.

`headwater_…_timestamp_seconds` are moments: subtract them from `time()`. A histogram's `_count` counts its events.
"""


def metrics_page(notice: str) -> str:
    """The page: one table for each exporter."""
    lines = ["# Metrics", "", f"<!-- {notice} -->", "", INTRO]
    for exporter in EXPORTERS:
        lines += [f"## {exporter.name}", "", f"{exporter.about}. Port: `{exporter.port_setting}`.", ""]
        lines += ["| metric | type | labels | unit | what it says |", "|---|---|---|---|---|"]
        lines += [_line(metric) for metric in exporter.metrics] + [""]
    return "\n".join(lines)


def _line(metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels) or "–"
    kind = metric.kind.value
    if metric.kind is Kind.HISTOGRAM:
        kind += f" ({metric.buckets[0]:g} to {metric.buckets[-1]:g})"
    return f"| `{metric.name}` | {kind} | {labels} | {metric.unit} | {metric.about} |"
