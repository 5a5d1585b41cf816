"""Start the connector, once it is certain that nothing is lost by it; and the repair for when something is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import psycopg

from ingestion import agreement, bronze, source
from ingestion.connector import configuration
from ingestion.messages import AUDIT
from ingestion.settings import Settings
from ingestion.worker import Worker, wait_for
from lake.contracts.model import Table
from lake.contracts.names import BRONZE, PUBLICATION, SIGNALS
from lake.contracts.tables import BY_NAME, TABLES
from lake.kit.errors import Retry, Stop
from lake.store import Position, Store

SECONDS_TO_START = 60.0
Connection = psycopg.Connection[tuple[object, ...]]


@dataclass(frozen=True)
class Capture:
    """The connector, its database and the lake it feeds."""

    settings: Settings
    worker: Worker
    store: Store

    def _wanted(self) -> dict[str, str]:
        told = self.settings
        return configuration(TABLES, told.source_url.get_secret_value(), told.placeholder, told.source_sslrootcert)

    def start(self) -> bool:
        """Post the connector unless it runs with this very configuration; true when it was posted now."""
        wanted = self._wanted()
        state = self.worker.state()
        with source.source(self.settings.source_url) as connection:
            check_publication(connection, TABLES)
            if state == "RUNNING" and _same(wanted, self.worker.configuration()):
                self._check_slot(connection)
                return False
            self._go_on(connection, wanted)
        self.worker.await_state("RUNNING", SECONDS_TO_START)
        return True

    def _go_on(self, connection: Connection, wanted: dict[str, str]) -> None:
        """Post the connector stopped: only then Connect tells where it would go on, and Debezium cannot go on wrongly."""
        self.worker.post(wanted, stopped=True)
        self.worker.stop()
        offset = self.worker.offset()
        agreement.check(source.slot(connection), offset, landed_before=_has_snapshot(self.store))
        if offset is None:
            self._drop_slot(connection)
        else:
            source.mark(connection, AUDIT, {"kind": "opening"})
            self.worker.move(agreement.without_search(offset))
        self.worker.resume()

    def _check_slot(self, connection: Connection) -> None:
        slot = source.slot(connection)
        if slot is None or slot.status == "lost":
            agreement.check(slot, {}, landed_before=True)

    def restart_from_nothing(self) -> None:
        """The repair of everything: a new slot, and every table read anew. Bronze keeps what it has."""
        wanted = self._wanted()
        with source.source(self.settings.source_url) as connection:
            check_publication(connection, TABLES)
            self.worker.post(wanted, stopped=True)
            self.worker.stop()
            self.worker.forget_offset()
            self._drop_slot(connection)
        self.worker.resume()
        self.worker.await_state("RUNNING", SECONDS_TO_START)

    @staticmethod
    def _drop_slot(connection: Connection) -> None:
        """Drop the slot once the stopped connector, or one that was killed, has let go of it."""

        def dropped() -> bool | None:
            try:
                source.drop_slot(connection)
            except psycopg.errors.ObjectInUse:
                return None
            return True

        if wait_for(dropped, 30) is None:
            raise Retry(
                "The replication slot is in use by another connector. Stop that one, then run the command again."
            )

    def ask(self, names: Sequence[str]) -> None:
        """Ask for some tables to be read anew while the stream waits."""
        tables = [published(name).full_name for name in names]
        if self.worker.state() != "RUNNING":
            raise Retry("The connector does not run. Run `python -m ingestion connect`, then try again.")
        with source.source(self.settings.source_url) as connection:
            source.ask_snapshot(connection, tables)


def published(name: str) -> Table:
    """The contract of a published table; its name may be given with or without the schema."""
    table = BY_NAME.get(name.rpartition(".")[2])
    if table is None:
        raise Stop(f"There is no published table {name!r}. The tables are: {', '.join(BY_NAME)}.")
    return table


def _same(wanted: dict[str, str], running: dict[str, str] | None) -> bool:
    return running is not None and wanted == {name: value for name, value in running.items() if name != "name"}


def _has_snapshot(store: Store) -> bool:
    return store.exists(BRONZE) and bool(bronze.notes(store, "b"))


def snapshots_after(store: Store, after: Position, tables: Sequence[str]) -> set[str]:
    """Which of the tables have a complete snapshot in bronze that started beyond a position."""
    if not store.exists(BRONZE):
        return set()
    done = bronze.notes(store, "b", after)
    return {n["table"] for n in done if n["table"] in tables and n["after"]["hides"] > after}


def check_publication(connection: Connection, tables: Sequence[Table]) -> None:
    """Raise Stop unless the publication holds every published table and the signal table."""
    rows = connection.execute(
        "SELECT schemaname || '.' || tablename FROM pg_publication_tables WHERE pubname = %s", (PUBLICATION,)
    )
    have = {str(name) for (name,) in rows}
    if missing := {SIGNALS, *(table.full_name for table in tables)} - have:
        raise Stop(
            f"The publication {PUBLICATION!r} lacks {', '.join(sorted(missing))}: run `python -m platform_app migrate`."
        )
