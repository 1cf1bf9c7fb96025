"""The blur kernels, gamma and change of scale of one plane."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics.defocus import (
    blur,
    blur_reach_px,
    defocus_plane,
    disk_kernel,
    from_linear,
    gaussian_kernel,
    scale_about,
    to_linear,
)

RADII = st.floats(0.0, 60.0, allow_nan=False)
PROPERTY = settings(deadline=None, max_examples=60)


def second_moment(kernel: np.ndarray) -> tuple[float, float]:
    """Variance along x and y, in pixels squared."""
    n = np.arange(kernel.shape[0]) - kernel.shape[0] // 2
    weights = kernel.astype(np.float64)
    return float((weights.sum(axis=0) * n * n).sum()), float((weights.sum(axis=1) * n * n).sum())


def covered_by_counting(radius: float, half: int, grid: int = 200) -> np.ndarray:
    """Share of each pixel that a disk covers, by counting points of a fine grid."""
    inside = (np.arange((2 * half + 1) * grid) + 0.5) / grid - half - 0.5
    hit = inside[:, None] ** 2 + inside[None, :] ** 2 <= radius**2
    return hit.reshape(2 * half + 1, grid, 2 * half + 1, grid).mean(axis=(1, 3))


def spread_radius_px(edge: np.ndarray) -> float:
    """Radius of the disk whose edge spread this is: twice the standard deviation of the slope of a step's image."""
    slope = np.diff(edge.astype(np.float64))
    x = np.arange(len(slope))
    mean = (slope * x).sum() / slope.sum()
    return 2.0 * math.sqrt((slope * (x - mean) ** 2).sum() / slope.sum())


@PROPERTY
@given(radius=RADII)
def test_the_disk_sums_to_one_is_symmetric_and_has_the_second_moment_of_optics(radius: float) -> None:
    kernel = disk_kernel(radius)
    assert kernel.sum(dtype=np.float64) == pytest.approx(1.0, abs=1e-6)
    assert kernel.min() >= 0.0
    np.testing.assert_allclose(kernel, kernel.T, atol=1e-9)
    np.testing.assert_allclose(kernel, kernel[::-1], atol=1e-9)
    # A disk of radius r: the mean of x^2 over it is r^2 / 4.
    assert second_moment(kernel) == pytest.approx((radius**2 / 4, radius**2 / 4), rel=2e-6, abs=1e-9)
    assert kernel.shape[0] // 2 <= blur_reach_px(radius, "disk")


@PROPERTY
@given(sigma=st.floats(0.0, 30.0))
def test_the_gaussian_sums_to_one_and_has_its_variance(sigma: float) -> None:
    kernel = gaussian_kernel(sigma)
    assert kernel.sum(dtype=np.float64) == pytest.approx(1.0, abs=1e-6)
    assert second_moment(kernel) == pytest.approx((sigma**2, sigma**2), rel=1e-5, abs=1e-9)
    assert kernel.shape[0] // 2 <= blur_reach_px(2.0 * sigma, "gaussian") or sigma == 0.0


@pytest.mark.parametrize("radius", [1.0, 1.5, 2.7, 6.3])
def test_each_pixel_weighs_what_the_disk_covers_of_it(radius: float) -> None:
    kernel = disk_kernel(radius)
    half = kernel.shape[0] // 2
    # The drawn disk is a little smaller: the centre pixel, which it covers wholly, has the weight 1 / (pi drawn^2).
    drawn = math.sqrt(1.0 / (math.pi * kernel[half, half]))
    assert 0.0 < radius - drawn < 0.5 / radius
    np.testing.assert_allclose(kernel, covered_by_counting(drawn, half) / (math.pi * drawn**2), atol=2e-4)


def test_golden_small_kernels() -> None:
    # Radius 0 is the identity. Up to a drawn radius of sqrt(1/2) the disk reaches only four neighbours, each with the weight w
    # that makes the second moment: 2 w = r^2 / 4; with r = 0.4: w = 0.02, and 1 - 4 w = 0.92 in the middle.
    assert disk_kernel(0.0).tolist() == [[1.0]]
    np.testing.assert_allclose(disk_kernel(0.4), [[0, 0.02, 0], [0.02, 0.92, 0.02], [0, 0.02, 0]], atol=1e-6)
    assert gaussian_kernel(0.0).tolist() == [[1.0]]


def test_kernels_change_steadily_with_the_radius() -> None:
    image = np.zeros((41, 41), np.float32)
    image[20, 20] = 1.0
    peaks = [blur(image, radius)[20, 20] for radius in np.arange(0.0, 12.0, 0.05)]
    assert (np.diff(peaks) <= 1e-7).all()


@pytest.mark.parametrize("kernel", ["disk", "gaussian"])
@pytest.mark.parametrize("radius", [0.3, 1.0, 2.4, 7.7, 19.0])
def test_the_edge_spread_has_the_radius_that_was_asked_for(kernel: str, radius: float) -> None:
    edge = np.zeros((160, 200), np.float32)
    edge[:, 100:] = 1.0
    assert spread_radius_px(defocus_plane(edge, radius, kernel, gamma=1.0)[80]) == pytest.approx(radius, rel=2e-3)


@PROPERTY
@given(
    radius=st.floats(0.0, 40.0),
    kernel=st.sampled_from(["disk", "gaussian"]),
    height=st.integers(1, 40),
    width=st.integers(1, 40),
    seed=st.integers(0, 2**31),
)
def test_blurring_conserves_light_even_where_the_kernel_is_wider_than_the_picture(
    radius: float, kernel: str, height: int, width: int, seed: int
) -> None:
    linear = np.random.default_rng(seed).random((height, width), np.float32)
    assert blur(linear, radius, kernel).sum(dtype=np.float64) == pytest.approx(linear.sum(dtype=np.float64), rel=1e-4)


