"""What the loops that find planes share. Import this module inside functions only: it brings numba with it."""

from __future__ import annotations

from typing import Any

from auxfocus_ros.compiling import compiled

_jit: Any = compiled()


@_jit
def next_random(state: int) -> int:
    """A simple generator: the same planes come out of the same readings."""
    return (state * 1103515245 + 12345) & 0x7FFFFFFF


@_jit
def tolerance(z: float, noise_m: float, noise_per_m: float, rough_m: float, share: float) -> float:
    """How far a reading at depth z may lie from a plane that it belongs to, metres."""
    return rough_m + share * z + 3.0 * (noise_m + noise_per_m * z * z)
