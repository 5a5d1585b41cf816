"""python -m anonymizer release | verify | audit | measure"""

from __future__ import annotations

import argparse
import os
import sys
from typing import Any

import orjson

from anonymizer.settings import AnonymizerSettings
from lake.kit import log
from lake.kit.errors import run_command
from lake.settings import LakeSettings
from lake.store import Position


def parser() -> argparse.ArgumentParser:
    """The verbs and their options."""
    words = argparse.ArgumentParser(prog="python -m anonymizer", description=__doc__)
    verbs = words.add_subparsers(dest="verb", required=True)
    release = verbs.add_parser("release", help="carry new changes from bronze to silver")
    how = release.add_mutually_exclusive_group()
    how.add_argument("--follow", action="store_true", help="go on until stopped")
    how.add_argument("--replay", action="store_true", help="try the rows in quarantine again")
    how.add_argument("--again", nargs=2, metavar=("DAY", "TABLE"), help="treat what landed on a day once more")
    lane = verbs.add_parser("lane", help="the lane of free text; release starts it")
    lane.add_argument("--follow", action="store_true")
    lane.add_argument("--upto", type=int, default=None)
    verbs.add_parser("verify", help="check that every column of every contract has a treatment")
    for verb in (release, lane):
        verb.add_argument("--json", action="store_true", help="print one JSON line with counts")
    return words


def run(arguments: argparse.Namespace) -> int | None:
    """Do what the arguments say; returns the exit code."""
    from anonymizer import commands, policy  # noqa: PLC0415 - help is answered without loading Arrow

    if arguments.verb == "verify":
        print(f"{policy.verify()} columns have a treatment.")
        return None
    settings, lake = AnonymizerSettings(), LakeSettings()
    if arguments.verb == "lane":
        os.nice(5)
        upto = None if arguments.upto is None else Position(arguments.upto)
        _say(commands.text_lane(settings, lake, os.getppid(), upto), arguments.json)
    elif arguments.replay:
        _say(commands.replay_quarantine(settings, lake), arguments.json)
    elif arguments.again:
        _say(commands.treat_again(settings, lake, *arguments.again), arguments.json)
    elif arguments.follow:
        commands.release_follow(settings, lake)
    else:
        _say(commands.release_once(settings, lake), arguments.json)
    return None


def _say(summary: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(orjson.dumps(summary).decode())
    else:
        print(", ".join(f"{name} {value}" for name, value in summary.items()))


if __name__ == "__main__":
    log.configure("anonymizer")
    sys.exit(run_command(lambda: run(parser().parse_args())))
