"""Alert rules and dashboards: every query parses, and asks only for metrics and labels that are declared."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from infra import stack
from infra.monitor import FOLDER, containers, port_name, program, prometheus_settings
from infra.settings import CHECKOUT, Settings
from lake.contracts.metrics import EXPORTERS, Kind
from lake.kit.errors import Stop
from tests.lib.containers import services

DASHBOARDS = sorted((FOLDER / "grafana" / "dashboards").glob("*.json"))
ALWAYS = {"job", "instance", "le"}
OTHERS = {
    "up": set[str](),
    "process_resident_memory_bytes": set[str](),
    "process_cpu_seconds_total": set[str](),
    "ALERTS": {"alertname", "alertstate", "severity"},
}
"""Metrics that Prometheus or its client make for every process, with their labels beside `job` and `instance`."""


def declared() -> dict[str, set[str]]:
    """Each series that can exist, with its labels. A label called `job` arrives as `exported_job`."""
    found = dict(OTHERS)
    for exporter in EXPORTERS:
        for metric in exporter.metrics:
            labels = {"exported_job" if label == "job" else label for label in metric.labels}
            endings = ("_bucket", "_count", "_sum") if metric.kind is Kind.HISTOGRAM else ("",)
            found |= {metric.name + ending: labels for ending in endings}
    return found


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((FOLDER / "rules.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[tuple[str, str, str]]:
    """(where, query, legend) of every panel."""
    return [
        (f"{path.stem}: {panel['title']}", one["expr"], one["legendFormat"])
        for path in DASHBOARDS
        for panel in json.loads(path.read_text())["panels"]
        for one in panel["targets"]
    ]


def faults(query: str) -> list[str]:
    """What a query asks for that nobody exports; raises for one that does not parse."""
    known, wrong, labels = declared(), list[str](), set(ALWAYS)
    for node in nodes(promql_parser.parse(query)):
        if isinstance(node, promql_parser.VectorSelector):
            if node.name not in known:
                wrong.append(f"metric {node.name}")
                continue
            labels |= known[node.name]
            wrong += [
                f"label {one.name} of {node.name}"
                for one in node.matchers.matchers
                if one.name not in known[node.name] | ALWAYS
            ]
    grouped = re.findall(r"\b(?:by|without) ?\(([^)]*)\)", query)
    asked = {label.strip() for words in grouped for label in words.split(",")}
    return wrong + [f"group by {label}" for label in asked - labels]


def nodes(node: Any) -> Iterator[Any]:
    yield node
    for name in ("expr", "lhs", "rhs", "vector_selector", "vs", "param"):
        child = getattr(node, name, None)
        if child is not None:
            yield from nodes(child)
    for child in getattr(node, "args", []) or []:
        yield from nodes(child)


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_a_rule_asks_only_for_what_is_exported(rule: dict[str, Any]) -> None:
    assert faults(rule["expr"]) == []


@pytest.mark.parametrize(("where", "query", "legend"), panels(), ids=lambda value: None)
def test_a_panel_asks_only_for_what_is_exported(where: str, query: str, legend: str) -> None:
    assert faults(query) == [], where
    labels = {label for known in declared().values() for label in known} | ALWAYS
    assert set(re.findall(r"{{(\w+)}}", legend)) <= labels, where


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ("rate(headwater_land_row_total[5m])", "metric headwater_land_row_total"),
        ('headwater_slot_lag_bytes{slot="x"}', "label slot of headwater_slot_lag_bytes"),
        ("sum by (lane) (headwater_slot_lag_bytes)", "group by lane"),
        ("histogram_quantile(0.9, rate(headwater_land_commit_seconds[5m]))", "metric headwater_land_commit_seconds"),
        ("up / headwater_nothing", "metric headwater_nothing"),
    ],
)
def test_a_query_for_something_else_would_be_seen(query: str, fault: str) -> None:
    assert faults(query) == [fault]


def test_every_alert_has_a_section_of_the_runbook_that_says_what_to_look_at_and_do() -> None:
    text = (CHECKOUT / "docs" / "runbook.md").read_text()
    sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))
    assert set(sections) == {rule["alert"] for rule in rules()}
    for rule in rules():
        assert rule["annotations"]["runbook_url"] == f"docs/runbook.md#{rule['alert'].lower()}"
        assert rule["labels"]["severity"] in ("page", "ticket")
        for word in ("**Means**", "**Look**", "**Do**"):
            assert word in sections[rule["alert"]], rule["alert"]


def test_every_command_of_the_runbook_exists() -> None:
    said = re.findall(r"`python -m (\w+) ([a-z-]+)", (CHECKOUT / "docs" / "runbook.md").read_text())
    for room, verb in said:
        text = "".join(path.read_text() for path in (CHECKOUT / room).glob("*.py"))
        assert f'"{verb}"' in text, f"python -m {room} {verb}"


def test_every_alert_has_a_test_in_promtools_format() -> None:
    tested = "".join(path.read_text() for path in FOLDER.glob("rules_*test.yml"))
    assert {rule["alert"] for rule in rules()} == set(re.findall(r"alertname: (\w+)", tested))


def test_the_rules_pass_their_tests() -> None:
    try:
        promtool = program(stack.open_place(Settings()), "promtool")
    except Stop as error:
        pytest.skip(str(error))
    done = subprocess.run(
        [promtool, "test", "rules", *sorted(map(str, FOLDER.glob("rules_*test.yml")))],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_dashboards_are_whole_and_their_names_are_their_own() -> None:
    loaded = [json.loads(path.read_text()) for path in DASHBOARDS]
    assert len({one["uid"] for one in loaded}) == len({one["title"] for one in loaded}) == len(loaded) == 6
    source = yaml.safe_load((FOLDER / "grafana/provisioning/datasources/prometheus.yml").read_text())
    uid = source["datasources"][0]["uid"]
    for one in loaded:
        ids = [panel["id"] for panel in one["panels"]]
        assert len(ids) == len(set(ids))
        assert {panel["datasource"]["uid"] for panel in one["panels"]} == {uid}
        assert overlaps(one["panels"]) == []


def overlaps(drawn: list[dict[str, Any]]) -> list[str]:
    places = [(panel["title"], panel["gridPos"]) for panel in drawn]
    return [
        f"{a} and {b}"
        for n, (a, p) in enumerate(places)
        for b, q in places[n + 1 :]
        if p["x"] < q["x"] + q["w"]
        and q["x"] < p["x"] + p["w"]
        and p["y"] < q["y"] + q["h"]
        and q["y"] < p["y"] + p["h"]
    ]


def test_the_stack_has_a_port_for_every_exporter() -> None:
    ports = {port for part in stack.PARTS.values() for port in part.ports}
    assert {port_name(one.name) for one in EXPORTERS} <= ports


def test_the_containers_prometheus_asks_each_container_where_it_answers() -> None:
    told = yaml.safe_load(containers())
    for job in told["scrape_configs"]:
        host, port = job["static_configs"][0]["targets"][0].split(":")
        variable = next(one.port_setting for one in EXPORTERS if one.name == job["job_name"])
        assert services()[host]["environment"][variable] == port
    assert (FOLDER / "prometheus.containers.yml").read_text() == containers(), "run `make gen`"


def test_settings_name_every_target_and_the_rules(tmp_path: Path) -> None:
    told = yaml.safe_load(prometheus_settings({"land": "127.0.0.1:1", "watch": "127.0.0.1:2"}, "/r.yml"))
    assert told["rule_files"] == ["/r.yml"]
    assert [job["job_name"] for job in told["scrape_configs"]] == ["land", "watch"]
