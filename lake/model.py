"""Run dbt over the warehouse: silver → work → gold, at the cut that was loaded and with the run's own clock.

dbt runs as a program of its own. What it prints and writes about failures may quote rows, so that only names of models
and tests come out of here, and its results file is removed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from lake.contracts.products import PRODUCTS
from lake.contracts.tables import TABLES
from lake.kit.errors import Stop
from lake.kit.log import get_log
from lake.load.copy import WAREHOUSE
from lake.load.warehouse import Connection, connect
from lake.settings import LakeSettings
from lake.store import lease

PROJECT = Path(__file__).parents[1] / "dbt"
GOOD = ("success", "pass")


@dataclass(frozen=True)
class Modelled:
    """What a run made: rows of silver read, rows of the marts, and cells that the rule kept back."""

    read: int
    shown: int
    withheld: int
    cut: int
    seconds: float

    def summary(self) -> dict[str, int | float]:
        return {
            "in": self.read, "out": self.shown, "refused": self.withheld, "seconds": round(self.seconds, 3), "cut": self.cut,
        }  # fmt: skip


def model(settings: LakeSettings, run_dir: Path, now: datetime, project: Path = PROJECT) -> Modelled:
    """Build and test every model. `now` decides which periods are closed; it changes no threshold."""
    started = time.monotonic()
    url = settings.warehouse_dbt_url.get_secret_value()
    with lease(settings.root, WAREHOUSE), connect(url, "warehouse_dbt") as connection:
        run, cut = _begin(connection, now)
        target = (run_dir / "dbt").resolve()
        target.mkdir(parents=True, exist_ok=True)
        failures = _dbt(["build"], project, target, url, now)
        if failures:
            raise Stop(
                f"dbt did not pass: {', '.join(failures)}. Nothing of this run can be published. "
                "Mend the model or the data it names, then run `python -m lake model` again."
            )
        connection.execute("update gold.runs set passed = true where id = %s", [run])
        counts = _counts(connection)
    get_log().info("modelled", shown=counts[1], withheld=counts[2])
    return Modelled(*counts, cut, time.monotonic() - started)


def manifest(run_dir: Path, project: Path = PROJECT) -> dict[str, object]:
    """dbt's own description of the project, read without a database."""
    target = (run_dir / "dbt").resolve()
    target.mkdir(parents=True, exist_ok=True)
    if failures := _dbt(["parse"], project, target, "postgresql://nobody@127.0.0.1:1/none", None):
        raise Stop(f"dbt cannot read the project: {'; '.join(failures)}.")
    described: dict[str, object] = json.loads((target / "manifest.json").read_text())
    return described


def _begin(connection: Connection, now: datetime) -> tuple[int, int]:
    """Note that a run is under way: its id and its cut. Until it has passed, publish refuses what the marts hold."""
    state = connection.execute("select cut from loaded.state").fetchone() if _is_loaded(connection) else None
    if state is None:
        raise Stop("The warehouse is empty. Run `python -m lake load` first.")
    query = "insert into gold.runs (cut, now) values (%s, %s) returning id"
    row = connection.execute(query, [state[0], now]).fetchone()
    connection.commit()
    if row is None:
        raise Stop("The run could not be noted in gold.runs.")
    return int(row[0]), int(state[0])


def _is_loaded(connection: Connection) -> bool:
    row = connection.execute("select to_regclass('loaded.state')").fetchone()
    return row is not None and row[0] is not None


def _dbt(words: list[str], project: Path, target: Path, url: str, now: datetime | None) -> list[str]:
    """Run dbt; returns the names of what failed."""
    results = target / "run_results.json"
    results.unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "dbt.cli.main", "--no-send-anonymous-usage-stats", "--no-use-colors", "--quiet",
         "--log-level-file", "none", "--log-path", str(target), *words, "--project-dir", str(project),
         "--profiles-dir", str(project), "--target-path", str(target),
         "--vars", json.dumps({"now": now.strftime("%Y-%m-%d %H:%M:%S") if now else "1970-01-01"})],
        cwd=target, env=_environment(url), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if not results.exists():
        return [] if done.returncode == 0 else [" ".join(done.stdout.split())[-600:] or "dbt did not start"]
    outcomes = json.loads(results.read_text())["results"]
    results.unlink()
    failed = [".".join(one["unique_id"].split(".")[2:4]) for one in outcomes if one["status"] not in (*GOOD, "skipped")]
    return failed or ([] if done.returncode == 0 else ["dbt itself"])


def _environment(url: str) -> dict[str, str]:
    address = conninfo_to_dict(url)
    return {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "DO_NOT_TRACK": "1",
        "DBT_HOST": str(address.get("host", "")),
        "DBT_PORT": str(address.get("port", "5432")),
        "DBT_USER": str(address.get("user", "")),
        "DBT_ENV_SECRET_PASSWORD": str(address.get("password", "")),
        "DBT_DBNAME": str(address.get("dbname", "")),
    }


def _counts(connection: Connection) -> tuple[int, int, int]:
    read = " + ".join(f"(select count(*) from silver.{table.name})" for table in TABLES)
    shown = " + ".join(f"(select count(*) from gold.{product.name})" for product in PRODUCTS)
    query = f"select {read}, {shown}, (select coalesce(sum(cells - shown), 0) from gold.coverage)"
    row = connection.execute(query.encode()).fetchone()
    return (int(row[0]), int(row[1]), int(row[2])) if row else (0, 0, 0)
