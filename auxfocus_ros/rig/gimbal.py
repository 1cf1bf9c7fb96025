"""What a gimbal is asked to do, and where its joints should be by now.

Commands come when they like, at 1 kHz or once; the reference that follows from them is a function of time that stays within the
joints' limits. What carries it out (a simulated motor, a driver) is elsewhere.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.rig.glide import Glide, glide_to, glide_to_stop
from auxfocus_ros.rig.robot import Robot

RATE_HOLD_S = 0.5
"""How long a rate runs after its last command: a link that is lost must not leave the gimbal turning."""
RUN_UP_S = 0.15
"""Seconds from rest to a joint's highest speed, which sets the acceleration of the reference. A round number: well below what the
motors of a gimbal can do, so that the joints follow."""

AT_LIMIT_RAD = 1e-6
"""So close to a limit a joint counts as being there."""


@dataclass(frozen=True)
class JointLimits:
    """What one joint can do; the angles are infinite where it turns without end."""

    name: str
    lower_rad: float
    upper_rad: float
    max_speed_rad_per_s: float
    max_effort_nm: float

    @property
    def acceleration_rad_per_s2(self) -> float:
        """Of the reference: the highest speed is reached from rest in RUN_UP_S."""
        return self.max_speed_rad_per_s / RUN_UP_S


def limits_of(robot: Robot) -> tuple[JointLimits, ...]:
    """The limits of a gimbal's joints, in the order of `robot.moving_joints`.

    Raises:
        ConfigurationError: a robot without joints that turn, a sliding joint, or a joint without a speed.
    """
    if not robot.moving_joints:
        raise ConfigurationError(f"{robot.source}: robot '{robot.name}' has no joint that moves: it is no gimbal")
    limits = []
    for joint in robot.moving_joints:
        where = f"{robot.source}: joint '{joint.name}'"
        if joint.kind == "prismatic":
            raise ConfigurationError(f"{where} slides: a gimbal's joints turn")
        if not 0.0 < joint.max_speed < math.inf:
            raise ConfigurationError(f"{where}: its <limit> velocity must be above 0 rad/s, got {joint.max_speed:g}")
        limits.append(JointLimits(joint.name, joint.lower, joint.upper, joint.max_speed, joint.max_effort))
    return tuple(limits)


@dataclass(frozen=True)
class GimbalCommand:
    """Angles to go to, or rates to turn at, of some joints, in the order of `names`.

    positions_rad: go there; a velocity beside it is the highest speed on the way (its sign is of no matter; 0: as fast as may be,
    since messages carry zeros where nobody filled anything in). velocities_rad_per_s without positions: turn at these rates.
    """

    names: tuple[str, ...]
    positions_rad: tuple[float, ...] = ()
    velocities_rad_per_s: tuple[float, ...] = ()


@dataclass(frozen=True)
class _Task:
    """What one joint does: a glide until `until_s`, then full braking. wanted: (position or None, speed or rate), as limited."""

    glide: Glide
    wanted: tuple[float | None, float] | None = None
    until_s: float = math.inf

    def at(self, time_s: float, acceleration: float) -> tuple[float, float]:
        if time_s <= self.until_s:
            return self.glide.at(time_s)
        angle, velocity = self.glide.at(self.until_s)
        return glide_to_stop(acceleration, start_s=self.until_s, angle=angle, velocity=velocity).at(time_s)


class GimbalSetpoint:
    """The angles and velocities that the joints should have, by the commands so far. Threads may command and ask at once.

    Time is one clock of the caller's that does not run back; a time before the last command counts as that command's.
    """

    def __init__(self, limits: Sequence[JointLimits], start_rad: Sequence[float], now_s: float) -> None:
        """At rest.

        Args:
            limits: of each joint. start_rad: where each is, within its limits. now_s: the time by the caller's clock, seconds.

        Raises:
            InputError: another number of angles than of joints, an angle that is not finite or beyond its limits.
        """
        if len(start_rad) != len(limits):
            raise InputError(f"{len(start_rad)} angles to start from for {len(limits)} joints")
        for limit, angle in zip(limits, start_rad, strict=True):
            if not limit.lower_rad <= angle <= limit.upper_rad or not math.isfinite(angle):
                raise InputError(
                    f"{limit.name}: it cannot start at {angle:.4g} rad: its limits are "
                    f"{limit.lower_rad:.4g} and {limit.upper_rad:.4g} rad"
                )
        self.limits = tuple(limits)
        self._index = {limit.name: number for number, limit in enumerate(self.limits)}
        self._writing = threading.Lock()
        # Replaced as a whole: who reads needs no lock.
        self._tasks = tuple(_Task(Glide(_finite_time(now_s), (), float(angle))) for angle in start_rad)

    def at(self, now_s: float) -> tuple[np.ndarray, np.ndarray]:
        """(angles [rad], velocities [rad/s]), each (n,), in the order of the limits."""
        now_s = _finite_time(now_s)
        states = [self._state(number, task, now_s) for number, task in enumerate(self._tasks)]
        angles, velocities = zip(*states, strict=True)
        return np.array(angles), np.array(velocities)

    def command(self, command: GimbalCommand, now_s: float) -> list[str]:
        """Take a command; joints that it does not name go on with what they do.

        A command that asks for what is being done already costs next to nothing and changes nothing but a rate's end.

        Returns:
            What had to be limited, in words, a line for each; empty: nothing.

        Raises:
            InputError: a joint that the gimbal does not have or that is named twice, numbers that are not finite or do not fit
                the names, neither angles nor rates. Nothing has changed then.
        """
        now_s = _finite_time(now_s)
        wanted = _checked(command, self._index)
        words: list[str] = []
        with self._writing:
            tasks = list(self._tasks)
            for number, (position, speed) in wanted.items():
                limited = _limited(self.limits[number], position, speed, words)
                tasks[number] = self._task(number, tasks[number], limited, now_s)
                words += self._at_its_end(number, tasks[number], now_s)
            self._tasks = tuple(tasks)
        return words

    def _task(self, number: int, before: _Task, wanted: tuple[float | None, float], now_s: float) -> _Task:
        position, speed = wanted
        until_s = now_s + RATE_HOLD_S if position is None else math.inf
        if wanted == before.wanted and now_s <= before.until_s:
            return before if position is not None else replace(before, until_s=max(until_s, before.until_s))
        limit = self.limits[number]
        acceleration = limit.acceleration_rad_per_s2
        start_s = max(now_s, before.glide.start_s)
        angle, velocity = self._state(number, before, start_s)
        if position is not None:
            glide = glide_to(position, speed, acceleration, start_s=start_s, angle=angle, velocity=velocity)
        elif speed == 0.0:
            glide = glide_to_stop(acceleration, start_s=start_s, angle=angle, velocity=velocity)
        else:
            # A rate is a glide to the limit ahead, of which the first part is used.
            target = limit.upper_rad if speed > 0.0 else limit.lower_rad
            glide = glide_to(target, abs(speed), acceleration, start_s=start_s, angle=angle, velocity=velocity)
        return _Task(glide, wanted, until_s)

    def _at_its_end(self, number: int, task: _Task, now_s: float) -> list[str]:
        """A rate that leads out of the limit at which the joint stands by now."""
        assert task.wanted is not None
        position, rate = task.wanted
        limit = self.limits[number]
        bound = limit.upper_rad if rate > 0.0 else limit.lower_rad
        if position is not None or rate == 0.0 or abs(self._state(number, task, now_s)[0] - bound) > AT_LIMIT_RAD:
            return []
        return [f"{limit.name} is at its limit of {bound:.4g} rad: it turns no further"]

    def _state(self, number: int, task: _Task, now_s: float) -> tuple[float, float]:
        limit = self.limits[number]
        angle, velocity = task.at(now_s, limit.acceleration_rad_per_s2)
        return min(max(angle, limit.lower_rad), limit.upper_rad), velocity


def limit_command(command: GimbalCommand, limits: Sequence[JointLimits]) -> tuple[GimbalCommand, list[str]]:
    """A command as a gimbal with these limits can carry it out, for a driver that takes commands itself.

    Returns:
        (the command, what had to be limited, in words). Angles have a highest speed beside them, rates stay rates.

    Raises:
        InputError: as `GimbalSetpoint.command`.
    """
    wanted = _checked(command, {limit.name: number for number, limit in enumerate(limits)})
    words: list[str] = []
    limited = [_limited(limits[number], position, speed, words) for number, (position, speed) in wanted.items()]
    positions = tuple(position for position, _ in limited if position is not None)
    return GimbalCommand(command.names, positions, tuple(speed for _, speed in limited)), words


def _checked(command: GimbalCommand, index: Mapping[str, int]) -> Mapping[int, tuple[float | None, float | None]]:
    """Joint -> (angle or None, rate or None). Raises InputError for a command that cannot be."""
    names, positions, velocities = command.names, command.positions_rad, command.velocities_rad_per_s
    if not names:
        raise InputError(f"a gimbal command without joints: name some of {', '.join(index)}")
    if not len(positions) and not len(velocities):
        raise InputError("a gimbal command without positions and velocities: wanted one of them for each joint")
    for what, numbers in (("positions", positions), ("velocities", velocities)):
        if len(numbers) not in (0, len(names)):
            raise InputError(f"a gimbal command with {len(numbers)} {what} for {len(names)} joints: wanted one for each")
    wanted: dict[int, tuple[float | None, float | None]] = {}
    for place, name in enumerate(names):
        number = index.get(name)
        if number is None:
            raise InputError(f"a gimbal command for '{name}': the joints are {', '.join(index)}")
        if number in wanted:
            raise InputError(f"a gimbal command that names '{name}' twice")
        position = float(positions[place]) if len(positions) else None
        velocity = float(velocities[place]) if len(velocities) else None
        for value, unit in ((position, "rad"), (velocity, "rad/s")):
            if value is not None and not math.isfinite(value):
                raise InputError(f"a gimbal command with {value} {unit} for '{name}': wanted a finite number")
        wanted[number] = (position, velocity)
    return wanted


def _limited(limit: JointLimits, position: float | None, velocity: float | None, words: list[str]) -> tuple[float | None, float]:
    """The command that can be done: (position or None, highest speed or rate); what was changed is added to `words`."""
    highest = limit.max_speed_rad_per_s
    speed = highest if velocity is None or (position is not None and velocity == 0.0) else velocity
    if abs(speed) > highest:
        words.append(f"{limit.name} {speed:.4g} rad/s is beyond its limit of {highest:.4g} rad/s: held there")
        speed = math.copysign(highest, speed)
    if position is None:
        return None, speed
    bound = min(max(position, limit.lower_rad), limit.upper_rad)
    if bound != position:
        words.append(f"{limit.name} {position:.4g} rad is beyond its limit of {bound:.4g} rad: held there")
    return bound, abs(speed)


def _finite_time(now_s: float) -> float:
    if not math.isfinite(now_s):
        raise InputError(f"the time is {now_s}: wanted a finite number of seconds")
    return float(now_s)
