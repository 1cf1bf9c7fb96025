"""What the pose network is asked, and whether the answers that are wanted are right."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from auxfocus_ros.monodepth.geometry.pose_planes import CHANNELS
from auxfocus_ros.monodepth.networks.pose_estimator import NetworkPoseEstimator
from auxfocus_ros.monodepth.networks.pose_goal import PoseGoal, pair_rows
from auxfocus_ros.monodepth.networks.pose_network import PoseNetwork
from auxfocus_ros.monodepth.sequence import Sequence
from auxfocus_ros.optics.camera import CameraModel

WIDTH, HEIGHT = 96, 64
STEP_M = 0.2


def walk(thing_step_m: float) -> Sequence:
    """A textured wall at 4 m, a camera that goes 0.2 m to the right, a thing at 4 m that goes to the right by itself."""
    lot = np.random.default_rng(1)
    wall = cv2.resize(lot.integers(0, 255, (40, 80, 3), np.uint8), (400, 200), interpolation=cv2.INTER_CUBIC)
    fx = 80.0
    shift = round(fx * STEP_M / 4.0)  # 4 px to the left
    own = round(fx * thing_step_m / 4.0)
    pictures, things = [], []
    for frame in range(2):
        picture = wall[50 : 50 + HEIGHT, 100 + shift * frame : 100 + shift * frame + WIDTH].copy()
        left = 30 + (own - shift) * frame
        picture[20:44, left : left + 24] = wall[120:144, 300:324]
        thing = np.zeros((HEIGHT, WIDTH), np.uint8)
        thing[20:44, left : left + 24] = 1
        pictures.append(picture)
        things.append(thing)
    poses, places = np.tile(np.eye(4), (2, 1, 1)), np.tile(np.eye(4), (2, 1, 1, 1))
    poses[1, 0, 3] = STEP_M
    places[:, 0, :3, 3] = [[0.0, 0.0, 4.0], [thing_step_m, 0.0, 4.0]]
    moved = np.zeros((2, HEIGHT, WIDTH), np.float16)
    moved[0][things[0] == 1] = own
    return Sequence(
        "wall", np.stack(pictures), CameraModel(WIDTH, HEIGHT, fx, fx, 47.5, 31.5), np.arange(2.0), world_from_camera=poses,
        depth_m=np.full((2, HEIGHT, WIDTH), 4.0, np.float32), things=np.stack(things), moved_px=moved, world_from_thing=places,
    )  # fmt: skip


def test_both_ways_of_a_pair() -> None:
    there, back = pair_rows(walk(0.15))
    np.testing.assert_allclose(there.motion[:3, 3], [-STEP_M, 0, 0], atol=1e-9)
    np.testing.assert_allclose(back.motion[:3, 3], [STEP_M, 0, 0], atol=1e-9)
    still = there.flow.flow[there.flow.sure & ~there.movable]
    np.testing.assert_allclose(np.median(still, axis=0), [-4.0, 0.0], atol=0.2)


def test_wanted_is_the_motion() -> None:
    goal = PoseGoal(pair_rows(walk(0.0)))
    (planes,) = goal.inputs(np.array([0, 1]), None)
    assert planes.shape[:2] == (2, CHANNELS)
    right = torch.tensor([[0, 0, 0, -STEP_M, 0, 0], [0, 0, 0, STEP_M, 0, 0]])
    assert float(goal.loss(right, np.array([0, 1]))) < 1e-6
    # One of six numbers wrong by one unit of 0.2 m, in one of two rows.
    wrong = right.clone()
    wrong[0, 4] = 0.2
    assert float(goal.loss(wrong, np.array([0, 1]))) == pytest.approx(1 / 12, rel=1e-4)


def test_a_mirrored_pair_is_the_same_world_in_a_mirror() -> None:
    (row,) = pair_rows(walk(0.15))[:1]
    goal = PoseGoal([row] * 8)
    goal.inputs(np.arange(8), torch.Generator().manual_seed(1))
    signs = {float(np.sign(wanted[3])) for wanted in goal._wanted}
    assert signs == {-1.0, 1.0} and all(abs(abs(wanted[3]) - STEP_M) < 1e-9 for wanted in goal._wanted)


def test_black_pictures_are_said_and_the_prior_stands() -> None:
    estimator = NetworkPoseEstimator(PoseNetwork())
    picture, camera = np.zeros((HEIGHT, WIDTH, 3), np.uint8), CameraModel(WIDTH, HEIGHT, 80.0, 80.0, 47.5, 31.5)
    prior = np.eye(4)
    prior[0, 3] = 0.3
    nothing = np.zeros((HEIGHT, WIDTH), bool)
    found = estimator.estimate(picture, picture, camera, keep_first=nothing, prior=prior)
    assert "too little" in found.problem
    np.testing.assert_array_equal(found.matrix, prior)


def test_with_a_prior_what_stands_is_given_it_and_what_moves_is_turned_from_it() -> None:
    estimator = NetworkPoseEstimator(PoseNetwork())
    for own_m, turned in ((0.0, False), (0.4, True)):
        sequence = walk(own_m)
        assert sequence.things is not None
        prior = sequence.motion(0, 1)
        assert prior is not None
        thing = np.asarray(sequence.things[0] > 0)
        found = estimator.estimate(sequence.pictures[0], sequence.pictures[1], sequence.camera, keep_first=thing, prior=prior)
        angle = float(np.linalg.norm(cv2.Rodrigues(found.matrix[:3, :3])[0]))
        assert (angle > 0.02) == turned and (angle < 0.002) != turned


def test_rotation_and_direction_are_those_of_the_flow_whatever_the_network_says() -> None:
    torch.manual_seed(3)
    sequence = walk(0.0)
    found = NetworkPoseEstimator(PoseNetwork()).estimate(sequence.pictures[0], sequence.pictures[1], sequence.camera)
    assert not found.problem and found.metric
    np.testing.assert_allclose(found.matrix[:3, :3] @ found.matrix[:3, :3].T, np.eye(3), atol=1e-6)
