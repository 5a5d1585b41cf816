"""One run: read silver at the cut, compute every table of features, write each in a commit that holds the cut."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lake.contracts.names import INTERNAL, silver_path
from lake.contracts.tables import BY_NAME
from lake.cut import cut
from lake.features.factors import factors
from lake.features.graphs import graphs
from lake.features.suggestions import suggestions
from lake.features.tables import FEATURES, JOB, SUGGESTIONS, Feature, app_of, latest_late
from lake.features.touches import READ, at_once, make_views
from lake.kit.errors import Stop
from lake.kit.log import get_log
from lake.settings import LakeSettings
from lake.store import START, Position, Store, lease, open_store
from lake.store.log import metric, newest
from lake.store.session import open_session
from lake.store.spark import failures

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

LOG = {
    # Delta's log and its statistics would keep pseudonyms for as long as they live.
    "spark.databricks.delta.properties.defaults.dataSkippingNumIndexedCols": "0",
    "spark.databricks.delta.properties.defaults.logRetentionDuration": "interval 1 days",
}

SMALL = 256 * 2**20  # bytes of silver below which compiling a query takes longer than running it
SMALL_DATA = {"spark.sql.codegen.wholeStage": "false", "spark.sql.adaptive.enabled": "false"}


@dataclass
class Made:
    """What a run did: people who take part, rows of each table; `done` when this cut had been computed before."""

    cut: Position
    people: int = 0
    rows: dict[str, int] = field(default_factory=dict)
    done: bool = False
    seconds: float = 0.0

    def summary(self) -> dict[str, int | float | bool]:
        return {
            "in": self.people, "out": sum(self.rows.values()), "refused": 0, "seconds": round(self.seconds, 3),
            "cut": int(self.cut), "done_before": self.done, **self.rows,
        }  # fmt: skip


def features(settings: LakeSettings) -> Made:
    """Compute the features of the lake at its cut; nothing is done when they are of this cut already.

    Raises Stop when nothing has been released or Spark is not installed, Busy when another run is under way.
    """
    started, store = time.monotonic(), open_store(settings)
    upto = cut(store)
    if upto == START:
        raise Stop("There is nothing in silver yet: run `python -m anonymizer release` first.")
    with lease(settings.root, JOB):
        late = latest_late(store)
        if store.position(SUGGESTIONS.path, app_of(late)) >= upto:
            return Made(upto, done=True, seconds=time.monotonic() - started)
        with failures():
            made = _make(store, open_session(settings), upto, app_of(late))
        for feature in FEATURES:
            store.vacuum(feature.path, older_than_hours=0)  # what the run before left holds people too
    made.seconds = time.monotonic() - started
    get_log().info("features_made", people=made.people, **made.rows)
    return made


def _make(store: Store, session: SparkSession, upto: Position, app: str) -> Made:
    session.conf.set("spark.sql.shuffle.partitions", str(max(2, session.sparkContext.defaultParallelism)))
    small = _bytes_of(store) < SMALL
    for key, value in (LOG | SMALL_DATA if small else LOG).items():
        session.conf.set(key, value)
    (store.root / INTERNAL).mkdir(parents=True, exist_ok=True, mode=0o700)
    make_views(session, store, upto)
    made = Made(upto, people=session.table("takes_part").count())
    tables = graphs(session) | factors(session)
    tables[SUGGESTIONS.name] = suggestions(session)

    def write(feature: Feature) -> int:
        return _write(store.root / feature.path, tables[feature.name], app, upto)

    *others, last = FEATURES
    written = [*at_once(write, others), write(last)]
    made.rows = {feature.name: rows for feature, rows in zip(FEATURES, written, strict=True)}
    return made


def _bytes_of(store: Store) -> int:
    """The size of the silver tables that are read; files that upkeep takes away meanwhile count as nothing."""
    files = [Path(file) for name in READ for file in store.files(silver_path(BY_NAME[name]))]
    return sum(file.stat().st_size for file in files if file.exists())


def _write(folder: Path, rows: DataFrame, app: str, upto: Position) -> int:
    """Replace the table by what was computed, in one commit with the cut; returns the rows."""
    ordered = rows.coalesce(1).sortWithinPartitions(*[name for name in rows.columns if name != "factors"])
    (
        ordered.write.format("delta").mode("overwrite").option("overwriteSchema", "true")
        .option("txnAppId", app).option("txnVersion", str(int(upto))).save(str(folder))
    )  # fmt: skip
    return metric(newest(folder, "WRITE"), "numOutputRows")
