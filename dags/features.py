"""Every Sunday: what goes together, and what to suggest to whom. Only where Spark is installed."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, Asset
from products import SILVER
from room_command import DEFAULTS, Command

ABOUT = """
**What it does.** It computes with Spark, on pseudonyms, who answers whom, which tags go together and what a person may
like, and brings the suggestions back into the app.

**When it is skipped.** Spark is not installed here: `make spark` installs it.

**When it fails.** The app goes on with the suggestions of the last run. Out of memory is the usual cause: the setting
`LAKE_SPARK_MEMORY` gives Spark more.
"""
FEATURES = Asset("features", uri="headwater://lake/gold_internal", group="lake")

with DAG(
    dag_id="features",
    description="Suggestions for the app, computed with Spark",
    doc_md=ABOUT,
    schedule="15 3 * * 0",
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(hours=6),
    default_args=DEFAULTS,
    tags=["lake", "app", "spark", "weekly"],
) as dag:
    compute = Command(
        task_id="compute",
        command="lake features",
        needs="pyspark",
        inlets=[SILVER],
        outlets=[FEATURES],
        doc_md="Computes the features from current *silver*, and keeps them inside the lake.",
    )
    suggest = Command(
        task_id="suggest",
        command="anonymizer suggest",
        inlets=[FEATURES],
        doc_md="Writes the newest suggestions into the app's database, for the people that they are for.",
    )
    compute >> suggest
