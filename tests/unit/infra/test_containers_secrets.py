"""In a container the secret settings come from files: every room reads them there, and an environment variable wins."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.settings import CHECKOUT

SECRETS = {
    "platform_app": (
        "APP_DATABASE_URL",
        "APP_MIGRATION_URL",
        "APP_GITHUB_CLIENT_SECRET",
        "APP_GOOGLE_CLIENT_SECRET",
        "APP_OIDC_CLIENT_SECRET",
    ),
    "ingestion": ("INGESTION_SOURCE_URL",),
    "lake": (
        "LAKE_WAREHOUSE_OWNER_URL",
        "LAKE_WAREHOUSE_LOAD_URL",
        "LAKE_WAREHOUSE_DBT_URL",
        "LAKE_WAREHOUSE_PUBLISH_URL",
    ),
    "api": ("API_DATABASE_URL", "API_MIGRATION_URL", "API_STRIPE_SECRET_KEY", "API_STRIPE_WEBHOOK_SECRET"),
    "infra.stripe": ("STRIPE_STANDIN_SECRET_KEY", "STRIPE_STANDIN_WEBHOOK_SECRET"),
}
"""The settings that hold a password or a key, by the room that reads them."""

READ = """
import importlib, json, sys
from pydantic import SecretStr
from pydantic_settings import BaseSettings
said = {}
for room in sys.argv[1:]:
    module = importlib.import_module(room + ".settings")
    kind = next(k for k in vars(module).values() if isinstance(k, type) and issubclass(k, BaseSettings) and k is not BaseSettings)
    for name, value in kind():
        if isinstance(value, SecretStr):
            said[kind.model_config["env_prefix"] + name.upper()] = value.get_secret_value()
print(json.dumps(said))
"""


def read(folder: Path, **environment: str) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", READ, *SECRETS],
        cwd=CHECKOUT, env={**inherited, "HEADWATER_RUN": str(folder / "run"), **environment},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("secrets")
    for names in SECRETS.values():
        for name in names:
            (made / name.lower()).write_text(f"file of {name}\n")
    return made


def test_every_secret_setting_is_read_from_its_file(folder: Path) -> None:
    names = {name for names in SECRETS.values() for name in names}
    assert read(folder, HEADWATER_SECRETS=str(folder)) == {name: f"file of {name}" for name in names}


def test_the_environment_wins_over_the_file(folder: Path) -> None:
    said = read(folder, HEADWATER_SECRETS=str(folder), API_DATABASE_URL="from the environment")
    assert said["API_DATABASE_URL"] == "from the environment"


def test_without_the_folder_nothing_is_read_and_nothing_is_warned_about(folder: Path) -> None:
    required = dict.fromkeys(("APP_DATABASE_URL", "API_DATABASE_URL", *SECRETS["infra.stripe"]), "x")
    said = read(folder, HEADWATER_SECRETS=str(folder / "none"), PYTHONWARNINGS="error::UserWarning", **required)
    assert said["INGESTION_SOURCE_URL"] == ""
