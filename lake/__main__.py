"""python -m lake load | model | publish | features | maintain | compact | quality | compare | backup | sql | gen | engine | verify | watch"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psycopg
from rich.console import Console

from lake.jobs import hearing, record
from lake.kit.clock import parse_moment, utc_now
from lake.kit.errors import Retry, Stop, run_command
from lake.kit.log import configure
from lake.settings import RUN, LakeSettings

Outcome = Mapping[str, Any]


def _load(settings: LakeSettings, _: argparse.Namespace) -> Outcome:
    from lake.load import load  # noqa: PLC0415 - each verb loads only what it needs

    return load(settings).summary()


def _model(settings: LakeSettings, arguments: argparse.Namespace) -> Outcome:
    from lake.model import model  # noqa: PLC0415

    return model(settings, RUN, arguments.now).summary()


def _publish(settings: LakeSettings, arguments: argparse.Namespace) -> Outcome:
    from lake.publish import publish  # noqa: PLC0415

    return publish(settings, arguments.now).summary()


def _maintain(settings: LakeSettings, arguments: argparse.Namespace) -> Outcome:
    from lake.upkeep.maintain import maintain  # noqa: PLC0415

    return maintain(settings, arguments.now).summary()


def _compact(settings: LakeSettings, arguments: argparse.Namespace) -> Outcome:
    from lake.upkeep.compact import compact  # noqa: PLC0415

    return compact(settings, arguments.tables, arguments.now, dry_run=arguments.dry_run).summary()


def _features(settings: LakeSettings, _: argparse.Namespace) -> Outcome:
    from lake.features import features  # noqa: PLC0415

    return features(settings).summary()


def _quality(settings: LakeSettings, _: argparse.Namespace) -> Outcome:
    from lake.quality.silver import validate_silver  # noqa: PLC0415
    from lake.store import open_store  # noqa: PLC0415

    started, reports = time.monotonic(), validate_silver(open_store(settings))
    read = sum(report.rows for report in reports)
    refused = sum(max((outcome.failed_rows for outcome in report.outcomes), default=0) for report in reports)
    return {"in": read, "out": read - refused, "refused": refused, "seconds": round(time.monotonic() - started, 3)}


def _compare(settings: LakeSettings, _: argparse.Namespace) -> Outcome:
    from lake.load import compare  # noqa: PLC0415

    tables = compare(settings)
    if differing := [one.table for one in tables if not one.equal]:
        raise Stop(f"The warehouse differs from the lake in {', '.join(differing)}. Run `python -m lake load`.")
    return {"in": sum(t.lake_rows for t in tables), "out": sum(t.warehouse_rows for t in tables), "refused": 0}


def _backup(settings: LakeSettings, arguments: argparse.Namespace) -> Outcome:
    from lake.backup import backup  # noqa: PLC0415

    return backup(settings.root, arguments.folder.resolve(), shelf_only=arguments.shelf_only).summary()


def _gen(arguments: argparse.Namespace) -> None:
    from lake import gen  # noqa: PLC0415

    if arguments.check:
        gen.check()
    else:
        print("\n".join(gen.write()) or "Every generated file is up to date.")


def _engine(arguments: argparse.Namespace) -> None:
    from lake.store import engine  # noqa: PLC0415

    root = LakeSettings().root
    if arguments.engine:
        engine.switch(root, arguments.engine)
    found = engine.engine_of(root)
    print(json.dumps({"engine": found}) if arguments.json else found or "none yet: the first table decides")


def _verify(_: argparse.Namespace) -> None:
    from lake.verify import verify  # noqa: PLC0415

    print(f"{verify(RUN)} models keep the declarations.")


def _watch(_: argparse.Namespace) -> None:
    from lake.watch.server import watch  # noqa: PLC0415
    from lake.watch.settings import WatchSettings  # noqa: PLC0415

    watch(WatchSettings(), LakeSettings())


def _sql(arguments: argparse.Namespace) -> None:
    from lake import sql  # noqa: PLC0415

    root = LakeSettings().root
    if arguments.query:
        relation = sql.ask(sql.open_door(root), arguments.query)
        if relation is not None:
            relation.show(max_rows=arguments.rows, max_width=shutil.get_terminal_size((200, 50)).columns)
        return
    if sys.stdin.isatty():
        import readline  # noqa: F401, PLC0415 - gives input() a history and editing
    sql.shell(root, lambda: input("lake> " if sys.stdin.isatty() else ""), print)


JOBS: dict[str, tuple[Callable[[LakeSettings, argparse.Namespace], Outcome], str]] = {
    "load": (_load, "bring the warehouse's silver to the cut"),
    "model": (_model, "build and test the marts with dbt"),
    "publish": (_publish, "put new closed periods on the shelf as numbered versions"),
    "features": (_features, "compute with Spark what goes together, and what to suggest to whom"),
    "maintain": (_maintain, "compact silver, and let go what is past its days"),
    "compact": (_compact, "settle named tables that have outgrown maintain, with the lake's engine"),
    "quality": (_quality, "check what was appended to silver with Great Expectations"),
    "compare": (_compare, "prove that the warehouse equals the lake at the cut"),
    "backup": (_backup, "copy the lake beside its writers, as it is at one moment"),
}


def _run_job(name: str, arguments: argparse.Namespace) -> int:
    """Run a pipeline command, print its one line, and write it into the diary."""
    summary: dict[str, Any] = {}

    def body() -> None:
        try:
            with Console(stderr=True).status(f"lake {name}: {JOBS[name][1]}"):  # moves on a terminal, silent elsewhere
                summary.update(JOBS[name][0](LakeSettings(), arguments))
        except psycopg.OperationalError as error:
            raise Retry(
                "The warehouse went away, or its disk is full. Run `make up`, then this command again."
            ) from error
        line = ", ".join(f"{key} {value}" for key, value in summary.items() if not isinstance(value, dict | list))
        print(json.dumps(summary) if arguments.json else f"{name}: {line}")

    said: list[str] = []
    code = run_command(lambda: hearing(said, body))
    plain = {key: value for key, value in summary.items() if not isinstance(value, dict | list)}
    record(RUN, f"lake {name}", code, plain, " ".join(said))
    return code


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m lake", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for name, (_, about) in JOBS.items():
        verb = verbs.add_parser(name, help=about)
        verb.add_argument("--json", action="store_true", help="print one JSON line")
        verb.add_argument("--now", type=parse_moment, default=utc_now(), help="the time to run at (ISO 8601)")
        if name == "compact":
            verb.add_argument("tables", nargs="+", metavar="table", help="a table's name, as in docs/tables.md")
            verb.add_argument("--dry-run", action="store_true", help="say what there is to do, and change nothing")
        if name == "backup":
            verb.add_argument("folder", type=Path, help="where the copy goes; new or empty")
            verb.add_argument("--shelf-only", action="store_true", help="only the products and the erased list")
    verb = verbs.add_parser("sql", help="ask DuckDB about silver and gold; without a query, a shell")
    verb.add_argument("query", nargs="?", default="")
    verb.add_argument("--rows", type=int, default=40, help="how many rows to show")
    verb = verbs.add_parser("gen", help="write the files that are generated from the declarations")
    verb.add_argument("--check", action="store_true", help="only say whether they are up to date")
    verbs.add_parser("watch", help="answer /state and /metrics: how far every stage is, and what to do about it")
    verb = verbs.add_parser("engine", help="show which engine writes the lake, or give it to another one")
    verb.add_argument("engine", nargs="?", choices=("local", "spark"))
    verb.add_argument("--json", action="store_true", help="print one JSON line")
    verbs.add_parser("verify", help="check generated files and the dbt project against the declarations")
    arguments = parser.parse_args()
    configure("lake")
    tools = {"sql": _sql, "gen": _gen, "engine": _engine, "verify": _verify, "watch": _watch}
    if arguments.verb in tools:
        return run_command(lambda: tools[arguments.verb](arguments))
    return _run_job(arguments.verb, arguments)


if __name__ == "__main__":
    sys.exit(main())
