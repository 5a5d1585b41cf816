"""A small server that speaks the part of GitHub's REST API that the app asks for; it can be away."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar


@dataclass
class LocalGitHub:
    """The running server: whose repositories it has, whether it is away, what it was asked."""

    url: str
    repositories: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    away: bool = False
    asked: list[str] = field(default_factory=list)


def repository(
    language: str | None, stars: int = 0, pushed_at: str = "2026-02-20T10:00:00Z", *, fork: bool = False
) -> Any:
    """A repository as GitHub tells of it, with more than anybody asks for."""
    return {
        "id": 1, "name": "pump", "full_name": "octavia/pump", "private": False, "fork": fork, "language": language,
        "stargazers_count": stars, "pushed_at": pushed_at, "owner": {"login": "octavia", "email": "secret@example.org"},
    }  # fmt: skip


class _Handler(BaseHTTPRequestHandler):
    github: ClassVar[LocalGitHub]

    def do_GET(self) -> None:
        self.github.asked.append(self.path)
        path = self.path.split("?")[0]
        login = path.removeprefix("/users/").removesuffix("/repos")
        found = self.github.repositories.get(login)
        status = 503 if self.github.away else 200 if found is not None else 404
        body = json.dumps(found if status == 200 else {"message": "Not Found"}).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def local_github() -> Iterator[LocalGitHub]:
    """A server on a free port until the block ends."""

    class Handler(_Handler):
        """The handler of this server alone."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Handler.github = LocalGitHub(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield Handler.github
    server.shutdown()
    server.server_close()
    thread.join(5)
