"""Every table of the app that a person's data can enter, one file for each bounded context.

`TABLES` is the catalogue in which all projections loop; `PRIVATE` lists the tables that never leave PostgreSQL.
"""

from lake.contracts.model import ContractError, Table
from lake.contracts.tables import community, explore, identity, messaging, profiles
from lake.contracts.tables.private import PRIVATE

TABLES: tuple[Table, ...] = (*identity.TABLES, *profiles.TABLES, *community.TABLES, *messaging.TABLES, *explore.TABLES)
BY_NAME: dict[str, Table] = {table.name: table for table in TABLES}
BY_FULL_NAME: dict[str, Table] = {table.full_name: table for table in TABLES}

if len(BY_NAME) != len(TABLES):
    raise ContractError("Two tables share a name: analysts see one schema, so names are unique across contexts.")
if both := BY_FULL_NAME.keys() & PRIVATE.keys():
    raise ContractError(f"{sorted(both)} are declared as published and as private: choose one.")

__all__ = ["BY_FULL_NAME", "BY_NAME", "PRIVATE", "TABLES"]
