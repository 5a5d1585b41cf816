"""A room's command as an Airflow task: the same words that a person types, and nothing else.

`Command` enters a DAG file; what the command counted leaves as the task's result and as the metadata of its assets.
A `Retry` (exit 75) is tried again, later each time. A `Stop` fails at once, with the command's own message.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from airflow.sdk import BaseOperator, Context
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException
from child import Child, Ended
from settings import PYTHON, has_package

WRITERS = "lake"  # the pool with one slot: commands that write the lake or the warehouse take turns
DEFAULTS: dict[str, Any] = {
    "owner": "administrators",
    "pool": WRITERS,
    "retries": 5,
    "retry_delay": timedelta(seconds=10),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=5),
}
"""For every DAG: five more tries within ten minutes."""
_NAMES = {"out": "rows", "new_versions": "version"}


class Command(BaseOperator):
    """`python -m <command> --json`, with `words` behind it.

    `takes_now` passes the run's parameter `now` on as `--now`; `listed` names a parameter whose items become words.
    The task is skipped where `only_when` renders to False, or where the rooms' environment lacks the package `needs`.
    """

    template_fields: Sequence[str] = ("command", "words", "only_when")
    ui_color = "#e8f1f2"

    def __init__(
        self,
        *,
        command: str,
        words: Sequence[str] = (),
        takes_now: bool = False,
        listed: str = "",
        only_when: str = "",
        needs: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.command = command
        self.words = words
        self.takes_now = takes_now
        self.listed = listed
        self.only_when = only_when
        self.needs = needs
        self._child: Child | None = None

    def execute(self, context: Context) -> dict[str, Any]:
        if self.only_when == "False":
            raise AirflowSkipException("This run was not asked for it.")
        if self.needs and not has_package(self.needs):
            raise AirflowSkipException(f"{self.needs} is not installed here: `make spark` installs Spark.")
        argv = ["-m", *self.command.split(), *self.words, *self._asked(context), "--json"]
        self.log.info("python %s", " ".join(argv))
        self._child = Child([PYTHON, *argv])
        ended = self._child.wait(self._tell)
        facts = metadata(ended.summary)
        for asset in self.outlets if ended.code == 0 else ():
            context["outlet_events"][asset].extra = facts
        return self._answer(ended)

    def on_kill(self) -> None:
        if self._child is not None:
            self._child.end()

    def _asked(self, context: Context) -> list[str]:
        """What this run's parameters add to the command."""
        params = context["params"]
        words = [str(item) for item in params[self.listed] or ()] if self.listed else []
        return [*words, "--now", params["now"]] if self.takes_now and params.get("now") else words

    def _answer(self, ended: Ended) -> dict[str, Any]:
        if ended.code == 0:
            self.log.info("%s", ", ".join(f"{name} {value}" for name, value in metadata(ended.summary).items()))
            return ended.summary
        for found in (each for value in ended.summary.values() if _is_table(value) for each in value):
            self.log.error("%s", ", ".join(f"{name} {value}" for name, value in found.items()))
        self.log.error("%s", ended.message)
        if ended.may_succeed_later:
            raise AirflowException(ended.message)
        raise AirflowFailException(ended.message)

    def _tell(self, line: str) -> None:
        """A line of the command's log as one of the task's: the fact, then its numbers."""
        try:
            facts = json.loads(line)
            event, level = facts.pop("event"), facts.pop("level", "info")
        except (ValueError, KeyError, AttributeError, TypeError):
            self.log.info("%s", line)
            return
        numbers = " ".join(f"{name}={value}" for name, value in facts.items() if name != "timestamp")
        say = {"warning": self.log.warning, "error": self.log.error}.get(level, self.log.info)
        say("%s %s", event, numbers)


def metadata(summary: dict[str, Any]) -> dict[str, Any]:
    """What an asset's event tells of a command: its counts, with `rows` for what it put out."""
    return {_NAMES.get(name, name): value for name, value in summary.items() if not _is_table(value)}


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(each, dict) for each in value)
