"""A subscriber that writes down every event it hears of, in the order it does, without any key that would hide a double.

    python -m tests.lib.ledger <url of role app> [--failpoint worker.reacted] [--outside]

works off what is due in a process of its own; `--outside` reacts in another transaction than the delivery's: the guard
taken out.
"""

from __future__ import annotations

import argparse
from uuid import UUID

import psycopg

from platform_app.db import Conn, Database
from platform_app.outbox.meters import OutboxMeters
from platform_app.outbox.publish import Event
from platform_app.outbox.worker import Worker

SUBSCRIBER = "ledger"


def make_ledger(url: str) -> None:
    """An empty ledger; `url` is that of role app_owner."""
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("DROP TABLE IF EXISTS public.ledger")
        conn.execute("CREATE TABLE public.ledger (entry bigint GENERATED ALWAYS AS IDENTITY, event_id uuid)")
        conn.execute("GRANT SELECT, INSERT ON public.ledger TO app")


def write_down(conn: Conn, event: Event) -> None:
    conn.execute("INSERT INTO public.ledger (event_id) VALUES (%s)", (event.id,))


def entries(url: str) -> list[UUID]:
    """Every event that was heard of, as often as it was."""
    with psycopg.connect(url) as conn:
        return [row[0] for row in conn.execute("SELECT event_id FROM public.ledger ORDER BY entry").fetchall()]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--failpoint", default="")
    parser.add_argument("--outside", action="store_true")
    wanted = parser.parse_args()

    def outside(_: Conn, event: Event) -> None:
        with psycopg.connect(wanted.url) as conn:
            write_down(conn, event)

    with Database(wanted.url, size=2) as database:
        react = outside if wanted.outside else write_down
        Worker(database, {SUBSCRIBER: react}, OutboxMeters(), failpoint=wanted.failpoint).work_off()


if __name__ == "__main__":
    main()
