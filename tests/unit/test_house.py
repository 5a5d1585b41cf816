"""The rules that keep the code livable, checked over the whole tree."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("anonymizer", "api", "dags", "infra", "ingestion", "lake", "platform_app")
VAGUE = {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"}
DECLARATIONS = ("lake/contracts/",)
LONGEST_MODULE, LONGEST_FUNCTION = 500, 60


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "--", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def sources() -> list[Path]:
    return tracked(*(f"{room}/*.py" for room in ROOMS))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_no_module_grows_past_the_limit() -> None:
    long = {
        name(path): lines
        for path in [*sources(), *tracked("tests/*.py")]
        if (lines := len(path.read_text().splitlines())) > LONGEST_MODULE and not name(path).startswith(DECLARATIONS)
    }
    assert long == {}, "find a seam and split these modules"


def test_no_function_grows_past_the_limit() -> None:
    long = [
        f"{name(path)}:{node.lineno} {node.name}"
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > LONGEST_FUNCTION
    ]
    assert long == [], "give the parts of these functions names of their own"


def test_module_names_say_what_is_inside() -> None:
    assert [name(path) for path in sources() if path.stem in VAGUE] == []


def test_every_package_says_what_enters_what_leaves_and_where_to_start() -> None:
    silent = [
        name(path)
        for path in sources()
        if path.name == "__init__.py" and len(path.parents) and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def test_kit_has_exactly_four_files() -> None:
    assert {p.stem for p in (ROOT / "lake/kit").glob("*.py")} == {"__init__", "clock", "ids", "errors", "log"}


def test_dbt_is_no_python_package() -> None:
    assert not (ROOT / "dbt/__init__.py").exists(), "it would hide the installed dbt"


def test_only_one_module_of_the_shop_imports_stripe() -> None:
    importers = [name(p) for p in sources() if re.search(r"^\s*(import|from) stripe\b", p.read_text(), re.MULTILINE)]
    assert importers in ([], ["api/billing/stripe_door.py"])


def test_only_the_store_imports_the_engine() -> None:
    importers = {name(p) for p in sources() if re.search(r"^\s*(import|from) deltalake\b", p.read_text(), re.MULTILINE)}
    assert all(path.startswith("lake/store/") for path in importers), importers


@pytest.mark.parametrize("word", ["NotImplementedError", "TODO", "FIXME", "XXX"])
def test_nothing_is_left_half_done(word: str) -> None:
    assert [name(path) for path in sources() if re.search(rf"\b{word}\b", path.read_text())] == []


def test_the_repository_names_no_machine() -> None:
    paths = re.compile(r"(?<![\w.])/(work|root|home/\w+)/")
    files = tracked("*.py", "*.md", "*.sql", "*.yml", "*.toml", "*.xml", "*.html", "Makefile", ".ci/run")
    assert [name(path) for path in files if paths.search(path.read_text())] in ([], [name(Path(__file__))])
