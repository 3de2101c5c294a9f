"""Discord's rate limits on loopback: a bucket for each kind of request and place."""

from __future__ import annotations

import hashlib
import math
import re
import time
from collections import OrderedDict
from dataclasses import dataclass, field

WIDE = 10_000  # requests of one bucket, where nobody is to be slowed down
NARROW = 30  # where one is
WINDOW_S = 1.0
BUCKETS = 1_000  # remembered

_MAJOR = re.compile(r"/(channels|guilds|webhooks)/(\d+)")
_ID = re.compile(r"\d{2,}|%[0-9A-F]{2}\S*")


@dataclass(slots=True)
class Limits:
    """Counts requests; ``limit`` of one bucket are let through in a window."""

    limit: int = WIDE
    used: OrderedDict[str, tuple[float, int]] = field(default_factory=OrderedDict)

    def take(self, method: str, path: str) -> tuple[bool, dict[str, str]]:
        """One request more: whether it may pass, and the headers that say how many are left."""
        major = _MAJOR.match(path)
        route = f"{method} {_ID.sub('*', path)}"
        bucket, now = f"{route} {major[2] if major else ''}", time.time()
        began, used = self.used.get(bucket, (now, 0))
        if now - began >= WINDOW_S:
            began, used = now, 0
        self.used[bucket] = (began, used + 1)
        self.used.move_to_end(bucket)
        while len(self.used) > BUCKETS:
            self.used.popitem(last=False)
        told = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(0, self.limit - used - 1)),
            "X-RateLimit-Reset": f"{began + WINDOW_S:.3f}",
            "X-RateLimit-Reset-After": f"{max(0.0, began + WINDOW_S - now):.3f}",
            "X-RateLimit-Bucket": hashlib.sha256(route.encode()).hexdigest()[:32],
        }
        return used < self.limit, told


def refusal(
    retry_after_s: float, *, is_global: bool = False
) -> tuple[dict[str, object], dict[str, str]]:
    """Body and headers of a 429, in Discord's words; only with ``Via`` the library believes it."""
    body: dict[str, object] = {
        "message": "You are being rate limited.",
        "retry_after": retry_after_s,
        "global": is_global,
    }
    told = {
        "Via": "1.1 test",
        "Retry-After": str(max(1, math.ceil(retry_after_s))),
        "X-RateLimit-Scope": "global" if is_global else "user",
    }
    return body, told | ({"X-RateLimit-Global": "true"} if is_global else {})
