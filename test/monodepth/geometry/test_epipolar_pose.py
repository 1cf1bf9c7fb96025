"""The estimator on pictures: motions that it finds, and pictures of which it says why they tell none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.monodepth.geometry.epipolar import pose, rotation_of
from auxfocus_ros.monodepth.geometry.epipolar_pose import EpipolarOptions, EpipolarPoseEstimator
from auxfocus_ros.monodepth.sequence import Sequence
from auxfocus_ros.optics.camera import CameraModel

Film = Callable[..., Sequence]
Warped = Callable[[np.ndarray, Any], np.ndarray]
Apart = Callable[[Any, Any], tuple[float, float]]
VEHICLE = 5


@pytest.fixture
def estimator() -> EpipolarPoseEstimator:
    return EpipolarPoseEstimator()


def known(sequence: Sequence, first: int, second: int) -> np.ndarray:
    motion = sequence.motion(first, second)
    assert motion is not None
    return motion


@pytest.mark.parametrize(
    ("way_m", "turn_rad"), [((0.08, 0.0, 0.03), 0.0), ((0.0, 0.0, 0.12), 0.004), ((-0.05, 0.06, 0.0), -0.01)]
)
def test_the_cameras_motion_is_found(
    way_m: tuple[float, float, float], turn_rad: float, film: Film, estimator: EpipolarPoseEstimator, apart: Apart
) -> None:
    sequence = film(frames=4, way_m=way_m, turn_rad=turn_rad)
    found = estimator.estimate(sequence.pictures[0], sequence.pictures[3], sequence.camera)
    turn, degrees = apart(found.matrix, known(sequence, 0, 3))
    assert turn < 3e-3 and degrees < 4
    assert found.problem == "" and not found.metric
    assert np.linalg.norm(found.matrix[:3, 3]) == pytest.approx(1)


def test_the_same_pictures_always_give_the_same(film: Film) -> None:
    sequence = film(frames=3)
    found = [EpipolarPoseEstimator().estimate(*sequence.pictures[[0, 2]], sequence.camera).matrix for _ in range(2)]
    assert np.array_equal(*found)


def test_masks_choose_whose_motion_it_is(film: Film, estimator: EpipolarPoseEstimator, apart: Apart) -> None:
    sequence = film(frames=4, thing_m=(0.0, 0.05, 0.0))
    pictures, thing = sequence.pictures[[0, 3]], sequence.classes[[0, 3]] == VEHICLE  # type: ignore[index]
    truth = known(sequence, 0, 3)
    rest = estimator.estimate(*pictures, sequence.camera, keep_first=~thing[0], keep_second=~thing[1])
    assert apart(rest.matrix, truth)[1] < 4
    of_thing = estimator.estimate(*pictures, sequence.camera, keep_first=thing[0], keep_second=thing[1], prior=rest.matrix)
    assert of_thing.problem == ""
    assert np.abs(of_thing.matrix - rest.matrix).max() > 0.1


def test_a_thing_that_stands_has_the_motion_of_the_rest(film: Film, estimator: EpipolarPoseEstimator) -> None:
    sequence = film(frames=4)
    pictures, thing = sequence.pictures[[0, 3]], sequence.classes[[0, 3]] == VEHICLE  # type: ignore[index]
    truth = known(sequence, 0, 3)
    found = estimator.estimate(*pictures, sequence.camera, keep_first=thing[0], keep_second=thing[1], prior=truth)
    assert found.problem == ""
    assert found.matrix[:3, :3] == pytest.approx(truth[:3, :3])
    assert found.matrix[:3, 3] == pytest.approx(truth[:3, 3] / np.linalg.norm(truth[:3, 3]))


def test_a_camera_that_stands_still(picture: np.ndarray, estimator: EpipolarPoseEstimator, camera: CameraModel) -> None:
    noise = np.random.default_rng(0).normal(0, 2, picture.shape)
    again = np.clip(picture + noise, 0, 255).astype(np.uint8)
    found = estimator.estimate(picture, again, camera)
    assert "stands still" in found.problem
    assert np.array_equal(found.matrix, np.eye(4))
    # Before it something moves, and that is certain.
    shifted = np.roll(again, 5, axis=1)
    moved = estimator.estimate(picture, shifted, camera, prior=np.eye(4))
    assert moved.problem == "" and np.abs(moved.matrix - np.eye(4)).max() > 0.02
    assert np.array_equal(estimator.estimate(picture, again, camera, prior=np.eye(4)).matrix, np.eye(4))


def test_a_pure_rotation(picture: np.ndarray, warped: Warped, estimator: EpipolarPoseEstimator, camera: CameraModel) -> None:
    turn = rotation_of(np.array([0.01, 0.03, -0.02]))
    found = estimator.estimate(picture, warped(picture, turn), camera)
    assert "rotation alone" in found.problem and "translation" in found.problem
    assert found.matrix == pytest.approx(pose(turn, np.zeros(3)), abs=1e-3)


def test_a_plane(
    picture: np.ndarray, warped: Warped, estimator: EpipolarPoseEstimator, camera: CameraModel, apart: Apart
) -> None:
    # A wall at z = 1, seen aslant; p2 = R p1 + t and n . p1 = 1 give H = R + t n^T.
    truth = pose(rotation_of(np.array([0.0, 0.01, 0.0])), np.array([0.05, 0.0, -0.03]))
    normal = np.array([0.3, 0.1, 1.0])
    second = warped(picture, truth[:3, :3] + np.outer(truth[:3, 3], normal))
    found = estimator.estimate(picture, second, camera)
    assert "one plane" in found.problem
    told = estimator.estimate(picture, second, camera, prior=truth)
    turn, degrees = apart(told.matrix, truth)
    assert told.problem == "" and turn < 1e-3 and degrees < 1


def test_of_the_two_motions_of_a_plane_the_one_like_the_prior_is_taken(
    picture: np.ndarray, warped: Warped, camera: CameraModel, apart: Apart
) -> None:
    truth = pose(rotation_of(np.array([0.0, 0.01, 0.0])), np.array([0.05, 0.0, -0.03]))
    second = warped(picture, truth[:3, :3] + np.outer(truth[:3, 3], [0.3, 0.1, 1.0]))
    rough = pose(rotation_of(np.array([0.004, 0.014, 0.0])), np.array([0.05, 0.004, -0.026]))
    never = EpipolarPoseEstimator(EpipolarOptions(prior_px=0.0))
    turn, degrees = apart(never.estimate(picture, second, camera, prior=rough).matrix, truth)
    assert turn < 3e-3 and degrees < 3


def test_a_cut_between_the_pictures(picture: np.ndarray, estimator: EpipolarPoseEstimator, camera: CameraModel) -> None:
    other = cv2.resize(cv2.flip(picture, -1)[:70, :100], (192, 144))
    found = estimator.estimate(picture, other, camera)
    assert "a cut between the pictures" in found.problem
    assert np.array_equal(found.matrix, np.eye(4))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda a, b: (np.zeros_like(a), b), "the first picture is black"),
        (lambda a, b: (a, np.full_like(b, 6)), "the second picture is black"),
        (lambda a, b: (np.full_like(a, 90), np.full_like(b, 90)), "even"),
        (lambda a, b: (a, np.full_like(b, 90)), "a cut"),
    ],
)
def test_pictures_with_nothing_in_them(
    change: Callable[..., tuple[Any, Any]], said: str, picture: np.ndarray, estimator: EpipolarPoseEstimator, camera: CameraModel
) -> None:
    found = estimator.estimate(*change(picture, picture), camera)
    assert said in found.problem and "\n" not in found.problem
    assert np.array_equal(found.matrix, np.eye(4))


def test_too_few_points(picture: np.ndarray, estimator: EpipolarPoseEstimator, camera: CameraModel) -> None:
    keep = np.zeros(picture.shape[:2], bool)
    keep[60:63, 60:65] = True
    found = estimator.estimate(picture, picture, camera, keep_first=keep)
    assert "too few points: 15 pairs, at least 20" in found.problem
    assert "even" in estimator.estimate(picture, picture, camera, keep_first=np.zeros_like(keep)).problem


def test_points_that_no_one_motion_explains(picture: np.ndarray, estimator: EpipolarPoseEstimator, camera: CameraModel) -> None:
    # Four bands, each by itself.
    second = np.vstack(
        [np.roll(picture[top : top + 36], shift, axis=1) for top, shift in ((0, 9), (36, -8), (72, 5), (108, -10))]
    )
    picture_2 = second.copy()
    for left, up in ((0, 7), (48, -6), (96, 5), (144, -8)):
        picture_2[:, left : left + 48] = np.roll(second[:, left : left + 48], up, axis=0)
    found = estimator.estimate(picture, picture_2, camera)
    assert "one motion explains" in found.problem


def test_what_does_not_fit_is_refused(picture: np.ndarray, estimator: EpipolarPoseEstimator, camera: CameraModel) -> None:
    with pytest.raises(InputError, match="one size"):
        estimator.estimate(picture, picture[:, 1:], camera)
    with pytest.raises(InputError, match="intrinsics"):
        estimator.estimate(picture[:, 1:], picture[:, 1:], camera)
    with pytest.raises(InputError, match="prior"):
        estimator.estimate(picture, picture, camera, prior=np.full((4, 4), np.nan))
    with pytest.raises(ConfigurationError, match="still_px"):
        EpipolarOptions(still_px=-1.0)


def test_a_real_camera_carried_by_hand(shared_data: Path, estimator: EpipolarPoseEstimator, apart: Apart) -> None:
    folder = shared_data / "rgbd_handheld"
    if not (folder / "camera-intrinsics.txt").is_file():
        pytest.skip("rgbd_handheld is not in the shared data")
    camera = CameraModel(640, 480, 585.0, 585.0, 320.0, 240.0).scaled_to(320, 240)
    names = [str(folder / f"frame-{number:06d}") for number in (5, 15)]
    first, second = (cv2.resize(cv2.imread(f"{name}.color.jpg"), (320, 240), interpolation=cv2.INTER_AREA) for name in names)
    poses = [np.loadtxt(f"{name}.pose.txt") for name in names]
    found = estimator.estimate(first, second, camera)
    assert found.problem == ""
    turn, degrees = apart(found.matrix, np.linalg.solve(poses[1], poses[0]))
    # The poses are the depth camera's, beside the colour camera, and known to some milliradians.
    assert turn < 0.02 and degrees < 20
