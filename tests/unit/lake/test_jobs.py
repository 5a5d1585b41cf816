from __future__ import annotations

from pathlib import Path

import pytest

from lake.jobs import FILE, hearing, last_runs, record
from lake.kit.errors import Stop


def test_the_newest_line_of_each_job_is_its_last_run(tmp_path: Path) -> None:
    record(tmp_path, "load", 0, {"in": 3})
    record(tmp_path, "model", 0)
    record(tmp_path, "load", 65, {"in": 4})
    runs = last_runs(tmp_path)
    assert (runs["load"]["exit"], runs["load"]["summary"]) == (65, {"in": 4})
    assert runs["model"]["summary"] == {}


def test_a_line_cut_short_hides_nothing_else(tmp_path: Path) -> None:
    record(tmp_path, "load", 0)
    with (tmp_path / FILE).open("a") as file:
        file.write('{"job": "mod')
    assert set(last_runs(tmp_path)) == {"load"}


def test_before_the_first_job_there_is_no_last_run(tmp_path: Path) -> None:
    assert last_runs(tmp_path) == {}


def test_the_message_of_a_failure_is_kept_with_it(tmp_path: Path) -> None:
    said: list[str] = []

    def work() -> int:
        raise Stop("Give the table a key, then run this again.")

    with pytest.raises(Stop):
        hearing(said, work)
    record(tmp_path, "load", 65, said=" ".join(said))
    assert last_runs(tmp_path)["load"]["said"] == "Give the table a key, then run this again."
    record(tmp_path, "load", 0)
    assert "said" not in last_runs(tmp_path)["load"]
