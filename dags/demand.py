"""The asset `demand`: an event of it means that the pipeline is wanted before its hour. Airflow's triggerer watches."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from airflow.sdk import Asset, AssetWatcher, timezone
from airflow.triggers.base import BaseEventTrigger, TriggerEvent
from child import last_object
from lag import Asked, State, reason, state_of
from settings import CHECKOUT, PYTHON, RUN, command_environment

EVERY = 60.0  # seconds between two looks


class Demand(BaseEventTrigger):
    """Fires when `lag.reason` has one."""

    def __init__(self, every: float = EVERY) -> None:
        super().__init__()
        self.every = every

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return "demand.Demand", {"every": self.every}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        before: Asked | None = None
        while True:
            await asyncio.sleep(self.every)  # first of all: Airflow may have been started with everything else
            state, now = await look(), timezone.utcnow()
            if why := reason(state, now, before):
                before = Asked(now, state.loaded, state.published)
                yield TriggerEvent({"why": why, "behind": state.behind})


async def look() -> State:
    """The stream's state; where the command fails, nothing is known, and nothing is asked for."""
    child = await asyncio.create_subprocess_exec(
        PYTHON, "-m", "ingestion", "status", "--json",
        cwd=CHECKOUT, env=command_environment(), stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        printed, _ = await asyncio.wait_for(child.communicate(), 60)
    except (TimeoutError, asyncio.CancelledError):
        child.kill()
        raise
    diary = await asyncio.to_thread(_diary)
    return state_of(last_object(printed.decode(errors="replace")), diary)


def _diary() -> list[str]:
    path = RUN / "jobs.jsonl"
    return path.read_text(errors="replace").splitlines() if path.exists() else []


DEMAND = Asset(
    "demand",
    uri="headwater://demand",
    group="lake",
    watchers=[AssetWatcher(name="lag_and_last_publish", trigger=Demand())],
)
