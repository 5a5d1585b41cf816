"""How a room's command is read: its summary, or the one line that says why it failed."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra import command
from infra.place import Place
from infra.settings import Settings
from lake.kit.errors import Retry, Stop


@pytest.mark.parametrize(
    ("printed", "found"),
    [
        ("", {}),
        ("reading\n", {}),
        ('{"in": 1}\n{"in": 2}\n', {"in": 2}),
        ('{"in": 1}\ndone.\n', {"in": 1}),
        ('{"in": 1}\n[3]\n', {"in": 1}),
    ],
)
def test_the_last_object_is_the_summary(printed: str, found: dict[str, int]) -> None:
    assert command.last_object(printed) == found


def failing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> Place:
    (tmp_path / "failing.py").write_text(f"import sys\n{code}\n")
    monkeypatch.setattr(command, "CHECKOUT", tmp_path)
    return Place(Settings(run=tmp_path / "run"))


def test_the_last_line_of_a_failure_is_its_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = failing(tmp_path, monkeypatch, "sys.stderr.write('{\"event\": 1}\\nThe folder is empty.\\n'); sys.exit(65)")
    with pytest.raises(Stop, match=r"failing load` failed: The folder is empty\."):
        command.call(place, "failing", "load")


def test_a_failure_that_may_pass_stays_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = failing(tmp_path, monkeypatch, "sys.stderr.write('The server is away.\\n'); sys.exit(75)")
    with pytest.raises(Retry):
        command.call(place, "failing", "load")


def test_a_crash_names_its_log_and_quotes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = failing(tmp_path, monkeypatch, "raise ValueError('a row')")
    with pytest.raises(Stop, match="exit code 1, see") as caught:
        command.call(place, "failing", "load")
    assert "a row" not in str(caught.value)


def test_an_interrupted_command_interrupts_its_caller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = failing(tmp_path, monkeypatch, "sys.exit(130)")
    with pytest.raises(KeyboardInterrupt):
        command.call(place, "failing", "load")


def test_a_command_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = failing(tmp_path, monkeypatch, "import time; time.sleep(60)")
    with pytest.raises(Retry, match="did not end"):
        command.call(place, "failing", "load", seconds=0.3)
