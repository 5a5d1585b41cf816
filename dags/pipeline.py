"""The walk from Kafka to the shelf: every hour, and sooner when the lag or the last publish asks for it."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, AssetOrTimeSchedule, CronTriggerTimetable, Param
from demand import DEMAND
from products import BRONZE, GOLD, SHELF, SILVER, WAREHOUSE
from room_command import DEFAULTS, Command

ABOUT = """
**What it does.** It lands what Kafka holds (*bronze*), anonymises it (*silver*), loads the warehouse, builds the marts
with dbt (*gold*), puts newly closed periods on the *shelf* as numbered versions, and tidies up. It starts every hour at
five past, and sooner when the asset `demand` says that the warehouse is 5,000 messages behind or that nothing has been
published for six hours. One run at a time; a follower that is doing a task's work is waited for.

**What a run made** is in its asset events: rows, refused rows, the cut (the position in the stream), new versions.

**When a task fails.** Read the last red line of its log: it is the command's own message and says what to do. What can
pass by itself (a server that is away, a lease that is held) is tried five times first. When the cause is gone, *clear*
the task: it goes on where it stopped, and nothing is done twice.

**Parameter `now`** is the time to run at, for trying out what a later day will publish; leave it empty.
"""
NOW = Param(
    None, type=["null", "string"], format="date-time", title="Run as if it were",
    description="A moment such as 2026-12-31T00:00:00+00:00; empty for the present.",
)  # fmt: skip

with DAG(
    dag_id="pipeline",
    description="Kafka → bronze → silver → warehouse → gold → shelf",
    doc_md=ABOUT,
    schedule=AssetOrTimeSchedule(timetable=CronTriggerTimetable("5 * * * *", timezone="UTC"), assets=[DEMAND]),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=3),
    default_args=DEFAULTS,
    params={"now": NOW},
    tags=["lake", "hourly"],
) as dag:
    land = Command(
        task_id="land",
        command="ingestion land",
        outlets=[BRONZE],
        doc_md="Lands what Kafka holds in *bronze*, as it came. What cannot be read goes to quarantine and is counted as "
        "`refused`. **Fails** when Kafka is away (`make up`), or when changes are missing: then its message names the "
        "re-snapshot, which the DAG `repair` does.",
    )
    release = Command(
        task_id="release",
        command="anonymizer release",
        inlets=[BRONZE],
        outlets=[SILVER],
        doc_md="Anonymises what has landed and appends it to *silver*. Rows that break a rule go to quarantine and are "
        "counted as `refused`; rows of people who do not consent are left out. **Fails** when the language model is "
        "missing or is not the one it was measured with.",
    )
    quality = Command(
        task_id="quality",
        command="lake quality",
        pool="default_pool",
        inlets=[SILVER],
        doc_md="Checks what was appended to *silver* with Great Expectations. Nothing is published before it has run.",
    )
    load = Command(
        task_id="load",
        command="lake load",
        inlets=[SILVER],
        outlets=[WAREHOUSE],
        doc_md="Brings the warehouse's `silver` to the position up to which all tables are released (`cut`). **Fails** "
        "when PostgreSQL is away, or while somebody else changes the warehouse; it is then tried again.",
    )
    model = Command(
        task_id="model",
        command="lake model",
        takes_now=True,
        inlets=[WAREHOUSE],
        outlets=[GOLD],
        doc_md="Builds and tests the marts with dbt. `refused` counts the cells with too few people behind them. "
        "**Fails** with the names of the models or tests that did not pass; nothing of that run can be published.",
    )
    publish = Command(
        task_id="publish",
        command="lake publish",
        takes_now=True,
        inlets=[GOLD],
        outlets=[SHELF],
        doc_md="Puts periods that have closed on the *shelf*, as a new version of their product. Most runs publish "
        "nothing. **Fails** when a product does not pass its quality gate: the message names the rule, and the report "
        "lies beside the product's versions. The other products are published.",
    )
    maintain = Command(
        task_id="maintain",
        command="lake maintain",
        takes_now=True,
        inlets=[SILVER],
        doc_md="Compacts superseded versions and small files, and lets go what is past its days. Safe to skip.",
    )
    land >> release >> load >> model >> publish >> maintain
    release >> quality >> publish
