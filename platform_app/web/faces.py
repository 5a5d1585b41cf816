"""Whose picture stands beside a name: one question for all the people that a page names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from uuid import UUID

from platform_app.db import Conn
from platform_app.profiles import showing


def faces_in(conn: Conn, *shown: object) -> dict[str, UUID]:
    """The files that show the faces of people in what a page is about to show, by handle; nobody who has none."""
    return showing.faces_of(conn, sorted(set(handles_in(shown))))


def handles_in(shown: object) -> Iterator[str]:
    """Every handle in views, and in lists, tuples and dictionaries of views: `handle`, `author_handle` and the like."""
    if isinstance(shown, list | tuple):
        for one in shown:
            yield from handles_in(one)
    elif isinstance(shown, dict):
        yield from handles_in(list(shown.values()))
    elif is_dataclass(shown) and not isinstance(shown, type):
        for field in fields(shown):
            value = getattr(shown, field.name)
            if field.name == "handle" or field.name.endswith("_handle"):
                yield from [value] if value else []
            else:
                yield from handles_in(value)
