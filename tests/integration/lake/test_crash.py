"""kill -9 at named points of load and publish: afterwards the old state or the new one, and the next run ends there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import psycopg
import pytest

from infra.settings import CHECKOUT
from lake.contracts.names import product_path
from lake.contracts.products import PRODUCT_BY_NAME
from lake.load import compare, load
from lake.publish import publish
from lake.publish.shelf import BUILDING, current, versions
from lake.settings import LakeSettings
from tests.integration.lake.conftest import make_settings
from tests.lib.silver import Silver, pseudonym
from tests.lib.stack import Stack

WEEKLY = "problem_activity_weekly"


def killed(settings: LakeSettings, stack: Stack, verb: str, point: str) -> None:
    """Run a command that is to kill itself at a point, and see that it got there."""
    urls = ("owner", "load", "dbt", "publish")
    environment = {
        **os.environ,
        **{f"LAKE_WAREHOUSE_{name.upper()}_URL": stack.url(f"warehouse_{name}") for name in urls},
        "LAKE_ROOT": str(settings.root), "LAKE_FAILPOINT": point, "HEADWATER_RUN": str(settings.root.parent / "run"),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "lake", verb, "--json"], cwd=CHECKOUT, env=environment, capture_output=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


def loaded_cut(settings: LakeSettings) -> int | None:
    with psycopg.connect(settings.warehouse_load_url.get_secret_value()) as connection:
        row = connection.execute("select cut from loaded.state").fetchone()
        return int(row[0]) if row else None


@pytest.mark.parametrize(
    ("point", "at"), [("load.copied", "old"), ("load.before_commit", "old"), ("load.committed", "new")]
)
def test_a_killed_load_leaves_the_old_cut_or_the_new_one(
    settings: LakeSettings, silver: Silver, postgres: Stack, point: str, at: str
) -> None:
    silver.put("tags", *({"name": f"before{n}"} for n in range(50)))
    old = silver.release()
    load(settings)
    silver.put("tags", *({"name": f"after{n}"} for n in range(50)))
    silver.delete("tags", {"name": "before7"})
    new = silver.release()
    killed(settings, postgres, "load", point)
    assert loaded_cut(settings) == {"old": old, "new": new}[at]
    assert all(table.equal for table in compare(settings)), "what is there is whole at its cut"
    load(settings)
    assert loaded_cut(settings) == new
    assert {t.table: t.warehouse_rows for t in compare(settings)}["tags"] == 99


@pytest.fixture(scope="module")
def marts(postgres: Stack, tmp_path_factory: pytest.TempPathFactory) -> LakeSettings:
    """Marts made by hand, with a product of two weeks in them: publish needs no dbt."""
    postgres.recreate("warehouse")
    settings = make_settings(postgres, tmp_path_factory.mktemp("marts") / "lake")
    silver = Silver(settings.root)
    silver.put("tags", {"name": pseudonym("a")})
    silver.release()
    load(settings)
    with psycopg.connect(settings.warehouse_dbt_url.get_secret_value()) as connection:
        for product in PRODUCT_BY_NAME.values():
            columns = ", ".join(f"{column.name} {column.type.value}" for column in product.columns)
            connection.execute(f"create table gold.{product.name} ({columns}, may_be_late boolean)".encode())
            connection.execute(f"grant select on gold.{product.name} to warehouse_publish".encode())
        connection.execute("create table gold.coverage (product text, period date, cells integer, shown integer)")
        connection.execute("grant select on gold.coverage to warehouse_publish")
        connection.execute("insert into gold.runs (cut, now, passed) values (0, now(), true)")
    return settings


def add_week(settings: LakeSettings, week: date) -> None:
    with psycopg.connect(settings.warehouse_dbt_url.get_secret_value()) as connection:
        values = [week] + [10] * (len(PRODUCT_BY_NAME[WEEKLY].columns) - 1)
        places = ", ".join(["%s"] * len(values))
        connection.execute(f"insert into gold.{WEEKLY} values ({places}, true)".encode(), values)


@pytest.mark.parametrize(
    ("point", "week", "appears"),
    [
        ("publish.rows_written", date(2026, 1, 5), False),
        ("publish.manifest_written", date(2026, 1, 12), False),
        ("publish.renamed", date(2026, 1, 19), True),
    ],
)
def test_a_killed_publish_leaves_a_whole_version_or_none(
    marts: LakeSettings, postgres: Stack, tmp_path: Path, point: str, week: date, appears: bool
) -> None:
    from lake.kit.clock import utc_now

    folder = marts.root / product_path(WEEKLY)
    before = len(versions(folder))
    add_week(marts, week)
    killed(marts, postgres, "publish", point)
    assert len(versions(folder)) == before + appears
    assert appears != any(folder.glob(f"{BUILDING}*")), "what a killed build leaves lies beside the versions"
    assert len(publish(marts, utc_now()).new) == (not appears)
    newest = current(folder)
    assert newest is not None
    assert newest.number == before + 1, "nothing is doubled and no number is left out"
    assert week.isoformat() in newest.periods
    assert not any(folder.glob(f"{BUILDING}*"))
