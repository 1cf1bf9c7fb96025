"""What the depth network is fitted to: the right depth loses least, and what is cut has no say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from auxfocus_ros.monodepth.networks.depth_network import CANONICAL_FX_PX, DepthNetwork
from auxfocus_ros.monodepth.networks.losses.options import LossOptions
from auxfocus_ros.monodepth.networks.self_supervised_goal import SelfSupervisedGoal
from auxfocus_ros.monodepth.training.learning_frames import LearningFrames

pytestmark = pytest.mark.usefixtures("one_thread")
PHOTOMETRIC = LossOptions(least_of_sources=True, smoothness_weight=0.0)


def frames_of(sequence: Any, moving: bool = False) -> LearningFrames:
    """All frames but the ends, with both neighbours and the true motion."""
    targets = np.arange(1, len(sequence) - 1)
    sources = np.stack([targets - 1, targets + 1], 1)
    poses = np.stack([[sequence.motion(int(t), int(s)) for s in row] for t, row in zip(targets, sources, strict=True)])
    return LearningFrames(
        sequence.name, sequence.pictures, sequence.camera.matrix(), sequence.classes == 5, sequence.depth_m, targets, sources,
        poses, np.full(sources.shape, moving),
    )  # fmt: skip


def true_answer(frames: LearningFrames, rows: np.ndarray, factor: float = 1.0) -> torch.Tensor:
    """The network's answer that means the true depth times a factor."""
    depth = np.stack([frames.depth_m[frames.targets[row]] for row in rows]).astype(np.float32)
    return torch.from_numpy(frames.k[0, 0].astype(np.float32) / CANONICAL_FX_PX / (factor * depth))[:, None]


def lost(goal: SelfSupervisedGoal, answer: torch.Tensor, rows: np.ndarray) -> float:
    goal.inputs(rows, None)
    return float(goal.loss([answer], rows))


@pytest.mark.parametrize("mask", ["never", "gate", "always"])
def test_the_true_depth_loses_least(film: Any, mask: Any) -> None:
    frames, rows = frames_of(film(4)), np.arange(2)
    goal = SelfSupervisedGoal([frames], mask, PHOTOMETRIC, batch=2)
    right = lost(goal, true_answer(frames, rows), rows)
    assert right < 0.03
    for factor in (0.7, 1.4):
        assert lost(goal, true_answer(frames, rows, factor), rows) > 2 * right


def test_a_mirrored_picture_costs_the_same(film: Any) -> None:
    frames, rows = frames_of(film(4)), np.arange(2)
    goal = SelfSupervisedGoal([frames], "never", LossOptions(), batch=2)
    plain = lost(goal, true_answer(frames, rows, 1.1), rows)
    generator = torch.Generator().manual_seed(1)
    (pictures,) = goal.inputs(rows, generator)
    turned = goal._mirrored
    assert turned.any() and not turned.all()  # one of the two, with this seed
    answer = true_answer(frames, rows, 1.1)
    assert float(goal.loss([torch.where(turned[:, None, None, None], answer.flip(3), answer)], rows)) == pytest.approx(plain)
    assert pictures.shape == (2, 3, 64, 96) and pictures.min() >= 0 and pictures.max() <= 1


@pytest.mark.parametrize(
    ("mask", "moving", "cut"),
    [("never", True, False), ("always", False, True), ("gate", False, False), ("gate", True, True)],
)
def test_what_is_cut_has_no_gradient(film: Any, mask: Any, moving: bool, cut: bool) -> None:
    frames, rows = frames_of(film(3, thing_m=(0.15, 0.0, 0.0)), moving), np.arange(1)
    goal = SelfSupervisedGoal([frames], mask, LossOptions(), batch=1)
    answer = true_answer(frames, rows, 1.2).requires_grad_()
    goal.inputs(rows, None)
    goal.loss([answer], rows).backward()
    assert answer.grad is not None
    here = torch.from_numpy(frames.movable[1])
    assert bool((answer.grad[0, 0][here] == 0).all()) == cut
    assert (answer.grad[0, 0][~here] != 0).float().mean() > 0.5


