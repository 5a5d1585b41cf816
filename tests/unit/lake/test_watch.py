"""What watch makes of what it finds: freshness, the verdict, the diary, the samples."""

from __future__ import annotations

from pathlib import Path

import pytest

from lake import jobs
from lake.contracts.metrics import WATCH
from lake.jobs import record
from lake.watch.diary import Diary, Run
from lake.watch.freshness import Mark
from lake.watch.gauges import StateCollector
from lake.watch.health import CODES, Level, Picture, reasons, verdict
from lake.watch.history import History
from lake.watch.sources import Slot
from lake.watch.stages import Stage
from lake.watch.troubles import Notes, Refused

NOW = 1_000_000.0


def picture(**more: object) -> Picture:
    fine = {name: Stage(name, 10, 0, 0.0) for name in ("kafka", "bronze", "silver", "warehouse")}
    values: dict[str, object] = {
        "now": NOW, "away": {}, "slot": Slot("reserved", True, 0), "connector": "RUNNING", "stages": fine,
        "quarantine": [], "suspects": [], "snapshot": False, "last": {}, "free": 50, "size": 100,
    }  # fmt: skip
    return Picture(**{**values, **more})  # type: ignore[arg-type]


def stages(**changed: Stage) -> dict[str, Stage]:
    return {**picture().stages, **changed}


def ended(code: int, job: str = "lake load", said: str = "", age: float = 60.0) -> dict[str, Run]:
    return {job: Run(job, NOW - age, code, None, {}, said)}


def test_a_stage_that_has_everything_is_as_fresh_as_its_source() -> None:
    mark = Mark()
    assert mark.moment(100.0, 5, 5) == 100.0
    assert mark.moment(103.0, 9, 9) == 103.0


def test_a_stage_that_is_behind_is_as_old_as_the_moment_it_has_reached() -> None:
    mark = Mark()
    for moment, end in ((100.0, 5), (103.0, 9), (106.0, 14)):
        assert mark.moment(moment, end, 5) == 100.0
    assert mark.moment(109.0, 14, 9) == 103.0
    assert mark.moment(112.0, 14, 14) == 112.0


def test_a_stream_that_begins_anew_is_not_held_against_the_old_one() -> None:
    mark = Mark()
    mark.moment(100.0, 900, 900)
    assert mark.moment(103.0, 2, 2) == 103.0


def test_nothing_to_say_is_good() -> None:
    assert reasons(picture()) == []
    assert verdict([], picture())[0] is Level.GOOD


