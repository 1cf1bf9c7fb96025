"""From the radius of a blur to how far the lens stands from focus: the defocus formula turned round."""

from __future__ import annotations

import math
from dataclasses import dataclass

from auxfocus_ros.optics.lens import Lens


@dataclass(frozen=True)
class Deviation:
    """How far the lens stands from focus; NaN where that is not known.

    steps: its position less the best one. metres: its focus distance less that of the best position: > 0 where it focuses behind
    the thing; +-inf where one of the two is infinite, NaN where both are or one is beyond infinity.
    """

    steps: float = math.nan
    metres: float = math.nan


def deviation_of_blur(lens: Lens, position_steps: float, radius_px: float, depth_m: float = math.nan) -> Deviation:
    """How far a lens stands from focus, by the blur that it makes.

    Two best positions explain a blur, one on each side of the lens. Where the depth is known, the one nearer to the position
    for that depth is taken, and the sign is to be believed as far as the depth is. Where it is not, a position beyond infinity
    is no explanation, one in the usable range comes before one out of it, and of two that are left the nearer one is taken
    (of two equally near the lower one): then the sign says nothing.

    Args:
        lens: with the pitch of the picture's own pixels.
        position_steps: where it stands.
        radius_px: of the blur disk, pixels, >= 0.
        depth_m: of what is looked at, metres; NaN: not known.
    """
    sides = sorted(side for side in positions_of_blur(lens, position_steps, radius_px) if math.isfinite(side))
    if not sides:
        return Deviation()
    meant = float(lens.position_for_distance(depth_m))
    if math.isfinite(meant):
        best = min(sides, key=lambda side: abs(side - meant))
    else:
        best = min(sides, key=lambda side: (_beyond_infinity_m(lens, side), not lens.contains(side), abs(side - position_steps)))
    return Deviation(position_steps - best, lens.focus_distance_m(position_steps) - lens.focus_distance_m(best))


def positions_of_blur(lens: Lens, position_steps: float, radius_px: float) -> tuple[float, float]:
    """The two best positions at which a thing is blurred by a radius where the lens stands.

    `r = A (x - x0) / (2 p (f + x0))` for `x0`, the extension at which the thing is sharp: `x0 = (A x - 2 p r f) / (A + 2 p r)`,
    with `r` of either sign. Source: the formulas in `optics.thin_lens`.

    Returns:
        For the thing behind the plane of focus and before it, steps, not bounded by the range; NaN: a table does not reach
        there, or nothing is ever so blurred.
    """
    behind, before = (_best_steps(lens, position_steps, side * radius_px) for side in (1.0, -1.0))
    return behind, before


def _best_steps(lens: Lens, position_steps: float, signed_radius_px: float) -> float:
    width_m = 2.0 * signed_radius_px * lens.pixel_pitch_m
    if not lens.aperture_m + width_m > 0.0:
        return math.nan
    extension_m = lens.extension_m(position_steps)
    best_m = (lens.aperture_m * extension_m - width_m * lens.focal_length_m) / (lens.aperture_m + width_m)
    return float(lens.mapping.position_at(best_m))


def _beyond_infinity_m(lens: Lens, position_steps: float) -> float:
    """How far the sensor stands before infinity focus; 0: not beyond it."""
    return max(-lens.extension_m(position_steps), 0.0)
