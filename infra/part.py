"""A part of the stack: how it is prepared, started, seen to be ready and stopped."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass

from infra import ports, process
from infra.place import Place
from lake.kit.errors import Retry, Stop

Say = Callable[[str], None]


def _nothing(_: Place) -> None:
    return None


def _always(_: Place) -> bool:
    return True


def _inherited(_: Place) -> dict[str, str]:
    return {}


@dataclass(frozen=True)
class Part:
    """One process. Its functions take the place it runs in; `ready` is asked until it says yes."""

    name: str
    command: Callable[[Place], list[str]]
    ready: Callable[[Place], bool]
    ports: tuple[str, ...] = ()  # the first one is the part's address
    needs: tuple[str, ...] = ()  # parts that must be up before; when one of them moves, this one is started again
    prepare: Callable[[Place], None] = _nothing  # before each start: settings, folders
    settle: Callable[[Place], None] = _nothing  # after each start: what must exist before anybody uses it
    exists: Callable[[Place], bool] = _always  # false where a room has no such process (yet)
    environment: Callable[[Place], dict[str, str]] = _inherited  # what its process is told beside the stack's own
    on_request: bool = False  # started only by its name, never by a plain `up`
    stop_signal: signal.Signals = signal.SIGTERM
    tries: int = 2

    def uses(self, place: Place) -> str:
        """The addresses this part was started with; a change of them means that it has to start again."""
        names = {*self.ports, *(name for name in place.ports if name in self.needs)}
        return " ".join(f"{name}={place.ports[name]}" for name in sorted(names) if name in place.ports)


def bring_up(part: Part, place: Place, say: Say) -> bool:
    """Start a part unless it is up, and wait until it is ready; true when it was started now.

    Raises `Stop` when it ends by itself every time, `Retry` when it runs and does not answer in time.
    """
    if _is_up(part, place):
        return False
    process.stop(place, part.name, part.stop_signal)
    part.prepare(place)
    for _ in range(part.tries):
        process.start(place, part.name, part.command(place), part.uses(place), **part.environment(place))
        process.wait_until(lambda: _is_ready(part, place) or not _lives(part, place), place.settings.start_seconds)
        if _lives(part, place):
            break
        process.wait_until(lambda: False, 0.5)
        if taken := [place.ports[name] for name in part.ports if not ports.is_free(place.ports[name])]:
            raise Retry(f"{part.name} cannot start: port {taken[0]} was taken meanwhile. Run the same command again.")
    if not _lives(part, place):
        raise Stop(f"{part.name} ended while it started. Look at {place.log(part.name)}.{_last_line(part, place)}")
    if not _is_ready(part, place):
        process.stop(place, part.name, signal.SIGKILL)
        raise Retry(f"{part.name} did not answer within {place.settings.start_seconds:.0f} s: {place.log(part.name)}")
    part.settle(place)
    say(f"{part.name} is up{_address(part, place)}.")
    return True


def _is_up(part: Part, place: Place) -> bool:
    running = process.find(place, part.name)
    if running is None or running.uses != part.uses(place):
        return False
    return process.wait_until(lambda: part.ready(place), 10)


def _lives(part: Part, place: Place) -> bool:
    return process.find(place, part.name) is not None


def _is_ready(part: Part, place: Place) -> bool:
    return part.ready(place) and _lives(part, place)


def _address(part: Part, place: Place) -> str:
    return f" on port {place.ports[part.ports[0]]}" if part.ports else ""


def _last_line(part: Part, place: Place) -> str:
    """A full disk is worth saying at once: it is the one cause that the reader can tell from a log's last lines."""
    tail = place.log(part.name).read_bytes()[-4000:].decode(errors="replace")
    return " The disk is full: free some space." if "No space left on device" in tail else ""


def choose_ports(part: Part, place: Place, say: Say) -> None:
    """Settle the ports of a part that is not up; one that is up keeps its own."""
    running = process.find(place, part.name)
    held = running.uses.split() if running else []
    for name in part.ports:
        if f"{name}={place.ports.get(name)}" not in held:
            ports.choose(place, name, say)
