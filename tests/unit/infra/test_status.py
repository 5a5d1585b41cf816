"""What `infra status` makes of the state that watch has."""

from __future__ import annotations

import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from infra import process, status
from infra.place import Place
from infra.settings import Settings
from lake.kit.clock import utc_now


def state(**more: object) -> dict[str, Any]:
    stages = [
        ("kafka", 120, None, 0.0),
        ("bronze", 120, 0, 0.2),
        ("silver", 110, 10, 3.6),
        ("warehouse", 90, 20, 3_600.0),
    ]
    return {
        "form": 1, "at": utc_now().timestamp(), "interval_seconds": 3.0, "engine": "spark",
        "health": {"level": "attention", "sentence": "Something waits.", "reasons": []},
        "stages": [dict(zip(("name", "offset", "behind", "freshness_seconds"), one, strict=True)) for one in stages],
        "capture": {"connector": "RUNNING", "status": "reserved", "active": True, "lag_bytes": 56},
        "quarantine": [{"stage": "land", "rows": 2}, {"stage": "release", "rows": 3}, {"stage": "land", "rows": 1}],
        "suspects": ["posts"], **more,
    }  # fmt: skip


def lines(found: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> list[str]:
    status.show({"parts": [], "stream": found, "jobs": {}}, Console(width=200))
    return [line.rstrip() for line in capsys.readouterr().out.splitlines()][2:]


def test_the_state_is_told_in_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert lines(status.from_watch(state()), capsys) == [
        "health: attention. Something waits.",
        "engine of the lake: spark",
        "slot headwater: 56 bytes behind",
        "Kafka: 120 messages in app.changes",
        "ingestion: connector RUNNING, landed up to message 120, messages behind 0, seconds old 0, suspect tables 1, in quarantine 3",
        "anonymizer: released up to message 110, messages behind 10, seconds old 4, in quarantine 3",
        "warehouse: loaded up to message 90, messages behind 20, seconds old 3,600",
    ]


@pytest.mark.parametrize(
    ("kept", "said"),
    [("lost", "slot headwater: lost, run `python -m ingestion resnapshot`"), ("missing", None), (None, None)],
)
def test_a_slot_that_is_not_there_has_no_lag(
    kept: str | None, said: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    capture = {"connector": "RUNNING", "status": kept, "active": False, "lag_bytes": None}
    found = [line for line in lines(status.from_watch(state(capture=capture)), capsys) if line.startswith("slot")]
    assert found == ([said] if said else [])


@pytest.mark.parametrize(
    "answer",
    [
        json.dumps(state(form=2)),
        json.dumps(state(at=utc_now().timestamp() - 60)),
        "The first look is not over.",
        json.dumps({"form": 1}),
    ],
    ids=["another version", "stands", "no json", "not whole"],
)
def test_a_watch_that_cannot_be_believed_is_not(answer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "state").write_text(answer)
    real = urllib.request.urlopen
    monkeypatch.setattr(process, "find", lambda place, part: process.Running(1, 0.0, ""))
    monkeypatch.setattr(
        urllib.request, "urlopen", lambda url, timeout: real((tmp_path / "state").as_uri(), timeout=timeout)
    )
    assert status.watched(Place(Settings(run=tmp_path), {"watch": 1})) is None
    (tmp_path / "state").write_text(json.dumps(state()))
    assert status.watched(Place(Settings(run=tmp_path), {"watch": 1})) is not None


def test_without_watch_nobody_is_asked(tmp_path: Path) -> None:
    assert status.watched(Place(Settings(run=tmp_path), {"watch": 1})) is None
