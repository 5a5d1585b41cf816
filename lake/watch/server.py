"""The two addresses of watch: `/state` and `/metrics`, answered by threads from the last look."""

from __future__ import annotations

import signal
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import FrameType

import orjson
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from lake.kit.errors import Stop
from lake.kit.log import get_log
from lake.settings import LakeSettings
from lake.watch.gauges import registry
from lake.watch.settings import WatchSettings
from lake.watch.watcher import Watcher


def watch(settings: WatchSettings, lake: LakeSettings) -> None:
    """Look and answer until SIGTERM or Ctrl-C. Raises Stop when the port is taken."""
    watcher, stop = Watcher(settings, lake), threading.Event()
    server = _bound(settings, watcher)

    def end(_: int, __: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    threading.Thread(target=server.serve_forever, name="answers", daemon=True).start()
    get_log().info("watch_started", port=settings.port)
    try:
        watcher.run(stop)
    finally:
        server.shutdown()
        server.server_close()
    get_log().info("watch_stopped")


def _bound(settings: WatchSettings, watcher: Watcher) -> ThreadingHTTPServer:
    metrics, looks = registry(watcher.state)
    watcher.looked = looks.observe

    class Bound(Answers):
        pass

    Bound.watcher, Bound.metrics = watcher, metrics
    try:
        return ThreadingHTTPServer((settings.host, settings.port), Bound)
    except OSError as error:
        raise Stop(f"Port {settings.port} is taken: stop what listens there, or set WATCH_PORT to another.") from error


class Answers(BaseHTTPRequestHandler):
    """GET /state, /metrics, /healthz; nothing else is here."""

    watcher: Watcher
    metrics: CollectorRegistry
    server_version = "headwater-watch"
    sys_version = ""
    timeout = 10

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        state = self.watcher.state()
        if path == "/metrics":
            self._answer(HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest(self.metrics))
        elif path == "/healthz":
            self._answer(HTTPStatus.OK, "text/plain; charset=utf-8", b"ok\n")
        elif path != "/state":
            self._answer(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", b"/state and /metrics are here.\n")
        elif not state:
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, "text/plain; charset=utf-8", b"The first look is not over.\n")
        else:
            self._answer(HTTPStatus.OK, "application/json", orjson.dumps(state))

    def _answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Requests are not worth a line."""
