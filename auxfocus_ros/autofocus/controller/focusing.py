"""Our controller, as a machine whose states and transitions can be seen.

It looks where the lens stands (no move). From that frame it has the network's word on how far focus is, but not on which side;
from the range sensor, perhaps, a depth; from the range, which sides there are. It goes where focus is most probably. The second
frame tells the side and, compared with the first, the way to some steps, so that it may stay there or needs one move more:

    START -> LOOKING -> DECIDING -> MOVING -> DECIDING -> ... -> IN_FOCUS
                            |                    |
                            +-> REFUSED          +-> SEARCHING (a classical search, when the belief stays broad)
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from enum import Enum

import numpy as np

from auxfocus_ros.autofocus.belief import Belief, depth_log_likelihood, depths_at
from auxfocus_ros.autofocus.controller.frames import Frame, demand_one_shape, take_frame
from auxfocus_ros.autofocus.controller.judgement import Judgement, judge_of
from auxfocus_ros.autofocus.controller.options import ControllerOptions
from auxfocus_ros.autofocus.controller.regions import region_fault
from auxfocus_ros.autofocus.radius_estimate import RadiusEstimator
from auxfocus_ros.autofocus.terms import DepthReading, Known, Look, Outcome, Reason, Search, Sight, State, Task
from auxfocus_ros.errors import InputError


class Phase(Enum):
    """Where the machine stands."""

    START = "start"
    LOOKING = "looking"
    DECIDING = "deciding"
    MOVING = "moving"
    IN_FOCUS = "in focus"
    REFUSED = "refused"
    SEARCHING = "searching"


TRANSITIONS: dict[Phase, tuple[Phase, ...]] = {
    Phase.START: (Phase.LOOKING, Phase.IN_FOCUS, Phase.REFUSED),
    Phase.LOOKING: (Phase.DECIDING,),
    Phase.DECIDING: (Phase.MOVING, Phase.IN_FOCUS, Phase.REFUSED, Phase.SEARCHING),
    Phase.MOVING: (Phase.DECIDING,),
    Phase.IN_FOCUS: (),
    Phase.REFUSED: (),
    Phase.SEARCHING: (),
}
_STATES = {
    Phase.START: State.IDLE,
    Phase.LOOKING: State.WAITING_FOR_FRAME,
    Phase.DECIDING: State.ESTIMATING,
    Phase.MOVING: State.MOVING,
    Phase.IN_FOCUS: State.IN_FOCUS,
    Phase.REFUSED: State.FAILED,
    Phase.SEARCHING: State.SEARCHING,
}
CONTRADICTION_SIGMAS = 4.0
"""Depth and pictures that are farther apart contradict each other."""
_SAME_PLACE = 0.2
"""Of half the depth of focus: a position so near is the same one."""
_SEEN = 0.9
"""Of half the depth of focus: of a lens that is not known, a position so near to a frame has been looked at."""
_AS_GOOD = 0.9
"""A position that was not looked at is gone to where its probability is this share of the best one's."""


def focus(task: Task, estimator: RadiusEstimator | None = None, options: ControllerOptions = ControllerOptions()) -> Search:  # noqa: B008
    """Reach focus by our controller.

    Args:
        task: what is to be focused; its `model` is used where there is one, its `depth` and `use` as they say.
        estimator: the network's word on single frames; None: frames are only compared with each other.
        options: settings.

    Raises:
        InputError: when sent a picture that is no picture, is smaller than 64 px, or of another size than the first.
    """
    machine = Focusing(task, estimator, options)
    step = machine.begin()
    while isinstance(step, Look):
        sight = yield step
        step = machine.see(sight)
    if machine.phase is Phase.SEARCHING:
        return (yield from machine.searching())
    return step


