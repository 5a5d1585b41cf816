"""Where ingestion finds the stream and its source. The only place in this room that reads the environment."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

RUN = Path(os.environ.get("HEADWATER_RUN", ".run"))
SECRETS = Path(os.environ.get("HEADWATER_SECRETS", "/run/secrets"))  # in a container: one file for each secret setting


class Settings(BaseSettings):
    """Addresses and pace of ingestion (`INGESTION_*`)."""

    model_config = SettingsConfigDict(
        env_prefix="INGESTION_",
        env_file=RUN / "env" / "ingestion.env",
        secrets_dir=SECRETS if SECRETS.is_dir() else None,
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    kafka: str = "127.0.0.1:9392"  # host:port of a broker
    connect_url: str = "http://127.0.0.1:8383"  # Kafka Connect's REST interface
    source_url: SecretStr = SecretStr("")  # the app's database as role app_capture; its sslmode is Debezium's, too
    source_sslrootcert: str = ""  # the authority's certificate on Connect's machine, if not the URL's; or `system`
    commit_interval: float | None = None  # seconds between two commits of a follower; LAKE_COMMIT_INTERVAL when unset
    batch: int = 20_000  # messages in one commit, at most
    wait: float = 120.0  # seconds without any progress after which a command gives up
    metrics_host: str = "127.0.0.1"  # where `land --follow` answers /metrics
    metrics_port: int = 0  # the port of /metrics; 0 answers none
    failpoint: str = ""  # tests only: where this process kills itself, `name` or `name:n` for the n-th time

    @property
    def placeholder(self) -> str:
        """What Debezium writes for a value it was not given; a person who writes posts cannot guess it."""
        secret = self.source_url.get_secret_value().encode()
        return f"__debezium_unavailable_value:{hashlib.sha256(b'placeholder' + secret).hexdigest()[:24]}"
