"""Our strategy: the fewest frames that bring every part of the picture into focus once, or, of a moving scene, again and again.

After every frame each cell of the picture has a distribution over the positions where it is in focus (`belief`). From these
follows how much of the picture is believed to be in focus at each position and has not been yet; what cannot be judged for want
of texture neither counts nor asks for frames. A plan is the smallest set of positions that brings all of that into focus
(`cover_plan`). As long as the beliefs have two sides the frame is taken that brings most; once they have one, the plan is visited
in the order that costs least travel. With a depth image that is the case before the first frame.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.blur_map import BlurMap, BlurMapEstimator
from auxfocus_ros.allinfocus.strategy.belief import CellBelief
from auxfocus_ros.allinfocus.strategy.belief_axis import Axis, axis_of
from auxfocus_ros.allinfocus.strategy.belief_depth import depth_prior
from auxfocus_ros.allinfocus.strategy.cover_plan import detail_kept, fewest_frames, in_focus_share, least_travel
from auxfocus_ros.allinfocus.strategy.options import CoverOptions
from auxfocus_ros.allinfocus.terms import CaptureEnd, CaptureTask, End, Known, Look, Strategy
from auxfocus_ros.errors import InputError

Floats = NDArray[np.float64]

_LEAST_TELLING = 0.005
"""Share of the picture: with less than that there is no texture."""
_LOOKS_FOR_TEXTURE = 2
"""What is blank in one frame may be a texture that is out of focus."""
_ELSEWHERE = "no texture here: looking elsewhere"
_SURE = 0.7
"""Beliefs have one side when a cell's best position is in focus with this probability, in the mean."""
_MUCH_NEARER = 0.5
"""A look from so much of the way to focus tells much more."""
_STALE_FRAMES = 8.0
"""Dynamic: a cell unseen for this many frames more than `keep` counts fully."""


def cover_strategy(task: CaptureTask, estimator: BlurMapEstimator, options: CoverOptions = CoverOptions()) -> Strategy:  # noqa: B008
    """Capture what is needed and no more.

    Args:
        task: what is to be captured; dynamic where its `keep` says so.
        estimator: tells the blur of every cell of a frame.
        options: settings.

    Raises:
        InputError: when sent a picture of another size than the task's.
    """
    return run(Moving(task, options) if task.keep is not None else Covering(task, options), estimator)


def run(machine: Covering, estimator: BlurMapEstimator) -> Strategy:
    """A machine as a strategy. Raises as `cover_strategy`."""
    task, step = machine.task, machine.begin()
    while isinstance(step, Look):
        sight = yield step
        if sight.picture.shape[:2] != (task.height_px, task.width_px):
            height, width = sight.picture.shape[:2]
            raise InputError(f"a frame of {width} x {height} px came, {task.width_px} x {task.height_px} px were to be captured")
        step = machine.see(estimator.estimate(sight.picture, task.cell_px), sight.position_steps)
    return step


