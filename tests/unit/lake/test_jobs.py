from __future__ import annotations

from pathlib import Path

from lake.jobs import FILE, last_runs, record


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
