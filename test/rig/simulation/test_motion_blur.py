"""Motion blur: means in linear light, and how many moments they need."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from auxfocus_ros.errors import InputError
from auxfocus_ros.rig.simulation.motion_blur import SubframeMean, image_motion_px, subframe_times

# The mean


def test_mean_is_of_light() -> None:
    mean = SubframeMean(2, 3)
    mean.add(np.zeros((2, 3, 3), np.uint8))
    mean.add(np.full((2, 3, 3), 255, np.uint8))
    # Half of the light: 255 * 0.5^(1 / 2.2) = 186.1, not 128.
    np.testing.assert_array_equal(mean.mean(), np.full((2, 3, 3), 186))


@pytest.mark.parametrize("count", [1, 2, 3, 8, 31])
def test_mean_of_equal_pictures_is_the_picture(count: int) -> None:
    picture = np.arange(256, dtype=np.uint8).repeat(3).reshape(16, 16, 3)
    mean = SubframeMean(16, 16)
    for _ in range(count):
        mean.add(picture)
    assert mean.count == count
    np.testing.assert_array_equal(mean.mean(), picture)
    assert mean.count == 0


def test_mean_against_the_formula_and_starting_anew() -> None:
    rng = np.random.default_rng(0)
    mean = SubframeMean(20, 30, gamma=1.8)
    for count in (5, 2):
        pictures = rng.integers(0, 256, (count, 20, 30, 3), np.uint8)
        for picture in pictures:
            mean.add(picture)
        wanted = 255.0 * ((pictures / 255.0) ** 1.8).mean(axis=0) ** (1 / 1.8)
        assert np.abs(mean.mean() - wanted).max() <= 0.51


def test_a_picture_in_another_order_of_memory() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (8, 6, 3), np.uint8)[:, ::-1]
    mean = SubframeMean(8, 6)
    mean.add(picture)
    np.testing.assert_array_equal(mean.mean(), picture)


def test_bad_pictures() -> None:
    mean = SubframeMean(4, 5)
    with pytest.raises(InputError, match="no sub-exposure"):
        mean.mean()
    for picture in (np.zeros((5, 4, 3), np.uint8), np.zeros((4, 5), np.uint8), np.zeros((4, 5, 3), np.float32)):
        with pytest.raises(InputError, match=r"wanted uint8 \(4, 5, 3\)"):
            mean.add(picture)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="gamma"):
        SubframeMean(4, 5, gamma=0.0)


# When


def test_subframe_times() -> None:
    np.testing.assert_allclose(subframe_times(0.008, 0.0, 8), [0.004])
    np.testing.assert_allclose(subframe_times(0.008, 1.0, 8), [0.004])
    np.testing.assert_allclose(subframe_times(0.008, 1.1, 8), [0.002, 0.006])
    np.testing.assert_allclose(subframe_times(0.008, 4.0, 8), [0.001, 0.003, 0.005, 0.007])
    assert [len(subframe_times(0.01, motion, 6)) for motion in (5.5, 6.0, 100.0, float("inf"))] == [6, 6, 6, 6]
    np.testing.assert_array_equal(subframe_times(0.0, 5.0, 1), [0.0])


@pytest.mark.parametrize(
    ("exposure", "motion", "largest"), [(-1, 0, 1), (1, -1, 1), (1, 0, 0), (1, float("nan"), 1), (float("nan"), 0, 1)]
)
def test_bad_subframes(exposure: float, motion: float, largest: int) -> None:
    with pytest.raises(InputError, match="sub-exposures"):
        subframe_times(exposure, motion, largest)


# How much motion


def test_image_motion_by_hand() -> None:
    still = (0.0, 0.0, 0.0)
    # In the middle of the picture: f w t, and f v t / Z.
    assert image_motion_px((0, 0.5, 0), still, 4.0, 1000.0, 0.01) == pytest.approx(5.0)
    assert image_motion_px(still, (-2.0, 0, 0), 4.0, 1000.0, 0.01) == pytest.approx(5.0)
    assert image_motion_px(still, (-2.0, 0, 0), float("inf"), 1000.0, 0.01) == 0.0
    assert image_motion_px((0, 0, 1), (0, 0, 1), 4.0, 1000.0, 0.01) == 0.0
    # Rolling moves the corner of a picture of 600 x 800 by 500 px times the angle; 1 m of 4 m ahead moves it by a quarter.
    assert image_motion_px((0, 0, 0.1), still, 4.0, 1000.0, 0.01, half_size_px=(300, 400)) == pytest.approx(0.5)
    assert image_motion_px(still, (0, 0, 1), 4.0, 1000.0, 0.01, half_size_px=(300, 400)) == pytest.approx(1.25)
    # At (0.3, 0.4) nodding by w moves a ray by (0.12, 1.16) w, and panning by (1.09, 0.12) w.
    assert image_motion_px((0.1, 0, 0), still, 4.0, 1000.0, 0.01, half_size_px=(300, 400)) == pytest.approx(1.16619, abs=1e-5)
    assert image_motion_px((0, 0.1, 0), still, 4.0, 1000.0, 0.01, half_size_px=(300, 400)) == pytest.approx(1.09659, abs=1e-5)
    # A thing that is near and fast, and one that is far.
    assert image_motion_px(still, still, 9.0, 1000.0, 0.01, things=[(3.0, 2.0), (3.0, 20.0)]) == pytest.approx(15.0)
    # The camera's motion past a thing adds to the thing's own.
    assert image_motion_px(still, (1.0, 0, 0), 9.0, 1000.0, 0.01, things=[(3.0, 2.0)]) == pytest.approx(20.0)


rates = st.lists(st.floats(-2, 2), min_size=3, max_size=3).map(np.array)


@settings(max_examples=200, deadline=None)
@given(rates, rates, rates, st.floats(0.5, 20), st.tuples(st.floats(-1, 1), st.floats(-1, 1)))
def test_it_is_an_upper_bound(
    turn: np.ndarray, shift: np.ndarray, own: np.ndarray, depth: float, place: tuple[float, float]
) -> None:
    fx, half, step_s = 800.0, (320.0, 240.0), 1e-6
    pixel = np.array(place) * half
    point = depth * np.array([*(pixel / fx), 1.0])
    bound = image_motion_px(turn, shift, depth, fx, step_s, half_size_px=half, things=[(float(np.linalg.norm(own)), depth)])
    seen = Rotation.from_rotvec(turn * step_s).inv().apply(point + (own - shift) * step_s)
    moved = float(np.linalg.norm(fx * seen[:2] / seen[2] - pixel))
    assert moved <= bound * 1.001 + 1e-9


@pytest.mark.parametrize("depth", [0.0, -1.0, float("nan")])
def test_bad_depths(depth: float) -> None:
    with pytest.raises(InputError, match="depths"):
        image_motion_px((0, 0, 0), (0, 0, 0), depth, 1.0, 1.0)
    with pytest.raises(InputError, match="depths"):
        image_motion_px((0, 0, 0), (0, 0, 0), 1.0, 1.0, 1.0, things=[(1.0, depth)])