@pytest.mark.parametrize(
    ("found", "code", "level"),
    [
        (picture(away={"kafka": "KafkaTimeoutError"}), "kafka_away", Level.ACT),
        (picture(connector="FAILED"), "connector_failed", Level.ACT),
        (picture(connector="MISSING"), "connector_stopped", Level.ATTENTION),
        (picture(slot=Slot("lost")), "slot_lost", Level.ACT),
        (picture(slot=Slot("extended", True, 300 << 20)), "slot_large", Level.ATTENTION),
        (picture(slot=Slot("extended", True, 800 << 20)), "slot_large", Level.ACT),
        (picture(stages=stages(bronze=Stage("bronze", 1, 9, 20.0))), "landing_late", Level.ATTENTION),
        (picture(stages=stages(bronze=Stage("bronze", 1, 9, 200.0))), "landing_stuck", Level.ACT),
        (picture(stages=stages(silver=Stage("silver", 1, 9, 700.0))), "release_stuck", Level.ACT),
        (picture(stages=stages(silver=Stage("silver", 1, 9, 700.0)), snapshot=True), "snapshot_running", Level.ATTENTION),
        (picture(stages=stages(bronze=Stage("bronze", None, None, None))), "nothing_landed", Level.ATTENTION),
        (picture(quarantine=[Refused("land", "posts", "has no key", 2, "", "x")]), "quarantine", Level.ATTENTION),
        (picture(suspects=["posts"]), "suspects", Level.ATTENTION),
        (picture(last=ended(65)), "job_failed", Level.ACT),
        (picture(last=ended(75)), "job_failed", Level.ATTENTION),
        (picture(last=ended(65, age=2 * 86_400)), "job_failed", Level.ATTENTION),
        (picture(last={"api reconcile": Run("api reconcile", NOW, 65, None, {"refused": 1}, "")}), "ledger_differs", Level.ACT),
        (picture(free=2), "disk_low", Level.ACT),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_what_to_do(found: Picture, code: str, level: Level) -> None:
    said = reasons(found)
    assert [(reason.code, reason.level) for reason in said] == [(code, level)]
    assert said[0].do
    assert code in CODES
    assert verdict(said, found)[0] is level


def test_the_worst_comes_first() -> None:
    said = reasons(picture(suspects=["posts"], last=ended(65)))
    assert [reason.code for reason in said] == ["job_failed", "suspects"]


def test_a_failed_job_is_told_in_its_own_words() -> None:
    assert reasons(picture(last=ended(65, said="Run the model first.")))[0].do == "Run the model first."


@pytest.mark.parametrize(
    "last", [ended(0), ended(130), ended(65, age=8 * 86_400), ended(70, "ingestion land"), ended(75, "anonymizer release")]
)  # fmt: skip
def test_what_is_over_is_no_reason(last: dict[str, Run]) -> None:
    assert reasons(picture(last=last)) == []


def test_a_follower_that_ended_and_left_its_stage_behind_is_a_reason() -> None:
    found = picture(last=ended(70, "ingestion land"), stages=stages(bronze=Stage("bronze", 1, 9, 200.0)))
    assert {reason.code for reason in reasons(found)} == {"job_failed", "landing_stuck"}


def test_the_diary_is_read_on_and_a_line_that_is_not_whole_waits(tmp_path: Path) -> None:
    diary = Diary(tmp_path)
    diary.look()
    record(tmp_path, "lake load", 0, {"in": 3, "seconds": 1.5})
    diary.look()
    with (tmp_path / "jobs.jsonl").open("a") as file:
        file.write('{"job": "lake load", "exit": 65,')
    diary.look()
    assert (diary.last["lake load"].exit, diary.last["lake load"].seconds) == (0, 1.5)
    with (tmp_path / "jobs.jsonl").open("a") as file:
        file.write(' "finished_at": "2026-01-01T00:00:00+00:00", "said": "Do this."}\nno json\n')
    diary.look()
    assert (diary.last["lake load"].exit, diary.last["lake load"].advice) == (65, "Do this.")
    assert diary.last_success["lake load"].exit == 0
    assert len(diary.runs) == 2


def rotated(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "LONG", 0)
    assert jobs.rotate(run)


def test_across_a_rotation_no_run_is_missed_and_none_is_told_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    diary = Diary(tmp_path)
    record(tmp_path, "lake load", 0, {"in": 1})
    diary.look()
    record(tmp_path, "lake load", 0, {"in": 2})  # written after the look, before the rotation
    rotated(tmp_path, monkeypatch)
    diary.look()
    for number in (3, 4, 5):  # the new diary is soon longer than the old one was
        record(tmp_path, "lake load", 0, {"in": number})
    diary.look()
    diary.look()
    assert [run.summary["in"] for run in diary.runs] == [5, 4, 3, 2, 1]


def test_a_watch_that_starts_after_a_rotation_knows_the_last_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(tmp_path, "lake publish", 0)
    rotated(tmp_path, monkeypatch)
    record(tmp_path, "lake load", 0)
    diary = Diary(tmp_path)
    diary.look()
    assert set(diary.last) == {"lake publish", "lake load"}


def test_a_suspicion_lasts_until_an_audit_that_began_later() -> None:
    notes = Notes()
    notes.take(5, "e", {"tables": ["posts", "votes"]})
    notes.take(6, "m", {"kind": "audited", "tables": ["posts"], "began": 4})
    assert set(notes.suspected) == {"posts", "votes"}
    notes.take(9, "m", {"kind": "audited", "tables": ["posts"], "began": 8})
    assert set(notes.suspected) == {"votes"}


def test_the_history_outlives_a_restart_and_keeps_the_worst_of_a_step(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.add(NOW, (3, None, 1, 1, 1))
    history.add(NOW + 1, (9, 2, 1, 1, 1))
    history.write()
    (point,) = History(tmp_path).points(NOW + 2)
    assert point[1:3] == [9.0, 2.0]


def test_before_the_first_look_every_gauge_is_there_without_a_sample() -> None:
    families = list(StateCollector(dict).collect())
    assert {family.name for family in families} == {m.name for m in WATCH if m.kind.value == "gauge"}
    assert [sample for family in families for sample in family.samples] == []
