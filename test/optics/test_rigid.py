"""Rigid transforms: the algebra, the guards, and the types of points."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics import RigidTransform

unit_quaternions = (
    st.tuples(*[st.floats(-1, 1)] * 4)
    .filter(lambda q: np.linalg.norm(q) > 1e-2)
    .map(lambda q: tuple((np.array(q) / np.linalg.norm(q)).tolist()))
)
translations = st.tuples(*[st.floats(-100, 100)] * 3)
transforms = st.builds(lambda q, t: RigidTransform.from_quaternion(q[0], q[1], q[2], q[3], t), unit_quaternions, translations)


def test_lidar_to_optical_by_hand() -> None:
    # Lidar (x forward, y left, z up) to optical (x right, y down, z forward): right = -left, down = -up, forward = forward.
    # ROS's (-0.5, 0.5, -0.5, 0.5) is how the optical frame stands in the body's: it maps the other way, so this is its inverse.
    transform = RigidTransform.from_quaternion(0.5, -0.5, 0.5, 0.5, (0.1, 0.2, 0.3))
    assert transform.rotation == pytest.approx(np.array([[0, -1, 0], [0, 0, -1], [1, 0, 0]]), abs=1e-15)
    assert transform.apply(np.array([[10.0, 2.0, 1.0]])) == pytest.approx(np.array([[-1.9, -0.8, 10.3]]))


@settings(deadline=None, max_examples=100)
@given(transforms)
def test_quaternion_round_trip(transform: RigidTransform) -> None:
    again = RigidTransform.from_quaternion(*transform.as_quaternion(), transform.translation_m)
    assert again.rotation == pytest.approx(transform.rotation, abs=1e-12)
    assert transform.as_quaternion()[3] >= 0


@settings(deadline=None, max_examples=50)
@given(transforms, transforms)
def test_compose_and_inverse(one: RigidTransform, two: RigidTransform) -> None:
    points = np.array([[1.0, 2.0, 3.0], [-4.0, 0.5, 10.0]])
    assert one.compose(two).apply(points) == pytest.approx(one.apply(two.apply(points)), abs=1e-9)
    assert one.inverse().apply(one.apply(points)) == pytest.approx(points, abs=1e-9)
    assert RigidTransform.from_matrix(one.as_matrix()).apply(points) == pytest.approx(one.apply(points), abs=1e-9)


def test_points_keep_their_type_and_their_gaps() -> None:
    transform = RigidTransform(np.eye(3), np.array([1.0, 2.0, 3.0]))
    points = np.array([[1, 2, 3], [np.nan, 0, 0], [np.inf, 0, 0]], np.float32)
    moved = transform.apply(points)
    assert moved.dtype == np.float32
    assert moved[0].tolist() == [2, 4, 6]
    assert np.isnan(moved[1]).any()
    assert not np.isfinite(moved[2]).all()
    assert points[0, 0] == 1
    assert transform.apply(points.astype(np.float64)).dtype == np.float64
    assert transform.apply(np.zeros((0, 3), np.float32)).shape == (0, 3)


def test_four_digits_are_made_exact() -> None:
    rough = RigidTransform.from_quaternion(0.1, 0.2, 0.3, np.sqrt(1 - 0.14), (0, 0, 0)).rotation.round(4)
    rotation = RigidTransform(rough, np.zeros(3)).rotation
    assert rotation @ rotation.T == pytest.approx(np.eye(3), abs=1e-14)
    assert rotation == pytest.approx(rough, abs=1e-3)


@pytest.mark.parametrize(
    ("matrix", "piece"),
    [
        (np.eye(3), r"wanted shape \(3, 4\) or \(4, 4\), got \(3, 3\)"),
        (2 * np.eye(4)[:3], "orthonormal"),
        (np.zeros((3, 4)), "orthonormal"),
        (np.diag([1.0, 1.0, -1.0, 1.0])[:3], "mirror image"),
        (np.full((3, 4), np.nan), "finite"),
        (np.ones((4, 4)), "last row"),
        ("no matrix", "wanted numbers"),
    ],
)
def test_bad_matrices(matrix: object, piece: str) -> None:
    with pytest.raises(InputError, match=piece):
        RigidTransform.from_matrix(matrix)  # type: ignore[arg-type]


def test_bad_quaternions_and_points() -> None:
    with pytest.raises(InputError, match="its length must be 1"):
        RigidTransform.from_quaternion(0, 0, 0, 0, (0, 0, 0))
    with pytest.raises(InputError, match="finite"):
        RigidTransform.from_quaternion(0, 0, 0, np.nan, (0, 0, 0))
    with pytest.raises(InputError, match=r"translation_m: wanted shape \(3,\)"):
        RigidTransform.from_quaternion(0, 0, 0, 1, (0, 0))
    with pytest.raises(InputError, match=r"wanted shape \(N, 3\)"):
        RigidTransform.identity().apply(np.zeros((5, 2)))


def test_sealed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        RigidTransform.identity().rotation[0, 0] = 2
