"""What `make check` compares beyond the source: generated files, and the migrations against the contracts on an empty database."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra import stack
from infra.command import call, has_command
from infra.part import Say
from infra.place import Place
from infra.settings import Settings
from lake.kit.errors import HouseError, Stop

_CHECKS = (
    ("lake", ("gen", "--check"), "Generated files are out of date: run `make gen` and commit what it writes."),
    ("lake", ("verify",), "The dbt project and the declarations do not agree."),
    ("platform_app", ("openapi", "--check"), "The app's API and its description differ: run `make gen`."),
    ("api", ("openapi", "--check"), "The shop's API and its description differ: run `make gen`."),
    ("anonymizer", ("verify",), "A contract has no treatment: give the column one in `anonymizer/policy.py`."),
    ("platform_app", ("migrate",), "The app's migrations do not run on an empty database."),
    ("platform_app", ("verify",), "The app's migrations and the contracts do not agree."),
)


def run(place: Place, say: Say) -> None:
    """Run every check of the rooms that are there, against a database of its own. Raises `Stop` at the first that fails."""
    with empty_database(place) as scratch:
        for module, words, advice in _CHECKS:
            if has_command(module):
                _compare(scratch, module, words, advice)
    say("Generated files, migrations and contracts agree.")


def _compare(scratch: Place, module: str, words: tuple[str, ...], advice: str) -> None:
    try:
        call(scratch, module, *words, whole=True)
    except HouseError as error:
        raise Stop(f"{error}\n{advice}") from error


@contextmanager
def empty_database(place: Place) -> Iterator[Place]:
    """A PostgreSQL of its own with empty databases, on a free port, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="headwater-check-", dir=place.folder("scratch")) as folder:
        Path(folder).chmod(0o755)
        free = {f"{port}_port": 0 for part in stack.PARTS.values() for port in part.ports}
        scratch = stack.open_place(Settings(run=Path(folder), **free))
        try:
            stack.up(scratch, ["postgres"], lambda _: None)
            yield scratch
        finally:
            stack.down(scratch, stack.PARTS, lambda _: None)
