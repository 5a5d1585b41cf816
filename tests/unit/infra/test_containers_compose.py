"""docker-compose.yml: valid, hardened, and the same system as the local stack. No engine is needed, and none has run it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import check_jsonschema  # type: ignore[import-untyped]
import jsonschema  # type: ignore[import-untyped]
import pytest

from infra import kafka, postgres
from infra.external import make_secrets
from infra.place import Place
from infra.rooms import ROOMS
from infra.settings import CHECKOUT, Settings
from tests.lib.containers import COMPOSE, compose, last, mounts, names, services, target

SERVICES = services()
OURS = {name: service for name, service in SERVICES.items() if target(service)}
LASTING = {name: service for name, service in SERVICES.items() if service.get("restart") != "no"}
WRITABLE = {"kafka": "the image writes its settings below /opt/kafka when it starts"}
"""Services whose root file system may be written, and why."""


def user(name: str) -> str:
    service = SERVICES[name]
    return str(service.get("user") or last(target(service) or "", "USER"))


def test_the_file_keeps_the_compose_specification() -> None:
    path = Path(check_jsonschema.__file__).parent / "builtin_schemas" / "vendor" / "compose-spec.json"
    validator = jsonschema.Draft202012Validator(json.loads(path.read_text()))
    assert [f"{list(e.path)}: {e.message}" for e in validator.iter_errors(compose())] == []


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_no_more_rights_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is (name not in WRITABLE)
    assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    assert service["logging"]["options"]["max-size"], "a log must not fill the disk"
    assert re.fullmatch(r"[1-9]\d*:\d+", user(name)), "nobody runs as root, and each by number"
    assert not {"privileged", "pid", "ipc", "devices", "cap_add"} & service.keys()
    assert "docker.sock" not in json.dumps(service)


def test_what_stays_up_says_whether_it_is_well_and_what_ends_does_not_start_again() -> None:
    assert [name for name, service in LASTING.items() if "healthcheck" not in service] == []
    assert {service["restart"] for service in LASTING.values()} == {"unless-stopped"}


def test_every_image_is_pinned() -> None:
    for name, service in SERVICES.items():
        assert re.search(r":v?\d+\.\d+", service["image"]), name


def test_servers_have_the_versions_of_the_local_stack() -> None:
    pom = (CHECKOUT / "pom.xml").read_text()
    assert SERVICES["kafka"]["image"] == "apache/kafka:" + re.search(r"<kafka.version>([^<]+)", pom)[1]  # type: ignore[index]
    control = postgres.programs().parent / "share/postgresql/extension/vector.control"
    vector = re.search(r"default_version = '([^']+)'", control.read_text())
    assert vector
    assert SERVICES["postgres"]["image"] == f"pgvector/pgvector:{vector[1]}-pg18"


@pytest.mark.parametrize("part", ROOMS, ids=lambda part: part.name)
def test_a_part_of_the_local_stack_is_a_service_with_the_same_command_and_needs(part: Any, tmp_path: Path) -> None:
    words = part.command(Place(Settings(run=tmp_path)))
    assert SERVICES[part.name]["command"] == ["python", *words[1:]]
    reached = behind(part.name)
    optional = {"stripe"}  # outside the demo it is the real one
    stands_for = {"app": "app-migrate"}  # what landing needs of the app is the publication, which its migrations make
    assert {stands_for.get(need, need) for need in part.needs if need not in optional} <= reached


def behind(name: str) -> set[str]:
    """Every service that is up or done before one starts."""
    found = set()
    for other in SERVICES[name].get("depends_on", {}):
        found |= {other} | behind(other)
    return found


def test_services_wait_for_health_only_where_there_is_a_check_and_for_an_end_only_of_what_ends() -> None:
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            ends = SERVICES[other].get("restart") == "no"
            expected = "service_completed_successfully" if ends else "service_healthy"
            assert how["condition"] == expected, f"{name} waits for {other}"


def test_every_command_of_ours_is_documented() -> None:
    known = (CHECKOUT / "docs" / "commands.md").read_text()
    source = (
        "".join(path.read_text() for path in CHECKOUT.glob("*/__main__.py"))
        + (CHECKOUT / "infra" / "production.py").read_text()
    )
    for name, service in OURS.items():
        words = service.get("command", [])
        if words[:2] == ["python", "-m"] and len(words) > 3:
            assert f"`python -m {words[2]} {words[3]}`" in known or f'"{words[3]}"' in source, name


def settings() -> set[str]:
    found = set(re.findall(r"^\| `([A-Z_]+)` \|", (CHECKOUT / "docs" / "settings.md").read_text(), re.MULTILINE))
    for path in [*CHECKOUT.glob("*/settings.py"), *CHECKOUT.glob("*/*/settings.py")]:
        text = path.read_text()
        if prefix := re.search(r'env_prefix="([A-Z_]+)"', text):
            found |= {prefix[1] + field.upper() for field in re.findall(r"^    ([a-z_]+): ", text, re.MULTILINE)}
    return found


def test_every_variable_of_a_room_is_a_setting() -> None:
    known = settings()
    told = {name for service in OURS.values() for name in service.get("environment", {})}
    assert {name for name in told if not name.startswith("AIRFLOW__")} - known == set()


def test_no_variable_holds_a_secret() -> None:
    held = {entry["file"].rsplit("/", 1)[1] for entry in compose()["secrets"].values()}
    for name, service in SERVICES.items():
        told = service.get("environment", {})
        assert not {variable.lower() for variable in told} & held, name
        assert not [value for value in told.values() if re.search(r"://[^/@ ]+:[^/@ ]+@", str(value))], name


def test_every_secret_is_made_by_the_command_and_used(tmp_path: Path) -> None:
    declared = set(compose()["secrets"])
    assert declared == set(make_secrets(tmp_path / "secrets", "postgres:5432"))
    assert declared == {name for service in SERVICES.values() for name in names(service.get("secrets", []))}


def test_a_secret_is_a_setting_of_who_gets_it_or_a_file_that_it_is_told_of() -> None:
    known = {name.lower() for name in settings()}
    for name, service in OURS.items():
        told = " ".join(map(str, service.get("environment", {}).values()))
        for secret in names(service.get("secrets", [])):
            assert secret in known or f"/run/secrets/{secret}" in told or name == "databases", f"{name}: {secret}"


def test_secrets_are_made_once_and_nobody_else_on_the_machine_reads_them(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    first = make_secrets(folder, "postgres:5432", "sslmode=require")
    before = {path.name: path.read_text() for path in folder.iterdir()}
    assert make_secrets(folder, "elsewhere:5432") == []
    assert {path.name: path.read_text() for path in folder.iterdir()} == before
    assert sorted(first) == sorted(before)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert before["app_database_url"].endswith("@postgres:5432/app?sslmode=require")
    assert before["api_stripe_secret_key"] == before["stripe_standin_secret_key"]


def test_only_one_user_enters_what_is_restricted_and_only_its_processes_get_the_key() -> None:
    entering = {name for name in SERVICES if "restricted" in mounts(SERVICES[name])}
    assert {user(name) for name in entering} == {"10010:10020"}
    holding = {name for name, service in SERVICES.items() if "lake_key" in names(service.get("secrets", []))}
    assert holding <= entering
    assert not {"app", "shop", "load", "model", "publish"} & entering


def test_the_shop_can_only_read_the_shelf_and_the_app_sees_no_lake() -> None:
    assert mounts(SERVICES["shop"]) == {"gold": "/lake/gold:ro"}
    assert mounts(SERVICES["app"]) == {"outbox": "/var/lib/outbox", "uploads": "/var/lib/uploads"}


def test_only_the_doors_are_published_on_loopback_with_the_local_ports() -> None:
    published = {entry for service in SERVICES.values() for entry in service.get("ports", [])}
    local = Settings()
    doors = {"app": local.app_port, "shop": local.shop_port, "stripe": local.stripe_port, "airflow": local.airflow_port}
    assert {f"127.0.0.1:{port}:{port}" for port in doors.values()} < published
    assert published - {f"127.0.0.1:{port}:{port}" for port in doors.values()} == {
        "127.0.0.1:9090:9090",
        "127.0.0.1:3000:3000",
    }
    assert {entry.split(":")[0] for entry in published} == {"127.0.0.1"}
    assert all("outside" in service["networks"] for service in SERVICES.values() if service.get("ports"))


@pytest.mark.parametrize("what", ["volumes", "networks"])
def test_nothing_is_declared_and_unused(what: str) -> None:
    used = set()
    for service in SERVICES.values():
        used |= set(mounts(service)) if what == "volumes" else set(service.get("networks", []))
    assert used == set(compose()[what])


POSTGRES_DIFFERS = {
    "listen_addresses": "the network of the containers is the door, not loopback",
    "unix_socket_directories": "its own health check and the first start use the socket",
    "shared_buffers": "a container has more memory than a laptop's share",
}


def test_postgresql_is_told_what_the_local_one_is_told() -> None:
    told = dict(word.removeprefix("--").split("=", 1) for word in SERVICES["postgres"]["command"][1:])
    local = dict(postgres._OPTIONS)
    assert {name: value for name, value in told.items() if name not in POSTGRES_DIFFERS} == {
        name: value for name, value in local.items() if name not in POSTGRES_DIFFERS
    }


KAFKA_DIFFERS = {
    "controller.quorum.voters": "a container's name instead of loopback",
    "listeners": "every address of the container",
    "advertised.listeners": "a container's name instead of loopback",
    "log.dirs": "the image's own folder",
}


def test_kafka_is_told_what_the_local_one_is_told(tmp_path: Path) -> None:
    local = kafka._settings(Place(Settings(run=tmp_path), {"kafka": 1, "kafka_controller": 2}))
    told = SERVICES["kafka"]["environment"]
    for name, value in local.items():
        variable = f"KAFKA_{name.replace('.', '_').upper()}"
        assert variable in told, name
        assert name in KAFKA_DIFFERS or told[variable] == str(value), name
    own = {"KAFKA_HEAP_OPTS", "KAFKA_LOG4J_ROOT_LOGLEVEL", "KAFKA_LOG4J_LOGGERS"}
    assert {f"KAFKA_{name.replace('.', '_').upper()}" for name in local} | own | {"CLUSTER_ID"} == set(told)


PROGRAMS = {"python", "bash", "pg_isready", "promtool", "wget", "/etc/connect/healthy", "/opt/airflow-venv/bin/airflow"}
"""What health checks call: of the base images, of the environments that are copied, and one file of ours."""


def test_health_checks_call_programs_that_are_in_the_image() -> None:
    for name, service in LASTING.items():
        kind, program, *_ = service["healthcheck"]["test"]
        assert kind == "CMD", "a list, so that no shell is needed"
        assert program in PROGRAMS, name
    assert (CHECKOUT / "infra/containers/connect/healthy").stat().st_mode & 0o111


def test_the_file_says_that_it_was_never_run() -> None:
    assert "Never run by its authors" in COMPOSE.read_text()
