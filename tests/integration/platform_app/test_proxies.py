"""Behind a proxy people are told apart by what it says; what anybody else says of their address is not believed."""

from __future__ import annotations

import argparse
from typing import Any

import pytest
import uvicorn
import yaml
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from infra.settings import CHECKOUT
from platform_app import __main__ as command
from tests.lib.front_door import Door, open_door
from tests.lib.stack import Stack


def refused(door: Door, *places: str) -> list[bool]:
    """Whether asking for a new password was refused at last, for each address that a proxy names."""
    found = []
    for place in places:
        visitor = door.visitor()
        visitor.client.headers["X-Forwarded-For"] = place
        statuses = [visitor.send("/reset", email="nobody@example.org").status_code for _ in range(31)]
        found.append(429 in statuses)
        visitor = door.visitor()
        visitor.client.headers["X-Forwarded-For"] = place + "0"
        found.append(visitor.send("/reset", email="nobody@example.org").status_code == 429)
    return found


@pytest.mark.parametrize(("trusted", "others_too"), [("127.0.0.0/8", False), ("10.0.0.0/8", True)])
def test_people_behind_a_trusted_proxy_have_a_limit_each(
    app_stack: Stack, tmp_path_factory: pytest.TempPathFactory, trusted: str, others_too: bool
) -> None:
    with open_door(app_stack.url("app"), tmp_path_factory.mktemp("outbox"), trusted_proxies=trusted) as door:
        assert refused(door, "203.0.113.2") == [True, others_too]


def test_the_server_is_told_whom_to_trust(app_stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, Any] = {}
    monkeypatch.setenv("APP_DATABASE_URL", app_stack.url("app"))
    monkeypatch.setenv("APP_TRUSTED_PROXIES", "10.9.0.0/16")
    monkeypatch.setattr(uvicorn, "run", lambda _, **options: told.update(options))
    command._serve(argparse.Namespace())
    assert told["forwarded_allow_ips"] == "10.9.0.0/16"


def test_the_compose_file_trusts_the_gateways_of_docker_and_nobody_outside() -> None:
    services = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    value = services["app"]["environment"]["APP_TRUSTED_PROXIES"].split(":-")[1].rstrip("}")
    hosts = ProxyHeadersMiddleware(lambda *_: None, trusted_hosts=value).trusted_hosts  # type: ignore[arg-type]  # never called
    assert [address in hosts for address in ("172.18.0.1", "192.168.16.1", "203.0.113.2")] == [True, True, False]
