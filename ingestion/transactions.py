"""Whether every change of a transaction has landed: as many distinct ones as the largest of its END counts says."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

REMEMBERED = 50_000


@dataclass(frozen=True)
class Suspect:
    """A transaction that is not whole: its id, what its END says, what landed, and which tables to audit (none: all)."""

    tx_id: int
    expected: int
    landed: int
    tables: tuple[str, ...]


@dataclass
class Open:
    """The transaction that the stream is in."""

    tx_id: int
    begun: bool  # its BEGIN was seen, so `landed` is all there is, unless a repeat was dropped
    landed: int = 0
    refused: int = 0
    repeats: int = 0
    tables: set[str] = field(default_factory=set)


class Transactions:
    """Follows BEGIN, changes and END. `count` returns how many changes of a transaction are in bronze."""

    def __init__(self, count: Callable[[int], int]) -> None:
        self._count = count
        self.open: Open | None = None
        self._whole: OrderedDict[int, int] = OrderedDict()  # transaction → its changes
        self._torn: dict[int, Open] = {}  # begun, and left without an END
        self._correlation: OrderedDict[int, str] = OrderedDict()

    def begin(self, tx_id: int) -> None:
        self._leave()
        self.open = Open(tx_id, begun=tx_id not in self._torn)

    def landed(self, tx_id: int | None, table: str) -> None:
        self._enter(tx_id).landed += 1
        self._enter(tx_id).tables.add(table)

    def repeated(self, tx_id: int | None) -> None:
        self._enter(tx_id).repeats += 1

    def refused(self) -> None:
        if self.open:
            self.open.refused += 1

    def _enter(self, tx_id: int | None) -> Open:
        number = -1 if tx_id is None else tx_id
        if self.open is None or self.open.tx_id != number:
            self._leave()
            self.open = Open(number, begun=False)
        return self.open

    def _leave(self) -> None:
        if self.open and self.open.tx_id not in self._whole and (self.open.landed or self.open.begun):
            known = self._torn.setdefault(self.open.tx_id, self.open)
            known.tables |= self.open.tables
        self.open = None

    def end(self, tx_id: int, counts: dict[str, int], uncommitted: int) -> list[Suspect]:
        """Judge a transaction at its END; `uncommitted` counts its changes that are landed but not yet in bronze."""
        now = self._enter(tx_id)
        self.open = None
        torn = self._torn.pop(tx_id, None)
        clean = now.begun and not now.repeats and tx_id not in self._whole
        landed = now.landed if clean else self._count(tx_id) + uncommitted
        expected = max(sum(counts.values()), self._whole.get(tx_id, 0))
        suspects = []
        if landed <= expected <= landed + now.refused:
            self._note_whole(tx_id, expected)
        else:
            tables = {*counts, *now.tables, *(torn.tables if torn else ())}
            suspects.append(Suspect(tx_id, expected, landed, tuple(sorted(tables))))
        if clean and landed and self._torn:  # the stream went on, so what was left without an END will not come again
            suspects += [Suspect(t.tx_id, -1, t.landed, tuple(sorted(t.tables))) for t in self._torn.values()]
            self._torn.clear()
        return suspects

    def _note_whole(self, tx_id: int, changes: int) -> None:
        self._whole[tx_id] = changes
        self._correlation.pop(tx_id, None)
        if len(self._whole) > REMEMBERED:
            self._whole.popitem(last=False)

    def correlate(self, tx_id: int, correlation_id: str) -> None:
        """Take note of the id under which somebody asked for a transaction."""
        self._correlation[tx_id] = correlation_id
        if len(self._correlation) > REMEMBERED:
            self._correlation.popitem(last=False)

    def correlation(self, tx_id: int | None) -> str | None:
        return None if tx_id is None else self._correlation.get(tx_id)
