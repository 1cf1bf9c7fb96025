"""What the pose network is asked, and whether the answers that are wanted are right."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from auxfocus_ros.monodepth.networks.pose_estimator import NetworkPoseEstimator
from auxfocus_ros.monodepth.networks.pose_goal import PairRow, PoseGoal, pair_rows
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


def test_both_ways_of_a_pair_and_what_moves_by_itself() -> None:
    there, back = pair_rows(walk(0.15))
    np.testing.assert_allclose(there.motion[:3, 3], [-STEP_M, 0, 0], atol=1e-9)
    np.testing.assert_allclose(back.motion[:3, 3], [STEP_M, 0, 0], atol=1e-9)
    assert there.extra is not None and back.extra is not None and there.moved_px == pytest.approx(3.0)
    # 0.15 m across at 4 m, seen as a turn to the right, about the axis that points down.
    np.testing.assert_allclose(there.extra, [0, 0.15 / 4.0, 0, 0, 0, 0], atol=1e-6)
    np.testing.assert_allclose(back.extra, [0, -0.15 / 4.0, 0, 0, 0, 0], atol=1e-6)
    still = there.flow.flow[there.flow.sure & ~there.movable]
    np.testing.assert_allclose(np.median(still, axis=0), [-4.0, 0.0], atol=0.2)


def test_wanted_is_the_motion_and_of_what_stands_nothing_more() -> None:
    goal = PoseGoal(pair_rows(walk(0.0)))
    (planes,) = goal.inputs(np.array([0, 1]), None)
    assert planes.shape[0] == 2
    np.testing.assert_allclose(goal._wanted[0][0], [0, 0, 0, -STEP_M, 0, 0], atol=1e-9)
    assert goal._wanted[0][2] == 0.0  # without a prior there is nothing to decide
    np.testing.assert_allclose(goal._wanted[1][0], 0.0)
    assert goal._wanted[1][1:] == (0.0, 1.0)
    right = torch.tensor(np.stack([one[0] for one in goal._wanted]), dtype=torch.float32)
    assert float(goal.loss((right, torch.tensor([0.0, -30.0])), np.array([0, 1]))) < 1e-5
    assert float(goal.loss((right, torch.tensor([0.0, 30.0])), np.array([0, 1]))) > 10.0


def test_a_mirrored_pair_is_the_same_world_in_a_mirror() -> None:
    (row,) = pair_rows(walk(0.15))[:1]
    goal = PoseGoal([row] * 8)
    goal.inputs(np.arange(0, 16, 2), torch.Generator().manual_seed(1))
    signs = {float(np.sign(wanted[0][3])) for wanted in goal._wanted}
    assert signs == {-1.0, 1.0} and all(abs(abs(wanted[0][3]) - STEP_M) < 1e-9 for wanted in goal._wanted)


def test_what_can_move_is_asked_about_only_where_there_is_any() -> None:
    some, none = pair_rows(walk(0.1))[0], pair_rows(walk(0.1))[1]
    goal = PoseGoal([some, PairRow(none.flow, none.movable, none.motion, None, 0.0)] * 20)
    order = goal.order(torch.Generator().manual_seed(1)).tolist()
    assert len(order) == goal.rows == 80
    about = [row for row in order if row % 2 == 1]
    assert about and all(goal._rows[row // 2].extra is not None for row in about)


def test_black_pictures_are_said_and_the_prior_stands() -> None:
    estimator = NetworkPoseEstimator(PoseNetwork())
    picture, camera = np.zeros((HEIGHT, WIDTH, 3), np.uint8), CameraModel(WIDTH, HEIGHT, 80.0, 80.0, 47.5, 31.5)
    prior = np.eye(4)
    prior[0, 3] = 0.3
    nothing = np.zeros((HEIGHT, WIDTH), bool)
    found = estimator.estimate(picture, picture, camera, keep_first=nothing, prior=prior)
    assert "too little" in found.problem
    np.testing.assert_array_equal(found.matrix, prior)


def test_rotation_and_direction_are_those_of_the_flow_whatever_the_network_says() -> None:
    torch.manual_seed(3)
    sequence = walk(0.0)
    found = NetworkPoseEstimator(PoseNetwork()).estimate(sequence.pictures[0], sequence.pictures[1], sequence.camera)
    assert not found.problem and found.metric
    np.testing.assert_allclose(found.matrix[:3, :3] @ found.matrix[:3, :3].T, np.eye(3), atol=1e-6)
