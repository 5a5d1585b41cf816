"""The API's description, committed as `docs/openapi-app.json`."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import SecretStr

from lake.kit.errors import Stop
from platform_app.app import create_app
from platform_app.settings import Settings

COMMITTED = Path(__file__).parents[2] / "docs" / "openapi-app.json"


def described() -> str:
    """The description as JSON text; needs neither settings nor a database."""
    app = create_app(Settings(database_url=SecretStr("postgresql://")))
    return json.dumps(app.openapi(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def write(path: Path = COMMITTED) -> Path:
    """Write the description."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(described(), encoding="utf-8")
    return path


def check(path: Path = COMMITTED) -> None:
    """Stop when the committed description is not the code's."""
    if not path.exists() or path.read_text(encoding="utf-8") != described():
        raise Stop(f"{path.name} is not what the code says: run `python -m platform_app openapi` and commit it.")
