"""python -m ingestion connect | land | status | resnapshot | audit | replay"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from collections.abc import Callable
from typing import Any

from ingestion import land
from ingestion.audit import audit
from ingestion.connect import Capture
from ingestion.replay import replay
from ingestion.resnapshot import resnapshot
from ingestion.settings import RUN, Settings
from ingestion.status import status
from ingestion.worker import Worker
from lake.jobs import record
from lake.kit.errors import HouseError, run_command
from lake.kit.log import configure
from lake.settings import LakeSettings
from lake.store import Store, open_store

Summary = dict[str, Any]


def main() -> int:
    configure("ingestion")
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # it tells of every connection that ends
    arguments = _parser().parse_args()
    return run_command(lambda: _run(arguments))


def _run(arguments: argparse.Namespace) -> None:
    began = time.monotonic()
    try:
        summary: Summary = arguments.verb(arguments, Settings(), LakeSettings())
    except HouseError as error:
        record(RUN, f"ingestion {arguments.name}", error.exit_code, said=str(error))
        raise
    summary = {"in": 0, "out": 0, "refused": 0, **summary, "seconds": round(time.monotonic() - began, 3)}
    if arguments.name != "status":
        record(
            RUN,
            f"ingestion {arguments.name}",
            0,
            {k: v for k, v in summary.items() if isinstance(v, int | float | str | bool)},
        )
    if arguments.json:
        print(json.dumps(summary), flush=True)
    else:
        print(", ".join(f"{name} {value}" for name, value in summary.items()), flush=True)


def _store(lake: LakeSettings) -> Store:
    return open_store(lake)


def _connect(_: argparse.Namespace, settings: Settings, lake: LakeSettings) -> Summary:
    started = Capture(settings, Worker(settings.connect_url), _store(lake)).start()
    return {"started": started}


def _land(arguments: argparse.Namespace, settings: Settings, lake: LakeSettings) -> Summary:
    return land.follow(settings, lake, _store(lake)) if arguments.follow else land.once(settings, _store(lake))


def _status(_: argparse.Namespace, settings: Settings, lake: LakeSettings) -> Summary:
    return status(settings, _store(lake))


def _resnapshot(arguments: argparse.Namespace, settings: Settings, lake: LakeSettings) -> Summary:
    return resnapshot(settings, _store(lake), arguments.table)


def _audit(arguments: argparse.Namespace, settings: Settings, lake: LakeSettings) -> Summary:
    return audit(settings, _store(lake), arguments.table, repair=not arguments.no_repair)


def _replay(_: argparse.Namespace, settings: Settings, lake: LakeSettings) -> Summary:
    return replay(settings, _store(lake))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ingestion", description="From the write-ahead log to bronze.")
    verbs = parser.add_subparsers(required=True, metavar="verb", dest="name")

    def verb(name: str, run: Callable[..., Summary], about: str) -> argparse.ArgumentParser:
        one = verbs.add_parser(name, help=about)
        one.add_argument("--json", action="store_true", help="print one JSON line at the end")
        one.set_defaults(verb=run)
        return one

    verb("connect", _connect, "start the connector, once slot and offset are seen to agree")
    landing = verb("land", _land, "land what the topic holds")
    landing.add_argument("--follow", action="store_true", help="go on until stopped")
    verb("status", _status, "how far capture and landing are")
    verb("resnapshot", _resnapshot, "read every table anew, or those named").add_argument("table", nargs="*")
    auditing = verb("audit", _audit, "compare PostgreSQL with bronze and repair what differs")
    auditing.add_argument("table", nargs="*")
    auditing.add_argument("--no-repair", action="store_true", help="only say what differs")
    verb("replay", _replay, "land messages in quarantine that can be read now")
    return parser


if __name__ == "__main__":
    sys.exit(main())
