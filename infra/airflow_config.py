"""Airflow's own settings file, `.run/airflow/airflow.cfg`: on loopback, small, and without anything of its own choosing.

What is not named here keeps Airflow's default. The file holds the secrets and is readable by us alone.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path

from infra.place import HOST, Place, write_private
from infra.settings import CHECKOUT

ADMIN = "admin"
HEARTBEAT_LOST = (
    60  # seconds without a word from a task's process after which the task counts as dead and is tried again
)


def home(place: Place) -> Path:
    return place.folder("airflow", 0o700)


def write(place: Place) -> Path:
    """Write the settings and the administrator's login; the path of the settings."""
    folder = home(place)
    text = "".join(
        f"[{section}]\n" + "".join(f"{name} = {value}\n" for name, value in options.items()) + "\n"
        for section, options in _sections(place, folder).items()
    )
    write_private(folder / "airflow.cfg", text)
    write_private(folder / "passwords.json", json.dumps({ADMIN: password(place)}))
    return folder / "airflow.cfg"


def password(place: Place) -> str:
    return place.secret("airflow.admin", 12)


def url(place: Place) -> str:
    return f"http://{HOST}:{place.ports['airflow']}"


def _sections(place: Place, folder: Path) -> dict[str, dict[str, object]]:
    login = place.url("airflow").removeprefix("postgresql://")
    fernet = base64.urlsafe_b64encode(bytes.fromhex(place.secret("airflow.fernet", 32))).decode()
    return {
        "core": {
            "dags_folder": CHECKOUT / "dags",
            "plugins_folder": folder / "plugins",
            "executor": "LocalExecutor",
            "parallelism": place.settings.airflow_tasks,
            "load_examples": False,
            "dags_are_paused_at_creation": False,
            "execution_api_server_url": f"{url(place)}/execution/",
            "hostname_callable": "socket.gethostname",  # the default asks the network's name servers
            "fernet_key": fernet,
            "simple_auth_manager_users": f"{ADMIN}:admin",
            "simple_auth_manager_passwords_file": folder / "passwords.json",
            "max_active_tasks_per_dag": place.settings.airflow_tasks,
        },
        "database": {
            "sql_alchemy_conn": f"postgresql+psycopg2://{login}",
            "sql_alchemy_conn_async": f"postgresql+psycopg_async://{login}",
            "sql_alchemy_pool_size": 3,
        },
        "api": {
            "host": HOST,
            "port": place.ports["airflow"],
            "base_url": url(place),
            "workers": 1,
            "instance_name": "Headwater",
            "secret_key": place.secret("airflow.session", 32),
            "expose_config": False,
        },
        "api_auth": {"jwt_secret": place.secret("airflow.jwt", 32)},
        "scheduler": {"task_instance_heartbeat_timeout": HEARTBEAT_LOST},
        "dag_processor": {
            "parsing_processes": 1,
            "min_file_process_interval": 300,  # the files change with the checkout, not by the minute
        },
        "triggerer": {"capacity": 20},
        "logging": {
            "base_log_folder": folder / "logs",
            "dag_processor_child_process_log_directory": folder / "logs" / "dag_processor",
            "colored_console_log": False,
        },
    }
