"""Every hour: the open requests of people who want everything about them erased."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG
from products import SILVER
from room_command import DEFAULTS, Command

ABOUT = """
**What it does.** It works off the open requests for erasure: tombstones first, then the files, the quarantine and the
warehouse that held the person's rows, and last the receipt with the date at which each place was clean.

**When it fails.** The request stays open and nothing is half done: read the last red line of the task's log, take away
the cause and *clear* the task. A request that stays open for more than a day needs you.
"""

with DAG(
    dag_id="erasure",
    description="Work off the open requests for erasure",
    doc_md=ABOUT,
    schedule="35 * * * *",
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=3),
    default_args=DEFAULTS,
    tags=["privacy", "hourly"],
) as dag:
    Command(
        task_id="erase",
        command="anonymizer erase",
        inlets=[SILVER],
        doc_md="Erases every person with an open request, everywhere, and writes the receipts. Safe to run again: what "
        "is clean stays clean.",
    )
