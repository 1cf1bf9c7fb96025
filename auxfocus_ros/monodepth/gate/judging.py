"""A pair of pictures put through the gate: poses, verdict, and what of the first picture counts.

Source: US 12,387,354 B2, blocks 103 to 105 and 107, claims 2 to 5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import InputError
from auxfocus_ros.monodepth.classes import ClassTable
from auxfocus_ros.monodepth.gate.masking import StaticAndDynamic, static_and_dynamic
from auxfocus_ros.monodepth.gate.options import GateOptions, TargetFrom
from auxfocus_ros.monodepth.gate.threshold import Decision, Gate
from auxfocus_ros.monodepth.pose_estimate import PoseEstimate, PoseEstimator
from auxfocus_ros.optics.camera import CameraModel


@dataclass(frozen=True, eq=False)
class PairDecision:
    """What becomes of a pair.

    first, second: its pictures, and what in them can move. options: that it was judged by. static_pose, dynamic_pose: the
    camera's motion as each tells it; None where it was not needed. target_pose: the motion to project by. decision: the gate's;
    None where nothing was compared. moving: things that can move count as moving, so that the static image is the target. reason:
    why, in one line. problem: why the pair cannot be used; empty: it can.
    """

    first: StaticAndDynamic
    second: StaticAndDynamic
    options: GateOptions
    static_pose: PoseEstimate | None
    dynamic_pose: PoseEstimate | None
    target_pose: PoseEstimate
    decision: Decision | None
    moving: bool
    reason: str
    problem: str = ""

    @property
    def usable(self) -> bool:
        """Whether the target pose can be trusted."""
        return not self.problem

    @property
    def target_image(self) -> NDArray[np.uint8]:
        """(H, W, 3): the first static image where things count as moving, else the whole first picture."""
        return self.first.static if self.moving else self.first.picture

    @property
    def target_mask(self) -> NDArray[np.bool_]:
        """(H, W), what counts, of the target image as of the projection image: not the dynamic positions where things move."""
        return ~self.first.movable if self.moving else np.ones_like(self.first.movable)


def judge_pair(
    first: NDArray[np.uint8],
    second: NDArray[np.uint8],
    classes_first: NDArray[np.uint8],
    classes_second: NDArray[np.uint8],
    *,
    camera: CameraModel,
    estimator: PoseEstimator,
    gate: Gate,
    table: ClassTable,
    options: GateOptions | None = None,
) -> PairDecision:
    """Judge two pictures by their classes.

    Args:
        first, second: (H, W, 3) uint8 BGR, one after the other from one camera.
        classes_first, classes_second: (H, W) uint8, numbers in the table.
        camera: of both.
        estimator: tells the poses.
        gate: thresholds that fit the estimator.
        table: of classes.
        options: None: the defaults.

    Raises:
        InputError: sizes that do not fit each other, or a class that the table does not name.
    """
    options = options or GateOptions()
    smallest = options.smallest_area_share
    return judge(
        static_and_dynamic(first, classes_first, table, smallest),
        static_and_dynamic(second, classes_second, table, smallest),
        camera,
        estimator,
        gate,
        options=options,
    )


def judge(
    first: StaticAndDynamic,
    second: StaticAndDynamic,
    camera: CameraModel,
    estimator: PoseEstimator,
    gate: Gate,
    *,
    options: GateOptions | None = None,
) -> PairDecision:
    """Judge two pictures in which it is known what can move; arguments and errors as `judge_pair`."""
    height, width = first.movable.shape
    if second.movable.shape != first.movable.shape or (camera.height_px, camera.width_px) != (height, width):
        raise InputError(
            f"a pair: the first picture has {width} x {height} px, the second {second.movable.shape[1]} x "
            f"{second.movable.shape[0]}, the camera {camera.width_px} x {camera.height_px}; all must be the same"
        )
    return _Judge(first, second, camera, estimator, gate, options or GateOptions()).judged()


@dataclass
class _Judge:
    """A pair while it is judged: each pose is told when it is first needed, and once."""

    first: StaticAndDynamic
    second: StaticAndDynamic
    camera: CameraModel
    estimator: PoseEstimator
    gate: Gate
    options: GateOptions
    static_pose: PoseEstimate | None = None
    dynamic_pose: PoseEstimate | None = None
    decision: Decision | None = None

    def judged(self) -> PairDecision:
        moving, reason = {"gate": self._by_gate, "always": _always, "never": _never}[self.options.policy]()
        target_pose, told_from = self._target_pose()
        problem = f"the {told_from} pose: {target_pose.problem}" if target_pose.problem else ""
        if self.static_pose is not None and self.static_pose.problem:
            problem = f"the static pose: {self.static_pose.problem}"
        if told_from != self.options.target_from:
            reason += f"; the target pose is the {told_from} one, for the {self.options.target_from} one cannot be told"
        return PairDecision(
            first=self.first,
            second=self.second,
            options=self.options,
            static_pose=self.static_pose,
            dynamic_pose=self.dynamic_pose,
            target_pose=target_pose,
            decision=self.decision,
            moving=moving,
            reason=f"not usable: {problem}" if problem else reason,
            problem=problem,
        )

    def _by_gate(self) -> tuple[bool, str]:
        """Whether things move, and why."""
        static = self._static()
        doubt = self._nothing_to_tell_from()
        if doubt == _NOTHING:
            return False, f"{_NOTHING}: the whole picture is used"
        if not doubt and not static.problem:
            dynamic = self._dynamic()
            if dynamic.problem:
                doubt = f"the dynamic pose: {dynamic.problem}"
            elif dynamic.metric != static.metric:
                doubt = "only one of the two poses is in metres"
            else:
                self.decision = self.gate.decide(static.matrix, dynamic.matrix)
                return self.decision.moving, self.decision.in_words()
        moving = self.options.unsure == "masked"
        return moving, f"cannot be told, counts as {'moving' if moving else 'standing'}: {doubt or static.problem}"

    def _nothing_to_tell_from(self) -> str:
        """Why the dynamic images tell no pose; empty: they may."""
        seen = bool(self.first.movable.any()), bool(self.second.movable.any())
        if all(seen):
            return ""
        return f"what can move is seen in the {'first' if seen[0] else 'second'} picture alone" if any(seen) else _NOTHING

    def _target_pose(self) -> tuple[PoseEstimate, TargetFrom]:
        """The pose to project by, and what it was told from."""
        if self.options.target_from == "whole":
            return _finite(self.estimator.estimate(self.first.picture, self.second.picture, self.camera)), "whole"
        static = self._static()
        if self.options.target_from == "static" or static.problem:
            return static, "static"
        if self._nothing_to_tell_from() or self._dynamic().problem:
            return static, "static"
        return self._dynamic(), "dynamic"

    def _static(self) -> PoseEstimate:
        if self.static_pose is None:
            keep = [~one.movable if one.movable.any() else None for one in (self.first, self.second)]
            self.static_pose = self._estimate(keep[0], keep[1], None)
        return self.static_pose

    def _dynamic(self) -> PoseEstimate:
        if self.dynamic_pose is None:
            self.dynamic_pose = self._estimate(self.first.movable, self.second.movable, self._static().matrix)
        return self.dynamic_pose

    def _estimate(
        self, keep_first: NDArray[np.bool_] | None, keep_second: NDArray[np.bool_] | None, prior: NDArray[np.float64] | None
    ) -> PoseEstimate:
        """From static or dynamic images, given as pictures with what is left of them: black areas have edges of their own."""
        return _finite(
            self.estimator.estimate(
                self.first.picture,
                self.second.picture,
                self.camera,
                keep_first=keep_first,
                keep_second=keep_second,
                prior=prior,
            )
        )


_NOTHING = "nothing in either picture can move"


def _always() -> tuple[bool, str]:
    return True, "what can move is always cut"


def _never() -> tuple[bool, str]:
    return False, "nothing is ever cut"


def _finite(estimate: PoseEstimate) -> PoseEstimate:
    """The estimate, with a problem where its numbers are none."""
    if estimate.problem or np.isfinite(estimate.matrix).all():
        return estimate
    return PoseEstimate(estimate.matrix, estimate.metric, "its numbers are not finite")
