"""The rooms' own long-running commands as parts of the stack: infra starts them and never imports them."""

from __future__ import annotations

import importlib.util
import sys

from infra.part import Part
from infra.place import Place
from infra.ports import answers
from infra.settings import CHECKOUT


def _room(name: str, command: str, port: str | None, needs: tuple[str, ...]) -> Part:
    module, *words = command.split()

    def exists(_: Place) -> bool:
        return has_command(module)

    def argv(_: Place) -> list[str]:
        return [sys.executable, "-m", module, *words]

    def ready(place: Place) -> bool:
        return port is None or answers(place.ports[port])

    ports = (port,) if port else ()
    return Part(name=name, ports=ports, needs=needs, command=argv, ready=ready, exists=exists)


def has_command(module: str) -> bool:
    """Whether `python -m module` would find something to run, without importing it."""
    folder = CHECKOUT.joinpath(*module.split("."))
    return (folder / "__main__.py").exists() or (
        not folder.is_dir() and importlib.util.find_spec(module.split(".", maxsplit=1)[0]) is not None
    )


ROOMS = (
    _room("stripe", "infra.stripe", "stripe", ()),
    _room("app", "platform_app serve", "app", ("postgres",)),
    _room("shop", "api serve", "shop", ("postgres", "stripe")),
    _room("land", "ingestion land --follow", None, ("postgres", "kafka", "connect")),
    _room("release", "anonymizer release --follow", None, ("kafka",)),
)
