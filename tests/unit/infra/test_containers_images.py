"""The images: pinned, without root, without secrets, and each with exactly what its commands need of the repository."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from infra.java import java
from infra.settings import CHECKOUT
from tests.lib.containers import (
    DOCKERFILE,
    ancestry,
    build_tree,
    copies,
    ignored,
    last,
    listed,
    services,
    stages,
    target,
)

ROOMS = ("anonymizer", "api", "dags", "infra", "ingestion", "lake", "platform_app")
IMAGES = sorted({image for service in services().values() if (image := target(service))})
USERS = {
    "platform_app": "10001:10001",
    "api": "10002:10002",
    "infra": "10003:10003",
    "ingestion": "10010:10020",
    "anonymizer": "10010:10020",
    "airflow": "10010:10020",
    "spark": "10010:10020",
    "lake": "10011:10020",
    "connect": "10030:10030",
}
"""Who runs in each image. 10010 alone may enter `restricted`; 10020 is the group of those who share the lake."""


def every_line(word: str) -> list[tuple[str, str]]:
    return [(stage.name, rest) for stage in stages().values() for rest in stage.said(word)]


def bases() -> dict[str, str]:
    return dict(rest.split("=", 1) for rest in stages()[""].said("ARG"))


def test_every_base_is_an_official_image_pinned_by_tag() -> None:
    for name, image in bases().items():
        assert re.fullmatch(r"(python|node|maven|eclipse-temurin):[\w.-]*\d+\.\d+[\w.-]*", image), name
    for stage in list(stages().values())[1:]:
        assert stage.base in stages() or stage.base.strip("${}") in bases(), stage.base


def test_every_image_of_the_compose_file_is_a_target_and_runs_as_the_user_it_should() -> None:
    assert set(IMAGES) == set(USERS)
    assert {image: last(image, "USER") for image in IMAGES} == USERS


def test_the_last_word_on_the_user_is_never_root() -> None:
    for image in IMAGES:
        stage = ancestry(image)[-1]
        after = [word for word, _ in stage.lines][[word for word, _ in stage.lines].index("USER") :]
        assert not {"RUN", "COPY"} & set(after), f"{image}: nothing is installed behind USER"


def test_each_user_is_made_with_its_number() -> None:
    made = " ".join(rest for _, rest in every_line("RUN"))
    for owner in {number for user in USERS.values() for number in user.split(":")}:
        assert re.search(rf"--[ug]id {owner}\b", made) or f"--uid {owner} --user-group" in made, owner


@pytest.mark.parametrize("image", IMAGES)
def test_what_an_image_copies_is_there_and_not_ignored(image: str) -> None:
    for sources, _ in copies(image):
        for source in sources:
            assert (CHECKOUT / source).exists(), source
            assert not ignored(source), source


def test_stages_without_users_copy_only_what_is_there_too() -> None:
    for name, rest in every_line("COPY"):
        if "--from=" in rest:
            assert re.search(r"--from=(\S+)", rest)[1] in stages(), rest  # type: ignore[index]
        else:
            for source in rest.split()[:-1]:
                assert (CHECKOUT / source).exists(), f"{name}: {source}"
                assert not ignored(source), source


@pytest.mark.parametrize(
    "path", [".run/containers/secrets/lake_key", ".git/config", ".env", "tests/conftest.py", "jar"]
)
def test_nothing_private_is_sent_to_a_builder(path: str) -> None:
    assert ignored(path)


def test_no_instruction_can_hold_a_secret_or_depend_on_the_network_beyond_the_locks() -> None:
    assert not every_line("ADD")
    for word in ("ARG", "ENV"):
        for _, rest in every_line(word):
            assert not re.search(r"password|secret|token|_key\b", rest, re.IGNORECASE), rest
    for _, rest in every_line("RUN"):
        assert not re.search(r"\b(curl|wget|sudo|git clone|apt-get|chmod 777)\b", rest), rest
        assert "pip install" not in rest or "==" in rest or "--require-hashes" in rest, rest
        assert "uv sync" not in rest or "--frozen" in rest, rest
        assert "npm" not in rest or rest.startswith("npm ci"), rest


def test_commands_are_lists_so_that_signals_reach_the_process() -> None:
    for word in ("CMD", "ENTRYPOINT"):
        for _, rest in every_line(word):
            assert listed(rest), rest
    (_, entry), *others = every_line("ENTRYPOINT")
    assert not others
    assert 'exec "$@"' in listed(entry)[2], "the shell must not stand between the signal and the command"


def test_folders_are_absolute_and_ports_are_numbers() -> None:
    assert all(rest.startswith("/") for _, rest in every_line("WORKDIR"))
    assert all(re.fullmatch(r"[\d ]+", rest) for _, rest in every_line("EXPOSE"))


def test_the_installer_is_the_one_of_the_makefile() -> None:
    pinned = re.search(r"^UV_VERSION := (\S+)", (CHECKOUT / "Makefile").read_text(), re.MULTILINE)
    assert pinned
    assert ("packages", f"UV_VERSION={pinned[1]}") in every_line("ARG")


@pytest.mark.parametrize("image", [image for image in IMAGES if image != "connect"])
def test_an_image_holds_every_module_that_its_modules_import(image: str, tmp_path: Path) -> None:
    """Also those that are imported late, inside a function."""
    home = build_tree(image, tmp_path)
    missing = {
        f"{path.relative_to(home)} imports {name}"
        for path in home.rglob("*.py")
        for name in imported(path)
        if name.split(".")[0] in ROOMS and not exists(home, name)
    }
    assert missing == set()


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
    return found


def exists(home: Path, name: str) -> bool:
    path = home.joinpath(*name.split("."))
    return path.is_dir() or path.with_suffix(".py").exists()


def test_a_missing_module_would_be_seen(tmp_path: Path) -> None:
    home = build_tree("api", tmp_path)
    (home / "api" / "broken.py").write_text("def late():\n    from lake.store import open_store\n")
    assert "lake.store" in imported(home / "api" / "broken.py")
    assert not exists(home, "lake.store"), "the shop's image has nothing of the lake's machinery"


@pytest.mark.parametrize("image", ["platform_app", "api"])
def test_a_front_door_holds_nothing_of_the_lakes_machinery(image: str, tmp_path: Path) -> None:
    home = build_tree(image, tmp_path)
    small = {"__init__.py", "contracts", "kit", "metrics.py", "failpoint.py", "http_meters.py", "jobs.py"}
    assert {path.name for path in (home / "lake").iterdir()} == small


def test_capture_is_started_like_the_local_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The same flags; only the class differs, because a distributed worker remembers its connector."""
    (tmp_path / "one.jar").touch()
    here = java(384, Path("/etc/connect/log4j2.xml"), tmp_path, "org.apache.kafka.connect.cli.ConnectDistributed", "x")
    there = listed(last("connect", "CMD") or "")
    assert [Path(here[0]).name, *here[1:-4]] == there[:-4]
    assert there[-4:] == ["-cp", "/opt/connect/jars/*", here[-2], "/etc/connect/worker.properties"]


def test_the_dockerfile_names_the_lock_files_of_the_repository() -> None:
    text = DOCKERFILE.read_text()
    for lock in ("uv.lock", "package-lock.json", "pom.xml", "infra/models.txt"):
        assert lock in text


def test_the_scheduler_has_the_packages_that_its_tasks_need() -> None:
    needed = {
        name for file in (CHECKOUT / "dags").glob("*.py") for name in re.findall(r'needs="(\w+)"', file.read_text())
    }
    assert needed == {"pyspark"}
    brought = {rest for stage in ancestry("airflow") for rest in stage.said("COPY")}
    assert {
        "--from=spark-packages /opt/venv /opt/venv",
        "--from=spark-jars /opt/jars/spark /opt/jars/spark",
        "--from=jre /opt/java/openjdk /opt/java/openjdk",
    } <= brought
    assert services()["airflow-scheduler"]["environment"]["LAKE_SPARK_JARS"] == "/opt/jars/spark"
