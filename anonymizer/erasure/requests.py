"""Requests of erasure in the app's database: read in order, answered with a receipt. The role may do nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import class_row

from lake.kit.errors import Retry, Stop

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True)
class Request:
    """Somebody has deleted their account."""

    id: UUID
    account_id: UUID
    requested_at: datetime


@contextmanager
def requests_database(url: str) -> Iterator[Connection]:
    """The app's database as role app_erasure, each statement committed by itself. Stop without address, Retry when away."""
    if not url:
        raise Stop("The app's address is not set. Run `make up`, or set ANONYMIZER_REQUESTS_URL to role app_erasure.")
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=10, options="-c timezone=UTC") as connection:
            yield connection
    except psycopg.errors.UndefinedTable as error:
        raise Stop("The app's database knows no requests: run `python -m platform_app migrate`.") from error
    except psycopg.OperationalError as error:
        raise Retry("The app's database does not answer. Run `make up`, then this again.") from error


def open_requests(connection: Connection, account_id: UUID | None = None) -> list[Request]:
    """The open requests, oldest first; of one account if given."""
    query = (
        "select id, account_id, requested_at from identity.erasure_requests where state = 'open' "
        "and (%(account)s::uuid is null or account_id = %(account)s) order by requested_at, id"
    )
    with connection.cursor(row_factory=class_row(Request)) as cursor:
        return cursor.execute(query, {"account": account_id}).fetchall()


def answer(connection: Connection, request: UUID, receipt: dict[str, Any]) -> None:
    """Write the receipt into a request and forget whose it was; an answered one is left as it is."""
    connection.execute(
        "update identity.erasure_requests set account_id = null, state = 'done', finished_at = %s, receipt = %s "
        "where id = %s and state = 'open'",
        [receipt["finished_at"], json.dumps(receipt), request],
    )
