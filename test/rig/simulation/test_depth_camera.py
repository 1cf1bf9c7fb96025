"""A stereo depth camera: noise in the disparity, shadows, grazing surfaces, the limits of its range."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.rig.simulation.depth_sensors import DepthCamera

FOCAL_PX = 400.0  # with a baseline of 5 cm, the disparity is 20 px at 1 m
QUIET = DepthCamera(disparity_noise_px=0.0, disparity_step_px=0.0)


def measure(camera: DepthCamera, depth_m: np.ndarray, seed: int = 0, focal_px: float = FOCAL_PX) -> np.ndarray:
    return camera.measure(depth_m, focal_px, np.random.default_rng(seed))


def wall(depth_m: float, height: int = 100, width: int = 200) -> np.ndarray:
    return np.full((height, width), depth_m, np.float32)


@pytest.mark.parametrize("depth_m", [2.0, 4.0])
def test_noise_grows_with_the_square_of_depth(depth_m: float) -> None:
    """Disparity noise is 0.08 px and rounding to 1/32 px, 0.0805 px in all; depth noise is z^2 / 20 times that."""
    seen = measure(DepthCamera(), wall(depth_m))[:, 20:]  # without the band on the left
    sigma = depth_m**2 / 20.0 * math.hypot(0.08, 1.0 / 32.0 / math.sqrt(12.0))
    assert (seen > 0.0).all()
    assert seen.std() == pytest.approx(sigma, rel=0.04)
    assert seen.mean() == pytest.approx(depth_m, abs=4.0 * sigma / math.sqrt(seen.size) + sigma**2 / depth_m)


def test_depth_comes_in_steps_of_disparity() -> None:
    """At 3 m the disparity is 6.667 px; the nearest multiple of 1/32 is 213/32 = 6.65625, which is 3.004695 m."""
    seen = measure(replace(DepthCamera(), disparity_noise_px=0.0), wall(3.0))[:, 20:]
    assert seen == pytest.approx(np.full(seen.shape, 20.0 / (213.0 / 32.0)), rel=1e-6)
    steps = 20.0 / measure(DepthCamera(), wall(3.0))[:, 20:] * 32.0
    assert np.abs(steps - np.rint(steps)).max() < 1e-2


def test_a_thing_throws_a_shadow_on_its_left() -> None:
    """Wall at 4 m: 5 px. Thing at 1 m in columns 60 to 79: 20 px.

    In the right image the thing lies in columns 40 to 59, where the wall's columns 45 to 64 would be; 45 to 59 are lost.
    The wall's columns 0 to 4 lie outside the right image.
    """
    depth = wall(4.0, 8, 120)
    depth[:, 60:80] = 1.0
    expected = depth.copy()
    expected[:, 45:60] = 0.0
    expected[:, :5] = 0.0
    assert measure(QUIET, depth) == pytest.approx(expected, rel=1e-5)


def test_what_is_out_of_range_still_throws_its_shadow() -> None:
    """A thing at 0.2 m is not reported; moved by 100 px it lies where the wall's columns 55 to 64 would be."""
    depth = wall(4.0, 8, 200)
    depth[:, 150:160] = 0.2
    seen = measure(QUIET, depth)[0]
    assert np.flatnonzero(seen == 0.0).tolist() == [*range(5), *range(55, 65), *range(150, 160)]


def test_surfaces_met_flatly_are_lost() -> None:
    """A floor 1 m below: pixel (u, v) from the middle sees it at depth f / v, with a cosine of v / sqrt(u^2 + v^2 + f^2)."""
    height, width = 233, 161
    u, v = np.arange(width) - 80.0, (np.arange(height) - 116.0)[:, None]
    depth = np.where(v > 0.0, FOCAL_PX / np.maximum(v, 1e-3), np.inf) * np.ones(width)
    cosine = v / np.sqrt(u**2 + v**2 + FOCAL_PX**2)
    camera = replace(QUIET, range_min_m=0.01, range_max_m=1000.0, baseline_m=0.001, grazing_rad=math.radians(80.0))
    seen = measure(camera, depth) > 0.0
    least = math.cos(math.radians(80.0))
    inner = np.zeros(seen.shape, bool)
    inner[1:-1, 1:-1] = True
    assert not seen[inner & (cosine < least - 0.002)].any()
    assert seen[inner & (cosine > least + 0.002)].all()
    assert 0.1 < seen[inner].mean() < 0.9


def test_the_edge_of_a_thing_is_no_grazing_surface() -> None:
    depth = wall(4.0, 40, 120)
    depth[10:20, 60:80] = 1.0
    seen = measure(QUIET, depth)
    assert (seen[:, 80:] > 0.0).all() and (seen[:10, 5:] > 0.0).all() and (seen[10:20, 60:80] > 0.0).all()


@pytest.mark.parametrize("depth_m", [0.0, -1.0, 0.29, 10.1, math.inf, -math.inf, math.nan])
def test_no_reading_where_there_is_none(depth_m: float) -> None:
    for camera in (DepthCamera(), QUIET, DepthCamera(enabled=False)):
        assert not measure(camera, wall(depth_m)).any()


def test_without_noise_only_the_limits_are_left() -> None:
    depth = wall(4.0)
    depth[:, 60:80] = 1.0
    depth[50:, 100:] = 12.0
    seen = measure(DepthCamera(enabled=False), depth)
    assert seen.dtype == np.float32 and (seen == np.where(depth < 10.0, depth, 0.0)).all()


def test_the_same_seed_gives_the_same_image() -> None:
    assert measure(DepthCamera(), wall(4.0), 1).tobytes() == measure(DepthCamera(), wall(4.0), 1).tobytes()
    assert measure(DepthCamera(), wall(4.0), 1).tobytes() != measure(DepthCamera(), wall(4.0), 2).tobytes()


def test_its_own_focal_length() -> None:
    """848 columns over 87 deg: 424 / tan(43.5 deg) = 446.8 px."""
    assert DepthCamera().fx_px == pytest.approx(446.80, abs=0.01)


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(
        np.float32, hnp.array_shapes(min_dims=2, max_dims=2, max_side=70), elements=st.floats(width=32, allow_subnormal=False)
    ),
    st.floats(1.0, 1e4),
    st.booleans(),
)
def test_any_image_gives_depths_within_range(depth: np.ndarray, focal_px: float, enabled: bool) -> None:
    before = depth.copy()
    seen = measure(DepthCamera(enabled=enabled), depth, focal_px=focal_px)
    assert seen.shape == depth.shape and seen.dtype == np.float32
    assert ((seen == 0.0) | ((seen >= np.float32(0.3)) & (seen <= 10.0))).all()
    assert np.array_equal(depth, before, equal_nan=True)


@pytest.mark.parametrize(
    ("depth", "focal_px"), [(np.zeros(5), 400.0), (np.zeros((0, 4)), 400.0), (wall(1.0), 0.0), (wall(1.0), math.nan)]
)
def test_bad_images_are_refused(depth: np.ndarray, focal_px: float) -> None:
    with pytest.raises(InputError, match=r"depth image"):
        measure(DepthCamera(), depth, focal_px=focal_px)


@pytest.mark.parametrize(
    "settings_",
    [
        {"width_px": 0}, {"field_rad": 4.0}, {"range_min_m": 0.0}, {"range_min_m": 11.0}, {"baseline_m": 0.0},
        {"disparity_noise_px": -1.0}, {"disparity_step_px": math.nan}, {"grazing_rad": 2.0},
    ],
)  # fmt: skip
def test_bad_settings_are_refused(settings_: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"^depth camera: [^\n]*$"):
        DepthCamera(**settings_)
