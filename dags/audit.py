"""Every night: is the lake what PostgreSQL holds, and the warehouse what the lake holds?"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, chain
from room_command import DEFAULTS, Command

ABOUT = """
**What it does.** It compares the app's tables with *bronze*, key range by key range, and reads a table that differs anew
(its re-snapshot is the repair); then *silver* with what has landed, mending what differs; and last it proves that the
warehouse equals the lake at its cut.

**When a task fails.** `audit` fails when tables still differ after the repair: its message names them. Run the DAG
`repair` with these tables, then this one again. `warehouse` fails when the warehouse differs: run the DAG `pipeline`.
"""
CHECKS = {
    "audit": ("ingestion audit", "Compares PostgreSQL with *bronze*. `missing`, `ghosts` and `changed` count keys."),
    "silver": (
        "anonymizer compare",
        "Compares *silver* with what has landed, key by key, and mends what differs.",
    ),
    "warehouse": ("lake compare", "Compares the warehouse with the lake, row by row, at the cut that was loaded."),
}
"""What is compared, in this order: each a command and what its numbers mean."""

with DAG(
    dag_id="audit",
    description="PostgreSQL = bronze = silver = warehouse",
    doc_md=ABOUT,
    schedule="30 2 * * *",
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=6),
    default_args=DEFAULTS,
    tags=["lake", "nightly", "proof"],
) as dag:
    chain(*(Command(task_id=name, command=command, doc_md=about) for name, (command, about) in CHECKS.items()))
