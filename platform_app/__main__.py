"""The app's command line: `python -m platform_app <verb>`."""

from __future__ import annotations

import argparse
import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from pydantic import ValidationError
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from lake.contracts.tables import BY_NAME
from lake.kit import log
from lake.kit.clock import parse_moment, utc_now
from lake.kit.errors import Stop, run_command
from platform_app.db import Database
from platform_app.dump.run import import_dump
from platform_app.dump.skips import explanation
from platform_app.generate.run import generate
from platform_app.identity import restream, signing
from platform_app.identity import service as identity
from platform_app.migrations.runner import MINUTES, migrate
from platform_app.migrations.verify import faults_at
from platform_app.outbox import deliveries
from platform_app.profiles import reputation
from platform_app.sealing import Sealer
from platform_app.settings import Settings

KEPT_ALIVE = 75  # seconds that a browser's connection waits for its next page: longer than proxies keep theirs


def main(arguments: list[str] | None = None) -> int:
    """Run one verb; returns the process's exit code."""
    options = _parser().parse_args(arguments)
    log.configure("platform_app")
    return run_command(lambda: options.run(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m platform_app", description="The app where people post problems.")
    verbs = parser.add_subparsers(required=True, metavar="verb")
    verb = verbs.add_parser("migrate", help="bring the database's schema up to date")
    verb.add_argument(
        "--minutes", type=float, default=MINUTES, help="that one statement may take; 0: as long as it takes"
    )
    verb.set_defaults(run=_migrate)
    verbs.add_parser("verify", help="compare the database with the contracts").set_defaults(run=_verify)
    _importing(verbs)
    verb = verbs.add_parser("restream", help="stream rows again: of people who granted consent later, or of a table")
    verb.add_argument("--account", type=UUID, help="only this person, whether or not they wait for it")
    verb.add_argument("--table", choices=sorted(BY_NAME), help="every row of this table, as after adding a column")
    verb.set_defaults(run=_restream)
    verbs.add_parser("reputation", help="compute everybody's reputation anew, as after an import").set_defaults(
        run=_reputation
    )
    verb = verbs.add_parser("appoint", help="give a person a role")
    verb.add_argument("handle")
    verb.add_argument("role", choices=("member", "moderator", "admin"))
    verb.set_defaults(run=_appoint)
    verb = verbs.add_parser(
        "rotate-keys", help="seal every secret in the database again under new keys, and sign tokens with a new one"
    )
    verb.set_defaults(run=_rotate_keys)
    verbs.add_parser("serve", help="answer pages and the JSON API").set_defaults(run=_serve)
    verbs.add_parser("work", help="hand business events to who reacts to them, and to Kafka").set_defaults(run=_work)
    verb = verbs.add_parser("embed", help="let search know the meaning of what it knows only by its words")
    verb.add_argument("--json", action="store_true", help="print one line of JSON at the end")
    verb.set_defaults(run=_embed)
    verb = verbs.add_parser("events", help="say which business events wait, and for whom")
    verb.add_argument("--again", action="store_true", help="try those that failed again, the given up among them")
    verb.set_defaults(run=_events)
    verb = verbs.add_parser("openapi", help="write the API's description to docs/openapi-app.json")
    verb.add_argument("--check", action="store_true", help="write nothing; fail when the committed one differs")
    verb.set_defaults(run=_openapi)
    return parser


def _importing(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    verb = verbs.add_parser(
        "import",
        help="bring a Stack Exchange dump in",
        epilog=explanation(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verb.add_argument("folder", type=Path, help="holds Users.xml, Posts.xml, … or the same as .csv.gz")
    verb.add_argument("--source", help="what the community is called; the folder's name if left out")
    verb.add_argument("--seed", type=int, default=1, help="draws voters and consent (default 1)")
    verb.add_argument("--json", action="store_true", help="print one line of JSON at the end")
    verb.set_defaults(run=_import)
    verb = verbs.add_parser("generate", help="write an invented community")
    verb.add_argument("--people", type=int, default=2_000, help="how many people (default 2000)")
    verb.add_argument("--seed", type=int, default=1, help="draws everything (default 1)")
    verb.add_argument("--until", type=_moment, help="where its history ends; the first run's hour if left out")
    verb.add_argument("--json", action="store_true", help="print one line of JSON at the end")
    verb.set_defaults(run=_generate)


def _moment(text: str) -> datetime:
    try:
        return parse_moment(text)
    except ValueError:
        raise argparse.ArgumentTypeError("give an ISO 8601 date or time, such as 2026-01-31") from None


def _settings() -> Settings:
    try:
        return Settings()  # type: ignore[call-arg]  # the environment fills it
    except ValidationError as error:
        missing = ", ".join(f"APP_{'_'.join(map(str, fault['loc'])).upper()}" for fault in error.errors())
        raise Stop(f"Settings are missing or wrong: {missing}. Run `make up`, which writes env/app.env.") from None


def _owner_url() -> str:
    url = _settings().migration_url
    if url is None:
        raise Stop("APP_MIGRATION_URL is missing: set it to the database's URL as role app_owner.")
    return url.get_secret_value()


def _database(size: int = 2) -> Database:
    return Database(_settings().database_url.get_secret_value(), size=size)


def _migrate(options: argparse.Namespace) -> None:
    applied = migrate(_owner_url(), minutes=options.minutes)
    print(f"Applied {len(applied)} migrations: {', '.join(applied)}." if applied else "The schema is up to date.")


def _verify(_: argparse.Namespace) -> None:
    if faults := faults_at(_owner_url()):
        raise Stop("\n".join(faults))
    print("The database keeps every contract.")


def _import(options: argparse.Namespace) -> None:
    source = options.source or options.folder.resolve().name.lower()
    with _database() as database, _progress("Importing") as on_batch:
        summary = import_dump(database, options.folder, source=source, seed=options.seed, on_batch=on_batch)
    _print_summary(summary, options.json)


def _generate(options: argparse.Namespace) -> None:
    with _database() as database, _progress("Generating") as on_batch:
        summary = generate(
            database, people=options.people, seed=options.seed, until=options.until, now=utc_now(), on_batch=on_batch
        )
    _print_summary(summary, options.json)


@contextmanager
def _progress(doing: str, total: int | None = None) -> Iterator[Callable[[str, int], None]]:
    """Yield what is called after each batch (stage, rows); shows the count on a terminal."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TextColumn("{task.completed:,} rows" if total is None else "{task.completed:,} of {task.total:,} rows"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(doing, total=total)
        yield lambda stage, rows: progress.update(task, description=f"{doing} {stage}", advance=rows)


def _print_summary(summary: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(summary))
        return
    print(
        f"{summary['in']:,} rows read, {summary['out']:,} written, {summary['already']:,} already there, "
        f"{summary['refused']:,} refused, {summary['skipped']:,} skipped, in {summary['seconds']} s."
    )
    for table, rows in summary["tables"].items():
        print(f"  {table}: {rows:,}")
    for reason, rows in summary["reasons"].items():
        print(f"  not imported, {rows:,}: {reason}")


def _restream(options: argparse.Namespace) -> None:
    correlation_id = f"restream-{uuid4()}"
    with _database() as database:
        if options.account:
            rows = restream.restream(database, options.account, correlation_id)
        elif options.table:
            rows = restream.restream_table(database, BY_NAME[options.table], correlation_id)
        else:
            rows = restream.work_off(database, correlation_id)
    print(f"Touched {rows} rows.")


def _reputation(_: argparse.Namespace) -> None:
    with _database() as database, database.write(f"reputation-{uuid4()}") as conn:
        print(f"{reputation.compute_all(conn):,} people have a reputation.")


def _appoint(options: argparse.Namespace) -> None:
    with _database() as database, database.write(f"appoint-{uuid4()}") as conn:
        account = identity.appoint(conn, options.handle, options.role)
    print(f"{account.handle} is now {account.role}.")


def _rotate_keys(_: argparse.Namespace) -> None:
    sealer = Sealer(_settings().key_file)
    with _database() as database, database.write(f"rotate-keys-{uuid4()}") as conn:
        rows = sealer.rotate(conn, utc_now())
        kid = signing.make_key(conn, sealer, utc_now())
    for place, count in rows.items():
        print(f"{place}: {count} values are sealed under a new key.")
    print(f"Access tokens are signed with {kid}. Only the first line of the key file is needed from now on.")


def _serve(_: argparse.Namespace) -> None:
    import uvicorn  # noqa: PLC0415 - the other verbs start faster without the web framework

    from lake.metrics import served  # noqa: PLC0415
    from platform_app.app import create_app  # noqa: PLC0415

    settings = _settings()
    stop = threading.Event()
    with _database() as database:
        worker = threading.Thread(target=restream.follow, args=(database, settings.restream_seconds, stop), daemon=True)
        worker.start()
        try:
            app = create_app(settings)
            with served(app.state.meters.meters, settings.metrics_host, settings.metrics_port):
                uvicorn.run(
                    app,
                    host=settings.host,
                    port=settings.port,
                    log_config=None,
                    access_log=False,
                    server_header=False,
                    timeout_keep_alive=KEPT_ALIVE,
                    forwarded_allow_ips=settings.trusted_proxies,
                )
        finally:
            stop.set()
            worker.join(timeout=10)


def _work(_: argparse.Namespace) -> None:
    from platform_app.outbox.process import work  # noqa: PLC0415 - the other verbs start faster without Kafka

    work(_settings())


def _embed(options: argparse.Namespace) -> None:
    from platform_app.discovery import embedding, spelling  # noqa: PLC0415 - no other verb but `work` embeds
    from platform_app.discovery.embedder import Embedder  # noqa: PLC0415

    embedder = Embedder(_settings().models)
    if not embedder.there:
        raise Stop("The embedding model is missing: run `make install`, or set APP_MODELS to its folder.")
    with _database() as database:
        with database.read() as conn:
            total = embedding.waiting(conn)
        with _progress("Embedding", total) as on_batch:
            done = embedding.work_off(database, embedder, on_batch)
        words = spelling.learn(database)
    print(json.dumps({"embedded": done, "words": words}) if options.json else f"Embedded {done:,} documents.")


def _events(options: argparse.Namespace) -> None:
    with _database() as database:
        if options.again:
            with database.write(f"events-{uuid4()}") as conn:
                print(f"{deliveries.try_again(conn)} deliveries are due again.")
        with database.read() as conn:
            for one in deliveries.waiting(conn):
                why = f" ({', '.join(one.faults)})" if one.faults else ""
                print(
                    f"{one.subscriber}: {one.deliveries} waiting, {one.failing} failing, {one.given_up} given up{why}"
                )


def _openapi(options: argparse.Namespace) -> None:
    from platform_app.web import openapi  # noqa: PLC0415

    if options.check:
        openapi.check()
        print("The committed description of the API is the code's.")
    else:
        print(f"Wrote {openapi.write().name}.")


if __name__ == "__main__":
    sys.exit(main())
