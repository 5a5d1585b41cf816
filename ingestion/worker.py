"""Kafka Connect's REST interface, as far as one connector needs it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

import httpx

from lake.contracts.names import CONNECTOR, TOPIC_PREFIX
from lake.kit.errors import Retry, Stop

T = TypeVar("T")


class Worker:
    """The connector in a Connect worker. Raises Retry when the worker is away."""

    def __init__(self, url: str, connector: str = CONNECTOR) -> None:
        self._url, self._path = url, f"/connectors/{connector}"

    def _call(self, method: str, path: str, **more: Any) -> httpx.Response:
        for _ in range(40):
            try:
                answer = httpx.request(method, f"{self._url}{path}", timeout=30, trust_env=False, **more)
            except httpx.HTTPError as error:
                raise Retry(
                    f"Kafka Connect at {self._url} did not answer. Start it with `make up`, then try again."
                ) from error
            if answer.status_code != httpx.codes.CONFLICT:  # the worker is busy with an earlier request
                return answer
            time.sleep(0.25)
        return answer

    def offset(self) -> dict[str, Any] | None:
        """Where the connector would go on reading; None when it would start with a snapshot."""
        answer = self._call("GET", f"{self._path}/offsets")
        offsets = answer.json().get("offsets", []) if answer.status_code == httpx.codes.OK else []
        return dict(offsets[0]["offset"]) if offsets else None

    def move(self, offset: dict[str, Any]) -> None:
        """Let a stopped connector go on from an offset."""
        body = {"offsets": [{"partition": {"server": TOPIC_PREFIX}, "offset": offset}]}
        answer = self._call("PATCH", f"{self._path}/offsets", json=body)
        if answer.status_code >= httpx.codes.BAD_REQUEST:
            raise Retry("Kafka Connect could not change the connector's offset. Run the command again.")

    def exists(self) -> bool:
        return self._call("GET", self._path).status_code == httpx.codes.OK

    def state(self) -> str:
        """RUNNING, FAILED, STOPPED, UNASSIGNED, or MISSING. A connector whose task failed has failed."""
        answer = self._call("GET", f"{self._path}/status")
        if answer.status_code != httpx.codes.OK:
            return "MISSING"
        said = answer.json()
        if said["connector"]["state"] != "RUNNING":
            return str(said["connector"]["state"])
        return str(said["tasks"][0]["state"]) if said["tasks"] else "UNASSIGNED"

    def post(self, configuration: dict[str, str], *, stopped: bool = False) -> None:
        """Make the connector, or give it this configuration; a stopped one reads nothing until it is resumed."""
        if stopped and not self.exists():
            body = {"name": self._path.rsplit("/", 1)[1], "config": configuration, "initial_state": "STOPPED"}
            answer = self._call("POST", "/connectors", json=body)
        else:
            answer = self._call("PUT", f"{self._path}/config", json=configuration)
        if answer.status_code >= httpx.codes.BAD_REQUEST:
            # The answer may repeat the configuration, and with it the password.
            raise Stop(f"Kafka Connect refused the connector (HTTP {answer.status_code}). Look at its log.")

    def configuration(self) -> dict[str, str] | None:
        answer = self._call("GET", f"{self._path}/config")
        return dict(answer.json()) if answer.status_code == httpx.codes.OK else None

    def stop(self) -> None:
        """Let the connector stop reading, and wait until it has."""
        self._call("PUT", f"{self._path}/stop")
        self.await_state("STOPPED", 30)

    def resume(self) -> None:
        self._call("PUT", f"{self._path}/resume")

    def restart(self) -> None:
        self._call("POST", f"{self._path}/restart", params={"includeTasks": "true"})

    def forget_offset(self) -> None:
        """Make a stopped connector start with a snapshot."""
        answer = self._call("DELETE", f"{self._path}/offsets")
        if answer.status_code >= httpx.codes.BAD_REQUEST:
            raise Retry("Kafka Connect could not reset the connector's offset. Run the command again.")

    def await_state(self, wanted: str, seconds: float) -> None:
        """Wait for a state. Raises Stop when the connector fails, Retry when it takes too long."""
        state = wait_for(lambda: s if (s := self.state()) in (wanted, "FAILED") else None, seconds)
        if state is None:
            raise Retry(f"The connector did not become {wanted} within {seconds:.0f} s. Look at Connect's log.")
        if state != wanted:
            raise Stop("The connector failed. Look at Connect's log, then run `python -m ingestion connect` again.")


def wait_for(question: Callable[[], T | None], seconds: float, pause: float = 0.1) -> T | None:
    """Ask until there is an answer; None when there was none in time."""
    end = time.monotonic() + seconds
    while (answer := question()) is None and time.monotonic() < end:
        time.sleep(pause)
    return answer
