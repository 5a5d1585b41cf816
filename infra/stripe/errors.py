"""Errors in Stripe's shape."""

from __future__ import annotations

from typing import Any


class StripeError(Exception):
    """What Stripe answers: a status and an error object."""

    def __init__(self, status: int, kind: str, message: str, **more: str) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"error": {"type": kind, "message": message, **more}}


def invalid(message: str, param: str) -> StripeError:
    """A parameter is missing or wrong."""
    return StripeError(400, "invalid_request_error", message, param=param)


def missing(kind: str, key: str) -> StripeError:
    """There is no such object."""
    return StripeError(404, "invalid_request_error", f"No such {kind}: '{key}'", param="id", code="resource_missing")
