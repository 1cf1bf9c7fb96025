"""A stepper motor that moves glass, simulated as a pure function of time.

A command fixes the whole future at once: the motor's step counter follows a trapezoidal profile, the rotor follows the counter
unless it is held (a stall) or slips (lost steps), the glass follows the rotor through backlash. Until the next command, any
state at any time is worked out from that plan, so there is neither a thread nor a time step nor a drift.

What the driver knows. It has an encoder on the glass, so `position_steps` is the truth. At the end of a move it compares: the
glass must be where the counter says (give or take the dead band where backlash is not compensated), else steps were lost.
Without progress for `stall_detection_s` it reports a stall. After either it takes the encoder's word for its counter, so that
the next move is right again. While the connection is lost nothing is known but the last answer, and the motor, which has a
watchdog, brakes by itself.

Backlash is compensated by arriving rising, always: a falling move goes `compensation_steps` below its goal and comes back. The
glass itself need not overshoot: with a compensation of just the backlash the return only takes up the play.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.lens.actuator import ActuatorState
from auxfocus_ros.lens.faults import FAULT_NAMES, Fault
from auxfocus_ros.lens.play import follow
from auxfocus_ros.lens.profile import Profile, plan_profile, plan_stop
from auxfocus_ros.lens.stepper_config import StepperConfig

TOLERANCE_STEPS = 0.5
"""How far the glass may be from where the counter says without an error: half a step is what a stepper resolves."""
_ENGAGED_STEPS = 1e-9
_ROUNDING_S = 1e-6
_UNHELD = (math.inf, math.inf)


@dataclass(frozen=True)
class _Failure:
    """What the driver will find out, and when (time of the motion)."""

    at_s: float
    fault: Fault
    rested_at_s: float  # when the glass came to rest


@dataclass(frozen=True)
class _Motion:
    """The future as of `start_s`: times within are seconds since then.

    `slip`: counter minus rotor at the start. `glass`, `assumed`: where the glass was, and the highest place where the driver,
    which knows only its counter and its compensation, must expect it. `held_s`: the rotor stands still from the first time to
    the second.
    """

    start_s: float
    profile: Profile
    goal: float
    slip: float
    glass: float
    assumed: float
    held_s: tuple[float, float] = _UNHELD
    failure: _Failure | None = None

    def rotor(self, time_s: float) -> float:
        """Where the rotor is."""
        begin, end = self.held_s
        counter = self.profile.at(min(time_s, begin))[0]
        if time_s > end:
            counter += self.profile.at(time_s)[0] - self.profile.at(end)[0]
        return counter - self.slip

    def glass_at(self, time_s: float, backlash: float) -> tuple[float, float]:
        """(position, velocity) of the glass."""
        before = [t for t in (*self.profile.turning_times_s(), *self.held_s) if t < time_s]
        rotor = self.rotor(time_s)
        glass = follow(self.glass, [*(self.rotor(t) for t in sorted(before)), rotor], backlash)
        velocity = 0.0 if self.held_s[0] <= time_s <= self.held_s[1] else self.profile.at(time_s)[1]
        edge = rotor if velocity > 0 else rotor + backlash
        return glass, velocity if abs(glass - edge) < _ENGAGED_STEPS else 0.0

    def assumed_at(self, time_s: float, width: float) -> float:
        """Highest place where the driver must expect the glass."""
        times = [t for t in self.profile.turning_times_s() if t < time_s]
        return follow(self.assumed, [self.profile.at(t)[0] for t in (*times, time_s)], width)


class SimulatedStepper:
    """An `Actuator`; see the module's text.

    It starts at rest, homed, its backlash taken up. Not safe to call from several threads at once.
    """

    def __init__(self, config: StepperConfig, position_steps: float, now_s: float) -> None:
        """Raises ConfigurationError when the initial position is not a finite number."""
        if not math.isfinite(position_steps):
            raise ConfigurationError(f"stepper: the initial position is {position_steps}, it must be a finite number of steps")
        self.config = config
        self._random = np.random.default_rng(config.seed)
        self._injected = "none"
        self._fault = (Fault.NONE, "")
        self._settles_at_s: float | None = None
        self._rested_at_s: float | None = None  # the rest before the present motion
        place = float(position_steps)
        self._motion = _Motion(now_s, Profile((), place), math.nan, 0.0, place, place)
        self._last_answer: ActuatorState | None = None

    # Actuator

    def move_to(self, position_steps: float, now_s: float, max_speed_steps_per_s: float = 0.0) -> float:
        """See `Actuator.move_to`. Where the glass comes to rest is the nearest (micro)step."""
        c = self.config
        if self._last_answer is not None:
            return c.connection_timeout_s + _ROUNDING_S  # nothing gets through
        self._catch_up(now_s)
        self._fault = (Fault.NONE, "")
        goal = round(position_steps * c.microsteps) / c.microsteps
        speed = min(max_speed_steps_per_s, c.speed_steps_per_s) if max_speed_steps_per_s > 0 else c.speed_steps_per_s
        loses = bool(self._random.random() < c.lost_steps_probability)
        self._start(self._plan(goal, speed), goal, loses)
        return self._motion.profile.duration_s + c.settle_s + c.stall_detection_s + _ROUNDING_S

    def stop(self, now_s: float) -> None:
        """See `Actuator.stop`. The glass rests on the first (micro)step that its deceleration allows."""
        if self._last_answer is None:
            self._catch_up(now_s)
            self._brake()

    def state(self, now_s: float) -> ActuatorState:
        """See `Actuator.state`."""
        if self._last_answer is None:
            return self._truth(now_s)
        silent_s = now_s - self._last_answer.known_at_s
        if silent_s < self.config.connection_timeout_s:
            return self._last_answer
        text = f"no answer from the lens since {silent_s:.2f} s; it was last at {self._last_answer.position_steps:.1f} steps"
        return replace(self._last_answer, goal_steps=math.nan, settles_in_s=0.0, fault=Fault.CONNECTION_LOST, fault_text=text)

    # Faults

    @property
    def injected_fault(self) -> str:
        """The fault that is switched on, one of FAULT_NAMES."""
        return self._injected

    def set_fault(self, name: str, now_s: float) -> None:
        """Make something go wrong from now on, or put it right again ('none', which is also the repair: no fault is reported
        any more).

        'stall': the glass stops and stays. 'lost_steps': this move and every later one loses steps (moves of a few steps
        excepted). 'connection_lost': the driver hears and says nothing.

        Raises:
            ConfigurationError: the name is none of FAULT_NAMES.
        """
        if name not in FAULT_NAMES:
            raise ConfigurationError(f"there is no lens fault '{name}', it must be one of {', '.join(FAULT_NAMES)}")
        if name == self._injected:
            return
        self._catch_up(now_s)
        if name == "connection_lost":
            self._last_answer = self._truth(now_s)
            self._brake()
        else:
            self._last_answer = None
        if name == "none":
            self._fault = (Fault.NONE, "")
        self._injected = name
        self._start(self._motion.profile, self._motion.goal, loses=False)

    # The plan

    def _plan(self, goal: float, speed: float) -> Profile:
        """To the goal directly, or by way of a place below it where the play has to be taken up by arriving rising."""
        c, m = self.config, self._motion
        position, velocity = m.profile.at(0.0)
        direct = plan_profile(position, velocity, goal, speed, c.acceleration_steps_per_s2)
        arrives = replace(m, profile=direct).assumed_at(direct.duration_s, c.compensation_steps)
        if c.compensation_steps == 0 or arrives <= goal + _ENGAGED_STEPS:
            return direct
        below = plan_profile(position, velocity, goal - c.compensation_steps, speed, c.acceleration_steps_per_s2)
        return below.then(plan_profile(below.target, 0.0, goal, speed, c.acceleration_steps_per_s2))

    def _brake(self) -> None:
        c = self.config
        position, velocity = self._motion.profile.at(0.0)
        profile = plan_stop(position, velocity, c.speed_steps_per_s, c.acceleration_steps_per_s2, 1 / c.microsteps)
        self._start(profile, math.nan, loses=False)

    def _start(self, profile: Profile, goal: float, loses: bool) -> None:
        """Let a profile begin at the motion's present start, with whatever goes wrong on the way."""
        c = self.config
        motion = replace(self._motion, profile=profile, goal=goal, held_s=_UNHELD, failure=None)
        if profile.phases:
            if self._settles_at_s is not None and self._settles_at_s <= motion.start_s:
                self._rested_at_s = self._settles_at_s
            self._settles_at_s = motion.start_s + profile.duration_s + c.settle_s
        elif self._settles_at_s is not None:
            # Already there and at rest; what was planned before is off, so its end no longer counts.
            self._settles_at_s = min(self._settles_at_s, motion.start_s + c.settle_s)
        if self._injected == "stall":
            motion = self._stalled(motion)
        elif loses or self._injected == "lost_steps":
            motion = replace(motion, held_s=self._slip_s(profile))
        if motion.failure is None:
            motion = self._compared(motion)
        self._motion = motion

    def _stalled(self, motion: _Motion) -> _Motion:
        """The rotor stands still from now on; the driver knows once the error is one that it can see."""
        c, profile = self.config, motion.profile
        held = replace(motion, held_s=(0.0, math.inf))
        place = held.rotor(0.0)
        seen_s = profile.leaves_at_s(place - TOLERANCE_STEPS, place + TOLERANCE_STEPS, 0.0)
        if math.isinf(seen_s):
            return held
        known_s = max(c.stall_detection_s, seen_s)
        return replace(held, failure=_Failure(known_s, Fault.STALL, min(c.settle_s, known_s)))

    def _slip_s(self, profile: Profile) -> tuple[float, float]:
        """The rotor slips from the middle of the first leg on, until the counter has gone on by the number of steps lost."""
        turn_s = next((t for t in profile.turning_times_s() if t > 0), 0.0)
        begin_s = 0.5 * turn_s
        place = profile.at(begin_s)[0]
        steps = min(self.config.lost_steps, math.floor(abs(profile.at(turn_s)[0] - place)))
        if steps < 1:
            return _UNHELD
        return begin_s, min(profile.leaves_at_s(place - steps, place + steps, begin_s), turn_s)

    def _compared(self, motion: _Motion) -> _Motion:
        """What the encoder will say at the end of the motion, against the counter."""
        c = self.config
        end_s = motion.profile.duration_s
        counter = motion.profile.at(end_s)[0]
        glass, _ = motion.glass_at(end_s, c.backlash_steps)
        highest = motion.assumed_at(end_s, c.compensation_steps) if c.compensation_steps else counter + c.backlash_steps
        if counter - TOLERANCE_STEPS <= glass <= highest + TOLERANCE_STEPS:
            return motion
        rests_s = end_s if self._settles_at_s is None else self._settles_at_s - motion.start_s
        return replace(motion, failure=_Failure(rests_s, Fault.LOST_STEPS, rests_s))

    # The passing of time

    def _catch_up(self, now_s: float) -> None:
        """Make now the start of what is left of the motion."""
        c, m = self.config, self._motion
        time_s = max(now_s - m.start_s, 0.0)
        failure = m.failure
        if failure is not None and time_s >= failure.at_s:
            glass, _ = m.glass_at(failure.at_s, c.backlash_steps)
            rotor = m.rotor(failure.at_s)
            self._fault = (failure.fault, self._failure_text(failure))
            self._settles_at_s = m.start_s + failure.rested_at_s
            # The encoder's word is taken for the counter. What play there is between the two is unknown to the driver.
            assumed = rotor + c.compensation_steps
            self._motion = _Motion(now_s, Profile((), rotor), math.nan, 0.0, glass, assumed)
            return
        glass, _ = m.glass_at(time_s, c.backlash_steps)
        slip = m.profile.at(time_s)[0] - m.rotor(time_s)
        begin, end = (max(t - time_s, 0.0) for t in m.held_s)
        self._motion = _Motion(
            now_s,
            m.profile.after(time_s),
            m.goal,
            slip,
            glass,
            m.assumed_at(time_s, c.compensation_steps),
            (begin, end) if end > 0 else _UNHELD,
            failure and replace(failure, at_s=failure.at_s - time_s, rested_at_s=failure.rested_at_s - time_s),
        )

    def _truth(self, now_s: float) -> ActuatorState:
        m = self._motion
        time_s = max(now_s - m.start_s, 0.0)
        if m.failure is not None and time_s >= m.failure.at_s:
            self._catch_up(now_s)
            m, time_s = self._motion, 0.0
        position, velocity = m.glass_at(time_s, self.config.backlash_steps)
        left_s = 0.0 if self._settles_at_s is None else max(self._settles_at_s - now_s, 0.0)
        moving = left_s > 0 or m.failure is not None
        return ActuatorState(
            position_steps=position,
            goal_steps=m.goal if moving else math.nan,
            velocity_steps_per_s=velocity,
            moving=moving,
            settled_at_s=self._rested_at_s if moving else self._settles_at_s,
            settles_in_s=left_s,
            known_at_s=now_s,
            fault=self._fault[0],
            fault_text=self._fault[1],
        )

    def _failure_text(self, failure: _Failure) -> str:
        m = self._motion
        glass, _ = m.glass_at(failure.at_s, self.config.backlash_steps)
        towards = "" if math.isnan(m.goal) else f" on the way to {m.goal:g}"
        if failure.fault is Fault.STALL:
            return f"the glass has stalled at {glass:.1f} steps{towards}: no progress for {self.config.stall_detection_s:g} s"
        counter = m.profile.at(failure.at_s)[0]
        return f"steps were lost{towards}: the glass is at {glass:.1f}, the step counter says {counter:.1f}"
