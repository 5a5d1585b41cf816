from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from lake.settings import LakeSettings
from tests.lib.silver import Silver
from tests.lib.stack import Stack


@pytest.fixture
def settings(postgres: Stack, tmp_path: Path) -> LakeSettings:
    """A lake of its own and an empty warehouse."""
    postgres.recreate("warehouse")
    return make_settings(postgres, tmp_path / "lake")


@pytest.fixture
def silver(settings: LakeSettings) -> Silver:
    return Silver(settings.root)


def make_settings(stack: Stack, root: Path) -> LakeSettings:
    return LakeSettings(
        _env_file=None,  # type: ignore[call-arg]
        root=root,
        warehouse_owner_url=SecretStr(stack.url("warehouse_owner")),
        warehouse_load_url=SecretStr(stack.url("warehouse_load")),
        warehouse_dbt_url=SecretStr(stack.url("warehouse_dbt")),
        warehouse_publish_url=SecretStr(stack.url("warehouse_publish")),
    )