@pytest.mark.parametrize("kernel", ["disk", "gaussian"])
def test_a_large_radius_in_a_4k_picture(kernel: str) -> None:
    picture = np.zeros((2160, 3840), np.uint8)
    picture[:, 1920:] = 255
    defocused = defocus_plane(picture, 200.0, kernel)
    linear = to_linear(defocused)[1080]
    # Half the light at the edge; the disk leaves no trace beyond its radius.
    assert linear[1919:1921].mean() == pytest.approx(0.5, abs=0.01)
    assert spread_radius_px(linear) == pytest.approx(200.0, rel=0.01)
    if kernel == "disk":
        assert defocused[1080, 1920 - 203] == 0
        assert defocused[1080, 1920 + 203] == 255


@pytest.mark.parametrize("gamma", [1.0, 1.8, 2.2, 2.4, 4.0])
def test_gamma_and_back_is_exact_for_every_level(gamma: float) -> None:
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    np.testing.assert_array_equal(from_linear(to_linear(levels, gamma), gamma), levels)
    np.testing.assert_allclose(to_linear(levels, gamma), (levels / 255.0) ** gamma, atol=1e-6)
    deep = np.arange(0, 65536, 7, dtype=np.uint16)[None]
    np.testing.assert_array_equal(from_linear(to_linear(deep, gamma), gamma, np.uint16), deep)


@PROPERTY
@given(value=st.floats(0.0, 1.0, width=32), gamma=st.floats(0.5, 4.0))
def test_gamma_and_back_for_floating_point(value: float, gamma: float) -> None:
    picture = np.array([[value]], np.float32)
    assert from_linear(to_linear(picture, gamma), gamma, np.float32)[0, 0] == pytest.approx(value, abs=1e-5)
    # uint8 through its table is what rounding the formula gives.
    assert from_linear(picture, gamma)[0, 0] == pytest.approx(255.0 * value ** (1.0 / gamma), abs=0.52)


def test_light_adds_up_and_not_grey_levels() -> None:
    # Half black, half white, blurred all over: 0.5 of the light is (1/2)^(1/2.2) = 0.7297 of the grey scale, level 186.
    picture = np.zeros((64, 64), np.uint8)
    picture[:, ::2] = 255
    assert np.abs(defocus_plane(picture, 12.0)[32, 32].astype(int) - 186) <= 2


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(20, 30), (20, 30, 3)])
def test_type_and_shape_stay(dtype: type, shape: tuple[int, ...]) -> None:
    picture: np.ndarray = (
        np.random.default_rng(0).random(shape) * (np.iinfo(dtype).max if np.dtype(dtype).kind == "u" else 1.0)
    ).astype(dtype)
    for defocused in (defocus_plane(picture, 2.0), defocus_plane(picture, 2.0, "gaussian", scale=1.03)):
        assert defocused.dtype == dtype
        assert defocused.shape == shape
    np.testing.assert_allclose(defocus_plane(picture, 0.0), picture, rtol=1e-5)


def test_scale_is_about_the_point_that_stays() -> None:
    picture = np.zeros((81, 121), np.float32)
    picture[40, 60] = picture[40, 100] = 1.0
    # About the middle (60, 40) a point 40 px away lands 44 px away; about (100, 40) it is the other that moves.
    scaled = scale_about(picture, 1.1)
    assert scaled[40].argmax() == 60 and scaled[40, 90:].argmax() + 90 == 104
    scaled = scale_about(picture, 1.1, (100.0, 40.0))
    assert scaled[40, 80:].argmax() + 80 == 100 and scaled[40, :80].argmax() == 56
    assert scale_about(picture, 1.0) is picture


def test_the_blur_is_scaled_with_the_picture() -> None:
    edge = np.zeros((96, 240), np.float32)
    edge[:, 120:] = 1.0
    spread = spread_radius_px(np.clip(defocus_plane(edge, 8.0, gamma=1.0, scale=1.25)[48], 0, 1))
    assert spread == pytest.approx(10.0, rel=0.01)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: disk_kernel(-0.1), "radius is -0.1"),
        (lambda: disk_kernel(math.nan), "radius is nan"),
        (lambda: disk_kernel(1e9), "0 to 2000"),
        (lambda: gaussian_kernel(math.inf), "sigma is inf"),
        (lambda: blur(np.zeros((4, 4), np.float32), 1.0, "hexagon"), "no blur kernel 'hexagon'"),
        (lambda: to_linear(np.zeros((4, 4), np.uint8), 0.0), "gamma is 0"),
        (lambda: to_linear(np.zeros((4, 4), np.int32)), "int32"),
        (lambda: to_linear(np.zeros((4, 4, 4), np.uint8)), r"\(4, 4, 4\)"),
        (lambda: to_linear(np.zeros((0, 4), np.uint8)), "not empty"),
        (lambda: to_linear(np.full((2, 2), np.nan, np.float32)), "NaN"),
        (lambda: from_linear(np.zeros((2, 2), np.float32), 2.2, np.int8), "int8"),
        (lambda: scale_about(np.zeros((4, 4), np.uint8), 0.0), "scale is 0"),
        (lambda: scale_about(np.zeros((4, 4), np.uint8), 1.1, (math.nan, 0.0)), "centre"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(call: object, says: str) -> None:
    with pytest.raises(InputError, match=says) as caught:
        call()  # type: ignore[operator]
    assert "\n" not in str(caught.value)
