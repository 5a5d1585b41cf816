"""The app's settings: environment variables with the prefix APP_, or `env/app.env` in the run directory."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import SecretStr
from pydantic_settings import BaseSettings, DotEnvSettingsSource, SettingsConfigDict

SECRETS = Path(os.environ.get("HEADWATER_SECRETS", "/run/secrets"))  # in a container: one file for each secret setting
_RUN = Path(os.environ.get("HEADWATER_RUN", ".run"))


class Settings(BaseSettings):
    """Built once by the command line or the app's factory, then passed down."""

    model_config = SettingsConfigDict(
        env_prefix="APP_",
        env_file=_RUN / "env" / "app.env",
        secrets_dir=SECRETS if SECRETS.is_dir() else None,
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    database_url: SecretStr  # role app
    migration_url: SecretStr | None = None  # role app_owner; only `migrate` and `verify` need it
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = "http://127.0.0.1:8000"
    trusted_proxies: str = "127.0.0.1"  # addresses or networks, by commas, whose X-Forwarded-For says who asks
    assets: Path = Path("node_modules")  # the folder that holds the installed JavaScript packages
    models: Path = _RUN / "models"  # holds the embedding model; without it search knows words alone
    outbox: Path = _RUN / "outbox"  # where mail waits to be sent
    uploads: Path = _RUN / "uploads"  # where files of people lie
    key_file: Path = _RUN / "secrets" / "app.key"  # seals secrets in the database
    smtp_url: SecretStr | None = None  # smtp://[user:password@]host[:port] or smtps://…: mail goes there instead
    mail_sender: str = "Headwater <no-reply@headwater.invalid>"  # who mail is from
    pool_size: int = 10  # connections to PostgreSQL
    metrics_host: str = "127.0.0.1"  # where `serve` answers /metrics, apart from the pages
    metrics_port: int = 0  # the port of /metrics; 0 answers none
    kafka: str = ""  # host:port of a broker, for business events; empty offers them to nobody
    worker_seconds: float = 0.2  # how often `work` looks for events when there were none
    clean_seconds: float = 5.0  # how often `work` removes files that nothing shows any more
    mail_seconds: float = 5.0  # how often `work` looks for mail that is due
    worker_metrics_port: int = 0  # the port of the /metrics of `work`; 0 answers none
    outbox_days: int = 90  # how long events that everybody has handled are kept
    design: bool = False  # for development: show the design system at /design
    failpoint: str = ""  # tests: `work` kills itself when it reaches the point of this name
    pipeline_url: str = ""  # where `lake watch` answers, for the page /admin/pipeline
    airflow_url: str = ""  # Airflow's address for links on that page; empty shows none
    restream_seconds: float = 2.0  # how often `serve` looks for people who have just granted consent
    github_client_id: str = ""  # log-in with GitHub: the OAuth app's id; empty offers none
    github_client_secret: SecretStr = SecretStr("")
    github_url: str = "https://github.com"  # or a GitHub Enterprise server
    github_api_url: str = "https://api.github.com"
    google_client_id: str = ""  # log-in with Google; empty offers none
    google_client_secret: SecretStr = SecretStr("")
    google_issuer: str = "https://accounts.google.com"
    oidc_client_id: str = ""  # log-in with any OpenID Connect server; empty offers none
    oidc_client_secret: SecretStr = SecretStr("")
    oidc_issuer: str = ""  # its address, below which /.well-known/openid-configuration answers
    oidc_name: str = "Company account"  # what the button says


def airflow_url(settings: Settings) -> str:
    """Airflow's address; empty without one. It may be installed after the app was started, so the file is asked again."""
    return (settings.airflow_url or str(DotEnvSettingsSource(Settings)().get("airflow_url", ""))).rstrip("/")
