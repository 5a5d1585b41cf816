"""Release's treatments as work that an engine carries to other processes: bronze rows in, versions and refusals out.

A process opens the key, the people and, where texts are treated, the model once, and then keeps them. The people are
read from the restricted table up to exactly the position that the lane has read, whoever does the work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from anonymizer import quarantine
from anonymizer.policy import Tools
from anonymizer.registry import Registry
from anonymizer.rules.redact import Redactor
from anonymizer.settings import AnonymizerSettings
from anonymizer.spans import Masked
from anonymizer.treat import treat_changes
from anonymizer.vault import open_vault
from lake.contracts.tables import TABLES
from lake.cut import lane_of
from lake.settings import LakeSettings
from lake.store import LocalStore, Position

BATCH = 500_000  # bronze rows that one batch holds at most: a batch costs seconds however small it is
REFUSED, COUNTS = "refused", "counts"
COUNTED = pa.schema([("table", pa.string()), ("read", pa.int64()), ("withheld", pa.int64())])


@dataclass(frozen=True)
class Treating:
    """The work of a lane on some bronze rows. `done` says up to where each table has its versions already."""

    lane: str
    people: Position
    done: Mapping[str, Position]
    settings: AnonymizerSettings
    lake: LakeSettings

    def __post_init__(self) -> None:
        """Workers run in folders of their own."""
        paths = {"key_file": self.settings.key_file.resolve(), "models": self.settings.models.resolve()}
        object.__setattr__(self, "settings", self.settings.model_copy(update=paths))
        object.__setattr__(self, "lake", self.lake.model_copy(update={"root": self.lake.root.resolve()}))

    def __call__(self, rows: pa.Table, /) -> Mapping[str, pa.Table]:
        """The versions of each table by its name, the rows for quarantine, and counts."""
        tools, registry = opened(self.lane, self.settings, self.lake)
        registry.read_upto(self.people)
        parts: dict[str, pa.Table] = {}
        refused, counts = [], []
        for table in TABLES:
            if lane_of(table) != self.lane:
                continue
            fresh = pc.greater(rows["_position"], int(self.done[table.name]))
            mine = rows.filter(pc.and_(pc.equal(rows["table"], table.name), fresh)).sort_by("_position")
            if mine.num_rows:
                outcome = treat_changes(table, mine.to_pylist(), tools, registry.people.consents)
                parts[table.name] = outcome.versions
                refused += outcome.refused
                counts.append({"table": table.name, "read": mine.num_rows, "withheld": outcome.withheld})
        made = {REFUSED: quarantine.as_table(refused), COUNTS: pa.Table.from_pylist(counts, COUNTED)}
        return parts | made


class Later:
    """The model in this process after all, opened by the first text: the few rows that come late are treated here."""

    def __init__(self, settings: AnonymizerSettings, registry: Registry) -> None:
        self._settings, self._registry = settings, registry
        self._mask: Redactor | None = None

    def __call__(self, texts: Sequence[str], /) -> Sequence[Masked | None]:
        if self._mask is None:
            from anonymizer.detect import open_detector  # noqa: PLC0415 - the model, for the few texts that need it here

            self._mask = detector = open_detector(self._settings.models, self._settings.regex_timeout)
            self._registry.learn_names(detector.names)
        return self._mask(texts)


@lru_cache(maxsize=2)
def _opened(lane: str, key_file: str, models: str, regex_timeout: float, root: str) -> tuple[Tools, Registry]:
    vault = open_vault(Path(key_file))
    registry = Registry(LocalStore(Path(root)), vault)
    if lane != "text":
        return Tools(vault, lambda texts: []), registry
    from anonymizer.detect import open_detector  # noqa: PLC0415 - 250 MB of model, where texts are treated

    detector = open_detector(Path(models), regex_timeout)
    registry.names = detector.names
    return Tools(vault, detector), registry


def opened(lane: str, settings: AnonymizerSettings, lake: LakeSettings) -> tuple[Tools, Registry]:
    """What this process treats with, opened at the first call."""
    return _opened(lane, str(settings.key_file), str(settings.models), settings.regex_timeout, str(lake.root))
