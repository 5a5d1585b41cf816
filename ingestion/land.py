"""The verb `land`: catch up once, or follow. Tables that may miss changes are audited at once."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from ingestion import follow as loops
from ingestion import quarantine
from ingestion.audit import audit
from ingestion.catch_up import JOB, catch_up, open_landing, summary
from ingestion.landing import Landing
from ingestion.settings import Settings
from ingestion.suspects import unresolved
from ingestion.topic import Topic
from lake.contracts.names import BRONZE, QUARANTINE
from lake.kit.errors import Retry
from lake.kit.log import get_log
from lake.metrics import served
from lake.settings import LakeSettings
from lake.store import Busy, Store, lease
from lake.upkeep.tidier import keep_tidy

PATIENCE = 15.0  # seconds that a follower waits for a one-shot landing
AGAIN = 30.0  # seconds after which an audit that failed is tried again


def once(settings: Settings, store: Store) -> dict[str, Any]:
    """Land what the topic holds now, then audit the tables that may miss something; `quarantined` messages wait."""
    said = catch_up(settings, store)
    suspected = sorted(unresolved(store)) if store.exists(BRONZE) and not said.get("followed") else []
    if suspected:
        found = audit(settings, store, suspected)
        said |= {"audited": len(suspected), "repaired": found["repaired"]}
    return said | {"quarantined": len(quarantine.waiting(store))}


def follow(settings: Settings, lake: LakeSettings, store: Store) -> dict[str, Any]:
    """Land what comes until SIGTERM or Ctrl-C."""
    interval = lake.commit_interval if settings.commit_interval is None else settings.commit_interval
    with ExitStack() as kept:
        kept.enter_context(patient_lease(store, min(settings.wait, PATIENCE)))
        stop = kept.enter_context(loops.stopped_by_signal())
        landing = _open(settings, store, kept, stop)
        get_log().info("landing_started", position=landing.landed, epoch=landing.epoch.number)
        kept.enter_context(served(landing.meters.meters, settings.metrics_host, settings.metrics_port))
        keep_tidy(store, [BRONZE, QUARANTINE])
        auditor = Auditor(store)
        kept.callback(auditor.stop)
        loops.follow(
            landing,
            most=settings.batch,
            interval=interval,
            stop=stop,
            after_commit=lambda: auditor.look(landing),
        )
        get_log().info("landing_stopped", position=landing.landed)
        return summary(landing)


def _open(settings: Settings, store: Store, kept: ExitStack, stop: Callable[[], bool]) -> Landing:
    """Landing of a follower, which may be started before Kafka answers."""
    end = time.monotonic() + settings.wait
    while True:
        try:
            topic = kept.enter_context(Topic(settings.kafka))
            return open_landing(settings, store, topic)
        except Retry:
            if stop() or time.monotonic() > end:
                raise
            get_log().warning("kafka_away")
            time.sleep(1)


@contextmanager
def patient_lease(store: Store, seconds: float) -> Iterator[None]:
    """The lease, once a one-shot landing that has it is done. Raises Busy when somebody keeps it longer."""
    end = time.monotonic() + seconds
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(lease(store.root, JOB))
            except Busy:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
            else:
                break
        yield


class Auditor:
    """Audits suspected tables in a process of its own, because an audit needs landing to go on meanwhile."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._child: subprocess.Popen[bytes] | None = None
        self._seen = -1  # suspects that were met when bronze was last asked
        self._next = 0.0

    def look(self, landing: Landing) -> None:
        """Start an audit when there is something to audit and none runs."""
        if self._child is not None:
            code = self._child.poll()
            if code is None:
                return
            get_log().info("audit_ended", exit=code)
            self._child, self._seen = None, -1
            self._next = time.monotonic() + (AGAIN if code else 0)
        if self._seen == len(landing.suspects) or time.monotonic() < self._next:
            return
        self._seen = len(landing.suspects)
        if suspected := sorted(unresolved(self._store)):
            get_log().warning("audit_started", tables=suspected)
            command = [sys.executable, "-m", "ingestion", "audit", *suspected]
            self._child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def stop(self) -> None:
        """End an audit that runs; the next start finds the same suspects."""
        if self._child is not None and self._child.poll() is None:
            self._child.terminate()
            self._child.wait()
