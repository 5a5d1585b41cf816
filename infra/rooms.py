"""The rooms' own long-running commands as parts of the stack: infra starts them and never imports them."""

from __future__ import annotations

import sys
from collections.abc import Callable

from infra.command import call, has_command
from infra.connect import connectors
from infra.part import Part
from infra.place import Place
from infra.ports import answers
from lake.contracts.names import CONNECTOR


def _room(
    name: str,
    command: str,
    *,
    port: str | None = None,
    more: tuple[str, ...] = (),
    needs: tuple[str, ...] = (),
    before: Callable[[Place], object] = lambda _: None,
) -> Part:
    """A part that runs `python -m <command>` once `before` is done, and listens on `port` if it has one,
    and on `more` ports beside its work (metrics)."""
    module, *words = command.split()

    def exists(_: Place) -> bool:
        return has_command(module)

    def prepare(place: Place) -> None:
        before(place)

    def argv(_: Place) -> list[str]:
        return [sys.executable, "-m", module, *words]

    def ready(place: Place) -> bool:
        return port is None or answers(place.ports[port])

    ports = ((port,) if port else ()) + more
    return Part(name=name, ports=ports, needs=needs, prepare=prepare, command=argv, ready=ready, exists=exists)


def _migrate(module: str) -> Callable[[Place], object]:
    return lambda place: call(place, module, "migrate", seconds=120)


def _post_connector(place: Place) -> None:
    """Ask ingestion to start the connector, unless it is there: Connect, standalone, forgets it when it ends."""
    if CONNECTOR not in (connectors(place) or []):
        call(place, "ingestion", "connect", seconds=300)


ROOMS = (
    _room("stripe", "infra.stripe", port="stripe"),
    _room(
        "app",
        "platform_app serve",
        port="app",
        more=("app_metrics",),
        needs=("postgres",),
        before=_migrate("platform_app"),
    ),
    _room("worker", "platform_app work", more=("worker_metrics",), needs=("postgres", "kafka", "app")),
    _room(
        "shop", "api serve", port="shop", more=("shop_metrics",), needs=("postgres", "stripe"), before=_migrate("api")
    ),
    _room(
        "land",
        "ingestion land --follow",
        more=("land_metrics",),
        needs=("postgres", "kafka", "connect", "app"),
        before=_post_connector,
    ),
    _room("release", "anonymizer release --follow", more=("release_metrics", "release_text_metrics"), needs=("kafka",)),
    _room("watch", "lake watch", port="watch", needs=("postgres", "kafka", "connect")),
)
"""In the order of their start. Landing comes after the app because the app's migrations make the publication."""
