"""Fitting to the truth: losses by hand, and that pictures and truth are cut alike."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from auxfocus_ros.monodepth.networks.truth_goals import EDGE_WEIGHT, SHAPE_WEIGHT, TrueClassGoal, TrueDepthGoal
from auxfocus_ros.monodepth.sequence import Sequence
from auxfocus_ros.optics.camera import CameraModel


def sequence(depth_m: float = 4.0, fx_px: float = 100.0) -> Sequence:
    camera = CameraModel(64, 32, fx_px, fx_px, 31.5, 15.5)
    pictures = np.zeros((2, 32, 64, 3), np.uint8)
    pictures[:, :, 32:] = 200
    depth = np.full((2, 32, 64), depth_m, np.float16)
    depth[:, :, 32:] = 2 * depth_m
    classes = np.zeros((2, 32, 64), np.uint8)
    classes[:, :, 32:] = 3
    return Sequence("step", pictures, camera, np.arange(2.0), depth_m=depth, classes=classes)


def test_depth_is_wanted_for_the_canonical_camera() -> None:
    goal = TrueDepthGoal([sequence(4.0, fx_px=100.0)], batch=2)
    rows = np.arange(2)
    goal.inputs(rows, None)
    # 4 m at 100 px is 8 m at the canonical 200 px, the right half 16 m.
    right = torch.full((2, 1, 32, 64), 1 / 8.0)
    right[..., 32:] = 1 / 16.0
    assert float(goal.loss([right], rows)) == pytest.approx(0.0, abs=1e-3)
    # Twice as far everywhere: ln 2, of which the shape knows nothing, and no slope is wrong.
    assert float(goal.loss([right / 2], rows)) == pytest.approx((1 - SHAPE_WEIGHT) * math.log(2.0), abs=1e-3)
    # Even where there is a step: half is wrong by ln 2, or all by half of it once the mean is out; and of the 63, 31 and 15
    # differences in each row, at each size, one by ln 2.
    even = torch.full((2, 1, 32, 64), 1 / 8.0)
    wanted = math.log(2) * (0.5 + EDGE_WEIGHT * (1 / 63 + 1 / 31 + 1 / 15))
    assert float(goal.loss([even], rows)) == pytest.approx(wanted, abs=1e-3)


def test_what_has_no_reading_does_not_count() -> None:
    one = sequence()
    assert one.depth_m is not None
    one.depth_m[:, :, 32:] = 0.0
    goal = TrueDepthGoal([one], batch=2)
    goal.inputs(np.arange(2), None)
    wrong = torch.full((2, 1, 32, 64), 1 / 8.0)
    wrong[..., 32:] = 5.0
    assert float(goal.loss([wrong], np.arange(2))) == pytest.approx(0.0, abs=1e-3)


def test_a_cut_out_picture_is_of_a_longer_lens_and_its_truth_is_cut_with_it() -> None:
    goal = TrueDepthGoal([sequence()], batch=2)
    rows = np.arange(2)
    (pictures,) = goal.inputs(rows, torch.Generator().manual_seed(4))
    cuts = goal._cuts
    assert all(cut.zoom > 1.0 for cut in cuts)
    for row in rows:
        bright = pictures[row].mean(dim=0) > 0.5 * float(pictures[row].max())
        far = torch.from_numpy(goal._planes(rows, "depth_m", 0)[row].astype(np.float32)) > 6.0
        assert float((bright == far).float().mean()) > 0.9
    np.testing.assert_allclose(goal._focal_px(rows), [100.0 * cut.zoom for cut in cuts], rtol=1e-5)


def test_classes_are_told_by_cross_entropy_and_rare_ones_weigh_more() -> None:
    one = sequence()
    assert one.classes is not None
    one.classes[:, :, 48:] = 2
    goal = TrueClassGoal([one], batch=2)
    goal.inputs(np.arange(2), None)
    scores = torch.zeros(2, 4, 32, 64)
    assert float(goal.loss(scores, np.arange(2))) == pytest.approx(math.log(4.0), rel=1e-4)
    sure = 20.0 * torch.nn.functional.one_hot(torch.from_numpy(one.classes.astype(np.int64)), 4).permute(0, 3, 1, 2).float()
    assert float(goal.loss(sure, np.arange(2))) < 1e-4
    assert float(goal._weights[2]) > float(goal._weights[0]) and float(goal._weights[1]) > float(goal._weights[2])


def test_a_large_picture_is_learned_from_at_a_smaller_size_and_judged_at_its_own() -> None:
    camera = CameraModel(640, 192, 400.0, 400.0, 319.5, 95.5)
    depth_m = np.full((2, 192, 640), 4.0, np.float32)
    large = Sequence("large", np.zeros((2, 192, 640, 3), np.uint8), camera, np.arange(2) / 10.0, depth_m=depth_m)
    goal = TrueDepthGoal([large], batch=2)
    (varied,) = goal.inputs(np.arange(2), torch.Generator().manual_seed(4))
    assert varied.shape == (2, 3, 96, 320)
    np.testing.assert_allclose(goal._focal_px(np.arange(2)), [200.0 * cut.zoom for cut in goal._cuts], rtol=1e-5)
    (whole,) = goal.inputs(np.arange(2), None)
    assert whole.shape == (2, 3, 192, 640)
    np.testing.assert_allclose(goal._focal_px(np.arange(2)), 400.0)
