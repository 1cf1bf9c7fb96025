"""Where the lens stood when a picture was taken, and what that means for the focus."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from auxfocus_ros.analysis.frame.known import known
from auxfocus_ros.analysis.part import Row
from auxfocus_ros.optics import Lens
from auxfocus_ros.rig import LensReading
from auxfocus_ros.view import FocusReading

LENS_TIMEOUT_S = 2.0
"""Of a lens state that is so much older (or newer) than the picture nothing is taken, as in the live graph."""


@dataclass(frozen=True)
class FocusState:
    """The lens at a picture's time.

    reading: the focus. position_steps: where the lens stood; NaN: not known. moving: whether it moved; None: not known. age_s:
    stamp of the picture less that of the lens state; NaN: there is none.
    """

    reading: FocusReading = field(default_factory=FocusReading)
    position_steps: float = math.nan
    moving: bool | None = None
    age_s: float = math.nan

    def columns(self) -> Row:
        """The columns of the focus."""
        reading = self.reading
        return {
            "lens_position_steps": known(self.position_steps),
            "lens_moving": self.moving,
            "lens_age_s": known(self.age_s),
            "focus_state": reading.state,
            "focus_distance_m": known(reading.focus_distance_m),
            "near_limit_m": known(reading.near_limit_m),
            "far_limit_m": known(reading.far_limit_m),
        }


def focus_state(said: LensReading | None, stamp_ns: int, lens: Lens | None) -> FocusState:
    """The lens at a picture's time.

    The recording's own distances count. Where it gives a position alone, the lens file says what that means; without one, and
    with a position that is a number, no distance means beyond infinity, as a lens state says it.

    Args:
        said: what the recording says of its lens near the picture; None: nothing.
        stamp_ns: of the picture.
        lens: by its file; None: not known.

    Raises:
        InputError: distances that cannot be.
    """
    if said is None:
        return FocusState()
    age_s = (stamp_ns - said.stamp_ns) * 1e-9
    if abs(age_s) > LENS_TIMEOUT_S:
        return FocusState(age_s=age_s)
    return FocusState(_reading(said, lens), said.position_steps, said.moving, age_s)


def _reading(said: LensReading, lens: Lens | None) -> FocusReading:
    distances_m = said.focus_distance_m, said.near_limit_m, said.far_limit_m
    if not math.isnan(said.focus_distance_m):
        return FocusReading.of_distances(*distances_m)
    if math.isnan(said.position_steps):
        return FocusReading()
    if lens is None:
        return FocusReading.of_distances(*distances_m, beyond_infinity=True)
    outside = math.isnan(lens.extension_m(said.position_steps))  # of its table
    return FocusReading() if outside else FocusReading.of_lens(lens, said.position_steps)
