"""Where the checkout, its run folder and its Python are: all that a DAG file knows about the machine.

Airflow runs in an environment of its own. The rooms' commands run in the checkout's, so nothing of a room is imported here.
"""

from __future__ import annotations

import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
RUN = CHECKOUT / os.environ.get("HEADWATER_RUN", ".run")
PYTHON = os.environ.get("HEADWATER_PYTHON", str(CHECKOUT / ".run" / "venv" / "bin" / "python"))

_OURS = ("AIRFLOW", "_AIRFLOW", "PYTHONPATH", "MALLOC_ARENA_MAX", "VIRTUAL_ENV")


def command_environment() -> dict[str, str]:
    """The environment of a room's command: what a person would have, without anything of Airflow's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    return kept | {"HEADWATER_RUN": str(RUN), "PYTHONUNBUFFERED": "1"}


def has_package(name: str) -> bool:
    """Whether a package is installed in the rooms' environment."""
    return any(Path(PYTHON).absolute().parent.parent.glob(f"lib/python*/site-packages/{name}"))
