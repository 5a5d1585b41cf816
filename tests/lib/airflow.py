"""A real Airflow over a stack, driven through its REST API as an administrator would."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Browser, Page

from infra import airflow, airflow_config
from tests.lib.stack import Stack

Json = dict[str, Any]
ENDED = ("success", "failed")


class Airflow:
    """Airflow's four parts in a stack's run folder. Runs and tasks are named as its pages name them."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.base = ""

    def start(self) -> Airflow:
        """Start it with the stack's PostgreSQL, and log in."""
        self.stack.up(*(part.name for part in airflow.AIRFLOW))
        self.base = airflow_config.url(self.stack.place)
        self._client = httpx.Client(base_url=self.base, timeout=60, trust_env=False)
        said = self._client.post("/auth/token", json={"username": airflow_config.ADMIN, "password": self.password})
        self._client.headers["Authorization"] = f"Bearer {said.raise_for_status().json()['access_token']}"
        return self

    def close(self) -> None:
        self._client.close()

    @property
    def password(self) -> str:
        return airflow_config.password(self.stack.place)

    def get(self, path: str, **words: str | int | bool) -> Json:
        said: Json = self._client.get(f"/api/v2/{path}", params=words).raise_for_status().json()
        return said

    def trigger(self, dag: str, **conf: object) -> str:
        """Start a run by hand; its id."""
        await_(lambda: self._client.get(f"/api/v2/dags/{dag}").is_success, f"Airflow does not know {dag}", 60)
        said = self._client.post(f"/api/v2/dags/{dag}/dagRuns", json={"logical_date": None, "conf": conf})
        return str(said.raise_for_status().json()["dag_run_id"])

    def runs(self, dag: str) -> list[Json]:
        """The runs of a DAG, oldest first; none while Airflow has not read its file."""
        if not self._client.get(f"/api/v2/dags/{dag}").is_success:
            return []
        return list(self.get(f"dags/{dag}/dagRuns", order_by="run_after")["dag_runs"])

    def finish(self, dag: str, run: str, seconds: float = 600) -> str:
        """Wait for the end of a run: `success` or `failed`."""
        path = f"dags/{dag}/dagRuns/{run}"
        await_(lambda: self.get(path)["state"] in ENDED, f"{dag} {run} does not end", seconds)
        return str(self.get(path)["state"])

    def succeed(self, dag: str, run: str, seconds: float = 600) -> Airflow:
        """Wait for a run that ends well; a failed one fails the test, with its tasks' logs."""
        if self.finish(dag, run, seconds) != "success":
            failed = [each["task_id"] for each in self.tasks(dag, run) if each["state"] == "failed"]
            pytest.fail("\n\n".join(f"{name}:\n{self.log(dag, run, name)}" for name in failed))
        return self

    def tasks(self, dag: str, run: str) -> list[Json]:
        return list(self.get(f"dags/{dag}/dagRuns/{run}/taskInstances", limit=100)["task_instances"])

    def task(self, dag: str, run: str, name: str) -> Json:
        return next(each for each in self.tasks(dag, run) if each["task_id"] == name)

    def reach(self, dag: str, run: str, name: str, states: Sequence[str], seconds: float = 500) -> Json:
        """Wait until a task is in one of the states."""
        await_(lambda: self.task(dag, run, name)["state"] in states, f"{dag}.{name} is never {states}", seconds)
        return self.task(dag, run, name)

    def log(self, dag: str, run: str, name: str, attempt: int = 1) -> str:
        """What a task's log shows, line by line; an error with its message."""
        path = f"dags/{dag}/dagRuns/{run}/taskInstances/{name}/logs/{attempt}"
        lines = self.get(path, full_content=True)["content"]
        return "\n".join(_shown(line) for line in lines)

    def result(self, dag: str, run: str, name: str) -> Json:
        """What a task's command counted."""
        path = f"dags/{dag}/dagRuns/{run}/taskInstances/{name}/xcomEntries/return_value"
        return dict(self.get(path, deserialize=True)["value"])

    def events(self, asset: str) -> list[Json]:
        """The metadata of an asset's events, oldest first."""
        found = self.get("assets/events", order_by="timestamp", limit=100)["asset_events"]
        return [event["extra"] | {"run": event["source_run_id"]} for event in found if event["name"] == asset]


class Pages:
    """Airflow's pages in Chromium, seen by its administrator."""

    def __init__(self, office: Airflow, browser: Browser) -> None:
        self._base = office.base
        self.page: Page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        self.page.set_default_timeout(60_000)  # the first page after a start is not quick
        self.page.goto(self._base)
        self.page.get_by_label("Username").fill(airflow_config.ADMIN)
        self.page.get_by_label("Password").fill(office.password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(lambda url: "/auth/login" not in url)

    def task(self, dag: str, run: str, name: str) -> Page:
        """The log of a task."""
        self.page.goto(f"{self._base}/dags/{dag}/runs/{quote(run)}/tasks/{name}")
        return self.page

    def asset(self, name: str) -> Page:
        """The events of an asset."""
        self.page.goto(f"{self._base}/assets")
        self.page.get_by_role("link", name=name, exact=True).click()
        return self.page

    def trigger(self, dag: str) -> Page:
        """The form that starts a run of a DAG."""
        self.page.goto(f"{self._base}/dags/{dag}")
        self.page.get_by_role("button", name="Trigger").first.click()
        return self.page


def _shown(line: Json | str) -> str:
    if isinstance(line, str):
        return line
    errors = [f"{each['exc_type']}: {each['exc_value']}" for each in line.get("error_detail") or ()]
    return " ".join([line.get("level") or "", line.get("event") or "", *errors])


def await_(condition: Callable[[], bool], what: str, seconds: float) -> None:
    """Wait for a condition; a test fails with `what` when it does not come true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            pytest.fail(what)
        time.sleep(0.5)
