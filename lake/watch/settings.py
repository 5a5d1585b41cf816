"""Where watch finds what it watches. The only place in this folder that reads the environment."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

RUN = Path(os.environ.get("HEADWATER_RUN", ".run"))
SECRETS = Path(os.environ.get("HEADWATER_SECRETS", "/run/secrets"))  # in a container: one file for each secret setting


class WatchSettings(BaseSettings):
    """Addresses and pace of watch (`WATCH_*`)."""

    model_config = SettingsConfigDict(
        env_prefix="WATCH_",
        env_file=RUN / "env" / "watch.env",
        secrets_dir=SECRETS if SECRETS.is_dir() else None,
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    host: str = "127.0.0.1"
    port: int = 8390  # of /state and /metrics
    kafka: str = "127.0.0.1:9392"  # host:port of a broker
    connect_url: str = "http://127.0.0.1:8383"  # Kafka Connect's REST interface
    source_url: SecretStr = SecretStr("")  # the app's PostgreSQL as a role that owns and reads nothing, for the slot
    interval: float = 3.0  # seconds between two looks
    folder: Path = RUN / "watch"  # where the history for the charts outlives a restart
