"""What a lens goal means: a motor position, or a refusal that names the limit.

All of it is asked before the glass moves, so that an impossible goal costs nothing.
"""

from __future__ import annotations

import math
from enum import Enum, IntEnum

from auxfocus_ros.errors import LensGoalError
from auxfocus_ros.optics import Lens

SLOWEST_STEPS_PER_S = 1e-3
"""A bound on the speed below this would keep a goal under way for days."""


class MoveBy(IntEnum):
    """In what a goal is given; the numbers are those of `MoveLens.Goal.BY_*`."""

    POSITION = 0
    DISTANCE = 1
    DIOPTRE = 2


class LensErrorCode(Enum):
    """Why a goal ended; the names are those of `MoveLens.Result.ERROR_*`."""

    NONE = "none"
    INVALID_GOAL = "invalid_goal"
    NOT_FINITE = "not_finite"
    OUT_OF_RANGE = "out_of_range"
    NO_DISTANCE = "no_distance"
    TAKEN_OVER = "taken_over"
    CANCELED = "canceled"
    STALL = "stall"
    CONNECTION_LOST = "connection_lost"
    LOST_STEPS = "lost_steps"
    SHUTTING_DOWN = "shutting_down"
    NOT_ACTIVE = "not_active"
    TIMEOUT = "timeout"
    OTHER = "other"


def resolve_goal(
    by: int, relative: bool, value: float, max_speed_steps_per_s: float, lens: Lens, *, present_position_steps: float
) -> float:
    """The motor position of a goal.

    Args:
        by: a `MoveBy`.
        relative: `value` is added to the present position, focus distance or power.
        value: motor steps, metres (+inf is focus at infinity) or dioptres (0 is infinity).
        max_speed_steps_per_s: 0: the lens's own.
        lens: says what can be reached.
        present_position_steps: where the glass is now.

    Returns:
        Motor steps, within the lens's range.

    Raises:
        LensGoalError: with the name of a `LensErrorCode` and one line for a person.
    """
    try:
        kind = MoveBy(by)
    except ValueError:
        kinds = ", ".join(f"{kind.value} ({kind.name.lower()})" for kind in MoveBy)
        raise _refusal(LensErrorCode.INVALID_GOAL, f"`by` is {by}, it must be one of {kinds}") from None
    _check_speed(max_speed_steps_per_s)
    if math.isnan(value):
        raise _refusal(LensErrorCode.NOT_FINITE, f"the {kind.name.lower()} is NaN, it must be a number")
    if kind is MoveBy.POSITION:
        return _by_position(value, relative, lens, present_position_steps)
    if kind is MoveBy.DISTANCE:
        return _by_distance(value, relative, lens, present_position_steps)
    return _by_power(value, relative, lens, present_position_steps)


def _check_speed(speed: float) -> None:
    if not math.isfinite(speed):
        raise _refusal(
            LensErrorCode.NOT_FINITE, f"max_speed_steps_per_s is {speed:g}, it must be finite (0: the lens's own speed)"
        )
    if speed < 0 or 0 < speed < SLOWEST_STEPS_PER_S:
        right = f"it must be at least {SLOWEST_STEPS_PER_S:g} steps/s, or 0 for the lens's own speed"
        raise _refusal(LensErrorCode.INVALID_GOAL, f"max_speed_steps_per_s is {speed:g}, {right}")


def _by_position(value: float, relative: bool, lens: Lens, present: float) -> float:
    if not math.isfinite(value):
        raise _refusal(LensErrorCode.NOT_FINITE, f"the position is {value:g}, it must be a finite number of steps")
    target = present + value if relative else value
    if lens.contains(target):
        return _clipped(target, lens)
    how = f"{value:+g} steps from {present:.1f} is position {target:.1f}, which" if relative else f"position {target:g}"
    raise _refusal(LensErrorCode.OUT_OF_RANGE, f"{how} is outside this lens's range ({_range_text(lens)})")


def _by_distance(value: float, relative: bool, lens: Lens, present: float) -> float:
    if math.isinf(value) and (relative or value < 0):
        right = "finite when it is added to the present one" if relative else "greater than 0 (+inf is focus at infinity)"
        raise _refusal(LensErrorCode.NOT_FINITE, f"the distance is {value:g}, it must be {right}")
    distance = value
    if relative:
        now = lens.focus_distance_m(present)
        if not math.isfinite(now):
            where = "at infinity" if math.isinf(now) else "beyond infinity"
            raise _refusal(
                LensErrorCode.NO_DISTANCE,
                f"nothing can be added to the present focus distance: the lens is focused {where}; give an absolute distance",
            )
        distance = now + value
        what = f"{value:+g} m from {now:.4g} m is {distance:.4g} m, which"
    else:
        what = "infinity" if math.isinf(value) else f"a distance of {value:g} m"
    return _reach(distance, what, lens)


def _by_power(value: float, relative: bool, lens: Lens, present: float) -> float:
    if math.isinf(value):
        raise _refusal(LensErrorCode.NOT_FINITE, f"the power is {value:g}, it must be a finite number of dioptres")
    power = value
    what = "infinity (0 dioptres)" if value == 0 else f"a power of {value:g} dioptres ({_metres(value)})"
    if relative:
        now = lens.focus_distance_m(present)
        if math.isnan(now):
            raise _refusal(
                LensErrorCode.NO_DISTANCE,
                "nothing can be added to the present power: the lens is focused beyond infinity; give an absolute power",
            )
        power = 1.0 / now + value
        what = f"{value:+g} dioptres from {1.0 / now:.4g} is {power:.4g} dioptres ({_metres(power)}), which"
    if power < 0:
        raise _refusal(LensErrorCode.OUT_OF_RANGE, f"{what} is beyond infinity; this lens's range is {_range_text(lens)}")
    return _reach(math.inf if power == 0 else 1.0 / power, what, lens)


def _reach(distance_m: float, what: str, lens: Lens) -> float:
    """The position for a distance, if the lens gets there."""
    target = lens.position_for_distance(distance_m) if distance_m > 0 else math.nan
    if lens.contains(target):
        return _clipped(target, lens)
    raise _refusal(LensErrorCode.OUT_OF_RANGE, f"{what} is outside this lens's range ({_range_text(lens)})")


def _range_text(lens: Lens) -> str:
    nearest, farthest = lens.focus_range_m()
    far = "infinity" if math.isinf(farthest) else f"{farthest:.4g} m"
    return f"{nearest:.4g} m to {far}, positions {lens.min_position_steps:g} to {lens.max_position_steps:g}"


def _metres(power_dpt: float) -> str:
    return "beyond infinity" if power_dpt < 0 else "infinity" if power_dpt == 0 else f"{1.0 / power_dpt:.4g} m"


def _clipped(position: float, lens: Lens) -> float:
    """Without the rounding that `Lens.contains` forgives."""
    return min(max(position, lens.min_position_steps), lens.max_position_steps)


def _refusal(code: LensErrorCode, message: str) -> LensGoalError:
    return LensGoalError(code.name, message)
