"""`make demo`: bring everything up, walk the nine stops, buy rows as a procurer would, and leave the doors open."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from infra import demo_report, member, stack
from infra.command import call, end_running
from infra.place import HOST, Place
from infra.procurer import Procurer
from infra.walk import FOLLOWERS, STOPS, Tell, Walked, Walker, buy, known_key
from lake.kit.errors import HouseError, Retry, Stop

_APP_EMAIL, _SHOP_EMAIL = "demo@example.org", "procurer@example.org"
_FULL = 64 * 1024 * 1024  # bytes left on a disk below which a failure is put down to it


def run(place: Place, data: str | None, console: Console) -> None:
    """The whole demo. Running it again doubles nothing. Raises `Stop` or `Retry` with one line when a stop fails."""
    folder = _checked(data)
    walked = Walked(data=folder.name if folder else "generated")
    start = time.monotonic()
    with _telling(console) as tell, _full_disk_said(place), httpx.Client(timeout=60, trust_env=False) as client:
        logins, procurer = _walk(place, walked, folder, tell, client)
    walked.seconds = round(time.monotonic() - start, 1)
    logins["API_KEY"] = procurer.key
    demo_report.write(place, walked, logins)
    demo_report.show(console, walked)
    demo_report.show_doors(console, logins, f"http://{HOST}:{place.ports['stripe']}")
    console.print(f"\nThe walk took {walked.seconds:.0f} s. Everything stays up until `make down`.", highlight=False)


def _walk(
    place: Place, walked: Walked, folder: Path | None, tell: Tell, client: httpx.Client
) -> tuple[dict[str, str], Procurer]:
    """The nine stops, side by side where one does not wait for another; the logins, and the procurer with its key."""
    walker = Walker(place, walked, tell)
    with ThreadPoolExecutor() as pool, _ended_with_us():
        tell("starting the stack")
        stack.down(place, FOLLOWERS, lambda _: None)  # the walk does their work by command, and counts it
        stack.up(place, ["postgres"], tell)
        call(place, "platform_app", "migrate")
        filling = pool.submit(walker.fill, folder)
        stack.up(place, set(stack.present(place)) - set(FOLLOWERS), tell)
        logins = _logins(place)
        member.sign_up(logins["APP_URL"], logins["APP_EMAIL"], logins["APP_PASSWORD"], client)
        walker.stream(filling)
        walker.refine(pool)
        following = pool.submit(stack.up, place, stack.present(place), lambda _: None)
        tell(f"paid: {STOPS['paid']}")
        start = time.monotonic()
        procurer = Procurer(logins["SHOP_URL"], logins["SHOP_EMAIL"], logins["SHOP_PASSWORD"], client)
        walked.paid = buy(procurer, known_key(place))
        walked.add("paid", {"in": walked.paid.rows, "out": walked.paid.rows}, time.monotonic() - start)
        following.result()
    return logins, procurer


@contextmanager
def _ended_with_us() -> Iterator[None]:
    """However the walk ends, no command of it goes on behind our back."""
    try:
        yield
    finally:
        end_running()


def _checked(data: str | None) -> Path | None:
    if data is None:
        return None
    folder = Path(data).expanduser().resolve()
    if not folder.is_dir():
        raise Stop(f"DATA is no folder: {folder}. Give the folder that holds Posts.xml, Users.xml and the others.")
    if not any((folder / name).exists() for name in ("Posts.xml", "Posts.csv.gz", "posts.csv.gz")):
        raise Stop(f"{folder} holds no Posts.xml (or Posts.csv.gz): give the folder of a Stack Exchange dump.")
    return folder


def _logins(place: Place) -> dict[str, str]:
    return {
        "APP_URL": f"http://{HOST}:{place.ports['app']}",
        "APP_EMAIL": _APP_EMAIL,
        "APP_PASSWORD": place.secret("demo.member", 12),
        "SHOP_URL": f"http://{HOST}:{place.ports['shop']}",
        "SHOP_EMAIL": _SHOP_EMAIL,
        "SHOP_PASSWORD": place.secret("demo.procurer", 12),
    }


@contextmanager
def _telling(console: Console) -> Iterator[Tell]:
    """Show what is going on and for how long: a moving line on a terminal, a line for each step elsewhere."""
    if not console.is_terminal:
        yield lambda line: console.print(line, highlight=False)
        return
    with Progress(SpinnerColumn(), TimeElapsedColumn(), TextColumn("{task.description}"), console=console) as progress:
        task = progress.add_task("")

        def tell(line: str) -> None:
            progress.update(task, description=line)

        yield tell
        progress.update(task, description="done", total=1, completed=1)


@contextmanager
def _full_disk_said(place: Place) -> Iterator[None]:
    """A server that dies of a full disk looks like many things; say what it is."""
    try:
        yield
    except HouseError as error:
        if shutil.disk_usage(place.run).free < _FULL:
            raise Retry("The disk is full. Free some space, then run the same command again.") from error
        raise
