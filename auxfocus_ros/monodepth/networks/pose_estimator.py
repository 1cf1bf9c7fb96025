"""The pose network in use."""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from auxfocus_ros.monodepth.geometry.epipolar_pose import EpipolarPoseEstimator
from auxfocus_ros.monodepth.geometry.pose_planes import PairFlow, at_working_size, pair_flow, pose_planes
from auxfocus_ros.monodepth.geometry.residual_motion import StripMotion, residual_motions
from auxfocus_ros.monodepth.networks import load_motion_network, load_pose_network
from auxfocus_ros.monodepth.networks.motion_network import MotionNetwork, moves
from auxfocus_ros.monodepth.networks.pose_network import PoseNetwork
from auxfocus_ros.monodepth.pose_estimate import PoseEstimate
from auxfocus_ros.optics.camera import CameraModel


class NetworkPoseEstimator:
    """Tells a motion by the network; a `PoseEstimator`.

    Without a prior the rotation and the direction of the translation are those of epipolar geometry, which is exact, and the
    network says how far the camera went, in metres as simulated worlds have them, which pictures alone cannot tell.

    With a prior, the motion of the surroundings, what is looked at is compared with it (`geometry/residual_motion.py`), from the
    first picture to the second and back: where all of it stands, as a second small network judges, the prior is the answer; where
    something moves, the prior is turned by the angle by which it is seen away from where it would be. In the narrow view of one
    thing, going across the line of sight and turning look alike, and an angle needs no unit.
    """

    def __init__(
        self, network: PoseNetwork, motion: MotionNetwork | None = None, exact: EpipolarPoseEstimator | None = None
    ) -> None:
        """network: trained. motion: judges what moves; None: the shipped one. exact: None: with its defaults."""
        self._network, self._exact = network.eval(), exact or EpipolarPoseEstimator()
        self._motion = motion

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
        """See PoseEstimator.estimate. Raises InputError for arrays or intrinsics that do not fit."""
        flow, keep = _seen(first, second, camera, keep_first)
        if prior is None:
            told = self._told(flow, keep)
            exact = self._exact.estimate(first, second, camera, keep_first=keep_first, keep_second=keep_second)
            if exact.problem and exact.matrix[:3, 3].any():  # of one plane, say, which two motions explain: the network decides
                exact = self._exact.estimate(first, second, camera, keep_first=keep_first, keep_second=keep_second, prior=told)
            matrix = exact.matrix.copy()
            matrix[:3, 3] *= float(np.linalg.norm(told[:3, 3]))
            return PoseEstimate(matrix, metric=True, problem=exact.problem)
        strips = _strips(flow, keep, prior)
        if not strips:
            return PoseEstimate(prior, metric=True, problem="too little of what can move is found in both pictures")
        back: list[StripMotion] = []
        if keep_second is not None or keep_first is None:  # it is known where to look in the second picture
            back = _strips(*_seen(second, first, camera, keep_second), np.asarray(np.linalg.inv(prior), np.float64))
        judged = moves(self._motion or load_motion_network(), strips, back)
        moving = [strip for strip, sure in zip(strips, judged, strict=True) if sure]
        x, y = max((strip.angle_rad for strip in moving), key=lambda angle: math.hypot(*angle), default=(0.0, 0.0))
        turned = np.eye(4)
        turned[:3, :3] = cv2.Rodrigues(np.array([-y, x, 0.0]))[0]
        return PoseEstimate(turned @ prior, metric=True)

    def _told(self, flow: PairFlow, keep: NDArray[np.bool_] | None) -> NDArray[np.float64]:
        """(4, 4) of the network's answer."""
        with torch.inference_mode():
            vector = self._network(torch.from_numpy(pose_planes(flow, keep))[None])[0].double().numpy()
        motion = np.eye(4)
        motion[:3, :3], motion[:3, 3] = cv2.Rodrigues(vector[:3])[0], vector[3:]
        return motion


def _seen(
    first: NDArray[np.uint8], second: NDArray[np.uint8], camera: CameraModel, keep: NDArray[np.bool_] | None
) -> tuple[PairFlow, NDArray[np.bool_] | None]:
    flow = pair_flow(first, second, camera)
    return flow, at_working_size(keep, flow)


def _strips(flow: PairFlow, keep: NDArray[np.bool_] | None, motion: NDArray[np.float64]) -> list[StripMotion]:
    looked_at = np.ones_like(flow.sure) if keep is None else keep
    return residual_motions(flow.flow, flow.sure, looked_at, flow.camera, motion)


@lru_cache(maxsize=4)
def load_pose_estimator(path: Path | None = None) -> NetworkPoseEstimator:
    """With the weights of a file; None: those that are shipped. Loaded once. Raises ConfigurationError."""
    return NetworkPoseEstimator(load_pose_network(path))
