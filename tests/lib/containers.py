"""docker-compose.yml and the Dockerfile as data, read without a container engine."""

from __future__ import annotations

import fnmatch
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from infra.settings import CHECKOUT

COMPOSE = CHECKOUT / "docker-compose.yml"
DOCKERFILE = CHECKOUT / "infra" / "containers" / "Dockerfile"
_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


def compose() -> dict[str, Any]:
    """The compose file with its anchors resolved and each `${NAME:-default}` replaced by its default."""
    text = _VARIABLE.sub(lambda found: found[2] or "", COMPOSE.read_text())
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose()["services"]
    return found


def names(entries: list[Any]) -> list[str]:
    """The names in a list of secrets, long or short."""
    return [entry["source"] if isinstance(entry, dict) else str(entry) for entry in entries]


def mounts(service: dict[str, Any]) -> dict[str, str]:
    """What a service mounts: source to target, with `:ro` where it may not write."""
    short = (entry.split(":", 1) for entry in service.get("volumes", []) if isinstance(entry, str))
    return {words[0]: words[1] for words in short}


def target(service: dict[str, Any]) -> str | None:
    """Which of our images a service runs; None for somebody else's."""
    found = service.get("build", {}).get("target")
    return str(found) if found else None


@dataclass
class Stage:
    """One `FROM`: what it is built on, its name, and its instructions as (word, rest)."""

    base: str
    name: str
    lines: list[tuple[str, str]] = field(default_factory=list)

    def said(self, word: str) -> list[str]:
        return [rest for first, rest in self.lines if first == word]


def stages() -> dict[str, Stage]:
    """The stages of the Dockerfile by name; what stands before the first `FROM` is the stage ""."""
    found = {"": Stage("", "")}
    current = found[""]
    for word, rest in _instructions(DOCKERFILE.read_text()):
        if word == "FROM":
            base, _, name = re.fullmatch(r"(\S+)( AS (\S+))?", rest).groups()  # type: ignore[union-attr]
            current = found[name] = Stage(base, name)
        else:
            current.lines.append((word, rest))
    return found


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    whole = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in re.sub(r"\\\n\s*", "", whole).splitlines():
        if line.strip():
            word, _, rest = line.strip().partition(" ")
            yield word.upper(), rest.strip()


def ancestry(name: str) -> list[Stage]:
    """A stage and the stages it is built on, the lowest first."""
    known, found = stages(), list[Stage]()
    while name in known and name:
        found.insert(0, known[name])
        name = known[name].base
    return found


def copies(name: str) -> list[tuple[list[str], str]]:
    """What an image takes from the repository: (sources, target) of each COPY without `--from`."""
    found = []
    for stage in ancestry(name):
        for rest in stage.said("COPY"):
            if "--from=" not in rest:
                words = [word for word in rest.split() if not word.startswith("--")]
                found.append((words[:-1], words[-1]))
    return found


def last(name: str, word: str) -> str | None:
    """The last value of an instruction along an image's ancestry."""
    said = [rest for stage in ancestry(name) for rest in stage.said(word)]
    return said[-1] if said else None


def listed(text: str) -> list[str]:
    """The words of a CMD or ENTRYPOINT in its JSON form; ValueError for the shell form."""
    words: list[str] = json.loads(text)
    return words


def ignored(path: str) -> bool:
    """Whether .dockerignore keeps a path of the repository out; the last rule that fits decides."""
    out = False
    for line in (CHECKOUT / ".dockerignore").read_text().splitlines():
        rule = line.strip()
        if not rule or rule.startswith("#"):
            continue
        keep, pattern = rule.startswith("!"), rule.removeprefix("!")
        parts = [path, *(str(parent) for parent in Path(path).parents if str(parent) != ".")]
        if any(fnmatch.fnmatch(part, pattern.removeprefix("**/")) for part in parts) or (
            pattern.startswith("**/") and any(fnmatch.fnmatch(Path(part).name, pattern[3:]) for part in parts)
        ):
            out = not keep
    return out


def build_tree(name: str, root: Path) -> Path:
    """Lay out below `root` what an image of ours holds of the repository; the folder its commands run in."""
    home = root / "srv" / "headwater"
    home.mkdir(parents=True)
    skip = shutil.ignore_patterns("__pycache__", "*.pyc")
    for sources, where in copies(name):
        for source in sources:
            place = root / where.lstrip("/") if where.startswith("/") else home / where
            if (CHECKOUT / source).is_dir():
                shutil.copytree(CHECKOUT / source, place, dirs_exist_ok=True, ignore=skip)
            else:
                goal = place / Path(source).name if where.endswith("/") else place
                goal.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(CHECKOUT / source, goal)
    return home
