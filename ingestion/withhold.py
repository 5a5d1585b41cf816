"""Rows of erased people, on their way into bronze: their place is kept, and nothing else.

A message of theirs may still come after they were erased: Kafka keeps it for days, a message in quarantine becomes
readable, a snapshot reads an old backup of the app. Landing knows them by a digest of the account's id (`lake.erased`),
so it needs neither the key nor the id.
"""

from __future__ import annotations

import re

import orjson

from ingestion.bronze import WITHHELD
from ingestion.messages import Row
from lake.contracts.model import Table
from lake.contracts.tables import BY_NAME
from lake.erased import ErasedList

UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


class Withholding:
    """Takes what belongs to erased people out of rows."""

    def __init__(self, listed: ErasedList) -> None:
        self._listed = listed

    def refresh(self) -> None:
        """Take in whoever was erased since the last time."""
        self._listed.refresh()

    def __call__(self, row: Row) -> Row:
        """The row as it may land."""
        if not self._listed.digests or row.op == "t" or not (table := BY_NAME[row.table]).people:
            return row
        if self._theirs(table, row.after or row.before or row.key):
            tx_id = None if row.op == "r" else row.tx_id  # a state belongs to no transaction
            return row._replace(op=WITHHELD, key="", before=None, after=None, tx_id=tx_id)
        if row.before and self._theirs(table, row.before):
            return row._replace(before=None)  # it has changed hands; release takes the old owner's version away
        return row

    def speaks_of_them(self, message: bytes) -> bool:
        """Whether a message that cannot be read names an erased person."""
        return bool(self._listed.digests) and self._listed.names(one.decode() for one in UUID.findall(message))

    def _theirs(self, table: Table, image: str) -> bool:
        said = orjson.loads(image)
        return self._listed.names(str(said[name]) for name in table.people if said.get(name) is not None)
