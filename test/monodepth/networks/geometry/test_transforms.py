"""Six numbers and the motion that they mean."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from auxfocus_ros.errors import InputError
from auxfocus_ros.monodepth.networks.geometry.transforms import inverse_pose, pose_matrix

components = st.floats(-4.0, 4.0, allow_subnormal=False)


def test_no_motion_is_the_identity() -> None:
    assert torch.equal(pose_matrix(torch.zeros(2, 6)), torch.eye(4).expand(2, 4, 4))


def test_a_quarter_turn_and_a_step() -> None:
    # A quarter turn about z (forward) takes x to y and y to -x; then 1, 2, 3 is added.
    pose = pose_matrix(torch.tensor([[0.0, 0.0, math.pi / 2, 1.0, 2.0, 3.0]], dtype=torch.float64))
    wanted = [[0.0, -1.0, 0.0, 1.0], [1.0, 0.0, 0.0, 2.0], [0.0, 0.0, 1.0, 3.0], [0.0, 0.0, 0.0, 1.0]]
    np.testing.assert_allclose(pose[0].numpy(), wanted, atol=1e-12)


@given(vector=st.lists(components, min_size=6, max_size=6), exponent=st.integers(-9, 0))
def test_rotations_are_those_of_scipy_at_every_size(vector: list[float], exponent: int) -> None:
    scaled = np.array(vector) * 10.0**exponent
    pose = pose_matrix(torch.from_numpy(scaled[None]))[0].numpy()
    np.testing.assert_allclose(pose[:3, :3], Rotation.from_rotvec(scaled[:3]).as_matrix(), atol=1e-12)
    np.testing.assert_array_equal(pose[:3, 3], scaled[3:])
    np.testing.assert_array_equal(pose[3], [0.0, 0.0, 0.0, 1.0])


@given(vector=st.lists(components, min_size=6, max_size=6))
def test_a_motion_and_its_inverse_return(vector: list[float]) -> None:
    pose = pose_matrix(torch.tensor([vector], dtype=torch.float64))
    np.testing.assert_allclose((inverse_pose(pose) @ pose)[0].numpy(), np.eye(4), atol=1e-12)


@pytest.mark.parametrize("size", [0.0, 1e-8, 0.999e-3, 1.001e-3, 0.3, 3.0])
def test_the_gradient_holds_down_to_no_rotation(size: float) -> None:
    turn = size * np.array([2.0, -1.0, 2.0]) / 3
    vector = torch.tensor([[*turn, 0.3, -0.2, 0.5]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(pose_matrix, vector)
    assert torch.autograd.gradcheck(lambda v: inverse_pose(pose_matrix(v)), vector)


@pytest.mark.parametrize("size", [0.0, 1e-20, 1e-4, 1.001e-3])
def test_single_precision_has_a_gradient_near_no_rotation(size: float) -> None:
    vector = torch.full((1, 6), size, requires_grad=True)
    pose_matrix(vector)[0, 2, 1].backward()  # sin(a) / a x + ...: its slope along x is 1
    np.testing.assert_allclose(vector.grad, [[1.0, 0.0, 0.0, 0.0, 0.0, 0.0]], atol=2e-3)


def test_another_shape_is_refused() -> None:
    with pytest.raises(InputError, match=r"pose vector: its shape is \(2, 7\), it must be \(any, 6\)"):
        pose_matrix(torch.zeros(2, 7))
    with pytest.raises(InputError, match="pose"):
        inverse_pose(torch.zeros(4, 4))
