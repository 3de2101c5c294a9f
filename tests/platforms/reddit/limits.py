"""How many requests a Reddit on loopback grants, told on every answer."""

from __future__ import annotations

import time
from dataclasses import dataclass

WINDOW_S = 600.0


@dataclass(slots=True)
class Limits:
    """Counts requests in windows of ten minutes.

    The default grants so many that nobody waits; Reddit's free tier is ``per_window=1_000``.
    """

    per_window: int = 1_000_000
    used: int = 0
    began_s: float = 0.0
    told: tuple[float, int, int] | None = None  # remaining, used, reset: whatever was counted

    def count(self) -> bool:
        """One request more; false if it is one too many."""
        now_s = time.monotonic()
        if self.began_s == 0.0 or now_s - self.began_s >= WINDOW_S:
            self.began_s, self.used = now_s, 0
        self.used += 1
        return self.used <= self.per_window

    def headers(self) -> dict[str, str]:
        """What Reddit says of it."""
        reset_s = WINDOW_S - (time.monotonic() - self.began_s)
        remaining, used, reset = self.told or (
            float(max(0, self.per_window - self.used)),
            self.used,
            max(1, int(reset_s)),
        )
        return {
            "x-ratelimit-remaining": f"{remaining:.1f}",
            "x-ratelimit-used": str(used),
            "x-ratelimit-reset": str(reset),
        }