@dataclass
class Covering:
    """The static machine: `begin`, then `see` for every frame, until a `CaptureEnd` comes back.

    visited_steps: where frames were taken. belief: of the cells, C in a row.
    """

    task: CaptureTask
    options: CoverOptions
    visited_steps: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Lay the axis and the belief before any frame."""
        task = self.task
        self.axis: Axis = axis_of(task, self.options.sharp_radius_px)
        depth = None
        if task.depth_m is not None and task.model is not None:
            depth = depth_prior(task.depth_m, task.depth_sigma, task.grid, task.model, self.axis.grid_steps)
        self.belief = CellBelief(self.axis, task.grid.shape, self.options, depth)
        weight = task.weight().ravel()
        self.weight = weight / weight.sum()
        self.candidates_steps = self._candidates()
        self._rule(self.belief.gain_share)

    def begin(self) -> Look | CaptureEnd:
        """The first wish: by the depth where it says enough, else where the lens stands."""
        if self._known_share() > _LEAST_TELLING:
            planned = self._planned(self.task.start_position_steps)
            if planned is not None:
                return Look(planned[0], Known(expected_gain=planned[1], message="the first frame, by the depth"))
        return Look(self.task.reachable(self.task.start_position_steps), Known(message="the first frame"))

    def see(self, blur: BlurMap, position_steps: float) -> Look | CaptureEnd:
        """Take a frame's blur map in and decide: the next wish, or the end."""
        self.belief.see(blur, position_steps)
        self.visited_steps.append(position_steps)
        self._rule(self.belief.gain_share)
        known = self._known(blur, position_steps)
        if self._known_share() < _LEAST_TELLING:
            return self._without_texture(position_steps, known)
        if known.share_in_focus >= self.options.enough:
            return CaptureEnd(End.ALL_IN_FOCUS, True, f"{known.share_in_focus:.0%} was in focus", known)
        planned = self._planned(position_steps)
        if planned is None:
            return self._ended(known)
        target, gain = planned
        known = _with(known, gain, f"a further {gain:.0%} should be in focus at {target:g}")
        return self._unless_spent(Look(target, known))

    # Its parts

    def _rule(self, gain_share: Floats) -> None:
        """What is in focus where, by the depth of focus as it is known now."""
        self.half_steps = self.axis.half_steps(gain_share)
        grid = self.axis.grid_steps
        self._share = in_focus_share(self.candidates_steps, grid, self.half_steps)
        self._kept = detail_kept(self.candidates_steps, grid, self.half_steps)

    def _candidates(self) -> Floats:
        if self.task.positions_steps is not None:
            return np.asarray(self.task.positions_steps, np.float64)
        low, high = self.task.min_position_steps, self.task.max_position_steps
        grid = self.axis.grid_steps
        return np.concatenate(([low], grid[(grid > low) & (grid < high)], [high]))

    def _known_share(self) -> float:
        return float(self.weight @ self.belief.telling)

    def _counts(self) -> Floats:
        """(C,) what each cell counts, sum 1: its share of the region, by how much can be known of it."""
        counts = self.weight * self.belief.telling
        return np.asarray(counts / max(float(counts.sum()), 1e-12))

    def _covered(self) -> Floats:
        """(P,): which share of the interval about each position was in focus in one frame at least."""
        positions = np.asarray(self.visited_steps)
        if not len(positions):
            return np.zeros(len(self.axis.grid_steps))
        return np.asarray(in_focus_share(positions, self.axis.grid_steps, self.half_steps).max(axis=0))

    def _had(self) -> Floats:
        """(P,): how much detail of what is in focus at each position the frames so far kept."""
        if not self.visited_steps:
            return np.zeros(len(self.axis.grid_steps))
        kept = detail_kept(np.asarray(self.visited_steps), self.axis.grid_steps, self.half_steps)
        return np.asarray(kept.max(axis=0))

    def _planned(self, here_steps: float) -> tuple[float, float] | None:
        """(next position, share that it is expected to bring into focus); None: no frame is worth it."""
        by_position, had = self._counts() @ self.belief.probability, self._had()
        places = np.flatnonzero(self._free())
        if not len(places):
            return None
        chosen = places[fewest_frames(self._kept[places], had, by_position, self.options.least_gain)]
        if not len(chosen):
            chosen = self._nearer(places)
        if not len(chosen):
            return None
        positions = self.candidates_steps[chosen]
        gain = np.maximum(self._kept[chosen] - had, 0.0) @ by_position
        if self._sure():
            at = least_travel(positions, here_steps)
        else:
            reach = self.task.max_position_steps - self.task.min_position_steps
            at = int(np.argmax(gain - self.options.travel_worth * np.abs(positions - here_steps) / reach))
        return float(positions[at]), float(gain[at])

    def _nearer(self, places: NDArray[np.intp]) -> NDArray[np.intp]:
        """Of candidates the one that comes much nearer to focus, of as much as possible of what is out of focus still: a blur is
        told to a share of itself, so from half as far a best position is known twice as well. None unless that is worth a frame.
        """
        if not self.visited_steps:
            return places[:0]
        grid = self.axis.grid_steps
        before = np.abs(grid[:, None] - np.asarray(self.visited_steps)[None, :]).min(axis=1)
        away = np.abs(self.candidates_steps[places][:, None] - grid[None, :])
        nearer = (away < _MUCH_NEARER * before) & (before > 2.0 * self.half_steps)
        share = nearer @ (self._counts() @ self.belief.probability)
        return places[[int(share.argmax())]] if share.max() >= self.options.least_gain else places[:0]

    def _free(self) -> NDArray[np.bool_]:
        """(X,): candidates that are not within the depth of field of a position that was visited."""
        visited = np.asarray(self.visited_steps)
        if not len(visited):
            return np.ones(len(self.candidates_steps), bool)
        away = np.abs(self.candidates_steps[:, None] - visited[None, :]).min(axis=1)
        half = np.interp(self.candidates_steps, self.axis.grid_steps, self.half_steps)
        return np.asarray(away > (1.0 - 1e-9) * half)

    def _sure(self) -> bool:
        """Whether the cells that count and were not in focus yet have one side."""
        probability = self.belief.probability
        counts = self._counts() * (1.0 - probability @ self._covered())
        best = (probability @ self._share.T.astype(np.float32)).max(axis=1)
        return float(counts @ best) > _SURE * float(counts.sum())

    def _unless_spent(self, look: Look) -> Look | CaptureEnd:
        frames = self.task.max_frames
        if frames and len(self.visited_steps) >= frames:
            return CaptureEnd(End.LIMIT_REACHED, False, f"the budget of {frames} frames is spent", look.known)
        return look

    def _without_texture(self, here_steps: float, known: Known) -> Look | CaptureEnd:
        elsewhere = self._elsewhere(here_steps)
        if len(self.visited_steps) < _LOOKS_FOR_TEXTURE and elsewhere != here_steps:
            return self._unless_spent(Look(elsewhere, _with(known, math.nan, _ELSEWHERE)))
        return CaptureEnd(End.NO_TEXTURE, False, "nothing in the picture tells of its blur: no texture", known)

    def _elsewhere(self, here_steps: float) -> float:
        """Half of the longest way that the lens could go from here; here itself where there is no other position."""
        away = np.abs(self.candidates_steps - here_steps)
        half_way = np.where(away > 0.0, np.abs(away - 0.5 * away.max()), np.inf)
        return float(self.candidates_steps[int(np.argmin(half_way))]) if away.max() > 0.0 else here_steps

    def _ended(self, known: Known) -> CaptureEnd:
        """Why there is nothing more to be had."""
        by_position = self._counts() @ self.belief.probability
        left = by_position * (1.0 - self._covered())
        visited = ~self._free()
        if visited.any() and float((self._share[visited] @ left).max()) >= self.options.least_gain:
            return CaptureEnd(End.VISITED, True, "what remains is within the depth of field of a position visited", known)
        outside = left * (1.0 - self._share.max(axis=0))
        if float(outside.sum()) > 0.5 * float(left.sum()) and float(outside.sum()) > self.options.least_gain:
            return CaptureEnd(End.OUT_OF_RANGE, True, f"{outside.sum():.0%} is in focus nowhere in the lens's range", known)
        told = f"no further frame is expected to bring {self.options.least_gain:.1%} into focus"
        return CaptureEnd(End.NOT_WORTH_IT, True, told, known)

    def _known(self, blur: BlurMap, here_steps: float) -> Known:
        shape, grid = self.task.grid.shape, self.axis.grid_steps
        probability, told = self.belief.probability, self.belief.telling > 0.5
        cumulative = np.cumsum(probability, axis=1)
        best = np.where(told, grid[(cumulative >= 0.5 * cumulative[:, -1:]).argmax(axis=1)], np.nan).reshape(shape)
        covered = probability @ self._covered()
        here = probability @ in_focus_share(np.array([here_steps]), grid, self.half_steps)[0]
        return Known(
            share_in_focus=float(self._counts() @ covered),
            deviation_steps=best - here_steps,
            in_focus=((here > 0.5) & told).reshape(shape),
            done=((covered > 0.5) & told).reshape(shape),
            best_position_steps=best,
            blur=blur,
        )