def test_a_thing_in_the_neighbour_is_cut_where_it_covers_the_ground(film: Any) -> None:
    """With the true depth of the wall, what the moved thing hides or shows of it is the only error; with the gate it is gone."""
    frames = frames_of(film(3, thing_m=(0.3, 0.0, 0.0)), moving=True)
    one_source = replace(frames, sources=np.array([[-1, 2]]))
    rows = np.arange(1)
    whole, gated = (
        lost(SelfSupervisedGoal([one_source], mask, PHOTOMETRIC, batch=1), true_answer(frames, rows), rows)
        for mask in ("never", "gate")
    )
    assert gated < 0.45 * whole  # what is left: the boxes that stand hide some of the wall too


def test_a_frame_with_one_neighbour_is_compared_with_that_alone(film: Any) -> None:
    frames, rows = frames_of(film(3)), np.arange(1)
    alone = replace(frames, sources=np.array([[-1, 2]]))
    spoilt = replace(alone, poses=frames.poses * [[[[3.0]], [[1.0]]]])  # a pose that nobody may look at
    answers = [
        lost(SelfSupervisedGoal([one], "never", PHOTOMETRIC, batch=1), true_answer(frames, rows, 1.2), rows)
        for one in (alone, spoilt)
    ]
    assert answers[0] == answers[1] > 0.05


def test_supervision_is_the_error_of_the_logarithm(film: Any) -> None:
    frames, rows = frames_of(film(3)), np.arange(1)
    frames.depth_m[1, :10] = np.inf  # no reading: they do not count
    nothing = LossOptions(photometric_weight=0.0, smoothness_weight=0.0)
    goal = SelfSupervisedGoal([frames], "never", nothing, batch=1, supervision=2.0)
    answer = true_answer(replace(frames, depth_m=np.nan_to_num(frames.depth_m, posinf=3.0)), rows, 1.5)
    assert lost(goal, answer, rows) == pytest.approx(2.0 * np.log(1.5), rel=1e-4)
    assert (
        lost(SelfSupervisedGoal([replace(frames, depth_m=None)], "never", nothing, batch=1, supervision=2.0), answer, rows) == 0
    )


def test_batches_are_of_one_size_and_every_frame_comes(film: Any) -> None:
    wide = frames_of(film(8))
    small = replace(
        wide, pictures=np.ascontiguousarray(wide.pictures[:, :32, :64]), movable=wide.movable[:, :32, :64], depth_m=None
    )
    goal = SelfSupervisedGoal([wide, small], "gate", LossOptions(), batch=3, drawn=60)
    order = goal.order(torch.Generator().manual_seed(0))
    assert goal.rows == len(order) == 60 and set(order.tolist()) == set(range(12))
    for batch in order.reshape(-1, 3).tolist():
        assert len({row < 6 for row in batch}) == 1
    assert torch.equal(order, goal.order(torch.Generator().manual_seed(0)))
    judged = SelfSupervisedGoal([wide, small], "gate", LossOptions(), batch=3)
    assert judged.rows == 12 and sorted(np.concatenate(list(judged.parts())).tolist()) == list(range(12))
    assert all(len({row < 6 for row in part.tolist()}) == 1 for part in judged.parts())


def test_only_the_finest_scale_is_heeded_and_the_others_have_no_gradient(film: Any) -> None:
    frames, rows = frames_of(film(3)), np.arange(1)
    fine = true_answer(frames, rows, 1.1).requires_grad_()
    coarse = torch.full((1, 1, 32, 48), 0.3, requires_grad=True)
    losses = []
    for scales in (1, 2):
        goal = SelfSupervisedGoal([frames], "never", LossOptions(), batch=1, scales=scales)
        goal.inputs(rows, None)
        fine.grad = coarse.grad = None
        loss = goal.loss([fine, coarse], rows)
        loss.backward()
        losses.append(float(loss.detach()))
        assert (fine.grad != 0).any() and bool((coarse.grad != 0).any()) == (scales == 2)
    assert losses[0] == lost(SelfSupervisedGoal([frames], "never", LossOptions(), batch=1), fine.detach(), rows) != losses[1]


def test_it_begins_with_the_given_weights(film: Any) -> None:
    first, network = DepthNetwork(), DepthNetwork()
    goal = SelfSupervisedGoal([frames_of(film(3))], "gate", LossOptions(), batch=1, start=first.state_dict())
    goal.prepare(network)
    for name, value in network.state_dict().items():
        assert torch.equal(value, first.state_dict()[name]), name
