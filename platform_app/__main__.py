"""The app's command line: `python -m platform_app <verb>`."""

from __future__ import annotations

import argparse
import sys
import threading
from uuid import UUID, uuid4

from pydantic import ValidationError

from lake.kit import log
from lake.kit.errors import Stop, run_command
from platform_app.db import Database
from platform_app.identity import restream
from platform_app.identity import service as identity
from platform_app.migrations.runner import migrate
from platform_app.migrations.verify import faults_at
from platform_app.settings import Settings


def main(arguments: list[str] | None = None) -> int:
    """Run one verb; returns the process's exit code."""
    options = _parser().parse_args(arguments)
    log.configure("platform_app")
    return run_command(lambda: options.run(options))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m platform_app", description="The app where people post problems.")
    verbs = parser.add_subparsers(required=True, metavar="verb")
    verbs.add_parser("migrate", help="bring the database's schema up to date").set_defaults(run=_migrate)
    verbs.add_parser("verify", help="compare the database with the contracts").set_defaults(run=_verify)
    verb = verbs.add_parser("restream", help="stream the rows of people again who granted consent later")
    verb.add_argument("--account", type=UUID, help="only this person, whether or not they wait for it")
    verb.set_defaults(run=_restream)
    verb = verbs.add_parser("appoint", help="give a person a role")
    verb.add_argument("handle")
    verb.add_argument("role", choices=("member", "moderator", "admin"))
    verb.set_defaults(run=_appoint)
    verbs.add_parser("serve", help="answer pages and the JSON API").set_defaults(run=_serve)
    return parser


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


def _migrate(_: argparse.Namespace) -> None:
    applied = migrate(_owner_url())
    print(f"Applied {len(applied)} migrations: {', '.join(applied)}." if applied else "The schema is up to date.")


def _verify(_: argparse.Namespace) -> int:
    faults = faults_at(_owner_url())
    print("\n".join(faults) if faults else "The database keeps every contract.")
    return 1 if faults else 0


def _restream(options: argparse.Namespace) -> None:
    correlation_id = f"restream-{uuid4()}"
    with _database() as database:
        if options.account:
            rows = restream.restream(database, options.account, correlation_id)
        else:
            rows = restream.work_off(database, correlation_id)
    print(f"Touched {rows} rows.")


def _appoint(options: argparse.Namespace) -> None:
    with _database() as database, database.write(f"appoint-{uuid4()}") as conn:
        account = identity.appoint(conn, options.handle, options.role)
    print(f"{account.handle} is now {account.role}.")


def _serve(_: argparse.Namespace) -> None:
    import uvicorn  # noqa: PLC0415 - the other verbs start faster without the web framework

    from platform_app.app import create_app  # noqa: PLC0415

    settings = _settings()
    stop = threading.Event()
    with _database() as database:
        worker = threading.Thread(target=restream.follow, args=(database, settings.restream_seconds, stop), daemon=True)
        worker.start()
        try:
            uvicorn.run(create_app(settings), host=settings.host, port=settings.port, log_config=None, access_log=False)
        finally:
            stop.set()
            worker.join(timeout=10)


if __name__ == "__main__":
    sys.exit(main())
