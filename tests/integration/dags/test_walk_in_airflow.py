"""The walk as an administrator sees it: a real Airflow runs the DAGs, and everything is read from its REST API.

The tests of this module follow one another on one stack: a Stop first, then a pass in which two processes are killed and
a message is poisoned, the repair, and last the DAGs beside the pass, each with what it is for.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psutil
import psycopg
import pyarrow.compute as pc
import pytest
from playwright.sync_api import Browser, Page, expect

from lake.contracts.model import Table
from lake.contracts.names import BRONZE, digest_path, silver_path
from lake.contracts.tables import BY_NAME, TABLES
from lake.schema import KEPT_FOR_EVER
from lake.store import LocalStore
from platform_app.db import Database
from platform_app.leaving import leave
from tests.lib.airflow import Airflow, Pages, await_
from tests.lib.browser import browser, look
from tests.lib.people import post_by, sign_up, vocabulary
from tests.lib.stack import Stack
from tests.lib.walk import Walk, days_on, difference

__all__ = ["browser", "look"]

pytestmark = pytest.mark.timeout(1200)
AUTHORS, KEPT = 12, "kept-words"
PAGES = 60_000  # milliseconds for a page of Airflow's to show something


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
    """Airflow over an app in which nobody has written anything, and before the connector is posted. The shop is there, too:
    schedules go on beside these tests."""
    walk = Walk(new_stack()).start()
    walk.stack.up("stripe").command("api", "migrate")
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


def test_its_pages_show_what_failed_what_was_refused_and_what_was_made(
    office: Office, walked: str, browser: Browser, look: Callable[[Page, str], Path]
) -> None:
    """In Chromium: the red line of the Stop, the refused message in the log, the asset's events, and the form of repair."""
    pages = Pages(office.airflow, browser)
    failed = office.airflow.runs("repair")[0]["dag_run_id"]
    page = pages.task("repair", failed, "resnapshot")
    expect(page.get_by_text("AirflowFailException: There is no published table 'nowhere'.").first).to_be_visible(
        timeout=PAGES
    )
    look(page, "airflow-stop")
    page = pages.task("pipeline", walked, "land")
    expect(page.get_by_text("message_refused").first).to_be_visible(timeout=PAGES)
    look(page, "airflow-refused")
    page = pages.asset("shelf")
    expect(page.get_by_text(re.compile(r"^[1-9]\d* Asset Event")).first).to_be_visible(timeout=PAGES)
    look(page, "airflow-asset")
    page = pages.trigger("repair")
    expect(page.get_by_text("Try again what is in quarantine").first).to_be_visible(timeout=PAGES)
    look(page, "airflow-repair")


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


def test_the_audit_mends_a_row_that_silver_has_lost(office: Office, walked: str) -> None:
    store, path = LocalStore(office.walk.root), silver_path(tags())
    lost = max(store.read(path, columns=["_position"], where=pc.field("_op") == "upsert")["_position"].to_pylist())
    store.erase(path, f"_position = {lost} and _op = 'upsert'")
    assert difference(office.walk) == {"tags": (1, 0)}
    run = office.airflow.trigger("audit")
    office.airflow.succeed("audit", run)
    assert office.airflow.result("audit", run, "audit")["differing"] == []
    found = office.airflow.result("audit", run, "silver")
    assert (found["differing"], found["missing"], found["repaired"]) == (["tags"], 1, True)
    assert difference(office.walk) == {}


def test_a_backfill_treats_a_day_of_a_table_again(office: Office, walked: str) -> None:
    store, path = LocalStore(office.walk.root), silver_path(tags())
    landed = store.read(BRONZE, columns=["_day"], where=(pc.field("table") == "tags") & (pc.field("op") == "r"))
    day = max(landed["_day"].to_pylist())
    run = office.airflow.trigger("backfill", days=[day], tables=["tags"])
    office.airflow.succeed("backfill", run)
    again = store.read(path, where=pc.field("_revision") == 1)
    assert again.num_rows == landed["_day"].to_pylist().count(day) > 0
    assert (
        office.airflow.events("silver")[-1] | {"run": run, "rows": again.num_rows}
        == office.airflow.events("silver")[-1]
    )
    assert difference(office.walk) == {}


def test_an_open_request_for_erasure_is_worked_off(office: Office, walked: str) -> None:
    with Database(office.walk.stack.url("app")) as database, database.write("test-leaves") as connection:
        (account,) = connection.execute("select author_id from community.posts limit 1").fetchone() or ()
        leave(connection, account, days_on(0))
    office.airflow.succeed("erasure", office.airflow.trigger("erasure"))
    with office.walk.app() as connection:
        asked = connection.execute("select account_id, state, receipt from identity.erasure_requests").fetchall()
    assert [(row["account_id"], row["state"], row["receipt"]["scan"]["found"]) for row in asked] == [(None, "done", 0)]
    authors = {row["author_id"] for row in office.walk.silver(BY_NAME["posts"])}
    assert len(authors) == AUTHORS - 1
    assert office.walk.pseudonym("account", account) not in authors


def test_reconcile_fails_while_the_books_differ(office: Office) -> None:
    with psycopg.connect(office.walk.stack.url("postgres", "shop"), autocommit=True) as books:
        wrong = uuid4()
        books.execute("insert into ledger.transactions values (%s, 'purchase', 'of nobody', now())", [wrong])
        run = office.airflow.trigger("reconcile")
        assert office.airflow.finish("reconcile", run) == "failed"
        assert office.airflow.task("reconcile", run, "reconcile")["try_number"] == 1
        shown = office.airflow.log("reconcile", run, "reconcile")
        assert f"error what transaction {wrong}" in shown
        assert "error The books differ in 1 places" in shown
        books.execute("set session_replication_role = replica")  # the ledger itself lets nobody take anything away
        books.execute("delete from ledger.transactions")
    run = office.airflow.trigger("reconcile")
    office.airflow.succeed("reconcile", run)
    assert office.airflow.result("reconcile", run, "reconcile")["differences"] == []


def tags() -> Table:
    return BY_NAME["tags"]
