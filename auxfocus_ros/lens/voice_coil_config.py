"""What a simulated voice coil is like.

The defaults are those of an open-loop phone module, in steps of the shipped lens `phone_4mm52` (0.352 um a count). Where they
come from:

- Frequency: the Linux driver of the Dongwoon DW9768 (`drivers/media/i2c/dw9768.c`) gives the period of vibration that its chip
  can be told as (6.3 ms + n 0.1 ms) times a clock divider, n = 0 to 63: 79 to 159 Hz undivided, 40 to 79 Hz divided by two; the
  count of its first version, 57, is 12.0 ms. 80 Hz is taken.
- Damping: Tessera's white paper 'Auto-Focus Mechanisms for Miniature Cell Phone Cameras' has a jump of 125 um ring for 50 ms
  until it is within 5 um: zeta w = ln(125 / 5) / 50 ms = 64 1/s, which at 80 Hz is a ratio of 0.13.
- Sag: a mass on a spring of angular frequency w hangs by g / w^2 = 38.8 um when its axis points straight down: 110 counts.
- Tolerance: 3 counts are 1.1 um, a sixth of that lens's depth of focus (+- N c = 6.2 um).
- Hysteresis, overtravel, and what is left of errors in a closed loop are not from a source: chosen.
"""

from __future__ import annotations

from dataclasses import dataclass

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.lens.setting import problems_of, setting


@dataclass(frozen=True)
class VoiceCoilConfig:
    """A voice coil on a lens; the defaults are explained in the module's text.

    Raises:
        ConfigurationError: one line that names every value that cannot be, and what would be right.
    """

    natural_frequency_hz: float = setting(80.0, "undamped frequency of the glass on its springs", "Hz", 1.0, 1000.0)
    damping_ratio: float = setting(0.13, "damping of the glass on its springs; 1: critical", "", 0.01, 10.0)
    speed_steps_per_s: float = setting(
        0.0, "highest speed of a move that starts at rest, held by ramping the current; 0: the current jumps", "steps/s", 0.0, 1e7
    )
    resolution_steps: float = setting(1.0, "smallest change of the current; 0: none", "steps", 0.0, 100.0)
    hysteresis_steps: float = setting(
        10.0, "how much higher a falling current leaves the glass; positions are calibrated on a rising one", "steps", 0.0, 1000.0
    )
    sag_steps: float = setting(
        110.0, "how far the glass sags when the camera looks straight down; negative: towards lower positions", "steps", -1e4, 1e4
    )
    overtravel_steps: float = setting(50.0, "from the ends of the lens's range to the end stops", "steps", 0.0, 1e4)
    settle_tolerance_steps: float = setting(
        3.0, "the glass has settled once it stays this close to where it will rest", "steps", 1e-3, 1000.0
    )
    closed_loop: bool = setting(False, "a Hall sensor and a controller work against sag, hysteresis and ringing")
    closed_loop_residual: float = setting(0.02, "share of sag and hysteresis that a closed loop leaves", "", 0.0, 1.0)
    closed_loop_damping_ratio: float = setting(0.7, "damping in a closed loop", "", 0.01, 10.0)
    stall_detection_s: float = setting(0.2, "time without progress after which a stall is known", "s", 0.01, 10.0)
    connection_timeout_s: float = setting(0.3, "time without an answer after which the connection is lost", "s", 0.01, 10.0)

    def __post_init__(self) -> None:
        """Check every field, and say all that is wrong at once."""
        problems = problems_of(self)
        if problems:
            raise ConfigurationError("voice coil: " + "; ".join(problems))
