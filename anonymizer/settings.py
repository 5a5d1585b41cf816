"""Where the key and the models are, and how release paces itself. The only place in this room that reads the environment."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

RUN = Path(os.environ.get("HEADWATER_RUN", ".run"))
SECRETS = Path(os.environ.get("HEADWATER_SECRETS", "/run/secrets"))  # in a container: one file for each secret setting
DATA = Path(os.environ.get("HEADWATER_DATA", "../shared/data"))  # labelled texts and names to measure with


class AnonymizerSettings(BaseSettings):
    """Paths and pace of the anonymizer (`ANONYMIZER_*`)."""

    model_config = SettingsConfigDict(
        env_prefix="ANONYMIZER_",
        env_file=RUN / "env" / "anonymizer.env",
        secrets_dir=SECRETS if SECRETS.is_dir() else None,
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    key_file: Path = RUN / "secrets" / "lake.key"
    models: Path = RUN / "models"
    suggest_url: SecretStr = SecretStr("")  # the app's database, as the role that reads ids and writes `suggestions`
    requests_url: SecretStr = SecretStr("")  # the app's database, as the role that answers requests of erasure
    kafka: str = "127.0.0.1:9392"  # host:port of a broker; asked how long it keeps a message
    backup_days: int = 30  # days after which no backup of the app, the lake or the warehouse is left
    wal_days: int = 7  # days after which PostgreSQL has overwritten today's write-ahead log; archives count as backups
    erase_wait: float = 120.0  # seconds an erasure waits for whoever is writing before it gives up
    poll_interval: float = 0.1  # seconds between two looks at bronze while following
    batch_rows: int = 5_000  # bronze rows that one batch holds at most
    batch_texts: int = 200  # rows with free text that one batch holds at most
    processes: int = 2  # processes that run the language model; the second shares the first one's memory
    regex_timeout: float = 0.4  # seconds one pattern may take on one text before the row is quarantined
    metrics_host: str = "127.0.0.1"  # where `release --follow` answers /metrics
    metrics_port: int = 0  # the port of /metrics of the lane without free text; 0 answers none
    text_metrics_port: int = 0  # the same of the lane of free text, which is a process of its own
    failpoint: str = ""  # tests: a named point at which the process is killed, see lake.failpoint
