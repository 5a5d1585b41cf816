"""The rooms' own long-running commands as parts of the stack: infra starts them and never imports them."""

from __future__ import annotations

import sys

from infra.command import call, has_command
from infra.part import Part
from infra.place import Place
from infra.ports import answers


def _room(
    name: str, command: str, *, port: str | None = None, needs: tuple[str, ...] = (), first: tuple[str, ...] = ()
) -> Part:
    """A part that runs `python -m <command>`, after its room's `first` commands, and listens on `port` if it has one."""
    module, *words = command.split()

    def exists(_: Place) -> bool:
        return has_command(module)

    def prepare(place: Place) -> None:
        for one in first:
            call(place, module, *one.split(), seconds=120)

    def argv(_: Place) -> list[str]:
        return [sys.executable, "-m", module, *words]

    def ready(place: Place) -> bool:
        return port is None or answers(place.ports[port])

    ports = (port,) if port else ()
    return Part(name=name, ports=ports, needs=needs, prepare=prepare, command=argv, ready=ready, exists=exists)


ROOMS = (
    _room("stripe", "infra.stripe", port="stripe"),
    _room("app", "platform_app serve", port="app", needs=("postgres",), first=("migrate",)),
    _room("shop", "api serve", port="shop", needs=("postgres", "stripe"), first=("migrate",)),
    _room("land", "ingestion land --follow", needs=("postgres", "kafka", "connect", "app"), first=("connect",)),
    _room("release", "anonymizer release --follow", needs=("kafka",)),
)
"""In the order of their start. Landing comes after the app because the app's migrations make the publication."""
