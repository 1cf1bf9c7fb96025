"""Blur that is made alike, motion between a blurred and a sharp frame, and exposure."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.video.motion import MotionFinder, blurred_alike, moved
from auxfocus_ros.allinfocus.video.transfer import gain_between
from auxfocus_ros.allinfocus.video.views import halved, view_of
from auxfocus_ros.autofocus.training.procedural import dead_leaves


def luma(seed: int, width_px: int = 200, height_px: int = 160) -> NDArray[np.float32]:
    drawn = dead_leaves(np.random.default_rng(seed), max(width_px, height_px))[:height_px, :width_px]
    return np.asarray(cv2.GaussianBlur(40.0 + 170.0 * drawn, (0, 0), 0.7), np.float32)


@pytest.mark.parametrize("sigma_px", [1.0, 2.0, 4.0])
def test_a_sharp_picture_is_blurred_until_it_is_like_a_blurred_one(sigma_px: float) -> None:
    sharp = luma(1)
    wanted = np.asarray(cv2.GaussianBlur(sharp, (0, 0), sigma_px), np.float32)
    assert np.abs(blurred_alike(sharp, wanted) - wanted).mean() < 0.35 * np.abs(sharp - wanted).mean()


def test_nothing_is_sharpened() -> None:
    sharp = luma(2)
    np.testing.assert_allclose(blurred_alike(sharp, sharp), sharp, atol=1e-3)
    blurred = np.asarray(cv2.GaussianBlur(sharp, (0, 0), 3.0), np.float32)
    np.testing.assert_allclose(blurred_alike(blurred, sharp), blurred, atol=1e-3)


def test_what_stands_has_no_motion_at_all() -> None:
    sharp = luma(3)
    motion = MotionFinder().find(np.asarray(cv2.GaussianBlur(sharp, (0, 0), 2.0), np.float32), sharp)
    assert not motion.flow.any()
    assert (motion.inside == 1.0).all()


def test_a_motion_is_found_and_leads_out_of_the_picture_at_its_rim() -> None:
    wide = luma(4, 220, 170)
    old, new = wide[5:165, 10:210], wide[2:162, 16:216]
    motion = MotionFinder().find(np.ascontiguousarray(new), np.ascontiguousarray(old))
    inner = motion.flow[15:-15, 15:-15]
    assert np.median(inner.reshape(-1, 2), axis=0) == pytest.approx([6.0, -3.0], abs=0.1)
    assert np.median(motion.disagreement_px[15:-15, 15:-15]) < 0.2
    assert motion.inside[80, -3] == 0.0
    assert motion.inside[80, 100] == 1.0
    np.testing.assert_allclose(moved(old, motion.flow)[20:-20, 20:-20], new[20:-20, 20:-20], atol=25.0)


def test_exposure_is_told_from_blur() -> None:
    one = luma(5)
    assert gain_between(np.asarray(cv2.GaussianBlur(one, (0, 0), 3.0), np.float32), one) == 1.0
    assert gain_between(0.8 * one, one) == pytest.approx(0.8, abs=0.002)
    assert gain_between(np.zeros_like(one), one) == 1.0


def test_a_half_is_the_mean_of_four_and_structure_falls_with_blur() -> None:
    picture = np.arange(8, dtype=np.float32).reshape(2, 4)
    np.testing.assert_allclose(halved(picture), [[2.5, 4.5]])
    sharp = np.rint(luma(6)).astype(np.uint8)
    blurred = [np.asarray(cv2.GaussianBlur(sharp, (0, 0), sigma_px)) for sigma_px in (1.5, 3.0)]
    views = [view_of(one) for one in (sharp, *blurred)]
    assert views[0].fine.mean() > views[1].fine.mean() + 1.0
    assert views[1].coarse.mean() > views[2].coarse.mean() + 0.5
    assert views[0].luma.shape == (80, 100)
