"""What is up, what it costs, how far the stream is behind, and when each job last ran."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError
from rich.console import Console
from rich.table import Table

from infra import process, stack
from infra.command import call, has_command
from infra.place import HOST, Place
from infra.postgres import slot_lag_bytes
from lake.contracts.names import SLOT, TOPIC
from lake.jobs import last_runs
from lake.kit.clock import utc_now
from lake.kit.errors import HouseError

_FORM, _OLD = 1, 30.0  # of the state that is understood; seconds after which a look is too old to be told
_FOLLOWERS = ("ingestion", "anonymizer")  # rooms that tell with `status --json` how far they have read
_TOLD = {
    "connector": "connector",
    "landed": "landed up to message",
    "released": "released up to message",
    "loaded": "loaded up to message",
    "behind": "messages behind",
    "fresh": "seconds old",
    "suspects": "suspect tables",
    "quarantined": "in quarantine",
}
"""What of a follower's report is shown, and how it is called."""


@dataclass(frozen=True)
class State:
    """One part: `pid` and `port` are None where there is none; memory is PSS in KiB."""

    name: str
    up: bool
    pid: int | None
    port: int | None
    memory_kib: int


def parts(place: Place) -> Iterator[State]:
    """The state of every part that this checkout has."""
    present = stack.present(place)
    for name, part in stack.PARTS.items():
        running = process.find(place, name)
        if running is None and name not in present:
            continue
        ports = part.ports
        port = place.ports.get(ports[0]) if ports else None
        yield State(name, bool(running), running.pid if running else None, port, _memory(running))


def _memory(running: process.Running | None) -> int:
    return process.memory_kib(running.pid) if running else 0


def watched(place: Place) -> dict[str, Any] | None:
    """What `watch` saw at its last look (docs/state.md); None when it is not up, or stands."""
    if process.find(place, "watch") is None:
        return None
    try:
        with urllib.request.urlopen(f"http://{HOST}:{place.ports['watch']}/state", timeout=2) as answer:
            state: dict[str, Any] = json.load(answer)
        age = utc_now().timestamp() - float(state["at"])
        return state if state["form"] == _FORM and age < max(_OLD, 5 * float(state["interval_seconds"])) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def from_watch(state: dict[str, Any]) -> dict[str, Any]:
    """The stream as `watch` sees it, in the same words as the followers' own reports."""
    stages = {stage["name"]: stage for stage in state["stages"]}
    capture, waiting = state["capture"], state["quarantine"]

    def rows(stage: str) -> int:
        return sum(one["rows"] for one in waiting if one["stage"] == stage)

    slots = {SLOT: None if capture["status"] == "lost" else capture["lag_bytes"]}
    return {
        "slots": slots if capture["status"] not in (None, "missing") else {},
        "end_offset": stages["kafka"]["offset"],
        "engine": state["engine"],
        "health": {key: state["health"][key] for key in ("level", "sentence")},
        "ingestion": {
            "connector": capture["connector"], "landed": stages["bronze"]["offset"], "behind": stages["bronze"]["behind"],
            "fresh": stages["bronze"]["freshness_seconds"], "suspects": len(state["suspects"]), "quarantined": rows("land"),
        },
        "anonymizer": {
            "released": stages["silver"]["offset"], "behind": stages["silver"]["behind"],
            "fresh": stages["silver"]["freshness_seconds"], "quarantined": rows("release"),
        },
        "warehouse": {
            "loaded": stages["warehouse"]["offset"], "behind": stages["warehouse"]["behind"],
            "fresh": stages["warehouse"]["freshness_seconds"],
        },
    }  # fmt: skip


def stream(place: Place) -> dict[str, Any]:
    """How far the stream is behind: as `watch` sees it, otherwise asked of the servers and of each follower's room."""
    if state := watched(place):
        return from_watch(state)
    found: dict[str, Any] = {}
    if process.find(place, "postgres"):
        found["slots"] = slot_lag_bytes(place)
    if process.find(place, "kafka"):
        found["end_offset"] = end_offset(place)
    if (place.run / "lake").exists():
        found["engine"] = _ask(place, "lake", "engine").get("engine")
        for room in _FOLLOWERS:
            if report := _ask(place, room, "status"):
                found[room] = report
    return found


def end_offset(place: Place) -> int | None:
    """The offset that the next change will get in Kafka."""
    with suppress(KafkaError):
        consumer = KafkaConsumer(bootstrap_servers=f"{HOST}:{place.ports['kafka']}", client_id="infra")
        try:
            where = TopicPartition(TOPIC, 0)
            offset: int = consumer.end_offsets([where])[where]
            return offset
        finally:
            consumer.close()
    return None


def _ask(place: Place, room: str, verb: str) -> dict[str, Any]:
    """What a room says of itself; nothing when it cannot tell."""
    with suppress(HouseError):
        return call(place, room, verb, "--json", seconds=30) if has_command(room) else {}
    return {}


def report(place: Place) -> dict[str, Any]:
    """Everything `status` knows, as plain data."""
    return {"parts": [asdict(state) for state in parts(place)], "stream": stream(place), "jobs": last_runs(place.run)}


def show(known: dict[str, Any], console: Console) -> None:
    """Print the report as tables."""
    console.print(_parts_table(known["parts"]))
    for line in _stream_lines(known["stream"]):
        console.print(line, highlight=False)
    if known["jobs"]:
        console.print(_jobs_table(known["jobs"]))


def _parts_table(states: list[dict[str, Any]]) -> Table:
    table = Table("part", "state", "port", "memory", box=None, pad_edge=False)
    for state in states:
        memory = f"{state['memory_kib'] / 1024:,.0f} MiB" if state["up"] else ""
        table.add_row(state["name"], "up" if state["up"] else "down", str(state["port"] or ""), memory)
    total = sum(state["memory_kib"] for state in states)
    table.add_row("total", "", "", f"{total / 1024:,.0f} MiB")
    return table


def _stream_lines(found: dict[str, Any]) -> Iterator[str]:
    if health := found.get("health"):
        yield f"health: {health['level']}. {health['sentence']}"
    if engine := found.get("engine"):
        yield f"engine of the lake: {engine}"
    for slot, lag in found.get("slots", {}).items():
        yield f"slot {slot}: " + (
            "lost, run `python -m ingestion resnapshot`" if lag is None else f"{lag:,} bytes behind"
        )
    end = found.get("end_offset")
    if end is not None:
        yield f"Kafka: {end:,} messages in {TOPIC}"
    for room in (*_FOLLOWERS, "warehouse"):
        facts = {name: value for name, value in found.get(room, {}).items() if name in _TOLD and value is not None}
        if facts:
            yield f"{room}: " + ", ".join(f"{_TOLD[name]} {_shown(value)}" for name, value in facts.items())


def _shown(value: object) -> str:
    return f"{value:,.0f}" if isinstance(value, int | float) else str(value)


def _jobs_table(last: dict[str, dict[str, Any]]) -> Table:
    table = Table("job", "last run", "exit", "in", "out", "refused", box=None, pad_edge=False)
    for name, run in last.items():
        summary = run.get("summary") or {}
        numbers = [str(summary.get(key, "")) for key in ("in", "out", "refused")]
        table.add_row(name, _ago(run.get("finished_at", "")), str(run.get("exit", "")), *numbers)
    return table


def _ago(text: str) -> str:
    try:
        seconds = int((utc_now() - datetime.fromisoformat(text)).total_seconds())
    except (ValueError, TypeError):
        return text
    for size, word in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {word} ago"
    return f"{seconds} s ago"
