"""How a camera moved between two pictures, by epipolar geometry; and where pictures cannot tell, what they cannot tell and why.

The story: pairs of points are found. Too few, a cut, an even picture: no motion is said. A motion of the surroundings that
explains them is taken as it is. Points that stand still, or that a rotation alone explains, say nothing of a translation; points
of one plane allow two motions. Else the essential matrix begins and a refinement over all points ends.
Source: US 12,387,354 B2, block 105. There the points are those of the dynamic objects; here they are those of the masks that are
given, the static rest or the objects.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.declaration import demand_valid, parameter
from auxfocus_ros.errors import InputError
from auxfocus_ros.monodepth.geometry.correspondences import Correspondences, find_correspondences
from auxfocus_ros.monodepth.geometry.epipolar import Array, check_intrinsics, off_epipolar_px, rays
from auxfocus_ros.monodepth.geometry.essential import (
    essential_motion,
    exact_motion,
    plane_motions,
    rotation_alone,
    unit_motion,
)
from auxfocus_ros.monodepth.pose_estimate import PoseEstimate
from auxfocus_ros.optics.camera import CameraModel

BLACK_LEVELS = 12.0
"""A picture whose brightest hundredth is darker than this is black."""
NOISE_GAIN = 2.2
"""A simpler motion leaves this much more than the full one at most where it is as good: it has fewer ways to follow noise."""
QUARTILE = 75.0
PLANE_TURN = np.cos(np.radians(5.0))
"""Two motions whose translations are no farther apart are one."""


@dataclass(frozen=True)
class EpipolarOptions:
    """When an estimate is one."""

    most_points: int = parameter(2000, "Pairs of points that are taken at most", minimum=50, maximum=100000)
    least_points: int = parameter(20, "Fewer pairs of points say no motion", minimum=8, maximum=10000)
    sure_share: float = parameter(
        0.2, "Share of what has texture that must be found again; less is a cut between the pictures", minimum=0.0, maximum=1.0
    )
    fitting_share: float = parameter(0.5, "Share of the points that one motion must explain", minimum=0.0, maximum=1.0)
    fitting_px: float = parameter(0.7, "How far off a point may be that a motion explains", unit="px", minimum=0.05, maximum=20.0)
    still_px: float = parameter(0.2, "A median motion in the picture below this is none", unit="px", minimum=0.0, maximum=10.0)
    parallax_px: float = parameter(
        0.2,
        "What a rotation alone, or a plane, leaves unexplained must exceed this (75th percentile) to say more",
        unit="px",
        minimum=0.0,
        maximum=10.0,
    )
    prior_px: float = parameter(
        0.5,
        "A motion of the surroundings explains points when it leaves this at most (median)",
        unit="px",
        minimum=0.0,
        maximum=20.0,
    )

    def __post_init__(self) -> None:
        """Raises ConfigurationError with every value out of its range."""
        demand_valid(self, "epipolar pose")


class EpipolarPoseEstimator:
    """A `PoseEstimator` that needs no network. The translation has length 1 or, where none can be told, 0; never metres."""

    def __init__(self, options: EpipolarOptions | None = None) -> None:
        """With options; None: the defaults."""
        self.options = options if options is not None else EpipolarOptions()

    def estimate(
        self,
        first: NDArray[np.uint8],
        second: NDArray[np.uint8],
        camera: CameraModel,
        *,
        keep_first: NDArray[np.bool_] | None = None,
        keep_second: NDArray[np.bool_] | None = None,
        prior: NDArray[np.float64] | None = None,
    ) -> PoseEstimate:
        """The motion between two pictures; the same pictures always give the same.

        Args:
            first, second: (H, W, 3) uint8 BGR, at least 16 pixels each way.
            camera: intrinsics of both.
            keep_first, keep_second: (H, W) bool, where points may be taken in each; None: everywhere.
            prior: (4, 4) motion of the surroundings. Where it explains what is looked at, it is the answer, its translation made
                one long. Where it does not, that much is certain, and what else cannot be told (a rotation, a plane) is no
                problem.

        Returns:
            The motion. Where not even a rotation can be told it is the identity.

        Raises:
            InputError: arrays or intrinsics that do not fit.
        """
        if first.shape != second.shape:
            raise InputError(f"pose: the two pictures must have one size, found {first.shape} and {second.shape}")
        check_intrinsics(camera, first.shape)
        if prior is not None and (prior.shape != (4, 4) or not np.isfinite(prior).all()):
            raise InputError(f"pose: the prior must be a finite (4, 4) motion, found {prior.shape}")
        found = find_correspondences(first, second, keep_first, keep_second, self.options.most_points)
        problem = _dark(first, second) or self._too_little(found)
        if problem:
            return PoseEstimate(np.eye(4), False, problem)
        one, two = rays(camera, found.first_px), rays(camera, found.second_px)
        seen = np.isfinite(one).all(axis=1) & np.isfinite(two).all(axis=1)
        one, two = one[seen], two[seen]
        if len(one) < self.options.least_points:
            return PoseEstimate(np.eye(4), False, self._few(len(one)))
        if prior is not None and np.median(off_epipolar_px(one, two, camera, unit_motion(prior))) <= self.options.prior_px:
            return PoseEstimate(unit_motion(prior), False)
        flow_px = float(np.median(np.hypot(*(found.second_px - found.first_px).T)))
        if flow_px < self.options.still_px:
            problem = f"the camera stands still: the points move by {flow_px:.2f} px (median), a motion begins at "
            problem += f"{self.options.still_px:g} px"
            return PoseEstimate(np.eye(4), False, "" if prior is not None else problem)
        matrix, problem = self._motion(one, two, camera, prior)
        return PoseEstimate(matrix, False, problem)

    def _motion(self, one: Array, two: Array, camera: CameraModel, prior: Array | None) -> tuple[Array, str]:
        """Motion and problem of points that move."""
        planes, plane_px = plane_motions(one, two, camera)
        essential = essential_motion(one, two, camera)
        beginnings = [*([] if essential is None else [essential]), *planes, *([] if prior is None else [unit_motion(prior)])]
        motion = exact_motion(one, two, camera, beginnings)
        off = off_epipolar_px(one, two, camera, motion)
        noise_px = min(NOISE_GAIN * float(np.percentile(off, QUARTILE)), self.options.fitting_px)
        allowed_px = max(self.options.parallax_px, noise_px)
        turn = rotation_alone(one, two, camera)
        turn_px = float(np.percentile(off_epipolar_px(one, two, camera, turn), QUARTILE))
        if turn_px < allowed_px:
            problem = f"a rotation alone explains what is seen (to {turn_px:.2f} px): the translation cannot be told"
            return turn, "" if prior is not None else problem
        flat_px = float(np.percentile(plane_px, QUARTILE))
        if planes and flat_px < allowed_px:
            liked = unit_motion(prior) if prior is not None else motion
            planes.sort(key=lambda plane: _apart(plane, liked))
            alone = all(plane[:3, 3] @ planes[0][:3, 3] > PLANE_TURN for plane in planes[1:])
            problem = f"what is seen lies in one plane (to {flat_px:.2f} px): two motions explain it, the likelier one is taken"
            return planes[0], "" if alone or prior is not None else problem
        share = float((off <= self.options.fitting_px).mean())
        if share < self.options.fitting_share:
            problem = (
                f"one motion explains {share:.0%} of the points, wanted {self.options.fitting_share:.0%}: much moves by itself, "
            )
            return motion, problem + "or there is a cut between the pictures"
        return motion, ""

    def _too_little(self, found: Correspondences) -> str:
        """Why what was found says no motion; empty: it may."""
        if found.textured_share == 0:
            return "the picture is even where it is looked at: there is no texture to follow"
        if found.sure_share < self.options.sure_share:
            return (
                f"{found.sure_share:.0%} of what has texture is found again, wanted {self.options.sure_share:.0%}: "
                "a cut between the pictures, or too much motion"
            )
        return self._few(len(found.first_px)) if len(found.first_px) < self.options.least_points else ""

    def _few(self, count: int) -> str:
        return f"too few points: {count} pairs, at least {self.options.least_points} are needed"


def _dark(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> str:
    for name, picture in (("first", first), ("second", second)):
        if np.percentile(picture[::2, ::2], 99.0) < BLACK_LEVELS:
            return f"the {name} picture is black"
    return ""


def _apart(motion: Array, other: Array) -> float:
    """How different two motions are: the angle between translations and that of the rotation between them, in one figure."""
    return float(np.linalg.norm(motion[:3, :3] - other[:3, :3]) + np.linalg.norm(motion[:3, 3] - other[:3, 3]))
