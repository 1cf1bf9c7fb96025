"""A simulated target before a simulated lens and camera, for the benchmark of continuous focus.

Everything has its delay: a frame is exposed, and is known two frames later; a depth reading is taken, and is known later; a wish
sets a stepper going, with its speed, acceleration, backlash and settling. The truth is sampled a hundred times a second.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.autofocus.following import FrameFollower, Wish
from auxfocus_ros.autofocus.radius_estimate import LEVELS, RadiusEstimate, level_of
from auxfocus_ros.autofocus.terms import DepthReading
from auxfocus_ros.lens import SimulatedStepper, StepperConfig
from auxfocus_ros.optics.defocus_model import DefocusModel

NEAR_M, FAR_M, SPEED_M_PER_S = 0.5, 8.0, 1.0
SAMPLES_HZ = 100
DepthPath = Callable[[float], float]
Seen = Callable[[float, float], np.ndarray]
"""(position of the lens, best position) -> the picture of the region."""


def path(name: str) -> DepthPath:
    """The target's depth over time, metres, of `path`'s names."""
    leg_s = (FAR_M - NEAR_M) / SPEED_M_PER_S

    def to_and_fro(time_s: float) -> float:
        way = (time_s / leg_s) % 2.0
        return FAR_M - (FAR_M - NEAR_M) * (way if way <= 1.0 else 2.0 - way)

    if name == "to_and_fro":
        return to_and_fro
    if name == "coming":
        return lambda time_s: max(FAR_M - SPEED_M_PER_S * time_s, NEAR_M)
    if name == "going":
        return lambda time_s: min(NEAR_M + SPEED_M_PER_S * time_s, FAR_M)
    if name == "hold_and_go":
        # stands for two seconds, walks for one and a half, from 4 m to 1 m and back
        def hold_and_go(time_s: float) -> float:
            legs, within_s = divmod(time_s, 3.5)
            way = max(within_s - 2.0, 0.0)
            stops_m = [4.0, 2.5, 1.0, 2.5]
            at, next_m = stops_m[int(legs) % 4], stops_m[(int(legs) + 1) % 4]
            return at + (next_m - at) * way / 1.5

        return hold_and_go
    depth_m = float(name.removeprefix("still_").removesuffix("m"))
    return lambda time_s: depth_m


@dataclass(frozen=True)
class Conditions:
    """Of a run.

    frames_hz, exposure_s, latency_s: of the camera; the latency from the middle of the exposure to the decision. depth_hz: 0:
    there are no readings. depth_latency_s: until a reading is known. depth_error: of one reading, a share. depth_lasting_error:
    of all readings of the run alike, one standard deviation, a share.
    """

    frames_hz: float = 30.0
    exposure_s: float = 0.01
    latency_s: float = 2.0 / 30.0
    depth_hz: float = 20.0
    depth_latency_s: float = 0.06
    depth_error: float = 0.02
    depth_lasting_error: float = 0.0
    stepper: StepperConfig = field(default_factory=StepperConfig)


@dataclass
class Record:
    """What happened. times_s, lens_steps, best_steps, depth_m: (N,) sampled; moves: (time, from, to, probe); states: counted."""

    times_s: NDArray[np.float64]
    lens_steps: NDArray[np.float64]
    best_steps: NDArray[np.float64]
    depth_m: NDArray[np.float64]
    half_steps: NDArray[np.float64]
    moves: list[tuple[float, float, float, bool]]
    pictures: int
    states: dict[str, int]


@dataclass(frozen=True)
class Scene:
    """What is simulated: a target on its path before a lens, for some seconds; `seen` None: no pictures are shown."""

    target: DepthPath
    model: DefocusModel
    seconds: float
    seed: int
    conditions: Conditions = Conditions()
    seen: Seen | None = None


def simulate(policy: FrameFollower, scene: Scene) -> Record:
    """Let a policy keep the target in focus. The lens starts in focus."""
    return _World(policy, scene).run(scene.seconds)


class _World:
    def __init__(self, policy: FrameFollower, scene: Scene) -> None:
        self._policy, self._target, self._model, self._c, self._seen = (
            policy, scene.target, scene.model, scene.conditions, scene.seen,
        )  # fmt: skip
        self._rng = np.random.default_rng(scene.seed)
        self._lasting = 1.0 + scene.conditions.depth_lasting_error * self._rng.standard_normal()
        start = round(self._best(0.0))
        self._lens = SimulatedStepper(scene.conditions.stepper, float(start), 0.0)
        self._events: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._count = 0
        self._moves: list[tuple[float, float, float, bool]] = []
        self._samples: list[tuple[float, float, float, float]] = []
        self._states: dict[str, int] = {}
        self._pictures = 0

    def run(self, seconds: float) -> Record:
        c = self._c
        phase_s = self._rng.uniform(0.0, 1.0 / c.frames_hz)
        for index in range(int(seconds * c.frames_hz)):
            self._at(phase_s + index / c.frames_hz, self._opened, phase_s + index / c.frames_hz)
        if c.depth_hz > 0.0:
            phase_s = self._rng.uniform(0.0, 1.0 / c.depth_hz)
            for index in range(int(seconds * c.depth_hz)):
                self._at(phase_s + index / c.depth_hz, self._measured, phase_s + index / c.depth_hz)
        for index in range(int(seconds * SAMPLES_HZ)):
            self._at(index / SAMPLES_HZ, self._sampled, index / SAMPLES_HZ)
        while self._events and self._events[0][0] <= seconds:
            _, _, what, arguments = heapq.heappop(self._events)
            what(*arguments)
        times, lens, best, depth = (np.array(column) for column in zip(*self._samples, strict=True))
        half = np.asarray(self._model.half_depth_of_focus_steps(best))
        return Record(times, lens, best, depth, half, self._moves, self._pictures, self._states)

    def _at(self, time_s: float, what: Callable[..., None], *arguments: Any) -> None:
        self._count += 1
        heapq.heappush(self._events, (time_s, self._count, what, arguments))

    def _best(self, time_s: float) -> float:
        return float(self._model.best_position_steps(self._target(time_s)))

    def _sampled(self, time_s: float) -> None:
        self._samples.append((time_s, self._lens.state(time_s).position_steps, self._best(time_s), self._target(time_s)))

    def _opened(self, time_s: float) -> None:
        self._at(time_s + 0.5 * self._c.exposure_s, self._exposed, time_s, self._lens.state(time_s).moving)

    def _exposed(self, opened_s: float, moving: bool) -> None:
        middle_s = opened_s + 0.5 * self._c.exposure_s
        position = self._lens.state(middle_s).position_steps
        self._at(opened_s + self._c.exposure_s, self._closed, middle_s, position, moving)

    def _closed(self, middle_s: float, position: float, moving: bool) -> None:
        state = self._lens.state(middle_s + 0.5 * self._c.exposure_s)
        moving = moving or state.moving or abs(state.position_steps - position) > 1e-6
        picture = None
        if self._seen is not None and not moving:
            picture = self._seen(position, self._best(middle_s))
            self._pictures += 1
        self._at(middle_s + self._c.latency_s, self._shown, middle_s, picture, position, moving)

    def _shown(self, middle_s: float, picture: np.ndarray | None, position: float, moving: bool) -> None:
        now_s = middle_s + self._c.latency_s
        self._obey(self._policy.see(middle_s, picture, position, None, None, moving=moving, now_s=now_s), now_s)

    def _measured(self, time_s: float) -> None:
        depth_m = self._target(time_s) * self._lasting * (1.0 + self._c.depth_error * self._rng.standard_normal())
        sigma = np.hypot(self._c.depth_error, self._c.depth_lasting_error)
        reading = DepthReading(max(depth_m, 0.05), max(float(sigma) * depth_m, 1e-3))
        state = self._lens.state(time_s)
        self._at(time_s + self._c.depth_latency_s, self._heard, time_s, reading, state.position_steps, state.moving)

    def _heard(self, time_s: float, reading: DepthReading, position: float, moving: bool) -> None:
        now_s = time_s + self._c.depth_latency_s
        self._obey(self._policy.see(time_s, None, position, reading, None, moving=moving, now_s=now_s), now_s)

    def _obey(self, wish: Wish, now_s: float) -> None:
        self._states[wish.state.name] = self._states.get(wish.state.name, 0) + 1
        if wish.position_steps is None:
            return
        self._moves.append((now_s, self._lens.state(now_s).position_steps, wish.position_steps, wish.probe))
        self._lens.move_to(wish.position_steps, now_s)


class StandIn:
    """Pictures that carry their blur radius, and an estimator that reads it with an error: for trials without rendering."""

    def __init__(self, model: DefocusModel, seed: int, share: float = 0.08, floor_px: float = 1.0) -> None:
        """The error's standard deviation is `share` of the radius and `floor_px`."""
        self._model, self._rng = model, np.random.default_rng(seed)
        self._share, self._floor_px = share, floor_px

    def seen(self, position_steps: float, best_position_steps: float) -> np.ndarray:
        """(64, 64) uint8: noise, and in its first eight bytes the radius."""
        picture = self._rng.integers(0, 256, (64, 64), np.uint8)
        radius_px = float(self._model.radius_px(position_steps, best_position_steps))
        picture[0, :8] = np.frombuffer(np.float64(radius_px).tobytes(), np.uint8)
        return picture

    def estimate(self, picture: np.ndarray) -> RadiusEstimate:
        """Normal in the radius."""
        true_px = float(np.frombuffer(picture[0, :8].tobytes(), np.float64)[0])
        told_px = abs(true_px + (self._share * true_px + self._floor_px) * self._rng.standard_normal())
        sigma_px = self._share * told_px + self._floor_px
        radii = np.exp2(LEVELS) - 0.5
        per_level = np.exp(-0.5 * ((radii - told_px) / sigma_px) ** 2) * np.exp2(level_of(radii))
        return RadiusEstimate(per_level / per_level.sum())
