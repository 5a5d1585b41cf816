"""Ports: the default where it is free, another free one where it is not."""

from __future__ import annotations

import socket
from collections.abc import Callable

from infra.place import HOST, Place


def is_free(port: int) -> bool:
    """Whether nobody listens on this port of the loopback address."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Whether somebody accepts connections on this port of the loopback address."""
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


def any_free(taken: set[int]) -> int:
    """A free port that is not in `taken`, chosen by the system."""
    while True:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            port: int = probe.getsockname()[1]
        if port not in taken:
            return port


def choose(place: Place, name: str, say: Callable[[str], None]) -> bool:
    """Give the port called `name` a number that is free now; true when it differs from the one used before."""
    before = place.ports.get(name)
    wanted: int = before or getattr(place.settings, f"{name}_port")
    taken = {port for other, port in place.ports.items() if other != name}
    if wanted == 0 or wanted in taken or not is_free(wanted):
        number = any_free(taken)
        if wanted:
            say(f"Port {wanted} is in use, so {name.replace('_', ' ')} takes {number}.")
    else:
        number = wanted
    place.ports[name] = number
    return number != before
