"""What a simulated stepper is like.

Every field knows its unit, its range and its meaning; the node's parameters are made from them.
"""

from __future__ import annotations

from dataclasses import dataclass

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.lens.setting import problems_of, setting


@dataclass(frozen=True)
class StepperConfig:
    """A stepper on a lens, about as quick as a small M12 or CS focus motor.

    Raises:
        ConfigurationError: one line that names every value that cannot be, and what would be right.
    """

    speed_steps_per_s: float = setting(2000.0, "highest speed", "steps/s", 1.0, 1e6)
    acceleration_steps_per_s2: float = setting(20000.0, "acceleration and deceleration", "steps/s^2", 1.0, 1e8)
    microsteps: int = setting(1, "resting places in a full step", "", 1, 256)
    settle_s: float = setting(0.02, "time from the end of the motion until the glass is still", "s", 0.0, 10.0)
    backlash_steps: float = setting(
        3.0, "dead band between motor and glass; positions are calibrated on a rising approach", "steps", 0.0, 1000.0
    )
    compensation_steps: float = setting(
        3.0,
        "how far a falling move goes below its goal, to arrive rising; 0: no compensation, else at least the backlash",
        "steps",
        0.0,
        1000.0,
    )
    lost_steps: int = setting(20, "steps lost when steps are lost", "steps", 1, 100_000)
    lost_steps_probability: float = setting(0.0, "chance that a move loses steps", "", 0.0, 1.0)
    stall_detection_s: float = setting(0.2, "time without progress after which a stall is known", "s", 0.01, 10.0)
    connection_timeout_s: float = setting(0.3, "time without an answer after which the connection is lost", "s", 0.01, 10.0)
    seed: int = setting(0, "of the random numbers that decide which moves lose steps", "", 0, 2**31 - 1)

    def __post_init__(self) -> None:
        """Check every field, and say all that is wrong at once."""
        problems = problems_of(self)
        if not problems and 0 < self.compensation_steps < self.backlash_steps:
            problems.append(
                f"compensation_steps is {self.compensation_steps:g}, "
                f"it must be 0 or at least the {self.backlash_steps:g} steps of backlash"
            )
        if problems:
            raise ConfigurationError("stepper: " + "; ".join(problems))
