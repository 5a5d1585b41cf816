"""The verbs that containers, a production and an administrator need: secrets, databases, topics, Prometheus beside the
stack, and a backup with the way back.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from infra.settings import CHECKOUT, Settings

SECRETS = CHECKOUT / ".run" / "containers" / "secrets"
"""Where docker-compose.yml looks for its secrets unless HEADWATER_SECRETS says otherwise."""

Say = Callable[[str], None]


def add_verbs(verbs: Any, say: Say) -> None:
    """Add the verbs to the command line; each tells with `say` what it has done."""
    making = verbs.add_parser("secrets", help="make the secrets of containers or of a production, a file each")
    _folder(making)
    making.add_argument("--server", default="postgres:5432", help="PostgreSQL as the rooms reach it (host:port)")
    making.add_argument("--parameters", default="", help="what its URLs end with, such as sslmode=verify-full")
    making.set_defaults(run=lambda words: _secrets(words, say))
    databases = verbs.add_parser("databases", help="make roles and databases in a PostgreSQL that is there")
    _folder(databases)
    databases.add_argument("--server", default="postgres:5432", help="host:port")
    databases.add_argument("--admin", default="postgres", help="a role that may make roles and databases")
    databases.set_defaults(run=lambda words: _databases(words, say))
    topics = verbs.add_parser("topics", help="make the topics of changes and of events on brokers that are there")
    topics.add_argument("--kafka", default="kafka:9092", help="host:port of a broker")
    topics.add_argument("--replicas", type=int, default=1, help="three on a cluster")
    topics.add_argument("--in-sync", type=int, default=1, help="replicas that must have a message; two on a cluster")
    topics.set_defaults(run=lambda words: _topics(words, say))
    monitor = verbs.add_parser("monitor", help="run Prometheus, and Grafana where it is installed, beside the stack")
    monitor.set_defaults(run=lambda _: _monitor(say))
    keeping = verbs.add_parser("backup", help="copy databases, lake and keys into a folder, beside the running stack")
    keeping.add_argument("folder", type=Path, help="new or empty")
    keeping.add_argument("--keys", type=Path, help="a folder for the keys, apart (default: keys, in the backup)")
    keeping.add_argument(
        "--shelf-only", action="store_true",
        help="of the lake only the products and the erased list: no raw and no pseudonymous rows, no warehouse",
    )  # fmt: skip
    keeping.set_defaults(run=lambda words: _backup(words, say))
    bringing = verbs.add_parser("restore", help="bring a backup into a run folder that holds no stack")
    bringing.add_argument("folder", type=Path, help="the backup")
    bringing.add_argument("--keys", type=Path, help="the folder with the keys (default: keys, in the backup)")
    bringing.add_argument("--check", action="store_true", help="only look whether the backup is whole")
    bringing.set_defaults(run=lambda words: _restore(words, say))


def _folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--folder", type=Path, default=SECRETS, help="the folder of secrets (default %(default)s)")


def _secrets(words: argparse.Namespace, say: Say) -> None:
    from infra.external import make_secrets  # noqa: PLC0415 - the other verbs start without a database's client

    made = make_secrets(words.folder, words.server, words.parameters)
    say(f"{len(made)} secrets made in {words.folder}." if made else f"{words.folder} has every secret already.")


def _databases(words: argparse.Namespace, say: Say) -> None:
    from infra.external import make_databases  # noqa: PLC0415

    roles = make_databases(words.folder, words.server, words.admin)
    say(f"PostgreSQL at {words.server} has the databases, with {roles} roles.")


def _topics(words: argparse.Namespace, say: Say) -> None:
    from infra.external import make_topics  # noqa: PLC0415

    make_topics(words.kafka, words.replicas, words.in_sync)
    say(f"Kafka at {words.kafka} has its topics.")


def _backup(words: argparse.Namespace, say: Say) -> None:
    from infra import backup, stack  # noqa: PLC0415

    keys = words.keys.resolve() if words.keys else None
    backup.backup(stack.open_place(Settings()), words.folder.resolve(), keys, shelf_only=words.shelf_only, say=say)


def _restore(words: argparse.Namespace, say: Say) -> None:
    from infra import restore, stack  # noqa: PLC0415

    folder, keys = words.folder.resolve(), words.keys.resolve() if words.keys else None
    if words.check:
        contents = restore.check(folder, keys)
        say(f"The backup of {contents.made_at} is whole: {len(contents.files):,} files, and its keys.")
        return
    say(restore.restore(stack.open_place(Settings()), folder, keys, say))


def _monitor(say: Say) -> int:
    from infra import monitor, stack  # noqa: PLC0415

    return monitor.run(stack.open_place(Settings()), say)
