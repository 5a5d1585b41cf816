"""A Spark of the tests' own: two threads of this process's JVM."""

from __future__ import annotations

from pathlib import Path

from infra.settings import CHECKOUT
from lake.settings import LakeSettings


def spark_settings(root: Path, **more: str) -> LakeSettings:
    """A lake that Spark writes, on this machine; `more` are further settings of the lake."""
    jars = LakeSettings().spark_jars
    settings = LakeSettings(
        _env_file=None,  # type: ignore[call-arg]
        root=root,
        engine="spark",
        spark_jars=jars if jars.is_dir() else CHECKOUT / ".run/jars/spark",
        spark_master="local[2]",
    )
    return settings.model_copy(update=more)


def stop_spark() -> None:
    """End the JVM of this process, if there is one, so that later modules have its memory."""
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    session = SparkSession._instantiatedSession
    if session is not None:
        session.stop()
    gateway, SparkContext._gateway = SparkContext._gateway, None
    SparkContext._jvm = None
    if gateway is not None:
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait(30)
