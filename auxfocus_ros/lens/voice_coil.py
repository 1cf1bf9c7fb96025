"""A voice coil that moves glass, simulated as a pure function of time.

The glass hangs on springs; the current through a coil pulls it, and where coil, springs and weight balance it comes to rest:

    x'' + 2 zeta w x' + w^2 x = w^2 (h + sag sin(tilt))

h is the place that the current stands for, through hysteresis (a play operator: a rising current reaches the calibrated place, a
falling one leaves the glass up to `hysteresis_steps` higher); the weight adds a sag that follows the camera's tilt. A command
fixes the whole future at once, until the next command or the next tilt: see `spring_path.py`. So there is neither a thread
nor a time step, and the time to settle is no constant but the last time at which the glass leaves the tolerance about the place
where it will rest.

What the driver knows. In an open loop a current is all that it can set, so the glass may come to rest away from the goal by
hysteresis and sag. That is no fault: the move has ended, and `position_steps` tells where, because it is always the truth. A
closed loop (a Hall sensor and a controller) leaves a small share of both and damps the ringing; it is modelled by that share and
another damping, not by a controller. A stall is reported when the glass is jammed out of tolerance for `stall_detection_s`;
freed, it goes where the current pulls it. While the connection is lost nothing is known but the last answer, and the chip holds
the current that it was told. A voice coil counts no steps, so it cannot lose any.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.lens.actuator import ActuatorState
from auxfocus_ros.lens.faults import FAULT_NAMES, Fault
from auxfocus_ros.lens.play import follow
from auxfocus_ros.lens.spring import Spring
from auxfocus_ros.lens.spring_path import Pull, SpringPath, held_path, spring_path
from auxfocus_ros.lens.voice_coil_config import VoiceCoilConfig

FAULTS = tuple(name for name in FAULT_NAMES if name != "lost_steps")
"""Faults that it can be given."""
_ROUNDING_S = 1e-6


@dataclass(frozen=True)
class _Ramp:
    """From one value to another at a constant rate, from time 0 on; there at once with an infinite rate."""

    begin: float
    end: float
    rate: float = math.inf

    @property
    def duration_s(self) -> float:
        """Until it is there."""
        return abs(self.end - self.begin) / self.rate

    def at(self, time_s: float) -> float:
        """Its value at a time >= 0."""
        if time_s >= self.duration_s:
            return self.end
        return self.begin + math.copysign(self.rate * time_s, self.end - self.begin)


@dataclass(frozen=True)
class _Drive:
    """What pulls the glass, from time 0 on: the current, the hysteresis that it passes through, and the weight. All in steps."""

    current: _Ramp
    sag: _Ramp
    play: float
    width: float

    def after(self, time_s: float) -> _Drive:
        """What is left of it at a time; its own time starts there."""
        return _Drive(
            replace(self.current, begin=self.current.at(time_s)),
            replace(self.sag, begin=self.sag.at(time_s)),
            self.play_at(time_s),
            self.width,
        )

    def play_at(self, time_s: float) -> float:
        """The place that the current stands for, through the hysteresis. The current goes one way only, so its end says it."""
        return follow(self.play, [self.current.at(time_s)], self.width)

    def pulls(self) -> list[Pull]:
        """The rest place as straight pieces."""
        # A rising current has the glass at once, or a falling one beyond the dead band: nothing moves before `engages_s`.
        towards = self.play if self.current.end > self.current.begin else self.play - self.width
        engages_s = abs(towards - self.current.begin) / self.current.rate
        corners = {engages_s, self.current.duration_s, self.sag.duration_s}
        times = [0.0, *sorted(time for time in corners if time > 0)]
        places = [self.play_at(time) + self.sag.at(time) for time in times]
        pulls = [
            Pull(times[k], places[k], (places[k + 1] - places[k]) / (times[k + 1] - times[k])) for k in range(len(times) - 1)
        ]
        return [*pulls, Pull(times[-1], self.play_at(math.inf) + self.sag.end)]


@dataclass(frozen=True)
class _Motion:
    """The future as of `start_s`; drive and path count from there. `stall_known_at_s`: when a stall will be known; inf: never."""

    start_s: float
    drive: _Drive
    path: SpringPath
    goal: float
    stall_known_at_s: float = math.inf


class SimulatedVoiceCoil:
    """An `Actuator`; see the module's text.

    It starts at rest, level, its current having risen. Not safe to call from several threads at once.
    """

    def __init__(
        self,
        config: VoiceCoilConfig,
        position_steps: float,
        now_s: float,
        range_steps: tuple[float, float] = (-math.inf, math.inf),
    ) -> None:
        """A coil at rest.

        Args:
            config: what it is like.
            position_steps: where it rests, motor steps.
            now_s: the present time, seconds.
            range_steps: the lens's range; the end stops are `overtravel_steps` beyond it.

        Raises:
            ConfigurationError: the initial position is not a finite number or beyond the end stops.
        """
        low, high = range_steps[0] - config.overtravel_steps, range_steps[1] + config.overtravel_steps
        if not math.isfinite(position_steps) or not low <= position_steps <= high:
            raise ConfigurationError(
                f"voice coil: the initial position is {position_steps}, it must be a finite number of steps, {low:g} to {high:g}"
            )
        self.config = config
        self._stops = (low, high)
        self._share = config.closed_loop_residual if config.closed_loop else 1.0
        damping = config.closed_loop_damping_ratio if config.closed_loop else config.damping_ratio
        self._spring = Spring(2 * math.pi * config.natural_frequency_hz, damping)
        place = float(position_steps)
        drive = _Drive(_Ramp(place, place), _Ramp(0.0, 0.0), place, self._share * config.hysteresis_steps)
        path = spring_path(place, 0.0, drive.pulls(), self._spring, self._stops)
        self._motion = _Motion(now_s, drive, path, math.nan)
        self._injected = "none"
        self._fault = (Fault.NONE, "")
        self._rest = place  # where the glass has come to rest, or will
        self._settles_at_s: float | None = None
        self._rested_at_s: float | None = None  # the rest before the present motion
        self._last_answer: ActuatorState | None = None

    # Actuator

    def move_to(self, position_steps: float, now_s: float, max_speed_steps_per_s: float = 0.0) -> float:
        """See `Actuator.move_to`. Hysteresis and sag are not compensated but by a closed loop.

        A bound on the speed is met by ramping the current so slowly that even the overshoot of the glass's speed stays below it,
        for a glass at rest; what speed it has already is not taken away.
        """
        c = self.config
        if self._last_answer is not None:
            # Nothing gets through; that it does not is known in a moment, and until then the move counts as under way.
            self._last_answer = replace(self._last_answer, moving=True, goal_steps=position_steps)
            return c.connection_timeout_s + _ROUNDING_S
        drive = self._drive(now_s)
        self._fault = (Fault.NONE, "")
        goal = round(position_steps / c.resolution_steps) * c.resolution_steps if c.resolution_steps > 0 else position_steps
        speeds = [speed for speed in (c.speed_steps_per_s, max_speed_steps_per_s) if speed > 0]
        rate = min(speeds, default=math.inf) / (1 + self._spring.overshoot)
        self._start(now_s, replace(drive, current=_Ramp(drive.current.begin, goal, rate)), goal, told=True)
        return self._ends_in_s(now_s) + _ROUNDING_S

    def stop(self, now_s: float) -> None:
        """See `Actuator.stop`. The current stays as it is; a current that has jumped is at the goal already."""
        if self._last_answer is None:
            drive = self._drive(now_s)
            self._start(now_s, replace(drive, current=_Ramp(drive.current.begin, drive.current.begin)), math.nan)

    def state(self, now_s: float) -> ActuatorState:
        """See `Actuator.state`."""
        if self._last_answer is None:
            return self._truth(now_s)
        silent_s = now_s - self._last_answer.known_at_s
        if silent_s < self.config.connection_timeout_s:
            return self._last_answer
        text = f"no answer from the lens since {silent_s:.2f} s; it was last at {self._last_answer.position_steps:.1f} steps"
        return replace(
            self._last_answer,
            goal_steps=math.nan,
            moving=False,
            settles_in_s=0.0,
            fault=Fault.CONNECTION_LOST,
            fault_text=text,
        )

    # The camera's tilt

    def set_tilt(self, tilt_rad: float, now_s: float, over_s: float = 0.0) -> None:
        """The camera is tilted; the glass goes to its new rest place.

        Args:
            tilt_rad: 0: level; pi/2: straight down.
            now_s: the present time, seconds.
            over_s: the time over which the weight's share changes, seconds; 0: at once.

        A tilt that moves the rest place within the tolerance about the place where the glass came to rest is no new motion.

        Raises:
            InputError: a tilt that is not a finite number.
        """
        if not math.isfinite(tilt_rad):
            raise InputError(f"the tilt is {tilt_rad}, it must be a finite number of radians")
        sag = self._share * self.config.sag_steps * math.sin(tilt_rad)
        drive = self._drive(now_s)
        if sag == drive.sag.begin == drive.sag.end:
            return
        rate = abs(sag - drive.sag.begin) / over_s if over_s > 0 else math.inf
        self._start(now_s, replace(drive, sag=_Ramp(drive.sag.begin, sag, rate or math.inf)), self._motion.goal)

    # Faults

    @property
    def injected_fault(self) -> str:
        """The fault that is switched on, one of FAULTS."""
        return self._injected

    def set_fault(self, name: str, now_s: float) -> None:
        """Make something go wrong from now on, or put it right again ('none', which is also the repair: no fault is reported
        any more).

        'stall': the glass is jammed where it is. 'connection_lost': the driver hears and says nothing.

        Raises:
            ConfigurationError: the name is none of FAULTS.
        """
        if name not in FAULTS:
            why = "a voice coil counts no steps" if name in FAULT_NAMES else f"there is no lens fault '{name}'"
            raise ConfigurationError(f"{why}: the fault of a voice coil must be one of {', '.join(FAULTS)}")
        if name == self._injected:
            return
        self._last_answer = self._truth(now_s) if name == "connection_lost" else None
        drive = self._drive(now_s)
        if name == "none":
            self._fault = (Fault.NONE, "")
        self._injected = name
        self._start(now_s, drive, self._motion.goal, told=True)

    # The plan

    def _drive(self, now_s: float) -> _Drive:
        """What pulls the glass from now on; what has been found out by now is kept."""
        m = self._motion
        if now_s >= m.stall_known_at_s:
            self._fault = (Fault.STALL, self._stall_text())
        return m.drive.after(max(now_s - m.start_s, 0.0))

    def _start(self, now_s: float, drive: _Drive, goal: float, told: bool = False) -> None:
        """Let the glass go on from where it is under a drive; `told`: the driver wanted it, so that a stall counts from now."""
        tolerance, before = self.config.settle_tolerance_steps, self._motion
        goal = goal if told or self._ends_in_s(now_s) > 0 else math.nan
        place, velocity = before.path.at(max(now_s - before.start_s, 0.0))
        path = spring_path(place, velocity, drive.pulls(), self._spring, self._stops)
        stall_known_at_s = math.inf
        if self._injected == "stall":
            wanted, path = path.rest, held_path(place)
            if self._fault[0] is Fault.NONE and abs(wanted - place) > tolerance:
                detected_s = now_s + self.config.stall_detection_s
                stall_known_at_s = detected_s if told else min(detected_s, before.stall_known_at_s)
        self._motion = _Motion(now_s, drive, path, goal, stall_known_at_s)
        rested = self._rested(now_s)
        if rested and path.settled_s(self._rest, tolerance) == 0:
            return  # it never leaves the place where it rests
        if rested:
            self._rested_at_s = self._settles_at_s
        self._rest = path.rest
        self._settles_at_s = now_s + path.settled_s(path.rest, tolerance)

    # The passing of time

    def _rested(self, now_s: float) -> bool:
        """Whether the glass rests."""
        return self._settles_at_s is None or self._settles_at_s <= now_s

    def _ends_in_s(self, now_s: float) -> float:
        """Until the glass has settled or a stall is known."""
        known_at_s = self._motion.stall_known_at_s
        ends_at_s = known_at_s if math.isfinite(known_at_s) else self._settles_at_s
        return 0.0 if ends_at_s is None else max(ends_at_s - now_s, 0.0)

    def _truth(self, now_s: float) -> ActuatorState:
        m = self._motion
        position, velocity = m.path.at(max(now_s - m.start_s, 0.0))
        fault, text = (Fault.STALL, self._stall_text()) if now_s >= m.stall_known_at_s else self._fault
        left_s = self._ends_in_s(now_s)
        return ActuatorState(
            position_steps=position,
            goal_steps=m.goal if left_s > 0 else math.nan,
            velocity_steps_per_s=velocity,
            moving=left_s > 0,
            settled_at_s=self._settles_at_s if self._rested(now_s) else self._rested_at_s,
            settles_in_s=left_s,
            known_at_s=now_s,
            fault=fault,
            fault_text=text,
        )

    def _stall_text(self) -> str:
        m = self._motion
        towards = "" if math.isnan(m.goal) else f" on the way to {m.goal:g}"
        return f"the glass has stalled at {m.path.rest:.1f} steps{towards}: no progress for {self.config.stall_detection_s:g} s"
