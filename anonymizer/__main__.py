"""python -m anonymizer release | suggest | status | verify | audit | measure"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
from typing import Any
from uuid import UUID

import orjson

from anonymizer.settings import DATA, RUN, AnonymizerSettings
from lake.jobs import hearing, record
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
    lane.add_argument("--parent", type=int, required=True, help="the process without which it ends")
    suggest = verbs.add_parser("suggest", help="bring the newest suggestions back into the app")
    erasing = verbs.add_parser("erase", help="erase people who deleted their account, and write the receipts")
    erasing.add_argument("--account", type=UUID, help="only the requests of this account")
    receipts = verbs.add_parser("receipts", help="check the chain of receipts of erasure, and count them")
    for verb in (erasing, receipts):
        verb.add_argument("--json", action="store_true", help="print one JSON line with counts")
    status = verbs.add_parser("status", help="how far release is")
    verbs.add_parser("verify", help="check that every column of every contract has a treatment")
    comparing = verbs.add_parser("compare", help="compare silver with what has landed and mend what differs")
    comparing.add_argument("table", nargs="*")
    comparing.add_argument("--no-repair", action="store_true", help="only say what differs")
    comparing.add_argument("--json", action="store_true", help="print one JSON line with counts")
    audit = verbs.add_parser("audit", help="look for identifiers, one a line on stdin, in all that release left behind")
    measure = verbs.add_parser("measure", help="measure how many unknown names are found")
    measure.add_argument("--seed", type=int, default=None, help="of the names; a new one by default")
    measure.add_argument("--keep", action="store_true", help="write the figures to anonymizer/measured.json")
    for verb in (release, lane, suggest, status, audit, measure):
        verb.add_argument("--json", action="store_true", help="print one JSON line with counts")
    return words


def run(arguments: argparse.Namespace) -> int | None:
    """Do what the arguments say; returns the exit code."""
    from anonymizer import policy  # noqa: PLC0415 - help is answered without loading Arrow

    settings, lake = AnonymizerSettings(), LakeSettings()
    if arguments.verb == "verify":
        print(f"{policy.verify()} columns have a treatment.")
    elif arguments.verb == "status":
        from anonymizer.status import status  # noqa: PLC0415
        from lake.store import open_store  # noqa: PLC0415

        _say(status(open_store(lake)), arguments.json)
    elif arguments.verb == "audit":
        from anonymizer.audit import check  # noqa: PLC0415

        print(f"{check(lake.root, sys.stdin.read().splitlines())} identifiers were found nowhere.")
    elif arguments.verb == "measure":
        _measure(settings, arguments)
    elif arguments.verb == "receipts":
        from anonymizer.erasure.receipt import chain, verify  # noqa: PLC0415
        from lake.store import open_store  # noqa: PLC0415

        _say({"receipts": verify(chain(open_store(lake)))}, arguments.json)
    elif arguments.verb == "lane":
        _lane(settings, lake, arguments)
    elif arguments.verb == "compare":
        _say(_compare(settings, lake, arguments), arguments.json)
    else:
        return _recorded(settings, lake, arguments)
    return None


def _recorded(settings: AnonymizerSettings, lake: LakeSettings, arguments: argparse.Namespace) -> int:
    """Release or suggest, and write a line into the diary of jobs however it ends."""
    summary: dict[str, Any] = {}
    work = _suggest if arguments.verb == "suggest" else _release
    said: list[str] = []
    code = run_command(lambda: hearing(said, lambda: summary.update(work(settings, lake, arguments))))
    counts = {k: v for k, v in summary.items() if isinstance(v, int | float)}
    record(RUN, f"anonymizer {arguments.verb}", code, counts, " ".join(said))
    if not code:
        _say(summary, arguments.json)
    return code


def _release(settings: AnonymizerSettings, lake: LakeSettings, arguments: argparse.Namespace) -> dict[str, Any]:
    from anonymizer import commands  # noqa: PLC0415

    if arguments.verb == "erase":
        return _erase(settings, lake, arguments)
    if arguments.follow:
        commands.release_follow(settings, lake)
    if arguments.replay:
        return commands.replay_quarantine(settings, lake)
    if arguments.again:
        return commands.treat_again(settings, lake, *arguments.again)
    return commands.release_once(settings, lake)


def _suggest(settings: AnonymizerSettings, lake: LakeSettings, _: argparse.Namespace) -> dict[str, Any]:
    from anonymizer.suggest import suggest  # noqa: PLC0415

    return suggest(settings, lake).summary()


def _compare(settings: AnonymizerSettings, lake: LakeSettings, arguments: argparse.Namespace) -> dict[str, Any]:
    from anonymizer import commands  # noqa: PLC0415

    return commands.compare_silver(settings, lake, arguments.table, repair=not arguments.no_repair)


def _lane(settings: AnonymizerSettings, lake: LakeSettings, arguments: argparse.Namespace) -> None:
    from anonymizer import commands  # noqa: PLC0415

    os.nice(5)
    upto = None if arguments.upto is None else Position(arguments.upto)
    _say(commands.text_lane(settings, lake, arguments.parent, upto), arguments.json)


def _erase(settings: AnonymizerSettings, lake: LakeSettings, arguments: argparse.Namespace) -> dict[str, Any]:
    from anonymizer.erasure.command import erase  # noqa: PLC0415

    return erase(settings, lake, arguments.account)


def _measure(settings: AnonymizerSettings, arguments: argparse.Namespace) -> None:
    from anonymizer.detect import open_detector  # noqa: PLC0415
    from anonymizer.measure import MEASURED, measure  # noqa: PLC0415

    seed = random.randrange(1 << 32) if arguments.seed is None else arguments.seed  # noqa: S311 - a sample, no secret
    detector = open_detector(settings.models, settings.regex_timeout, processes=settings.processes)
    figures = measure(detector.find, DATA, seed)
    if arguments.keep:
        MEASURED.write_text(json.dumps(figures, indent=2) + "\n")
    _say(figures, arguments.json)


def _say(summary: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(orjson.dumps(summary).decode())
    else:
        print(", ".join(f"{name} {value}" for name, value in summary.items()))


if __name__ == "__main__":
    log.configure("anonymizer")
    sys.exit(run_command(lambda: run(parser().parse_args())))
