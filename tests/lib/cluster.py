"""A Spark standalone cluster of a test's own: a master and two workers, each a process of this machine."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import psutil
import pyspark

from infra.place import HOST
from tests.lib.stream import wait_until

CLASSES = "org.apache.spark.deploy"
SPARK_HOME = Path(pyspark.__file__).parent


class Cluster:
    """`url` is what LAKE_SPARK_MASTER takes. Each worker has one core and 1 GB."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port, self._page = _free_port(), _free_port()
        self._master: subprocess.Popen[bytes] | None = None
        self.workers: list[subprocess.Popen[bytes]] = []

    @property
    def url(self) -> str:
        return f"spark://{HOST}:{self._port}"

    def start(self) -> Cluster:
        """Start all three and wait until the master knows both workers. `stop` ends what was started, also after an error."""
        at = ("--host", HOST, "--port", str(self._port), "--webui-port", str(self._page))
        self._master = self._run("master", f"{CLASSES}.master.Master", *at)
        wait_until(lambda: self._state().get("status") == "ALIVE", 60)
        for number in (1, 2):
            room = self._folder / f"worker{number}"
            words = ("--host", HOST, "-c", "1", "-m", "1g", "-d", str(room), "--webui-port", "0", self.url)
            self.workers.append(self._run(f"worker{number}", f"{CLASSES}.worker.Worker", *words))
        wait_until(lambda: self._state().get("aliveworkers") == 2, 60)
        return self

    def _run(self, name: str, *words: str) -> subprocess.Popen[bytes]:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        more = {
            "SPARK_HOME": str(SPARK_HOME), "SPARK_LOCAL_IP": HOST, "SPARK_DAEMON_MEMORY": "256m",
            "SPARK_LOCAL_DIRS": str(self._folder / "local"), "PYSPARK_PYTHON": sys.executable,
        }  # fmt: skip
        with (self._folder / f"{name}.log").open("ab") as log:
            command = [str(SPARK_HOME / "bin/spark-class"), *words]
            return subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | more, start_new_session=True)

    def _state(self) -> dict[str, Any]:
        try:
            answer = httpx.get(f"http://{HOST}:{self._page}/json/", trust_env=False)
            return dict(answer.json()) if answer.is_success else {}
        except (httpx.TransportError, ValueError):  # the page may be there before the answer in JSON is
            return {}

    def kill_worker_of(self, pid: int) -> None:
        """kill -9 the worker whose executor runs a process, with everything below it, the process too."""
        (worker,) = [one for one in self.workers if pid in {child.pid for child in _below(one.pid)}]
        for process in _below(worker.pid):
            process.send_signal(signal.SIGKILL)
        worker.kill()
        worker.wait(20)
        self.workers.remove(worker)

    def stop(self) -> None:
        """End every process of it."""
        for process in [*self.workers, *([self._master] if self._master else [])]:
            below = _below(process.pid)
            process.terminate()
            process.wait(30)
            for left in psutil.wait_procs(below, timeout=10)[1]:
                left.kill()


def _below(pid: int) -> list[psutil.Process]:
    """The processes that a process has started, and those that these have."""
    return psutil.Process(pid).children(recursive=True)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        return int(taken.getsockname()[1])
