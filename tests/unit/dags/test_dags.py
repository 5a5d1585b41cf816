"""The DAG files, read in Airflow's own environment: no warning, no room imported, and each task a command of the docs."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
PYTHON = ROOT / ".run" / "airflow-venv" / "bin" / "python"
ROOMS = ("platform_app", "ingestion", "anonymizer", "api", "lake", "infra")
DAGS = ("audit", "backfill", "erasure", "features", "pipeline", "reconcile", "repair")
READ = """
import importlib, json, sys
from airflow.sdk import DAG
from airflow.serialization.serialized_objects import DagSerialization
found = {}
for name in sys.argv[1:]:
    dag = next(v for v in vars(importlib.import_module(name)).values() if isinstance(v, DAG))
    DagSerialization.to_dict(dag)
    found[dag.dag_id] = {
        "doc": dag.doc_md, "tags": sorted(dag.tags), "timeout": str(dag.dagrun_timeout), "runs": dag.max_active_runs,
        "tasks": {t.task_id: {
            "doc": t.doc_md, "owner": t.owner, "retries": t.retries, "pool": t.pool,
            "command": getattr(t, "command", None) or getattr(t, "partial_kwargs", {}).get("command"),
        } for t in dag.tasks},
    }
print(json.dumps({"dags": found, "modules": sorted(sys.modules)}))
"""


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    if not PYTHON.exists():
        pytest.skip("Airflow is not installed: `make airflow` or `make test` installs it")
    home = tmp_path_factory.mktemp("airflow")
    told = {"PATH": os.environ["PATH"], "AIRFLOW_HOME": str(home), "PYTHONPATH": str(ROOT / "dags")}
    done = subprocess.run(
        [PYTHON, "-W", "error", "-c", READ, *DAGS],
        cwd=home, env=told, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    known: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return known


def tasks(read: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {f"{dag}.{name}": task for dag, about in read["dags"].items() for name, task in about["tasks"].items()}


def test_every_dag_file_parses_without_a_warning(read: dict[str, Any]) -> None:
    assert sorted(read["dags"]) == sorted(DAGS)
    files = {path.stem for path in (ROOT / "dags").glob("*.py")}
    ignored = {Path(line).stem for line in (ROOT / "dags/.airflowignore").read_text().split()}
    assert files - ignored == set(DAGS)


def test_no_dag_imports_a_room(read: dict[str, Any]) -> None:
    assert set(ROOMS) & set(read["modules"]) == set()


def test_every_task_is_a_command_that_the_docs_list(read: dict[str, Any]) -> None:
    listed = set(re.findall(r"`python -m ([a-z_]+ [a-z-]+)`", (ROOT / "docs/commands.md").read_text()))
    commands = {name: task["command"] for name, task in tasks(read).items() if task["command"]}
    assert len(commands) >= len(DAGS)
    assert {name: command for name, command in commands.items() if command not in listed} == {}


def test_every_dag_and_task_tells_the_administrator_what_to_do(read: dict[str, Any]) -> None:
    assert [name for name, dag in read["dags"].items() if "fail" not in dag["doc"] or not dag["tags"]] == []
    assert [name for name, dag in read["dags"].items() if dag["timeout"] == "None" or dag["runs"] != 1] == []
    silent = [name for name, task in tasks(read).items() if not task["doc"] or task["owner"] != "administrators"]
    assert silent == []


def test_only_what_writes_neither_lake_nor_warehouse_stays_out_of_their_pool(read: dict[str, Any]) -> None:
    outside = {name for name, task in tasks(read).items() if task["pool"] != "lake"}
    assert outside == {"pipeline.quality", "reconcile.reconcile", "backfill.pairs"}
