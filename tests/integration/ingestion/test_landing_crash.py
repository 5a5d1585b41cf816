"""Landing killed at each named point: what bronze and quarantine hold after the next start is there exactly once."""

from __future__ import annotations

import signal
from collections import Counter

import pytest

from lake.store import LocalStore, Position
from tests.lib.stream import Stream

POINTS = ("before-quarantine", "before-commit", "after-commit")
ROWS = 500


@pytest.fixture(scope="module")
def fed(running: Stream) -> Stream:
    """A topic with snapshot rows, streamed rows and garbage."""
    running.sql("INSERT INTO community.tags SELECT 'first-' || i, NULL, now() FROM generate_series(1, %s) AS i", ROWS)
    running.capture.ask(["tags"])
    running.land_all()
    running.produce(b"garbage")
    running.sql("INSERT INTO community.tags SELECT 'then-' || i, NULL, now() FROM generate_series(1, %s) AS i", ROWS)
    running.land_all()
    return running


def places(stream: Stream) -> Counter[tuple[int, str, str | None]]:
    return Counter((row["_position"], row["op"], row["table"]) for row in stream.rows())


@pytest.mark.parametrize("point", POINTS)
def test_a_kill_at_this_point_loses_and_doubles_nothing(fed: Stream, tmp_path: object, point: str) -> None:
    other = Stream(fed.stack, tmp_path / "lake")  # type: ignore[operator]
    for nth in (1, 2):  # the second time with something landed before
        done = other.command("land", INGESTION_FAILPOINT=f"{point}:{nth}", INGESTION_BATCH="300")
        assert done.returncode == -signal.SIGKILL
        assert f"failpoint {point} reached" in done.stderr
    other.land()
    assert set(places(other)) == set(places(fed))
    assert max(places(other).values()) == 1
    assert len(other.quarantined()) == 1


def test_without_the_position_in_the_commit_a_restart_doubles_snapshot_rows(
    fed: Stream, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Stream(fed.stack, tmp_path / "lake")  # type: ignore[operator]
    other.land()
    monkeypatch.setattr(LocalStore, "_position", staticmethod(lambda table, app: Position(-1)))
    other.land()
    assert max(places(other).values()) == 2
