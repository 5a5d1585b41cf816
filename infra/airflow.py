"""Airflow as four parts of the stack, started only by name: its server, scheduler, DAG processor and triggerer.

It runs in an environment of its own (`.run/airflow-venv`), keeps its metadata in the embedded server's database
`airflow`, and runs the pipelines of `dags/`, whose tasks are the rooms' commands. `airflow_config.py` has its settings.
"""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any

import psycopg

from infra import airflow_config, process
from infra.part import Part
from infra.place import Place
from infra.settings import CHECKOUT, process_environment
from lake.kit.errors import Stop

SERVER = "airflow"
POOL = "lake"
_POOL_ABOUT = "One at a time: commands that write the lake or the warehouse"
_WORKERS = {"scheduler": "scheduler", "dag-processor": "dag_processor", "triggerer": "triggerer"}
"""Airflow's other processes, and what its health report calls them."""
_NO_LOG_SERVER = ("--skip-serve-logs",)  # it would listen on every address; the server reads the log files itself
_preparing = Lock()


def program(place: Place) -> Path:
    return place.installed("airflow-venv") / "bin" / "airflow"


def _exists(place: Place) -> bool:
    return program(place).exists()


def _environment(place: Place) -> dict[str, str]:
    """What Airflow's processes are told; the commands that tasks start get it too, and read none of it."""
    home = airflow_config.home(place)
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW_CONFIG": str(home / "airflow.cfg"),
        "HEADWATER_PYTHON": sys.executable,
        "PYTHONPATH": str(CHECKOUT / "dags"),  # the triggerer loads what the DAG files import by its module's name
        "NO_PROXY": "127.0.0.1,localhost",
        "MALLOC_ARENA_MAX": "2",
    }


def _prepare(place: Place) -> None:
    """Write the settings and bring the metadata's schema up to date, once for all four."""
    if not _exists(place):
        raise Stop("Airflow is not installed: run `make airflow`, which installs it.")
    with _preparing:
        airflow_config.write(place)
        _migrate(place)


def _migrate(place: Place) -> None:
    """`airflow db migrate`, unless this version has done it; it takes as long as everything else together."""
    done = airflow_config.home(place) / "migrated"
    version = _version(place)
    if done.exists() and done.read_text() == version and _has_schema(place):
        return
    ran = subprocess.run(
        [str(program(place)), "db", "migrate"],
        cwd=CHECKOUT, env=process_environment(place.run, **_environment(place)), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    if ran.returncode:
        place.log(SERVER).open("a").write(ran.stdout)
        raise Stop(f"Airflow could not make its tables: see {place.log(SERVER)}.")
    done.write_text(version)


def _version(place: Place) -> str:
    found = (place.installed("airflow-venv") / "lib").glob("python*/site-packages/apache_airflow_core-*.dist-info")
    return next(found, Path("unknown")).name


def _has_schema(place: Place) -> bool:
    with psycopg.connect(place.url("airflow"), connect_timeout=5) as connection:
        row = connection.execute("select to_regclass('public.alembic_version') is not null").fetchone()
    return bool(row and row[0])


def health(place: Place) -> dict[str, Any]:
    """Airflow's own report of its health; empty while it does not answer."""
    try:
        address = f"{airflow_config.url(place)}/api/v2/monitor/health"  # our own server, on loopback
        with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310
            report: dict[str, Any] = json.load(answer)
            return report
    except (OSError, ValueError):
        return {}


def _answers(place: Place) -> bool:
    return bool(health(place).get("metadatabase", {}).get("status") == "healthy")


def _beats(place: Place, part: str, called: str) -> bool:
    """Whether Airflow has heard from the process that runs now: an earlier one's last word stays healthy for a while."""
    running = process.find(place, part)
    told = health(place).get(called, {})
    heard = told.get(f"latest_{called}_heartbeat")
    if running is None or not heard or told.get("status") != "healthy":
        return False
    return datetime.fromisoformat(heard).timestamp() >= running.started


def _make_pool(place: Place) -> None:
    """The one slot for which the commands that write the lake or the warehouse wait, instead of failing on a lease."""
    login = {"username": airflow_config.ADMIN, "password": airflow_config.password(place)}
    token = _post(place, "/auth/token", login)["access_token"]
    with suppress(urllib.error.HTTPError):  # 409: it is there
        _post(place, "/api/v2/pools", {"name": POOL, "slots": 1, "description": _POOL_ABOUT}, token)


def _post(place: Place, path: str, body: Mapping[str, object], token: str = "") -> dict[str, Any]:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    asked = urllib.request.Request(airflow_config.url(place) + path, json.dumps(body).encode(), headers)  # noqa: S310
    with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310 - as above
        said: dict[str, Any] = json.load(answer)
        return said


def _worker(name: str, called: str) -> Part:
    part = f"{SERVER}-{name}"
    words = (name,) if name == "dag-processor" else (name, *_NO_LOG_SERVER)
    return Part(
        name=part,
        needs=("postgres", SERVER),
        prepare=_prepare,
        command=lambda place: [str(program(place)), *words],
        ready=lambda place: _beats(place, part, called),
        exists=_exists,
        environment=_environment,
        on_request=True,
    )


AIRFLOW = (
    Part(
        name=SERVER,
        ports=(SERVER,),
        needs=("postgres",),
        prepare=_prepare,
        command=lambda place: [str(program(place)), "api-server"],
        ready=_answers,
        settle=_make_pool,
        exists=_exists,
        environment=_environment,
        on_request=True,
    ),
    *(_worker(name, called) for name, called in _WORKERS.items()),
)
"""In the order of their start: tasks and triggers talk to the server, never to the database."""
