"""How often somebody may do something: a bucket of tokens that fills at an even rate."""

from __future__ import annotations

from collections.abc import Callable


class TokenBucket:
    """Holds `per_second` tokens, and gets as many back each second; starts full."""

    def __init__(self, per_second: float, clock: Callable[[], float]) -> None:
        self._per_second = per_second
        self._clock = clock
        self._tokens = per_second
        self._seen_s = clock()

    def take(self) -> bool:
        """Take one token; False when there is none."""
        now_s = self._clock()
        self._tokens = min(self._per_second, self._tokens + (now_s - self._seen_s) * self._per_second)
        self._seen_s = now_s
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True
