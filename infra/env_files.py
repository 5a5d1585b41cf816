"""The settings files that infra writes for the rooms: addresses, passwords and paths, each file for one room."""

from __future__ import annotations

from infra.place import HOST, Place, write_private


def write_env_files(place: Place) -> None:
    """Write `env/<room>.env` for every room, with mode 0600; files whose content stays are left alone."""
    for room, values in rooms(place).items():
        path = place.folder("env", 0o700) / f"{room}.env"
        text = "".join(f"{name}={value}\n" for name, value in values.items())
        if not path.exists() or path.read_text() != text:
            write_private(path, text)


def _http(place: Place, port: str) -> str:
    return f"http://{HOST}:{place.ports[port]}"


def _watch(place: Place) -> dict[str, object]:
    return {
        "WATCH_PORT": place.ports["watch"],
        "WATCH_KAFKA": f"{HOST}:{place.ports['kafka']}",
        "WATCH_CONNECT_URL": _http(place, "connect"),
        "WATCH_SOURCE_URL": place.url("watch"),
    }


def _stripe(place: Place) -> dict[str, object]:
    return {
        "STRIPE_STANDIN_HOST": HOST,
        "STRIPE_STANDIN_PORT": place.ports["stripe"],
        "STRIPE_STANDIN_SECRET_KEY": f"sk_test_{place.secret('stripe.secret')}",
        "STRIPE_STANDIN_WEBHOOK_SECRET": f"whsec_{place.secret('stripe.webhook')}",
        "STRIPE_STANDIN_WEBHOOK_URL": f"{_http(place, 'shop')}/stripe/webhook",
    }


def _app(place: Place) -> dict[str, object]:
    secrets = place.run / "secrets"
    return {
        "APP_DATABASE_URL": place.url("app"),
        "APP_MIGRATION_URL": place.url("app_owner"),
        "APP_HOST": HOST,
        "APP_PORT": place.ports["app"],
        "APP_PUBLIC_URL": _http(place, "app"),
        "APP_ASSETS": place.installed("npm") / "node_modules",
        "APP_UPLOADS": place.run / "uploads",
        "APP_KEY_FILE": secrets / "app.key",
        "APP_MODELS": place.installed("models"),
        "APP_METRICS_PORT": place.ports["app_metrics"],
        "APP_WORKER_METRICS_PORT": place.ports["worker_metrics"],
        "APP_KAFKA": f"{HOST}:{place.ports['kafka']}",
        "APP_PIPELINE_URL": _http(place, "watch"),
        **({"APP_AIRFLOW_URL": _http(place, "airflow")} if "airflow" in place.ports else {}),
    }


def _shop(place: Place) -> dict[str, object]:
    secrets = place.run / "secrets"
    return {
        "API_DATABASE_URL": place.url("shop"),
        "API_MIGRATION_URL": place.url("shop_owner"),
        "API_HOST": HOST,
        "API_PORT": place.ports["shop"],
        "API_PUBLIC_URL": _http(place, "shop"),
        "API_SHELF": place.run / "lake" / "gold",
        "API_METRICS_PORT": place.ports["shop_metrics"],
        "API_STRIPE_BASE": _http(place, "stripe"),
        "API_STRIPE_SECRET_KEY": f"sk_test_{place.secret('stripe.secret')}",
        "API_STRIPE_WEBHOOK_SECRET": f"whsec_{place.secret('stripe.webhook')}",
        "API_SIGNING_KEY_FILE": secrets / "receipt.key",
        "API_ASSETS": place.installed("npm") / "node_modules",
    }


def rooms(place: Place) -> dict[str, dict[str, object]]:
    """What each room is told; a database's or a server's values are left out while it has no port."""
    place.secret("lake.key", 32)
    place.secret("receipt.key", 32)
    place.secret("app.key", 32)
    secrets, lake = place.run / "secrets", place.run / "lake"
    return {
        "app": _app(place),
        "ingestion": {
            "INGESTION_KAFKA": f"{HOST}:{place.ports['kafka']}",
            "INGESTION_CONNECT_URL": _http(place, "connect"),
            "INGESTION_SOURCE_URL": place.url("app_capture"),
            "INGESTION_METRICS_PORT": place.ports["land_metrics"],
        },
        "lake": {
            "LAKE_ROOT": lake,
            "LAKE_SPARK_JARS": place.installed("jars") / "spark",
            "LAKE_WAREHOUSE_OWNER_URL": place.url("warehouse_owner"),
            "LAKE_WAREHOUSE_LOAD_URL": place.url("warehouse_load"),
            "LAKE_WAREHOUSE_DBT_URL": place.url("warehouse_dbt"),
            "LAKE_WAREHOUSE_PUBLISH_URL": place.url("warehouse_publish"),
        },
        "anonymizer": {
            "ANONYMIZER_KEY_FILE": secrets / "lake.key",
            "ANONYMIZER_MODELS": place.installed("models"),
            "ANONYMIZER_SUGGEST_URL": place.url("app_suggest"),
            "ANONYMIZER_REQUESTS_URL": place.url("app_erasure"),
            "ANONYMIZER_METRICS_PORT": place.ports["release_metrics"],
            "ANONYMIZER_TEXT_METRICS_PORT": place.ports["release_text_metrics"],
            "ANONYMIZER_KAFKA": f"{HOST}:{place.ports['kafka']}",
        },
        "api": _shop(place),
        "watch": _watch(place),
        "stripe": _stripe(place),
    }
