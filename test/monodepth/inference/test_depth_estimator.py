"""Depth of a picture by stand-in networks whose answer is known, and by the real architecture with first weights."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.errors import InputError
from auxfocus_ros.monodepth.inference import DepthEstimator, assumed_camera
from auxfocus_ros.monodepth.network_size import SizeRule
from auxfocus_ros.optics import CameraModel


class Ramp:
    """Inverse depth that rises evenly from 0.1 in the first column to 0.5 in the last."""

    def __init__(self, canonical_fx_px: float | None = 200.0) -> None:
        self.canonical_fx_px = canonical_fx_px
        self.seen: list[tuple[int, ...]] = []

    def inverse_depth(self, picture: np.ndarray) -> np.ndarray:
        self.seen.append(picture.shape)
        height, width = picture.shape[:2]
        return np.tile(np.linspace(0.1, 0.5, width, dtype=np.float32), (height, 1))


def picture(width: int, height: int) -> np.ndarray:
    return np.zeros((height, width, 3), np.uint8)


def test_depth_grows_with_the_focal_length() -> None:
    # The network sees 320 px of 640: a focal length of 400 px there is 200 px here, for which inverse depth is in 1/m.
    camera = CameraModel(640, 384, 400.0, 400.0, 320.0, 192.0)
    network = Ramp()
    estimate = DepthEstimator(network, SizeRule()).estimate(picture(640, 384), camera)
    assert network.seen == [(192, 320, 3)]
    assert estimate.depth_m.shape == (384, 640) and estimate.depth_m.dtype == np.float32
    assert estimate.depth_m[0, 0] == pytest.approx(10.0) and estimate.depth_m[-1, -1] == pytest.approx(2.0)
    longer = CameraModel(640, 384, 800.0, 800.0, 320.0, 192.0)
    twice = DepthEstimator(network, SizeRule()).estimate(picture(640, 384), longer)
    np.testing.assert_allclose(twice.depth_m, 2.0 * estimate.depth_m, rtol=1e-6)


def test_a_users_network_is_taken_at_its_word() -> None:
    camera = CameraModel(64, 64, 800.0, 800.0, 32.0, 32.0)
    estimate = DepthEstimator(Ramp(None), SizeRule(32, 32)).estimate(picture(64, 64), camera)
    assert estimate.depth_m[0, 0] == pytest.approx(10.0)


def test_between_the_networks_pixels_inverse_depth_goes_evenly() -> None:
    # Two columns, 0.1 and 0.5: of four columns the inner ones are a quarter and three quarters of the way.
    estimate = DepthEstimator(Ramp(None), SizeRule(2, 2, exact=True)).estimate(picture(4, 4))
    np.testing.assert_allclose(1.0 / estimate.depth_m[0], [0.1, 0.2, 0.4, 0.5], rtol=1e-6)


def test_that_pictures_are_resized_is_said_once_a_size() -> None:
    said: list[str] = []
    estimator = DepthEstimator(Ramp(), SizeRule(64, 32), said.append)
    for width, height in ((64, 32), (100, 50), (100, 50), (30, 30), (100, 50)):
        estimator.estimate(picture(width, height))
    assert said == [
        "pictures of 100 x 50 px are resized to 64 x 32 px for the depth network",
        "pictures of 30 x 30 px are resized to 64 x 32 px for the depth network",
    ]


def test_without_intrinsics_sixty_degrees_are_assumed() -> None:
    estimate = DepthEstimator(Ramp(), SizeRule()).estimate(picture(200, 100))
    camera = estimate.camera
    assert camera == assumed_camera(200, 100)
    assert camera.fx_px == pytest.approx(100.0 * 3.0**0.5)  # half the width over tan 30 degrees
    assert (camera.cx_px, camera.cy_px) == (99.5, 49.5)


def test_intrinsics_of_another_size_are_refused() -> None:
    camera = CameraModel(640, 480, 500.0, 500.0, 320.0, 240.0)
    with pytest.raises(InputError, match="intrinsics of 640 x 480 px do not fit a picture of 320 x 240 px"):
        DepthEstimator(Ramp(), SizeRule()).estimate(picture(320, 240), camera)


@pytest.mark.parametrize(
    "bad",
    [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3), np.uint8), np.zeros((4, 4, 4), np.uint8)],
)
def test_what_is_no_picture_is_refused(bad: np.ndarray) -> None:
    with pytest.raises(InputError, match="picture: wanted"):
        DepthEstimator(Ramp(), SizeRule()).estimate(bad)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 200), st.integers(1, 200))
def test_depth_has_the_pictures_size_whatever_it_is(width: int, height: int) -> None:
    estimate = DepthEstimator(Ramp(), SizeRule()).estimate(picture(width, height))
    assert estimate.depth_m.shape == (height, width)
    assert np.isfinite(estimate.depth_m).all() and (estimate.depth_m > 0.0).all()


def test_our_network_answers_in_inverse_depth_of_its_canonical_camera() -> None:
    import torch

    from auxfocus_ros.monodepth.networks.depth_inference import OwnDepth, OwnSegmentation

    class Reddish(torch.nn.Module):
        """Inverse depth is how red a pixel is, plus a tenth; the scores are red, green and blue."""

        def forward(self, pictures: torch.Tensor) -> list[torch.Tensor]:
            return [pictures[:, :1] + 0.1, pictures[:, :1, ::2, ::2]]

    seen = np.zeros((32, 64, 3), np.uint8)
    seen[..., 2], seen[:, 32:, 2] = 255, 0
    inverse = OwnDepth(Reddish()).inverse_depth(seen)
    assert inverse.shape == (32, 64) and inverse.dtype == np.float32
    np.testing.assert_allclose(inverse[0, [0, 63]], [1.1, 0.1], rtol=1e-6)
    assert OwnDepth.canonical_fx_px == 200.0
    scores = OwnSegmentation(torch.nn.Identity()).scores(seen)
    np.testing.assert_array_equal(scores[:, 0, 0], [1.0, 0.0, 0.0])


def test_weights_of_ours_from_another_file(tmp_path) -> None:  # type: ignore[no-untyped-def]
    from auxfocus_ros.learning.weights import save_weights
    from auxfocus_ros.monodepth.inference import DepthNetworkOptions, load_depth_estimator
    from auxfocus_ros.monodepth.networks.depth_network import FARTHEST_M, NEAREST_M, DepthNetwork

    save_weights(DepthNetwork(), tmp_path / "mine.safetensors")
    estimator = load_depth_estimator(DepthNetworkOptions(str(tmp_path / "mine.safetensors")))
    rng = np.random.default_rng(3)
    seen = rng.integers(0, 256, (96, 160, 3), np.uint8)
    estimate = estimator.estimate(seen, CameraModel(160, 96, 100.0, 100.0, 80.0, 48.0))
    wide, _ = estimator.network_size_px(160, 96)
    unit = 100.0 * wide / 160 / 200.0
    assert (estimate.depth_m >= 0.999 * NEAREST_M * unit).all() and (estimate.depth_m <= 1.001 * FARTHEST_M * unit).all()
