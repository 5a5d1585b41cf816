"""Which changes bronze has already: a change that Debezium sends again has the same LSN, table and key.

The recent past is remembered as hashes. Only what they recognise, or what lies before them, is looked up in bronze,
and only what is found there counts as a repeat.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ingestion.messages import Row

Identity = tuple[int, str, str]  # LSN, table, key
REMEMBERED = 200_000  # changes, at least; twice as many at most


def identity(row: Row) -> Identity:
    return (row.lsn, row.table, row.key)


class Repeats:
    """Recognises repeats. `look_up` returns those identities in bronze whose LSN is one of those given."""

    def __init__(self, look_up: Callable[[set[int]], set[Identity]], remembered: int = REMEMBERED) -> None:
        self._look_up = look_up
        self._remembered = remembered
        self.forget()

    def forget(self) -> None:
        """Start anew: nothing that was landed so far can come again."""
        self._young: set[int] = set()
        self._old: set[int] = set()
        self._young_top = self._old_top = -1
        self.highest = -1  # LSN seen
        self.beyond = -1  # highest LSN that is no longer remembered

    def remember(self, each: Identity) -> None:
        """Take note of a landed change."""
        lsn = each[0]
        self._young.add(hash(each))
        self._young_top = max(self._young_top, lsn)
        self.highest = max(self.highest, lsn)
        if len(self._young) >= self._remembered:
            self.beyond = max(self.beyond, self._old_top)
            self._old, self._old_top = self._young, self._young_top
            self._young, self._young_top = set(), -1

    def landed_already(self, rows: Iterable[Row]) -> set[Identity]:
        """Those of the rows that bronze holds."""
        doubtful = {identity(row) for row in rows if row.lsn <= self.highest and self._may_have(row)}
        return self._look_up({lsn for lsn, _, _ in doubtful}) & doubtful if doubtful else set()

    def _may_have(self, row: Row) -> bool:
        number = hash(identity(row))
        return row.lsn <= self.beyond or number in self._young or number in self._old
