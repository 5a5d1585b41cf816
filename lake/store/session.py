"""A Spark session with Delta, on this machine or on a cluster, set up so that small commits stay small."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from lake.kit.errors import Stop
from lake.settings import LakeSettings
from lake.store import scratch

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

MISSING = "Spark is not installed here: run `make spark`, which installs it, then this command again."
LOOPBACK = "127.0.0.1"
CHECKOUT = Path(__file__).resolve().parents[2]
CONFIGURATION = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "2",
    "spark.databricks.delta.snapshotPartitions": "2",
    # An application id that stays in the session would make a later DELETE do nothing, silently.
    "spark.databricks.delta.write.txnVersion.autoReset.enabled": "true",
    "spark.databricks.delta.retentionDurationCheck.enabled": "false",
    # A checksum file beside every file would outlive what it was made for: erasure removes what the log names.
    "spark.hadoop.fs.file.impl": "org.apache.hadoop.fs.RawLocalFileSystem",
    # delta-rs and DuckDB read these tables too.
    "spark.databricks.delta.properties.defaults.enableDeletionVectors": "false",
    "spark.databricks.delta.stats.collect": "true",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "4096",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
}


def open_session(settings: LakeSettings, name: str = "headwater", **more: str) -> SparkSession:
    """A session of its own in this process's Spark, which is started when there is none.

    `more` are further settings of Spark, with underscores for dots. Raises Stop when Spark or its jars are missing.
    """
    try:
        from pyspark.sql import SparkSession  # noqa: PLC0415 - the embedded engine does without Spark
    except ImportError as error:
        raise Stop(MISSING) from error
    jars = sorted(settings.spark_jars.resolve().glob("*.jar"))
    if not jars:
        raise Stop(MISSING)
    # Not read, but told: the workers' Python has no other way in. Without it they run whatever python3 is.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # noqa: TID251
    builder = SparkSession.builder.appName(name).master(settings.spark_master)
    for key, value in (_places(settings, jars) | CONFIGURATION).items():
        builder = builder.config(key, value)
    for key, value in more.items():
        builder = builder.config(key.replace("_", "."), value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session.newSession()


def _places(settings: LakeSettings, jars: list[Path]) -> dict[str, str]:
    """Where Spark's parts are: jars, scratch space, and loopback alone when everything runs on this machine."""
    aside = Path(tempfile.gettempdir()) / "headwater-spark"
    found = {
        # What Spark puts down while it works are rows, so it lies where rows may lie.
        "spark.local.dir": str(scratch.home(settings.root)),
        "spark.executorEnv.PYTHONPATH": str(CHECKOUT),
        "spark.jars": ",".join(map(str, jars)),
        "spark.driver.memory": settings.spark_memory,
        "spark.driver.extraJavaOptions": f"-Dderby.system.home={aside} -Djava.io.tmpdir={tempfile.gettempdir()}",
        "spark.sql.warehouse.dir": str(aside / "warehouse"),
    }
    if settings.spark_master.startswith(("local", "spark://127.", "spark://localhost")):
        os.environ["SPARK_LOCAL_IP"] = LOOPBACK  # noqa: TID251
        found |= {"spark.driver.host": LOOPBACK, "spark.driver.bindAddress": LOOPBACK}
    return found
