from __future__ import annotations

from pathlib import Path

import pytest

from infra import kafka
from infra.place import Place
from infra.settings import Settings
from lake.kit.errors import Stop

REFUSED = "Error: could not create a thread.\nJava ended with 1.\n"


def prepare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *said: str) -> int:
    """Prepare a broker whose Java says these things in turn; returns how often it was asked to format."""
    turns = iter(said)
    monkeypatch.setattr(kafka, "_format", lambda *_: next(turns))
    monkeypatch.setattr("time.sleep", lambda _: None)
    (tmp_path / "logs").mkdir()
    kafka._prepare(Place(Settings(run=tmp_path), {"kafka": 1, "kafka_controller": 2}))
    return len(said) - len(list(turns))


def test_a_format_that_failed_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert prepare(tmp_path, monkeypatch, REFUSED, "", REFUSED) == 2


def test_a_format_that_keeps_failing_stops_with_what_java_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Stop, match=r"could not create a thread\. Java ended with 1\."):
        prepare(tmp_path, monkeypatch, *[REFUSED] * kafka.ATTEMPTS)


def test_a_full_disk_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OSError, match="No space left"):
        prepare(tmp_path, monkeypatch, "java.io.IOException: No space left on device", "")
