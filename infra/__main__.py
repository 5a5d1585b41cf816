"""python -m infra init | up | down | status | logs | clean | gen | check | demo | airflow"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys

from rich.console import Console

from infra import process, production, stack
from infra.settings import Settings
from lake.kit.errors import Stop, run_command


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _console() -> Console:
    """The terminal as wide as it is; elsewhere wide enough for the tables."""
    console = Console()
    return console if console.is_terminal else Console(width=130)


def _init(_: argparse.Namespace) -> None:
    stack.settle(stack.open_place(Settings()), stack.PARTS, say)


def _up(arguments: argparse.Namespace) -> None:
    place = stack.open_place(Settings())
    base = [part.name for part in stack.BASE]
    names = arguments.parts or (base if arguments.base else stack.present(place))
    if not stack.up(place, names, say):
        say("Everything is up already.")


def _down(arguments: argparse.Namespace) -> None:
    stack.down(stack.open_place(Settings()), arguments.parts or stack.PARTS, say)


def _status(arguments: argparse.Namespace) -> None:
    from infra import status  # noqa: PLC0415 - the other verbs start faster without a Kafka client

    known = status.report(stack.open_place(Settings()))
    if arguments.json:
        print(json.dumps(known))
    else:
        status.show(known, _console())


def _logs(arguments: argparse.Namespace) -> None:
    place = stack.open_place(Settings())
    names = [name for name in arguments.parts or stack.PARTS if place.log(name).exists()]
    if unknown := set(arguments.parts) - stack.PARTS.keys():
        raise Stop(f"There is no part {', '.join(sorted(unknown))}. The parts are: {', '.join(stack.PARTS)}.")
    if not names:
        say("There are no logs yet: nothing has been started.")
    elif arguments.follow:
        subprocess.run(["tail", "-n", "5", "-F", *(str(place.log(name)) for name in names)], check=False)
        return
    for name in names:
        print(f"==> {place.log(name)}")
        print("\n".join(place.log(name).read_text(errors="replace").splitlines()[-arguments.lines :]))


def _clean(arguments: argparse.Namespace) -> None:
    place = stack.open_place(Settings())
    if not arguments.yes:
        print(f"Stop everything and delete {place.run}? [y/N] ", end="", flush=True)
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            raise Stop("Nothing is deleted.")
    stack.clean(place, say)


def _gen(arguments: argparse.Namespace) -> None:
    from infra import reference  # noqa: PLC0415

    reference.write(check=arguments.check)


def _check(_: argparse.Namespace) -> None:
    from infra import check, reference  # noqa: PLC0415

    reference.write(check=True)
    check.run(stack.open_place(Settings()), say)


def _demo(arguments: argparse.Namespace) -> None:
    from infra import demo  # noqa: PLC0415

    demo.run(stack.open_place(Settings()), arguments.data, _console())


def _airflow(arguments: argparse.Namespace) -> None:
    from infra import airflow, airflow_config  # noqa: PLC0415

    place = stack.open_place(Settings())
    names = [part.name for part in airflow.AIRFLOW]
    if arguments.stop:
        stack.down(place, names, say)
        return
    stack.up(place, names, say)
    print(f"Airflow: {airflow_config.url(place)}  {airflow_config.ADMIN}  {airflow_config.password(place)}")
    if away := [name for name in ("kafka", "connect") if process.find(place, name) is None]:
        say(f"{' and '.join(away)} not up: the pipelines need `make up`, too.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra", description="The local stack.")
    verbs = parser.add_subparsers(required=True, metavar="verb")
    init = verbs.add_parser("init", help="choose ports, make secrets, write the settings files")
    init.set_defaults(run=_init)
    up = verbs.add_parser("up", help="start what is not up, or only the named parts and what they need")
    up.add_argument("parts", nargs="*")
    up.add_argument("--base", action="store_true", help="only PostgreSQL, Kafka and Connect")
    up.set_defaults(run=_up)
    down = verbs.add_parser("down", help="stop everything, or the named parts")
    down.add_argument("parts", nargs="*")
    down.set_defaults(run=_down)
    status = verbs.add_parser("status", help="show parts, lag and jobs")
    status.add_argument("--json", action="store_true")
    status.set_defaults(run=_status)
    logs = verbs.add_parser("logs", help="show the end of the logs")
    logs.add_argument("parts", nargs="*")
    logs.add_argument("-n", "--lines", type=int, default=20)
    logs.add_argument("-f", "--follow", action="store_true", help="go on showing what is written")
    logs.set_defaults(run=_logs)
    clean = verbs.add_parser("clean", help="stop everything and delete the run folder")
    clean.add_argument("--yes", action="store_true", help="do not ask")
    clean.set_defaults(run=_clean)
    gen = verbs.add_parser("gen", help="write the reference pages of settings and commands")
    gen.add_argument("--check", action="store_true", help="write nothing; fail when a page is out of date")
    gen.set_defaults(run=_gen)
    check = verbs.add_parser("check", help="compare generated files and migrations with the contracts")
    check.set_defaults(run=_check)
    demo = verbs.add_parser("demo", help="walk a community's posts from the app to paid rows")
    demo.add_argument("--data", help="folder of a Stack Exchange dump; without it a community is generated")
    demo.set_defaults(run=_demo)
    airflow = verbs.add_parser("airflow", help="start Airflow and print the administrator's login")
    airflow.add_argument("--stop", action="store_true", help="stop Airflow and nothing else")
    airflow.set_defaults(run=_airflow)
    production.add_verbs(verbs, say)
    return parser


def main() -> int:
    """Read the command line and run its verb."""
    arguments = _parser().parse_args()
    return run_command(lambda: arguments.run(arguments))


if __name__ == "__main__":
    sys.exit(main())
