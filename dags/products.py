"""The assets that the pipelines make: what the rows are called at each stop of their walk."""

from __future__ import annotations

from airflow.sdk import Asset

BRONZE = Asset("bronze", uri="headwater://lake/bronze", group="lake")
SILVER = Asset("silver", uri="headwater://lake/silver", group="lake")
WAREHOUSE = Asset("warehouse", uri="headwater://warehouse/silver", group="warehouse")
GOLD = Asset("gold", uri="headwater://warehouse/gold", group="warehouse")
SHELF = Asset("shelf", uri="headwater://lake/gold", group="lake")
