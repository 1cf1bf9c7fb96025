"""What the frames and the depth say together: of a lens that is calibrated, and of one that is not."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Protocol

import numpy as np

from auxfocus_ros.autofocus.belief import Belief, Grid, depth_log_likelihood, depths_at
from auxfocus_ros.autofocus.controller.estimates import log_density
from auxfocus_ros.autofocus.controller.frames import Frame, compared, laid_over, quarters
from auxfocus_ros.autofocus.controller.options import ControllerOptions
from auxfocus_ros.autofocus.likelihood import log_likelihood
from auxfocus_ros.autofocus.radius_estimate import level_of
from auxfocus_ros.autofocus.spectra import CrossPower, Plane
from auxfocus_ros.autofocus.terms import DepthReading, Task
from auxfocus_ros.optics.defocus_model import DefocusModel


@dataclass(frozen=True)
class Judgement:
    """Where focus is believed to be.

    belief: over the best position. candidates_steps, in_focus: positions to go to, rising, and how probably each is in focus.
    here: how probably the last frame's position is. half_steps: half the depth of focus, about the believed position.
    depth_sigmas: how far the range sensor's word is from where the pictures alone see it, in standard deviations; 0: not known.
    depths_apart: how strong the evidence for several depths in the region is, natural logarithm.
    """

    belief: Belief
    candidates_steps: Grid
    in_focus: Grid
    here: float
    half_steps: float
    depth_sigmas: float = 0.0
    depths_apart: float = 0.0

    @property
    def best(self) -> float:
        """The greatest probability of being in focus that any position has."""
        return float(self.in_focus.max())

    def target_steps(self) -> float:
        """The position that is most probably in focus: the middle of the belief about the best candidate."""
        target = float(self.candidates_steps[int(np.argmax(self.in_focus))])
        grid, probability = self.belief.grid, self.belief.probability
        for _ in range(3):
            near = np.abs(grid - target) <= 1.5 * self.half_steps
            weight = float(probability[near].sum())
            if weight > 0.0:
                target = float(probability[near] @ grid[near]) / weight
        return target

    def elsewhere_steps(self, here_steps: float) -> float:
        """The position that is most probably in focus but for those about `here_steps`; that itself where there is none."""
        away = np.abs(self.candidates_steps - here_steps) >= max(self.half_steps, 1e-9)
        if not away.any():
            return here_steps
        return float(self.candidates_steps[int(np.argmax(np.where(away, self.in_focus, -1.0)))])


class Judge(Protocol):
    """Makes of frames and depth a judgement."""

    def judge(self, frames: Sequence[Frame], depth: DepthReading | None, slack_steps: float = 0.0) -> Judgement:
        """Of the frames of a run, the first one first; slack: what the last position may be off, for backlash."""


def judge_of(task: Task, options: ControllerOptions) -> Judge:
    """The judge for a task: whether its lens is calibrated or not."""
    return Learning(task, options) if task.model is None else Calibrated(task, task.model, options)


def estimate_weights(frames: Sequence[Frame], options: ControllerOptions) -> list[float]:
    """How much the network's word counts, of each frame."""
    return [options.first_estimate_weight if n == 0 else options.later_estimate_weight for n in range(len(frames))]


