"""The epipolar constraint, by figures worked out by hand: focal length 100 px, principal point (50, 40)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from auxfocus_ros.errors import InputError
from auxfocus_ros.monodepth.geometry.epipolar import (
    check_intrinsics,
    cross_matrix,
    off_epipolar_px,
    pose,
    rays,
    rotation_of,
    sampson_px,
)
from auxfocus_ros.optics.camera import CameraModel

CAMERA = CameraModel(101, 81, 100.0, 100.0, 50.0, 40.0)
SIDEWAYS, FORWARDS, BACK = np.array([1.0, 0, 0]), np.array([0, 0, -1.0]), np.array([0, 0, 1.0])


def off(first_px: tuple[float, float], second_px: tuple[float, float], translation: np.ndarray) -> float:
    one, two = rays(CAMERA, np.array([first_px])), rays(CAMERA, np.array([second_px]))
    return float(off_epipolar_px(one, two, CAMERA, pose(np.eye(3), translation))[0])


def test_camera_coordinates_are_k_inverse_times_the_homogeneous_pixel() -> None:
    assert rays(CAMERA, np.array([[50.0, 40.0], [100.0, 20.0]])).tolist() == [[0, 0, 1], [0.5, -0.2, 1]]
    bent = CameraModel(101, 81, 100.0, 100.0, 50.0, 40.0, "plumb_bob", (0.1, 0.0, 0.0, 0.0, 0.0))
    # x (1 + 0.1 x^2) = 0.2008 at x = 0.2
    assert rays(bent, np.array([[50 + 20.08, 40.0]]))[0] == pytest.approx([0.2, 0, 1], abs=1e-6)


def test_a_translation_to_the_side_moves_things_along_their_row_one_way_only() -> None:
    assert off((50, 40), (100, 40), SIDEWAYS) == pytest.approx(0, abs=1e-9)  # a point 2 away: 100 * 1 / 2 = 50 px
    assert off((50, 40), (60, 43), SIDEWAYS) == pytest.approx(3)
    assert off((50, 40), (46, 43), SIDEWAYS) == pytest.approx(5)  # the wrong way: as far as from infinity


def test_driving_forwards_things_leave_the_epipole_and_backing_none_passes_it() -> None:
    assert off((60, 40), (70, 40), FORWARDS) == pytest.approx(0, abs=1e-9)
    assert off((60, 40), (55, 40), FORWARDS) == pytest.approx(5)
    assert off((60, 40), (55, 40), BACK) == pytest.approx(0, abs=1e-9)
    assert off((60, 40), (46, 43), BACK) == pytest.approx(5)  # the epipole is (50, 40)


def test_without_translation_one_place_is_allowed() -> None:
    assert off((60, 40), (63, 44), np.zeros(3)) == pytest.approx(5)
    # A quarter turn about the optical axis takes (60, 40) to (50, 50).
    turned = pose(rotation_of(np.array([0, 0, np.pi / 2])), np.zeros(3))
    assert off_epipolar_px(rays(CAMERA, np.array([[60.0, 40.0]])), rays(CAMERA, np.array([[50.0, 50.0]])), CAMERA, turned)[
        0
    ] == pytest.approx(0, abs=1e-9)


def test_what_is_turned_behind_the_camera_is_far_off() -> None:
    turned = pose(rotation_of(np.array([0, np.pi, 0])), SIDEWAYS)
    assert off_epipolar_px(np.array([[0.0, 0, 1]]), np.array([[0.0, 0, 1]]), CAMERA, turned)[0] > 1000


def test_sampson_shares_an_error_between_both_pictures() -> None:
    # x2^T [t]x x1 = -0.03; both lines are level, so the gradient is 1 / f in each picture: 3 px / sqrt(2).
    distance = sampson_px(np.array([[0.0, 0, 1]]), np.array([[0.5, 0.03, 1]]), CAMERA, cross_matrix(SIDEWAYS))
    assert distance[0] == pytest.approx(-3 / np.sqrt(2))


def test_the_true_motion_explains_all(seen: Callable[..., tuple[np.ndarray, np.ndarray]], motion: np.ndarray) -> None:
    first, second = seen(motion)
    constraint = np.einsum("ni,ij,nj->n", second, cross_matrix(motion[:3, 3]) @ motion[:3, :3], first)
    assert np.abs(constraint).max() < 1e-12
    assert off_epipolar_px(first, second, CAMERA, motion).max() < 1e-9
    backwards = pose(motion[:3, :3], -motion[:3, 3])
    assert np.median(off_epipolar_px(first, second, CAMERA, backwards)) > 0.5


@pytest.mark.parametrize(
    ("camera", "said"),
    [
        (CameraModel(100, 81, 100.0, 100.0, 50.0, 40.0), "100 x 81"),
        (CameraModel(101, 81, 100.0, 100.0, 101.0, 40.0), "outside the picture"),
        (CameraModel(101, 81, 100.0, 100.0, 50.0, -1.0), "outside the picture"),
        (CameraModel(101, 81, 0.0035, 100.0, 50.0, 40.0), "fx is 0.0035 px"),
        (CameraModel(101, 81, 100.0, 1e5, 50.0, 40.0), "fy is 100000 px"),
    ],
)
def test_intrinsics_that_cannot_be_the_pictures_are_refused(camera: CameraModel, said: str) -> None:
    with pytest.raises(InputError, match=said):
        check_intrinsics(camera, (81, 101, 3))


def test_intrinsics_that_fit_pass() -> None:
    check_intrinsics(CAMERA, (81, 101))
    check_intrinsics(CameraModel(320, 96, 476.0, 190.0, 159.5, 47.5), (96, 320, 3))  # squeezed: two focal lengths
