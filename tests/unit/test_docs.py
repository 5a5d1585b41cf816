"""Documentation that fails the build: every setting, command, target, endpoint, table and product is written down."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from lake.contracts.products import PRODUCTS
from lake.contracts.tables import TABLES

ROOT = Path(__file__).parents[2]
ROOMS = ("platform_app", "ingestion", "anonymizer", "lake", "api", "infra")


def prose() -> str:
    return "\n".join(path.read_text() for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))])


def settings() -> list[str]:
    """The environment name of every setting of every room."""
    found = []
    for module in sorted(
        [*ROOT.glob("*/settings.py"), *ROOT.glob("lake/*/settings.py"), *ROOT.glob("infra/*/settings.py")]
    ):
        loaded = importlib.import_module(".".join(module.relative_to(ROOT).with_suffix("").parts))
        for name, kind in vars(loaded).items():
            if isinstance(kind, type) and issubclass(kind, BaseSettings) and kind.__module__ == loaded.__name__:
                prefix = kind.model_config.get("env_prefix", "")
                assert prefix, f"{name} needs an env_prefix"
                found += [
                    str(about.validation_alias or prefix + field).upper() for field, about in kind.model_fields.items()
                ]
    return sorted(set(found))


@pytest.mark.parametrize("setting", settings())
def test_every_setting_is_documented(setting: str) -> None:
    assert f"`{setting}`" in prose(), "add it to docs/settings.md"


@pytest.mark.parametrize("room", ROOMS)
def test_the_commands_page_has_every_room(room: str) -> None:
    """The page is generated from the command lines' own help, and `make check` compares it."""
    assert f"| `python -m {room} " in (ROOT / "docs" / "commands.md").read_text()


@pytest.mark.parametrize("target", re.findall(r"^([a-z]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
def test_every_make_target_is_documented(target: str) -> None:
    assert f"make {target}" in prose()


@pytest.mark.parametrize("name", [t.name for t in TABLES] + [p.name for p in PRODUCTS])
def test_every_table_and_product_is_documented(name: str) -> None:
    assert re.search(rf"[`.\s]{name}\b", prose())


@pytest.mark.parametrize("spec", sorted((ROOT / "docs").glob("openapi-*.json")), ids=lambda p: p.stem)
def test_every_endpoint_says_what_it_does(spec: Path) -> None:
    silent = [
        f"{method.upper()} {path}"
        for path, methods in json.loads(spec.read_text())["paths"].items()
        for method, about in methods.items()
        if not (about.get("summary") and about.get("description"))
    ]
    assert silent == []
