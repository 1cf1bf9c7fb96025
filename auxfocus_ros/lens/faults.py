"""What can go wrong with an actuator: what it reports, and what can be switched on in a simulated one by name.

The two lists are not one. `Fault` is what a driver *found out*, after its detection time; a name of `FAULT_NAMES` is what is
made to happen, at once.
"""

from enum import Enum


class Fault(Enum):
    """What an actuator reports of itself. The names are those of `LensState.FAULT_*`."""

    NONE = "none"
    STALL = "stall"
    """Commanded to move, the glass does not."""
    CONNECTION_LOST = "connection_lost"
    """No answer; the state is the last one known."""
    LOST_STEPS = "lost_steps"
    """The glass is not where the step counter says."""
    OTHER = "other"
    """See the text."""


FAULT_NAMES = ("none", "stall", "connection_lost", "lost_steps")
"""Faults that a simulated actuator can be given at run time."""