class Focusing:
    """The machine: `begin`, then `see` for every frame that was asked for, until an Outcome comes back.

    When it ends in SEARCHING, the outcome says why, and `searching` is the search that is to be run from there.

    Attributes:
        phase: where it stands. frames: what it has captured. judgement: what it made of that; None before the first frame.
    """

    def __init__(self, task: Task, estimator: RadiusEstimator | None, options: ControllerOptions) -> None:
        self.task, self.options = task, options
        self.phase = Phase.START
        self.frames: list[Frame] = []
        self.judgement: Judgement | None = None
        self._estimator = estimator
        self._estimator_fault = ""
        self._judge = judge_of(task, options)
        self._depth = task.depth if task.use != "picture" else None

    def begin(self) -> Look | Outcome:
        """The first wish: a frame where the lens stands; by a depth that is known alone, the end at once."""
        if self.task.use == "depth" and self._depth is not None:
            return self._by_depth("")
        self._to(Phase.LOOKING)
        return self._look(self.task.start_position_steps, "the first frame")

    def see(self, sight: Sight) -> Look | Outcome:
        """Take a frame in and decide: the next wish, or the end."""
        self._to(Phase.DECIDING)
        if self.task.use != "picture" and sight.depth is not None:
            self._depth = sight.depth
        if self.task.use == "depth":
            return self._by_depth("")
        frame = self._taken(sight)
        fault = region_fault(sight.picture, self.options) if not self.frames else None
        self.frames.append(frame)
        demand_one_shape(self.frames)
        if fault is not None:
            if self._depth is not None and self.task.model is not None:
                return self._by_depth(f"{fault[1]}; went by the depth alone")
            return self._refuse(*fault)
        self.judgement = self._judge.judge(self.frames, self._depth, self._slack_steps())
        return self._decided(self.judgement)

    def searching(self) -> Search:
        """The classical search that it falls back to, from where the lens stands; its looks say SEARCHING."""
        from auxfocus_ros.autofocus.searches import hill_climbing

        why = self._known(self._here_steps(), "").message
        search = hill_climbing(replace(self.task, start_position_steps=self._here_steps()))
        try:
            look = next(search)
            while True:
                sight = yield replace(look, known=replace(look.known, state=State.SEARCHING))
                look = search.send(sight)
        except StopIteration as end:
            outcome: Outcome = end.value
            return replace(outcome, message=f"{outcome.message} (by search{why})")

    # Decisions

    def _decided(self, judgement: Judgement) -> Look | Outcome:
        options, here = self.options, self._here_steps()
        learning = self.task.model is None
        if judgement.here >= (options.learning_stop_probability if learning else options.stop_probability):
            return self._in_focus(judgement)
        target = self.task.reachable(judgement.target_steps())
        if len(self.frames) == 1 and judgement.best < 2.0 * float(np.median(judgement.in_focus)):
            target = self.task.reachable(self._probe_steps(judgement.belief))
        if learning and len(self.frames) > 1:
            target = self._unseen_steps(judgement)
        stays = abs(target - here) < _SAME_PLACE * judgement.half_steps or target == here
        if stays and len(self.frames) == 1:
            target = self.task.reachable(judgement.elsewhere_steps(here))
            stays = target == here
        nowhere_better = not learning and len(self.frames) > 1 and judgement.best - judgement.here < options.worth_moving
        if stays or nowhere_better:
            if judgement.here >= (options.learning_settle_probability if learning else options.settle_probability):
                return self._in_focus(judgement)
            return self._give_up(f"no position is in focus with more than {judgement.best:.0%}")
        if len(self.frames) >= options.frames_before_search:
            return self._give_up(f"not sure after {len(self.frames)} frames")
        self._to(Phase.MOVING)
        return self._look(target, f"going where focus is with {judgement.best:.0%}")

    def _in_focus(self, judgement: Judgement) -> Outcome:
        if self._at_two_depths(judgement):
            return self._two_depths(judgement)
        message = "in focus"
        if judgement.depth_sigmas > CONTRADICTION_SIGMAS:
            message += f" by the picture, which the depth contradicts by {judgement.depth_sigmas:.0f} sigma"
        self._to(Phase.IN_FOCUS)
        return self._end(Reason.NONE, message + self._estimator_fault, self._here_steps(), in_focus=True)

    def _give_up(self, why: str) -> Outcome:
        if self.judgement is not None and self._at_two_depths(self.judgement):
            return self._two_depths(self.judgement)
        self._to(Phase.SEARCHING)
        return self._end(Reason.NONE, why + self._estimator_fault, self._here_steps(), in_focus=False)

    def _at_two_depths(self, judgement: Judgement) -> bool:
        """Whether the region has several depths; they are not looked for where a range sensor says which is meant."""
        return judgement.depths_apart > self.options.depths_apart

    def _two_depths(self, judgement: Judgement) -> Outcome:
        told = f"the region's quarters are in focus at different positions (evidence {judgement.depths_apart:.0f})"
        return self._refuse(Reason.TWO_DEPTHS, told)

    def _refuse(self, reason: Reason, message: str) -> Outcome:
        self._to(Phase.REFUSED)
        return self._end(reason, message, self.task.start_position_steps, in_focus=False)

    def _by_depth(self, why: str) -> Outcome:
        """Where the depth says, without a frame."""
        task, depth = self.task, self._depth
        if depth is None:
            return self._refuse(Reason.NO_DEPTH, "no depth of the region is known, and the picture is not to be used")
        if task.model is None:
            return self._refuse(Reason.NO_DEPTH, "the lens is not calibrated: a depth says nothing of its position")
        wanted = float(task.model.best_position_steps(depth.depth_m))
        half = task.half_depth_of_focus_steps or _half_of(task, wanted)
        nearest = task.reachable(wanted) if math.isfinite(wanted) else math.nan
        if not abs(nearest - wanted) <= half + _gap(task):
            told = f"the nearest position is {nearest:g}" if math.isfinite(nearest) else "the model does not reach it"
            return self._refuse(Reason.OUT_OF_RANGE, f"a depth of {depth.depth_m:g} m is out of the lens's range; {told}")
        belief, probability = self._depth_belief(depth, nearest, half)
        sure = probability >= self.options.settle_probability
        message = (why or "by the depth alone") + ("" if sure else f": in focus with {probability:.0%} only")
        self._to(Phase.IN_FOCUS if sure else Phase.REFUSED)
        known = Known(_STATES[self.phase], message, nearest, belief.sigma_steps, probability)
        return Outcome(Reason.NONE, message, nearest, sure, belief.sigma_steps, probability, known=known)

    def _depth_belief(self, depth: DepthReading, nearest: float, half: float) -> tuple[Belief, float]:
        assert self.task.model is not None
        low, high = self.task.min_position_steps, self.task.max_position_steps
        grid = np.linspace(low, high, 2001)
        log = depth_log_likelihood(depths_at(self.task.model, grid), depth, self.options.depth_outlier_share)
        belief = Belief.of_log(grid, log)
        return belief, float(belief.within(np.array([nearest]), np.full(len(grid), half))[0])

    # Its parts

    def _to(self, phase: Phase) -> None:
        if phase not in TRANSITIONS[self.phase]:
            raise RuntimeError(f"the controller cannot go from {self.phase.value} to {phase.value}")
        self.phase = phase

    def _taken(self, sight: Sight) -> Frame:
        try:
            return take_frame(
                sight, self.task.gamma, self.options.window_px, self._estimator, known_camera=self.task.model is not None
            )
        except InputError:
            raise
        except Exception as error:
            # Whatever a network may die of: the frames can still be compared.
            self._estimator = None
            self._estimator_fault = f"; the estimator failed: {type(error).__name__}: {error}".splitlines()[0]
            return take_frame(sight, self.task.gamma, self.options.window_px, None)

    def _here_steps(self) -> float:
        return self.frames[-1].position_steps if self.frames else self.task.start_position_steps

    def _slack_steps(self) -> float:
        """What the last position may be off against the earlier ones: half the backlash once the lens has turned round."""
        ways = np.diff([frame.position_steps for frame in self.frames])
        ways = ways[ways != 0.0]
        return 0.5 * self.task.backlash_steps if len(ways) > 1 and ways[-1] * ways[-2] < 0 else 0.0

    def _probe_steps(self, belief: Belief) -> float:
        """Where a frame tells most when nothing is known: the middle of the belief, or off it when the lens stands there."""
        reach = self.task.max_position_steps - self.task.min_position_steps
        here = self._here_steps()
        if abs(belief.mean_steps - here) > reach / 6.0:
            return belief.mean_steps
        return here + math.copysign(0.25 * reach, belief.mean_steps - here)

    def _unseen_steps(self, judgement: Judgement) -> float:
        """With a lens that is not known: of the positions where no frame was taken the one that is most probably in focus, where
        that is nearly as probable as the best one of all; else that one.
        """
        candidates, in_focus = judgement.candidates_steps, judgement.in_focus
        seen = np.array([frame.position_steps for frame in self.frames])
        free = np.abs(candidates[:, None] - seen[None, :]).min(axis=1) > _SEEN * judgement.half_steps
        best = self.task.reachable(judgement.target_steps())
        if not free.any():
            return best
        unseen = np.where(free, in_focus, 0.0)
        at = int(np.argmax(unseen))
        return self._strode(float(candidates[at])) if unseen[at] >= _AS_GOOD * judgement.best else best

    def _strode(self, target: float) -> float:
        """The position to go to, which after two ways in one direction is at least twice as far as the last way was: who creeps
        up a slope has been told wrongly how near the top is.
        """
        positions = [frame.position_steps for frame in self.frames]
        ways = np.diff([*positions, target])
        if len(ways) >= 3 and np.all(np.sign(ways[-3:]) == np.sign(ways[-1])):
            target = positions[-1] + math.copysign(max(abs(ways[-1]), 2.0 * abs(ways[-2])), ways[-1])
        return self.task.reachable(target)

    def _look(self, position_steps: float, message: str) -> Look:
        return Look(position_steps, self._known(position_steps, message))

    def _known(self, position_steps: float, message: str) -> Known:
        known = Known(_STATES[self.phase], message)
        if self.judgement is not None:
            belief = self.judgement.belief
            known = replace(
                known,
                best_position_steps=self.judgement.target_steps(),
                best_sigma_steps=belief.sigma_steps,
                probability_in_focus=self.judgement.here,
            )
        estimate = self.frames[-1].estimate if self.frames else None
        if estimate is not None:
            known = replace(known, blur_radius_px=estimate.radius_px, blur_sigma_px=estimate.sigma_px)
        return known

    def _end(self, reason: Reason, message: str, position_steps: float, *, in_focus: bool) -> Outcome:
        known = self._known(position_steps, message)
        return Outcome(reason, message, position_steps, in_focus, known.best_sigma_steps, known.probability_in_focus, known=known)


def _half_of(task: Task, position_steps: float) -> float:
    assert task.model is not None
    half = float(task.model.half_depth_of_focus_steps(position_steps))
    return half if math.isfinite(half) and half > 0 else 0.01 * (task.max_position_steps - task.min_position_steps)


def _gap(task: Task) -> float:
    positions: Sequence[float] = task.positions_steps or ()
    return 0.5 * float(np.max(np.diff(positions))) if len(positions) > 1 else 0.0
