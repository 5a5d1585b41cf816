"""Every hour: do the shop's ledger, its purchases and Stripe agree?"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG
from room_command import DEFAULTS, Command

ABOUT = """
**What it does.** It compares the shop's ledger with its purchases and with what Stripe says was paid, to the micro-unit.

**When it fails.** The message says how many places differ, and the task's log names them. A payment whose webhook never
came is brought in by `python -m api reconcile --repair`; anything else is a fault that somebody has to look at: the
ledger is the truth, and is never edited.
"""

with DAG(
    dag_id="reconcile",
    description="Ledger = purchases = Stripe",
    doc_md=ABOUT,
    schedule="50 * * * *",
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(minutes=30),
    default_args=DEFAULTS | {"pool": "default_pool"},
    tags=["shop", "money", "hourly"],
) as dag:
    Command(
        task_id="reconcile",
        command="api reconcile",
        doc_md="Compares, and changes nothing. `in` counts ledger transactions, `rows` purchases, `refused` differences.",
    )
