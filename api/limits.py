"""How often a caller may ask: a token bucket for each key or address, in memory, with the standard's headers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from api.problems import Problem

WINDOW = 60  # seconds
_MOST_CALLERS = 50_000  # forgotten together once there are more: memory stays bounded


@dataclass
class _Bucket:
    tokens: float
    at: float


@dataclass(frozen=True)
class Standing:
    """Where a caller stands: what is left, and in how many seconds the bucket is full again."""

    policy: str
    quota: int
    left: int
    full_in: int

    def headers(self) -> dict[str, str]:
        """The RateLimit fields of draft-ietf-httpapi-ratelimit-headers-11, and the older X- trio."""
        return {
            "RateLimit-Policy": f'"{self.policy}";q={self.quota};w={WINDOW}',
            "RateLimit": f'"{self.policy}";r={self.left};t={self.full_in}',
            "X-RateLimit-Limit": str(self.quota),
            "X-RateLimit-Remaining": str(self.left),
            "X-RateLimit-Reset": str(self.full_in),
        }


class Limiter:
    """Buckets of `quota` requests a minute. `now` is a monotonic clock in seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._buckets: dict[tuple[str, str], _Bucket] = {}

    def take(self, policy: str, caller: str, quota: int) -> Standing:
        """Take one request from the caller's bucket; Problem `rate_limited` when it is empty."""
        now, rate = self._now(), quota / WINDOW
        if len(self._buckets) > _MOST_CALLERS:
            self._buckets.clear()
        bucket = self._buckets.setdefault((policy, caller), _Bucket(quota, now))
        bucket.tokens = min(quota, bucket.tokens + (now - bucket.at) * rate)
        bucket.at = now
        if bucket.tokens < 1:
            wait = math.ceil((1 - bucket.tokens) / rate)
            headers = Standing(policy, quota, 0, wait).headers() | {"Retry-After": str(wait)}
            raise Problem("rate_limited", f"Wait {wait} s, then ask again.", headers=headers)
        bucket.tokens -= 1
        return Standing(policy, quota, int(bucket.tokens), math.ceil((quota - bucket.tokens) / rate))
