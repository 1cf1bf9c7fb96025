"""A mass on a spring with a damper, let go: where it is at any time, and when it passes zero, in closed form.

    y'' + 2 zeta w y' + w^2 y = 0

The derivative of a solution is a solution of the same equation, so the turning points of a position are the zeros of another
one, and so on. Valid for any damping: below, at and above critical, with no loss of digits near it.

Source: any text on vibrations; e.g. Thomson, Theory of Vibration with Applications, section 2.6.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Spring:
    """The oscillator.

    Attributes:
        frequency_rad_per_s: undamped angular frequency w, > 0.
        damping_ratio: zeta, > 0; 1 is critical.
    """

    frequency_rad_per_s: float
    damping_ratio: float

    @property
    def overshoot(self) -> float:
        """By how much the answer to a step goes beyond its end, as a share of the step; 0 from critical damping on."""
        z = self.damping_ratio
        return math.exp(-math.pi * z / math.sqrt(1 - z * z)) if z < 1 else 0.0

    def after(self, place: float, velocity: float, time_s: float) -> tuple[float, float]:
        """(place, velocity) some time >= 0 after it was let go with a place and a velocity."""
        w, z = self.frequency_rad_per_s, self.damping_ratio
        cosine, sine = self._basis(time_s)
        return (
            cosine * place + sine * (velocity + z * w * place),
            cosine * velocity - sine * (w * w * place + z * w * velocity),
        )

    def acceleration(self, place: float, velocity: float) -> float:
        """What pulls it back: y''."""
        w = self.frequency_rad_per_s
        return -w * w * place - 2 * self.damping_ratio * w * velocity

    def zeros_s(self, place: float, velocity: float, until_s: float) -> list[float]:
        """Every time in (0, until_s) at which it passes zero, rising."""
        w, z = self.frequency_rad_per_s, self.damping_ratio
        slope = velocity + z * w * place
        if place == 0 and slope == 0:
            return []
        if z < 1:
            turn = w * math.sqrt(1 - z * z)
            first = math.atan2(-place * turn, slope) % math.pi
            count = max(math.ceil((until_s * turn - first) / math.pi), 0)
            times = [(first + k * math.pi) / turn for k in range(count)]
        elif z == 1:
            times = [-place / slope] if slope != 0 else []
        else:
            spread = w * math.sqrt(z * z - 1)
            ratio = -place * spread / slope if slope != 0 else math.inf
            times = [math.atanh(ratio) / spread] if abs(ratio) < 1 else []
        return [time for time in times if 0 < time < until_s]

    def stays_within_s(self, place: float, velocity: float, distance: float) -> float:
        """A time from which on |y| stays below a distance > 0; not the first such time, but less than twice as late as a bound
        by the energy.

        v^2 + w^2 y^2 never grows, because the damper only takes.
        """
        w = self.frequency_rad_per_s
        time_s = 0.0
        following_s = 0.5 / w
        while math.hypot(velocity, w * place) > w * distance:
            place, velocity = self.after(place, velocity, following_s)
            time_s += following_s
            following_s = time_s
        return time_s

    def _basis(self, time_s: float) -> tuple[float, float]:
        """exp(-zeta w t) cos(w_d t) and exp(-zeta w t) sin(w_d t) / w_d, with the hyperbolic ones above critical damping."""
        w, z = self.frequency_rad_per_s, self.damping_ratio
        if z < 1:
            turn = w * math.sqrt(1 - z * z)
            decay = math.exp(-z * w * time_s)
            return decay * math.cos(turn * time_s), decay * math.sin(turn * time_s) / turn
        if z == 1:
            decay = math.exp(-w * time_s)
            return decay, decay * time_s
        spread = w * math.sqrt(z * z - 1)
        slow = math.exp(-w / (z + math.sqrt(z * z - 1)) * time_s)
        return slow * (1 + math.exp(-2 * spread * time_s)) / 2, slow * -math.expm1(-2 * spread * time_s) / (2 * spread)
