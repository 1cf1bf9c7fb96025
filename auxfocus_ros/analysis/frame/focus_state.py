"""Where the lens stood when a picture was taken, and what that means for the focus."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from auxfocus_ros.analysis.frame.known import known
from auxfocus_ros.analysis.part import Row
from auxfocus_ros.errors import InputError
from auxfocus_ros.optics import Lens
from auxfocus_ros.rig import LensReading
from auxfocus_ros.rig.source import OnProblem, ignore_problem
from auxfocus_ros.view import FocusReading
from auxfocus_ros.view.focus_reading import LENS_TIMEOUT_S


@dataclass(frozen=True)
class FocusState:
    """The lens at a picture's time.

    reading: the focus. position_steps: where the lens stood, finite; NaN: not known. moving: whether it moved; None: not known.
    age_s: stamp of the picture less that of the lens state; NaN: there is none. depth_of_focus_steps: from the lowest to the
    highest position at which a thing at the focus distance is in focus; NaN: beyond infinity, or not known.
    """

    reading: FocusReading = field(default_factory=FocusReading)
    position_steps: float = math.nan
    moving: bool | None = None
    age_s: float = math.nan
    depth_of_focus_steps: float = math.nan

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
            "depth_of_focus_steps": known(self.depth_of_focus_steps),
        }


def focus_state(said: LensReading | None, stamp_ns: int, lens: Lens | None, on_problem: OnProblem = ignore_problem) -> FocusState:
    """The lens at a picture's time.

    The recording's own distances count. Where it gives a position alone, or distances that cannot be, the lens file says what
    the position means; without one, and with a position that is a number, no distance means beyond infinity, as a lens state
    says it. A position that is not finite is not known; one out of the lens's range means what the lens file makes of it.

    Args:
        said: what the recording says of its lens near the picture; None: nothing.
        stamp_ns: of the picture.
        lens: by its file; None: not known.
        on_problem: called with one line for distances that cannot be.
    """
    if said is None:
        return FocusState()
    age_s = (stamp_ns - said.stamp_ns) * 1e-9
    if abs(age_s) > LENS_TIMEOUT_S:
        return FocusState(age_s=age_s)
    position_steps = said.position_steps if math.isfinite(said.position_steps) else math.nan
    try:
        reading = _by_distances(said, position_steps, lens)
    except InputError as error:
        on_problem(f"lens state: {error}")
        reading = None
    if reading is None:
        reading = _by_position(position_steps, lens)
    low, high = (math.nan, math.nan) if lens is None else lens.depth_of_focus_steps(reading.focus_distance_m)
    return FocusState(reading, position_steps, said.moving, age_s, high - low)


def _by_distances(said: LensReading, position_steps: float, lens: Lens | None) -> FocusReading | None:
    """What the recording says itself; None: nothing."""
    beyond = math.isnan(said.focus_distance_m)
    if beyond and (lens is not None or math.isnan(position_steps)):
        return None
    return FocusReading.of_distances(said.focus_distance_m, said.near_limit_m, said.far_limit_m, beyond_infinity=beyond)


def _by_position(position_steps: float, lens: Lens | None) -> FocusReading:
    """What the lens file says; nothing where the position is not known or outside of its table."""
    if lens is None or math.isnan(lens.extension_m(position_steps)):
        return FocusReading()
    return FocusReading.of_lens(lens, position_steps)
