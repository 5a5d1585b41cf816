"""The stand-in's settings: environment variables with the prefix STRIPE_STANDIN_, or `env/stripe.env`."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

_RUN = Path(os.environ.get("HEADWATER_RUN", ".run"))
SECRETS = Path(os.environ.get("HEADWATER_SECRETS", "/run/secrets"))  # in a container: one file for each secret setting


class Settings(BaseSettings):
    """Built once by the command line, then passed down."""

    model_config = SettingsConfigDict(
        env_prefix="STRIPE_STANDIN_",
        env_file=_RUN / "env" / "stripe.env",
        secrets_dir=SECRETS if SECRETS.is_dir() else None,
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    host: str = "127.0.0.1"
    port: int = 8130
    secret_key: SecretStr  # the one that callers send
    webhook_secret: SecretStr  # signs what is sent to webhook_url
    webhook_url: str = ""  # empty: events are kept and listed, and sent nowhere
    state: Path = _RUN / "stripe.sqlite"
    retry_seconds: float = 1.0  # before a webhook is sent again; doubles each time, up to a minute
