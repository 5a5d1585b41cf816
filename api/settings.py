"""The shop's settings: environment variables with the prefix API_, or `env/api.env` in the run directory."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

RUN = Path(os.environ.get("HEADWATER_RUN", ".run"))
SECRETS = Path(os.environ.get("HEADWATER_SECRETS", "/run/secrets"))  # in a container: one file for each secret setting


class Settings(BaseSettings):
    """Built once by the command line or the shop's factory, then passed down."""

    model_config = SettingsConfigDict(
        env_prefix="API_",
        env_file=RUN / "env" / "api.env",
        secrets_dir=SECRETS if SECRETS.is_dir() else None,
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    database_url: SecretStr  # role shop
    migration_url: SecretStr | None = None  # role shop_owner; only `migrate` needs it
    host: str = "127.0.0.1"
    port: int = 8200
    public_url: str = "http://127.0.0.1:8200"  # what links, receipts and Stripe's return address begin with
    shelf: Path = Path(".run/lake/gold")  # published products: <product>/v0001/
    stripe_base: str = "https://api.stripe.com"  # the local stand-in has the same API at another address
    stripe_secret_key: SecretStr = SecretStr("")
    stripe_webhook_secret: SecretStr = SecretStr("")  # empty: the webhook endpoint refuses everything
    signing_key_file: Path = Path(".run/secrets/receipt.key")  # Ed25519 seed in hex; made, mode 0600, when missing
    assets: Path | None = None  # installed JavaScript packages; the shop's pages work without
    pool_size: int = Field(default=8, ge=1)  # connections to PostgreSQL
    requests_per_minute: int = Field(default=3000, ge=1)  # of one API key
    anonymous_per_minute: int = Field(default=300, ge=1)  # of one address without a key
    attempts_per_minute: int = Field(default=20, ge=1)  # passwords tried from one address
    metrics_host: str = "127.0.0.1"  # where `serve` answers /metrics, apart from the shop's own port
    metrics_port: int = 0  # the port of /metrics; 0 answers none
    failpoint: str = ""  # tests: the process kills itself when it reaches the point of this name
