"""The walk as an administrator sees it: a real Airflow runs the DAGs, and everything is read from its REST API.

The tests of this module follow one another on one stack: a Stop first, then a pass in which two processes are killed and
a message is poisoned, and last the repair.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psutil
import psycopg
import pytest

from lake.contracts.model import Table
from lake.contracts.names import BRONZE, digest_path, silver_path
from lake.contracts.tables import TABLES
from lake.schema import KEPT_FOR_EVER
from lake.store import LocalStore
from platform_app.db import Database
from tests.lib.airflow import Airflow, await_
from tests.lib.people import post_by, sign_up, vocabulary
from tests.lib.stack import Stack
from tests.lib.walk import Walk, days_on, difference

pytestmark = pytest.mark.timeout(1200)
AUTHORS, KEPT = 12, "kept-words"


@dataclass
class Office:
    """What an administrator has: Airflow, and the stack below it."""

    walk: Walk
    airflow: Airflow

    @property
    def settings(self) -> str:
        return str(self.walk.stack.run / "env" / "lake.env")


@pytest.fixture(scope="module")
def office(new_stack: Callable[..., Stack]) -> Iterator[Office]:
    """Airflow over an app in which nobody has written anything, and before the connector is posted."""
    walk = Walk(new_stack()).start()
    airflow = Airflow(walk.stack).start()
    yield Office(walk, airflow)
    airflow.close()


def test_a_stop_shows_the_commands_own_message_and_is_not_tried_again(office: Office) -> None:
    run = office.airflow.trigger("repair", what="snapshot", tables=["nowhere"])
    assert office.airflow.finish("repair", run) == "failed"
    task = office.airflow.task("repair", run, "resnapshot")
    assert (task["state"], task["try_number"], task["max_tries"]) == ("failed", 1, 5)
    message = office.walk.stack.command("ingestion", "resnapshot", "nowhere", expect=65).stderr.strip()
    shown = office.airflow.log("repair", run, "resnapshot")
    assert f"error {message}" in shown.splitlines()
    assert f"AirflowFailException: {message}" in shown
    assert office.airflow.task("repair", run, "load")["state"] == "upstream_failed"


@pytest.fixture(scope="module")
def walked(office: Office) -> str:
    """A run with the clock 40 days on, for twelve new authors: with a poisoned message in the topic, `release`'s task
    killed while its command runs, and `load` killed between its copy and its commit."""
    walk, airflow = office.walk, office.airflow
    walk.stack.command("ingestion", "connect")
    write(walk)
    poison(walk)
    with open(office.settings, "a") as file:
        file.write("LAKE_FAILPOINT=load.copied\n")
    run = airflow.trigger("pipeline", now=days_on(40).isoformat())
    kill_task_of(walk, "anonymizer", "release")
    airflow.reach("pipeline", run, "release", ("up_for_retry",), 120)
    airflow.reach("pipeline", run, "load", ("up_for_retry",))
    disarm(office)
    airflow.succeed("pipeline", run)
    return run


def write(walk: Walk) -> None:
    """Twelve people sign up, agree, and write a problem each."""
    with Database(walk.stack.url("app")) as database, database.write("test-authors") as connection:
        now = days_on(0)
        vocabulary(connection, KEPT)
        for number in range(AUTHORS):
            post_by(connection, sign_up(connection, f"author{number}", now=now), tags=(KEPT,), now=now)


def poison(walk: Walk) -> None:
    """A message with a column that no contract declares, as after a migration in the wrong order."""
    with psycopg.connect(walk.stack.url("postgres", "app"), autocommit=True) as connection:
        connection.execute("alter table community.tags add column colour text")
        connection.execute("insert into community.tags values ('poisoned', null, now(), 'red')")


def mend(walk: Walk) -> None:
    with psycopg.connect(walk.stack.url("postgres", "app"), autocommit=True) as connection:
        connection.execute("alter table community.tags drop column colour")


def disarm(office: Office) -> None:
    with open(office.settings) as file:
        lines = [line for line in file if not line.startswith("LAKE_FAILPOINT")]
    with open(office.settings, "w") as file:
        file.writelines(lines)


def kill_task_of(walk: Walk, room: str, verb: str) -> None:
    """kill -9 the process of the task that runs a command, and wait until the command has gone with it."""
    await_(lambda: any(commands(walk, room, verb)), f"{room} {verb} does not start", 120)
    command = next(commands(walk, room, verb))
    os.kill(command.ppid(), signal.SIGKILL)
    await_(lambda: not command.is_running() or command.status() == "zombie", "the command outlives its task", 5)
    await_(lambda: not list(commands(walk, room, "lane")), "the lane of text outlives its parent", 30)


def commands(walk: Walk, room: str, verb: str) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
            if words[1:4] == ["-m", room, verb] and process.environ().get("HEADWATER_RUN") == str(walk.stack.run):
                yield process
        except psutil.Error:
            continue


def test_twelve_new_authors_and_forty_days_bring_a_version_through_the_scheduler(office: Office, walked: str) -> None:
    (shelf,) = office.airflow.events("shelf")
    assert shelf["run"] == walked
    assert shelf["version"]["problem_activity_weekly"] == 1
    manifest = office.walk.manifest("problem_activity_weekly")
    assert manifest is not None
    assert manifest["rows"] >= 1
    assert shelf["cut"] == office.airflow.events("warehouse")[-1]["cut"]


def test_killed_tasks_are_tried_again_and_the_result_is_the_same(office: Office, walked: str) -> None:
    for name in ("release", "load"):
        assert office.airflow.task("pipeline", walked, name)["try_number"] == 2
    assert "The command was killed (SIGKILL)." in office.airflow.log("pipeline", walked, "load")
    assert office.airflow.result("pipeline", walked, "load")["out"] > AUTHORS
    store = LocalStore(office.walk.root)
    assert set(store.read(BRONZE, columns=["_day"])["_day"].to_pylist()) == {KEPT_FOR_EVER}  # 40 days on
    ledgers = [path(table) for table in TABLES for path in (digest_path, silver_path) if store.exists(path(table))]
    assert {digest_path(table) for table in TABLES} & set(ledgers)
    for ledger in ledgers:
        positions = store.read(ledger, columns=["_position"])["_position"].to_pylist()
        assert len(positions) == len(set(positions)), ledger
    others = [table for table in TABLES if table.name != "tags"]  # of which one row is in quarantine
    assert difference(office.walk, others) == {}
    office.walk.stack.command("lake", "compare")


def test_what_a_run_made_is_in_its_asset_events(office: Office, walked: str) -> None:
    for asset in ("bronze", "silver", "warehouse", "gold", "shelf"):
        event = office.airflow.events(asset)[-1]
        assert event["run"] == walked
        assert {"rows", "refused", "seconds"} <= event.keys()
        assert asset == "bronze" or "cut" in event


def test_a_poisoned_message_is_counted_in_the_run_and_repaired_by_the_repair_dag(office: Office, walked: str) -> None:
    bronze = office.airflow.events("bronze")[-1]
    assert (bronze["refused"], bronze["quarantined"]) == (1, 1)
    assert "message_refused table=tags" in office.airflow.log("pipeline", walked, "land")
    assert {row["name"] for row in office.walk.silver(tags())} == {KEPT}
    mend(office.walk)
    run = office.airflow.trigger("repair", what="snapshot", tables=["tags"])
    office.airflow.succeed("repair", run)
    assert {row["name"] for row in office.walk.silver(tags())} == {KEPT, "poisoned"}
    assert office.airflow.task("repair", run, "replay")["state"] == "skipped"
    assert difference(office.walk) == {}
    office.walk.stack.command("lake", "compare")


def tags() -> Table:
    return next(table for table in TABLES if table.name == "tags")
