from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from infra import kafka
from infra.place import Place
from infra.settings import Settings
from lake.kit.errors import Stop


def prepare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    """Prepare a broker for whose format Java says this."""
    monkeypatch.setattr(kafka, "_format", lambda *_: said)
    (tmp_path / "logs").mkdir()
    kafka._prepare(Place(Settings(run=tmp_path), {"kafka": 1, "kafka_controller": 2}))


def test_a_format_that_fails_stops_with_what_java_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Stop, match=r"could not create a thread\. Java ended with 1\."):
        prepare(tmp_path, monkeypatch, "Error: could not create a thread.\nJava ended with 1.\n")


def test_a_full_disk_is_said_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OSError, match="No space left"):
        prepare(tmp_path, monkeypatch, "java.io.IOException: No space left on device")


def test_an_id_never_looks_like_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    dash, plain = UUID(bytes=b"\xf8" + bytes(15)), UUID(bytes=bytes(16))
    turns = iter([dash, dash, plain])
    monkeypatch.setattr("uuid.uuid4", lambda: next(turns))
    assert kafka.cluster_id() == "AAAAAAAAAAAAAAAAAAAAAA"
