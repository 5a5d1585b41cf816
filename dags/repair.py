"""On request: bring in what was refused, or read tables anew from PostgreSQL."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, Param, TriggerRule
from products import BRONZE, SILVER, WAREHOUSE
from room_command import DEFAULTS, Command

ABOUT = """
**What it does**, by the parameter `what`:

* **quarantine** – what was refused is tried again, after you have mended what its reason names: messages that landing
  could not read, and rows that broke a rule when they were released. What still cannot pass stays in quarantine.
* **snapshot** – the given tables (all, where none is given) are read anew from PostgreSQL. It is the repair for a lost
  slot, for a table that the audit names, and for a change of treatment that is older than bronze.

Both then release and load. `python -m ingestion status` and the app's page *Administration → Pipeline* show the reasons.

**When a task fails.** Its message says what to do; then *clear* it. Nothing is done twice.
"""
QUARANTINE = "{{ params.what == 'quarantine' }}"
SNAPSHOT = "{{ params.what == 'snapshot' }}"
GO_ON = {"trigger_rule": TriggerRule.NONE_FAILED}

with DAG(
    dag_id="repair",
    description="Quarantine tried again, or tables read anew; then release and load",
    doc_md=ABOUT,
    schedule=None,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=12),
    default_args=DEFAULTS,
    params={
        "what": Param(
            "quarantine", enum=["quarantine", "snapshot"], title="What",
            values_display={"quarantine": "Try again what is in quarantine", "snapshot": "Read tables anew"},
        ),
        "tables": Param(
            None, type=["null", "array"], items={"type": "string", "pattern": "^[a-z_]+$"}, title="Tables to read anew",
            description="One a line, such as posts; only for a snapshot. None means all.",
        ),
    },
    tags=["lake", "on request"],
) as dag:  # fmt: skip
    replay = Command(
        task_id="replay",
        command="ingestion replay",
        only_when=QUARANTINE,
        outlets=[BRONZE],
        doc_md="Lands the messages in quarantine that can be read now. `refused` counts those that still cannot.",
    )
    resnapshot = Command(
        task_id="resnapshot",
        command="ingestion resnapshot",
        listed="tables",
        only_when=SNAPSHOT,
        outlets=[BRONZE],
        doc_md="Reads the tables anew from PostgreSQL, and waits until the snapshot has landed. Older rows are not "
        "current any more once it has.",
    )
    release = Command(
        task_id="release",
        command="anonymizer release",
        inlets=[BRONZE],
        outlets=[SILVER],
        doc_md="Anonymises what has come.",
        **GO_ON,
    )
    release_refused = Command(
        task_id="release_refused",
        command="anonymizer release",
        words=["--replay"],
        only_when=QUARANTINE,
        inlets=[BRONZE],
        outlets=[SILVER],
        doc_md="Tries the rows again that broke a rule. `refused` counts those that still do.",
    )
    load = Command(
        task_id="load",
        command="lake load",
        inlets=[SILVER],
        outlets=[WAREHOUSE],
        doc_md="Brings what was repaired into the warehouse.",
        **GO_ON,
    )
    [replay, resnapshot] >> release >> release_refused >> load
