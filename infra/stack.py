"""The whole stack: which parts there are, bringing them up in order and at once where they do not wait, and taking them down."""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress

import psutil

from infra import part as parts
from infra import process
from infra.airflow import AIRFLOW
from infra.connect import CONNECT
from infra.env_files import write_env_files
from infra.kafka import KAFKA
from infra.part import Part
from infra.place import HOST, Place, write_private
from infra.postgres import POSTGRES
from infra.rooms import ROOMS
from infra.settings import Settings
from lake.kit.errors import Stop

BASE = (POSTGRES, KAFKA, CONNECT)
PARTS: dict[str, Part] = {part.name: part for part in (*BASE, *ROOMS, *AIRFLOW)}
"""Every part by name, in the order in which it starts."""


def open_place(settings: Settings) -> Place:
    """The run folder with the ports that an earlier start chose."""
    place = Place(settings)
    place.load_ports()
    return place


def settle(place: Place, names: Iterable[str], say: parts.Say) -> None:
    """Choose the ports, make the secrets and write the settings files, before anything starts."""
    for name in names:
        parts.choose_ports(PARTS[name], place, say)
    for part in PARTS.values():  # settings files name every address, also of parts that start later
        for port in part.ports:
            if port not in place.ports and part.exists(place):
                parts.choose_ports(part, place, say)
    place.save_ports()
    write_env_files(place)


def up(place: Place, names: Iterable[str], say: parts.Say) -> list[str]:
    """Start what is not up of the named parts and of what they need; the names of those started now."""
    wanted = in_order(names)
    with locked(place):
        settle(place, wanted, say)
        started: dict[str, Future[bool]] = {}
        with ThreadPoolExecutor(max_workers=len(PARTS)) as pool:
            for name in wanted:
                started[name] = pool.submit(_after, started, PARTS[name], place, say)
        write_stack_file(place)
        return [name for name, future in started.items() if future.result()]


def _after(started: dict[str, Future[bool]], part: Part, place: Place, say: parts.Say) -> bool:
    for need in part.needs:
        if need in started:
            started[need].result()
    return parts.bring_up(part, place, say)


def in_order(names: Iterable[str]) -> list[str]:
    """The named parts and everything they need, in the order of their start."""
    wanted = set(names)
    unknown = wanted - PARTS.keys()
    if unknown:
        raise Stop(f"There is no part {', '.join(sorted(unknown))}. The parts are: {', '.join(PARTS)}.")
    for name in reversed(PARTS):
        if name in wanted:
            wanted |= set(PARTS[name].needs)
    return [name for name in PARTS if name in wanted]


def present(place: Place) -> list[str]:
    """The parts that a plain `up` starts."""
    return [name for name, part in PARTS.items() if part.exists(place) and not part.on_request]


def down(place: Place, names: Iterable[str], say: parts.Say) -> None:
    """Stop the named parts in reverse order; with all of them, also every process that still carries our mark."""
    wanted = set(names)
    with locked(place):
        for name in reversed(PARTS):
            if name in wanted and process.stop(place, name, PARTS[name].stop_signal):
                say(f"{name} is down.")
        if wanted == PARTS.keys():
            for stray in process.strays(place):
                with suppress(psutil.Error):
                    stray.kill()
        write_stack_file(place)


def clean(place: Place, say: parts.Say) -> None:
    """Stop everything and delete the run folder. Raises `Stop` for a folder that holds nothing of ours."""
    if not place.run.exists():
        say(f"There is no {place.run}.")
        return
    if not any((place.run / known).exists() for known in ("ports.json", "stamps", "venv")):
        raise Stop(f"{place.run} does not look like a run folder: nothing is deleted.")
    down(place, PARTS, say)
    shutil.rmtree(place.run)
    say(f"{place.run} is deleted.")


def write_stack_file(place: Place) -> None:
    """Write `stack.json`: each part that is up with its pid, address and log."""
    rows = []
    for name, part in PARTS.items():
        running = process.find(place, name)
        if running is not None:
            port = place.ports[part.ports[0]] if part.ports else None
            rows.append({"name": name, "pid": running.pid, "host": HOST, "port": port, "log": str(place.log(name))})
    write_private(place.folder(".") / "stack.json", json.dumps({"parts": rows}, indent=1))


@contextmanager
def locked(place: Place) -> Iterator[None]:
    """Keep a second `up` or `down` of the same run folder waiting until this one is done."""
    with (place.folder(".") / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
