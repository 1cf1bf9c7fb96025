"""The pose network in use."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from auxfocus_ros.monodepth.geometry.pose_planes import PairFlow, at_working_size, pair_flow, pose_planes
from auxfocus_ros.monodepth.geometry.refinement import refine_pose
from auxfocus_ros.monodepth.networks import load_pose_network
from auxfocus_ros.monodepth.networks.pose_network import PoseNetwork
from auxfocus_ros.monodepth.pose_estimate import PoseEstimate
from auxfocus_ros.optics.camera import CameraModel

LEAST_COUNTS = 24
"""Pixels at the working size whose flow can be trusted: fewer tell nothing."""
LEAST_WAY_M = 1e-4
AGAIN = 2
"""How often the network is asked what its own answer lacks."""


class NetworkPoseEstimator:
    """Tells a motion by the network; a `PoseEstimator`.

    Without a prior the network's answer is asked for again with that answer as the prior, and its rotation and direction are
    then made exact with all of the flow (`refine_pose`); its length stays the network's, in metres as simulated worlds have
    them. With a prior the network tells what is to be added to it.
    """

    def __init__(self, network: PoseNetwork) -> None:
        """Take a trained network."""
        self._network = network.eval()

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
        """See PoseEstimator.estimate; what of the second picture is looked at follows from the first and the flow."""
        flow = pair_flow(first, second, camera)
        keep = at_working_size(keep_first, flow)
        counts = flow.sure if keep is None else flow.sure & keep
        if np.count_nonzero(counts) < LEAST_COUNTS:
            start = np.eye(4) if prior is None else prior
            return PoseEstimate(start, metric=True, problem="too little can be found in both pictures")
        if prior is not None:
            return PoseEstimate(self._told(flow, keep, prior) @ prior, metric=True)
        motion = self._told(flow, keep, None)
        for _ in range(AGAIN):
            motion = self._told(flow, keep, motion) @ motion
        if np.linalg.norm(motion[:3, 3]) > LEAST_WAY_M:
            motion, _ = refine_pose(flow.flow, flow.camera, counts, motion)
        return PoseEstimate(motion, metric=True)

    def _told(self, flow: PairFlow, keep: NDArray[np.bool_] | None, prior: NDArray[np.float64] | None) -> NDArray[np.float64]:
        """(4, 4) of the network's answer."""
        with torch.inference_mode():
            vector = self._network(torch.from_numpy(pose_planes(flow, keep, prior))[None])[0][0].double().numpy()
        motion = np.eye(4)
        motion[:3, :3], motion[:3, 3] = cv2.Rodrigues(vector[:3])[0], vector[3:]
        return motion


@lru_cache(maxsize=4)
def load_pose_estimator(path: Path | None = None) -> NetworkPoseEstimator:
    """With the weights of a file; None: those that are shipped. Loaded once. Raises ConfigurationError."""
    return NetworkPoseEstimator(load_pose_network(path))
