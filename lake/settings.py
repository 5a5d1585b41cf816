"""Where the lake is and how it commits. The only place in this room that reads the environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

RUN = Path(os.environ.get("HEADWATER_RUN", ".run"))
SECRETS = Path(os.environ.get("HEADWATER_SECRETS", "/run/secrets"))  # in a container: one file for each secret setting


class LakeSettings(BaseSettings):
    """Paths, database addresses and pace of the lake (`LAKE_*`)."""

    model_config = SettingsConfigDict(
        env_prefix="LAKE_",
        env_file=RUN / "env" / "lake.env",
        secrets_dir=SECRETS if SECRETS.is_dir() else None,
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    root: Path = RUN / "lake"  # the folder that holds bronze, silver and the products
    engine: Literal["auto", "local", "spark"] = "auto"  # who writes the lake; auto: whoever it is marked with
    spark_master: str = "local[*]"  # where Spark runs: local[*], spark://host:port or k8s://…
    spark_memory: str = "1g"  # heap of Spark's driver
    spark_jars: Path = RUN / "jars" / "spark"  # the folder with Delta's jars for Spark
    commit_interval: float = 0.5  # seconds between two commits of a follower
    warehouse_owner_url: SecretStr = SecretStr("")  # the warehouse, as the role that makes and migrates its schemas
    warehouse_load_url: SecretStr = SecretStr("")  # the warehouse, as the role that writes `silver`
    warehouse_dbt_url: SecretStr = SecretStr("")  # the warehouse, as the role that builds `work` and `gold`
    warehouse_publish_url: SecretStr = SecretStr("")  # the warehouse, as the role that reads `gold` and nothing else
    upkeep_seconds: float = 60.0  # how long one run of `maintain` begins new steps; the rest waits for the next run
    upkeep_bytes: int = 2 << 30  # how many bytes of files one run of `maintain` rewrites, about
    failpoint: str = ""  # tests of crashes: the name of a point at which the process kills itself, see lake.failpoint
