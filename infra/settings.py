"""The stack's settings, and the environment that its processes inherit."""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

CHECKOUT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Where the stack lives and which ports it would like; a port in use is replaced by a free one."""

    model_config = SettingsConfigDict(
        env_prefix="INFRA_", frozen=True, extra="ignore", hide_input_in_errors=True, populate_by_name=True
    )

    run: Path = Field(default=Path(".run"), validation_alias="HEADWATER_RUN")
    postgres_port: int = 5532
    kafka_port: int = 9392
    kafka_controller_port: int = 9393
    connect_port: int = 8383
    stripe_port: int = 8130
    app_port: int = 8100
    shop_port: int = 8200
    app_metrics_port: int = 8391
    shop_metrics_port: int = 8392
    worker_metrics_port: int = 8396
    land_metrics_port: int = 8393
    release_metrics_port: int = 8394
    release_text_metrics_port: int = 8395
    watch_port: int = 8390
    airflow_port: int = 8280
    airflow_tasks: int = 3  # tasks that Airflow runs at once
    kafka_heap_mb: int = 256
    connect_heap_mb: int = 384
    start_seconds: float = 90.0  # how long a part may take until it answers
    stop_seconds: float = 20.0  # how long a part may take to end before it is killed

    @field_validator("run")
    @classmethod
    def _absolute(cls, run: Path) -> Path:
        return (CHECKOUT / run).resolve()


def process_environment(run: Path, **more: str) -> dict[str, str]:
    """The environment of every process the stack starts: the caller's own, where the run folder is, and `more`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return kept | {
        "HEADWATER_RUN": str(run),
        "PYTHONPYCACHEPREFIX": str(run / "cache" / "pycache"),
        "PYTHONUNBUFFERED": "1",
        **more,
    }