@dataclass
class Calibrated:
    """A lens whose defocus model is known: the radius of every frame's blur follows from the best position alone."""

    task: Task
    model: DefocusModel
    options: ControllerOptions
    grid: Grid = field(init=False)
    half_steps: Grid = field(init=False)
    _depth_m: Grid = field(init=False)

    def __post_init__(self) -> None:
        """Lay the grid: as fine as the depth of focus asks."""
        low, high = self.task.min_position_steps, self.task.max_position_steps
        half = self._half(np.linspace(low, high, 33))
        known = half[np.isfinite(half) & (half > 0)]
        narrow = float(np.median(known)) if known.size else 0.01 * (high - low)
        count = int(np.clip(math.ceil((high - low) / narrow * self.options.grid_per_half_depth), 100, 600)) + 1
        self.grid = np.linspace(low, high, count)
        half = self._half(self.grid)
        self.half_steps = np.where(np.isfinite(half) & (half > 0), half, narrow)
        self._depth_m = depths_at(self.model, self.grid)

    def _half(self, grid: Grid) -> Grid:
        told = self.task.half_depth_of_focus_steps
        return self.model.half_depth_of_focus_steps(grid) if told is None else np.full(len(grid), told)

    def judge(self, frames: Sequence[Frame], depth: DepthReading | None, slack_steps: float = 0.0) -> Judgement:
        """As `Judge`."""
        seen = self._estimates(frames)
        apart = 0.0
        last = list(frames[-self.options.frames_remembered :])
        if len({frame.position_steps for frame in last}) > 1:
            middle = float(self.grid[len(self.grid) // 2])
            planes, scales = laid_over(last, lambda a, b: self._scale(a, middle) / self._scale(b, middle))
            radii = self._radii(last) * scales[:, None]
            seen = seen + self._comparison(compared(planes, last), radii)
            if depth is None:  # else that says which of them is meant
                apart = several_depths(planes, last, radii, self.options)
        read, depth_sigmas = np.zeros_like(self.grid), 0.0
        if depth is not None:
            read = depth_log_likelihood(self._depth_m, depth, self.options.depth_outlier_share)
            depth_sigmas = self._contradiction(Belief.of_log(self.grid, seen), depth)
        belief = Belief.of_log(self.grid, seen + read, self.options.outlier_share).widened(slack_steps)
        here = np.array([frames[-1].position_steps]) if frames else np.array([self.task.start_position_steps])
        candidates = self.grid if self.task.positions_steps is None else np.asarray(self.task.positions_steps, np.float64)
        half = np.maximum(self.half_steps, _half_gap(self.task))
        return Judgement(
            belief=belief,
            candidates_steps=candidates,
            in_focus=belief.within(candidates, half),
            here=float(belief.within(here, half)[0]),
            half_steps=float(belief.probability @ half),
            depth_sigmas=depth_sigmas,
            depths_apart=apart,
        )

    def _radii(self, frames: Sequence[Frame]) -> Grid:
        radii = np.stack([self.model.radius_px(frame.position_steps, self.grid) for frame in frames])
        return np.where(np.isfinite(radii), radii, 1e3)

    def _estimates(self, frames: Sequence[Frame]) -> Grid:
        total = np.zeros_like(self.grid)
        for frame, weight in zip(frames, estimate_weights(frames, self.options), strict=True):
            if frame.estimate is not None:
                total += weight * log_density(frame.estimate, self._radii([frame])[0])
        return total

    def _comparison(self, power: CrossPower, radii: Grid) -> Grid:
        return log_likelihood(power, radii, model_error=self.options.model_error, weight=self.options.comparison_weight)

    def _scale(self, frame: Frame, best_steps: float) -> float:
        scale = float(self.model.scale(frame.position_steps, best_steps))
        return scale if math.isfinite(scale) and scale > 0 else 1.0

    def _contradiction(self, picture: Belief, depth: DepthReading) -> float:
        """How many standard deviations lie between the depth's position and the nearest one the pictures allow."""
        position = float(self.model.best_position_steps(depth.depth_m))
        if not math.isfinite(position):
            return 0.0
        near, far = (max(depth.depth_m + side * depth.sigma_m, 0.2 * depth.depth_m) for side in (-1.0, 1.0))
        sigma = 0.5 * abs(float(self.model.best_position_steps(far)) - float(self.model.best_position_steps(near)))
        sigma = sigma if math.isfinite(sigma) else 0.0
        spread = math.hypot(sigma, picture.sigma_steps)
        return abs(position - picture.mean_steps) / spread if spread > 0 else 0.0


@dataclass
class Learning:
    """A lens of which nothing is known but that blur grows evenly with the way from the best position: `r = gain |Z - Z0|`.

    The gain is believed in along with the best position, over a grid of both, and so is how soft the pictures are at their
    sharpest. What the network says of each frame is weighed with the order of the frames by their detail. (To compare their
    spectra ring by ring, as with a calibrated lens, did harm on real stacks: shapes of blur and scale are not known well enough.)
    """

    task: Task
    options: ControllerOptions
    grid: Grid = field(init=False)
    gains: Grid = field(init=False)
    _prior: Grid = field(init=False)

    def __post_init__(self) -> None:
        """Lay the grid and the prior over the gains: log-normal about a blur of tens of pixels at the range's far side."""
        low, high = self.task.min_position_steps, self.task.max_position_steps
        self.grid = np.linspace(low, high, 121)
        full = np.geomspace(3.0, 300.0, 24)
        self.gains = full / (high - low)
        self._prior = -0.5 * (np.log(full / _USUAL_RADIUS_PX) / _USUAL_SPREAD) ** 2

    def judge(self, frames: Sequence[Frame], depth: DepthReading | None, slack_steps: float = 0.0) -> Judgement:
        """As `Judge`; a depth says nothing here."""
        radii = self._radii(frames)
        log = np.full((len(_OWN_SOFTNESS_PX), radii.shape[1]), -np.inf)
        for n, softness in enumerate(_OWN_SOFTNESS_PX):
            log[n] = sum((_told(frame, np.hypot(one, softness)) for frame, one in zip(frames, radii, strict=True)), np.zeros(1))
        total = np.logaddexp.reduce(log, axis=0) + _ordered(frames, radii)
        joint = total.reshape(len(self.gains), len(self.grid)) + self._prior[:, None]
        return self._judged(np.exp(joint - joint.max()), frames, slack_steps)

    def _judged(self, joint: Grid, frames: Sequence[Frame], slack_steps: float) -> Judgement:
        share = self.options.outlier_share
        joint = (1.0 - share) * joint / joint.sum() + share / joint.size
        belief = Belief(self.grid, joint.sum(axis=0)).widened(slack_steps)
        candidates = self.grid if self.task.positions_steps is None else np.asarray(self.task.positions_steps, np.float64)
        asked = np.append(candidates, frames[-1].position_steps if frames else self.task.start_position_steps)
        told = self.task.half_depth_of_focus_steps
        in_focus, half_steps = np.zeros(len(asked)), 0.0
        for gain, row in zip(self.gains, joint, strict=True):
            weight = float(row.sum())
            half = max(told if told is not None else self.options.sharp_radius_px / gain, _half_gap(self.task))
            in_focus += weight * Belief(self.grid, row / weight).within(asked, np.full(len(self.grid), half))
            half_steps += weight * half
        return Judgement(belief, candidates, in_focus[:-1], float(in_focus[-1]), half_steps)

    def _radii(self, frames: Sequence[Frame]) -> Grid:
        away = np.abs(np.array([frame.position_steps for frame in frames])[:, None, None] - self.grid)
        return np.asarray((self.gains[:, None] * away).reshape(len(frames), -1))


_USUAL_RADIUS_PX, _USUAL_SPREAD = 35.0, 0.7
_CARRIED_OVER = 0.3
_OWN_SOFTNESS_PX = (0.6, 1.2, 1.7)
"""Of pictures at their sharpest: lenses, demosaicing and noise reduction."""
_UNEVEN_LEVELS = 0.25
_ORDER_WEIGHT = 5.0
_ORDER_STEP = 0.1


def _told(frame: Frame, radii: Grid) -> Grid:
    """What the estimates of a frame say of radii that the even growth of blur predicts roughly."""
    levels, density = level_of(radii), np.full(len(radii), 0.01)
    for estimate, enlarged in ((frame.estimate, 1.0), (frame.estimate_of_half, 2.0)):
        if estimate is not None:
            middle, spread = enlarged * estimate.radius_px, enlarged * estimate.sigma_px
            reach = 0.5 * float(level_of(middle + spread) - level_of(max(middle - spread, 0.0)))
            density += np.exp(-0.5 * ((levels - level_of(middle)) / math.hypot(reach, _UNEVEN_LEVELS)) ** 2)
    return np.asarray(np.log(density))


def _ordered(frames: Sequence[Frame], radii: Grid) -> Grid:
    """Of every hypothesis, whether it has the frames in the order of their detail: the one with more of it is less blurred."""
    total = np.zeros(radii.shape[1])
    for (one, r1), (other, r2) in combinations(zip(frames, radii, strict=True), 2):
        sharper = 0.5 * math.log((one.detail + 1e-9) / (other.detail + 1e-9))
        sure = _ORDER_WEIGHT * min(abs(sharper) / _ORDER_STEP, 1.0)
        total += sure * np.minimum(np.tanh(math.copysign(1.0, sharper) * (r2 - r1)), 0.0)
    return total


def several_depths(planes: Sequence[Plane], frames: Sequence[Frame], radii_px: Grid, options: ControllerOptions) -> float:
    """How much better a best position of its own explains each quarter of the region than one explains all, natural logarithm.

    Light that a large blur carries over from the neighbouring quarters is allowed for by a greater error of the model. What is
    left of such errors grows with the region, so the evidence is given as of a region of 512 x 512 px.
    """
    alone = [
        log_likelihood(compared(part, frames), radii_px, model_error=_CARRIED_OVER, weight=options.comparison_weight)
        for part in quarters(planes)
    ]
    if not alone:
        return 0.0
    apart = float(sum(one.max() for one in alone) - np.sum(alone, axis=0).max())
    return apart * 512.0 * 512.0 / planes[0].size


def _half_gap(task: Task) -> float:
    """Half the gap between the only positions that there are: the nearest of them is all that can be had."""
    if task.positions_steps is None or len(task.positions_steps) < 2:
        return 0.0
    return 0.5 * float(np.median(np.diff(task.positions_steps)))
