"""On request: treat what landed on some days once more, and carry it through to the shelf."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, Param, task
from products import GOLD, SHELF, SILVER, WAREHOUSE
from room_command import DEFAULTS, Command

ABOUT = """
**What it does.** It anonymises again what landed on the given days in the given tables, with today's rules, language
model and consent; then it loads, models and publishes. Use it after a better detector, or after a rule was mended.

**Days** are the days on which rows landed (UTC). *Bronze* keeps some days only: what is older comes back by a
re-snapshot, with the DAG `repair`. Published periods stay as they are.

**When a task fails.** `treat_again` says so when a table is not published, or when bronze holds nothing from that day:
trigger the DAG again without that pair. The other pairs are done.
"""


@task(
    task_id="pairs",
    pool="default_pool",
    doc_md="Every day with every table, as the words that `treat_again` puts behind its command.",
)
def every_pair(params: dict[str, list[str]] | None = None) -> list[list[str]]:
    chosen = params or {}
    return [["--again", day, table] for day in chosen["days"] for table in chosen["tables"]]


with DAG(
    dag_id="backfill",
    description="Treat some days of some tables again, then load, model and publish",
    doc_md=ABOUT,
    schedule=None,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=12),
    default_args=DEFAULTS,
    params={
        "days": Param(
            type="array", items={"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"}, minItems=1, title="Days",
            description="One a line, such as 2026-11-20: the days on which the rows landed.",
        ),
        "tables": Param(
            type="array", items={"type": "string", "pattern": "^[a-z_]+$"}, minItems=1, title="Tables",
            description="One a line, such as posts. docs/tables.md lists them.",
        ),
    },
    tags=["lake", "on request"],
) as dag:  # fmt: skip
    again = Command.partial(
        task_id="treat_again",
        command="anonymizer release",
        outlets=[SILVER],
        map_index_template="{{ task.words[1] }} {{ task.words[2] }}",
        doc_md="Treats what landed on one day in one table once more. One pair at a time.",
    ).expand(words=every_pair())
    load = Command(
        task_id="load",
        command="lake load",
        inlets=[SILVER],
        outlets=[WAREHOUSE],
        doc_md="Brings what was treated again into the warehouse.",
    )
    model = Command(
        task_id="model",
        command="lake model",
        inlets=[WAREHOUSE],
        outlets=[GOLD],
        doc_md="Builds and tests the marts with dbt.",
    )
    publish = Command(
        task_id="publish",
        command="lake publish",
        inlets=[GOLD],
        outlets=[SHELF],
        doc_md="Publishes what has closed since. Periods that are published already stay as they are.",
    )
    again >> load >> model >> publish
