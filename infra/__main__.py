"""python -m infra init | up | down | status | logs | clean | demo"""

from __future__ import annotations

import argparse
import sys

from infra import stack
from infra.settings import Settings
from lake.kit.errors import run_command


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _up(arguments: argparse.Namespace) -> None:
    place = stack.open_place(Settings())
    base = [part.name for part in stack.BASE]
    names = arguments.parts or (base if arguments.base else stack.present(place))
    if not stack.up(place, names, say):
        say("Everything is up already.")


def _init(_: argparse.Namespace) -> None:
    stack.settle(stack.open_place(Settings()), stack.PARTS, say)


def _down(arguments: argparse.Namespace) -> None:
    stack.down(stack.open_place(Settings()), arguments.parts or stack.PARTS, say)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m infra", description="The local stack.")
    verbs = parser.add_subparsers(required=True, metavar="verb")
    up = verbs.add_parser("up", help="start what is not up")
    up.add_argument("parts", nargs="*")
    up.add_argument("--base", action="store_true", help="only PostgreSQL, Kafka and Connect")
    up.set_defaults(run=_up)
    verbs.add_parser("init", help="choose ports, make secrets, write settings files").set_defaults(run=_init)
    down = verbs.add_parser("down", help="stop the parts")
    down.add_argument("parts", nargs="*")
    down.set_defaults(run=_down)
    arguments = parser.parse_args()
    return run_command(lambda: arguments.run(arguments))


if __name__ == "__main__":
    sys.exit(main())
