"""Backlash: the glass hangs on the motor with play, and follows it only at the ends of the dead band."""

from collections.abc import Iterable


def follow(glass_steps: float, motor_steps: Iterable[float], width_steps: float) -> float:
    """Where the glass ends when the motor visits positions one after the other.

    A rising motor pushes the glass before it; a falling one first crosses the dead band and then pulls it. The glass is
    therefore always in [motor, motor + width], and positions that were calibrated on a rising approach are exact.

    Args:
        glass_steps: where the glass was, steps.
        motor_steps: the motor's turning points in order, the last position included; points between turns change nothing.
        width_steps: the dead band, steps, >= 0.

    Returns:
        The glass, steps.

    Source: the play operator; e.g. Brokate and Sprekels, Hysteresis and Phase Transitions, section 2.3.
    """
    for motor in motor_steps:
        glass_steps = min(max(glass_steps, motor), motor + width_steps)
    return glass_steps
