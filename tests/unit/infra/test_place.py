"""The run folder's files and the choice of ports."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from infra import ports
from infra.place import Place, write_private
from infra.settings import CHECKOUT, Settings
from lake.kit.errors import Stop


def place(run: Path) -> Place:
    return Place(Settings(run=run))


def test_a_secret_is_made_once_and_only_we_can_read_it(tmp_path: Path) -> None:
    first = place(tmp_path).secret("lake.key", 32)
    assert len(first) == 64
    assert place(tmp_path).secret("lake.key", 32) == first
    assert stat.S_IMODE((tmp_path / "secrets/lake.key").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700


def test_a_file_is_replaced_as_a_whole_and_leaves_no_draft(tmp_path: Path) -> None:
    write_private(tmp_path / "a.env", "one")
    write_private(tmp_path / "a.env", "two")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("a.env", "two")]


def test_a_run_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file where the folder should be")
    with pytest.raises(Stop, match="Cannot make the folder"):
        place(tmp_path / "run").folder("logs")


def test_a_relative_run_folder_lies_in_the_checkout() -> None:
    assert Settings(run=Path(".run")).run == CHECKOUT / ".run"


def test_ports_are_remembered(tmp_path: Path) -> None:
    first = place(tmp_path)
    first.ports["kafka"] = 4711
    first.save_ports()
    second = place(tmp_path)
    second.load_ports()
    assert second.ports == {"kafka": 4711}


@pytest.mark.parametrize(
    ("before", "free", "expected", "said"),
    [
        (None, True, 5532, 0),  # the default is free
        (None, False, 40001, 1),  # the default is in use
        (6000, True, 6000, 0),  # what an earlier start chose is kept
        (6000, False, 40001, 1),  # unless somebody took it meanwhile
    ],
)
def test_a_port_in_use_is_replaced_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: int | None, free: bool, expected: int, said: int
) -> None:
    here, lines = place(tmp_path), list[str]()
    here.ports = {"postgres": before} if before else {}
    monkeypatch.setattr(ports, "is_free", lambda _: free)
    monkeypatch.setattr(ports, "any_free", lambda _: 40001)
    assert ports.choose(here, "postgres", lines.append) == (expected != before)
    assert (here.ports["postgres"], len(lines)) == (expected, said)


def test_two_parts_never_share_a_port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = place(tmp_path)
    here.ports = {"kafka": here.settings.postgres_port}
    monkeypatch.setattr(ports, "is_free", lambda _: True)
    monkeypatch.setattr(ports, "any_free", lambda _: 40001)
    ports.choose(here, "postgres", lambda _: None)
    assert here.ports["postgres"] == 40001
