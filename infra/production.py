"""The verbs that containers and a production need and the local stack does by itself: secrets, databases,
topics, and Prometheus beside the stack.
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
    topics = verbs.add_parser("topics", help="make the topic of changes on brokers that are there")
    topics.add_argument("--kafka", default="kafka:9092", help="host:port of a broker")
    topics.add_argument("--replicas", type=int, default=1, help="three on a cluster")
    topics.add_argument("--in-sync", type=int, default=1, help="replicas that must have a message; two on a cluster")
    topics.set_defaults(run=lambda words: _topics(words, say))
    monitor = verbs.add_parser("monitor", help="run Prometheus, and Grafana where it is installed, beside the stack")
    monitor.set_defaults(run=lambda _: _monitor(say))


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
    say(f"Kafka at {words.kafka} has the topic of changes.")


def _monitor(say: Say) -> int:
    from infra import monitor, stack  # noqa: PLC0415

    return monitor.run(stack.open_place(Settings()), say)