@dataclass
class Moving(Covering):
    """The dynamic machine, which never ends: beliefs fade from frame to frame, and a cell counts the more the longer it has not
    been in focus.
    """

    def __post_init__(self) -> None:
        """As static, and every cell is new."""
        super().__post_init__()
        self._unseen_frames = np.full(len(self.weight), _STALE_FRAMES)

    def see(self, blur: BlurMap, position_steps: float) -> Look | CaptureEnd:
        """Take a frame's blur map in: the next wish."""
        keep, reach = int(self.task.keep or 0), self.task.max_position_steps - self.task.min_position_steps
        if self.visited_steps:
            self.belief.forget(self.options.motion_share * reach, self.options.change_share)
        self.belief.see(blur, position_steps)
        self.visited_steps = [*self.visited_steps, position_steps][-keep - 1 :]
        self._rule(self.belief.gain_share)
        known = self._known(blur, position_steps)
        if self._known_share() < _LEAST_TELLING:
            return Look(self._elsewhere(position_steps), _with(known, math.nan, _ELSEWHERE))
        here = self.belief.probability @ in_focus_share(np.array([position_steps]), self.axis.grid_steps, self.half_steps)[0]
        self._unseen_frames = (1.0 - here) * (self._unseen_frames + 1.0)
        counts = self._counts() * np.clip((self._unseen_frames - keep) / _STALE_FRAMES, 0.0, 1.0)
        gain = self._share @ (counts @ self.belief.probability)
        worth = gain - self.options.travel_worth / _STALE_FRAMES * np.abs(self.candidates_steps - position_steps) / reach
        at = int(np.argmax(worth))
        return Look(float(self.candidates_steps[at]), _with(known, float(gain[at]), "dynamic"))


def _with(known: Known, gain: float, message: str) -> Known:
    return replace(known, expected_gain=gain, message=message)
