"""The app's front door, served on a free port by a thread of this process: `Door` answers, `Caller` is a person who asks."""

from __future__ import annotations

import re
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr

from platform_app.app import create_app
from platform_app.settings import Settings
from tests.lib.people import trust

PASSWORD = "eleven wild geese"
_numbers = count(1)


class Caller:
    """Somebody with cookies of their own; `token` is their bearer token if they use one."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self.client = httpx.Client(base_url=url, trust_env=False, timeout=30)
        self.token = token
        self.handle = ""
        self.email = ""

    def call(self, method: str, path: str, json: Any = None, **headers: str) -> httpx.Response:
        """A JSON request to /api/v1; with the bearer token if there is one."""
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.request(method, f"/api/v1{path}", json=json, headers=named)

    def made(self, path: str, json: Any) -> str:
        """POST something; its id."""
        answer = self.call("POST", path, json)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def look(self, path: str, status: int = 200) -> str:
        """The HTML of a page."""
        answer = self.client.get(path)
        assert answer.status_code == status, answer.text
        return answer.text

    def send(self, page: str, action: str = "", *, fragment: bool = False, **fields: Any) -> httpx.Response:
        """Open a page, take its form token and send a form as a browser without scripts does."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.look(page))
        assert found, f"{page} has no form"
        headers = {"HX-Request": "true"} if fragment else {}
        return self.client.post(action or page, data={"csrf_token": found.group(1), **fields}, headers=headers)


class Door:
    """The app, its outbox, and people who come to it."""

    def __init__(self, app: FastAPI, url: str, outbox: Path) -> None:
        self.app = app
        self.url = url
        self._callers: list[Caller] = []
        self.outbox = outbox

    def visitor(self) -> Caller:
        """Somebody who is not logged in."""
        self._callers.append(Caller(self.url))
        return self._callers[-1]

    def close(self) -> None:
        """Hang up."""
        for caller in self._callers:
            caller.client.close()

    def member(self, name: str = "ann", *, trusted: bool = True, **consents: bool) -> Caller:
        """Somebody who has signed up and calls with a bearer token; trusted unless a test is about the limits of new people."""
        caller = self.visitor()
        caller.handle = f"{name}-{next(_numbers)}"
        caller.email = f"{caller.handle}@example.org"
        body = {
            "email": caller.email, "handle": caller.handle, "display_name": name.title(), "password": PASSWORD,
            "consents": consents,
        }  # fmt: skip
        answer = caller.call("POST", "/accounts", body)
        assert answer.status_code == 201, answer.text
        caller.token = answer.json()["token"]
        caller.client.cookies.clear()
        if trusted:
            with self.app.state.database.write("test") as conn:
                trust(conn, caller.handle)
        return caller

    def browser_of(self, member: Caller) -> Caller:
        """The same person at a browser: with the session's cookie instead of a token."""
        caller = self.visitor()
        answer = caller.send("/login", email=member.email, password=PASSWORD)
        assert answer.status_code == 303, answer.text
        caller.handle, caller.email = member.handle, member.email
        return caller

    def mail(self) -> list[tuple[str, str]]:
        """(address, text) of every message that waits."""
        messages = [message_from_bytes(path.read_bytes()) for path in sorted(self.outbox.glob("*.eml"))]
        return [(str(message["To"]), str(message.get_payload(decode=True), "utf-8")) for message in messages]  # type: ignore[arg-type]

    def mail_to(self, address: str, containing: str = "") -> str:
        """The text of the newest message to an address that contains something; it is sent after the answer, so wait."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            if texts := [text for to, text in self.mail() if to == address and containing in text]:
                return texts[-1]
            time.sleep(0.02)
        raise AssertionError("no mail came")


def key_beside(folder: Path) -> Path:
    """The key file of an app whose outbox this is, beside the folder; made at its first use."""
    path = folder.with_name(f"{folder.name}.key")
    if not path.exists():
        path.write_text(secrets.token_hex(32))
    return path


@contextmanager
def open_door(database_url: str, outbox: Path, **settings: Any) -> Iterator[Door]:
    """The app on a migrated database, as role app, until the block ends."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        values = {"outbox": outbox, "pool_size": 4, "public_url": url, "key_file": key_beside(outbox),
                  "uploads": outbox.with_name(f"{outbox.name}.uploads"), **settings}  # fmt: skip
        chosen = Settings(database_url=SecretStr(database_url), **values)
        app, trusted = create_app(chosen), chosen.trusted_proxies
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="on", forwarded_allow_ips=trusted)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 20
        while not server.started and thread.is_alive() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert server.started, "the app does not start"
        door = Door(app, url, outbox)
        yield door
        door.close()
        server.should_exit = True
        thread.join(timeout=20)
        assert not thread.is_alive()
