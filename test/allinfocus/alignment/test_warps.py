"""Arithmetic of warps, against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auxfocus_ros.allinfocus.alignment.warps import (
    HOMOGRAPHY,
    at_scale,
    common_rectangle,
    furthest_px,
    is_possible,
    motion,
    transform,
    velocities,
)


def shifted(x: float, y: float) -> np.ndarray:
    return np.array([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]])


@given(st.lists(st.floats(-1e-5, 1e-5), min_size=HOMOGRAPHY, max_size=HOMOGRAPHY))
def test_a_small_motion_moves_points_with_its_velocities(step: list[float]) -> None:
    points = np.array([[0.0, 0.0], [99.0, 0.0], [30.0, 49.0]])
    centre, unit_px = (49.5, 24.5), 50.0
    moved = (transform(motion(np.array(step), centre, unit_px), points) - points) / unit_px
    x, y = ((points - centre) / unit_px).astype(np.float32).T
    along, across = (sum(a * field[k] for a, field in zip(step, velocities(x, y, HOMOGRAPHY), strict=True)) for k in (0, 1))
    np.testing.assert_allclose(moved, np.column_stack([along, across]), atol=1e-8)


def test_a_shift_at_half_the_size_is_half_of_it() -> None:
    np.testing.assert_allclose(at_scale(shifted(8.0, -4.0), 0.5), shifted(4.0, -2.0))
    # about an edge that stays: twice as large about (-0.5, -0.5) is the same at every scale
    twice = np.array([[2.0, 0.0, 0.5], [0.0, 2.0, 0.5], [0.0, 0.0, 1.0]])
    np.testing.assert_allclose(at_scale(twice, (0.25, 0.3)), twice)


def test_the_furthest_corner() -> None:
    grown = np.diag([1.01, 1.01, 1.0])
    assert furthest_px(grown, np.eye(3), (301, 401)) == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("warps", "rectangle"),
    [
        ([np.eye(3)], (0, 0, 100, 80)),
        ([shifted(3.0, 0.0), shifted(-2.0, 5.5)], (2, 0, 95, 74)),
        ([np.array([[2.0, 0.0, -49.5], [0.0, 2.0, -39.5], [0.0, 0.0, 1.0]])], (25, 20, 50, 40)),
        ([shifted(200.0, 0.0)], None),
    ],
)
def test_what_frames_have_in_common(warps: list[np.ndarray], rectangle: tuple[int, ...] | None) -> None:
    left_top_width_height = common_rectangle(warps, (100, 80))
    if rectangle is None:
        assert left_top_width_height[2] == 0
    else:
        assert left_top_width_height == rectangle


@given(st.floats(-4.0, 4.0), st.floats(0.95, 1.05), st.floats(-20.0, 20.0), st.floats(-20.0, 20.0))
def test_the_common_rectangle_lies_in_the_frame(turn_deg: float, scale: float, x: float, y: float) -> None:
    turn = np.radians(turn_deg)
    warp = shifted(x, y)
    warp[:2, :2] = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    left, top, width, height = common_rectangle([warp, np.eye(3)], (400, 300))
    assert width > 250 and height > 180
    corners = np.array([[left, top], [left + width - 1, top], [left + width - 1, top + height - 1], [left, top + height - 1]])
    moved = transform(warp, corners.astype(np.float64))
    assert (moved > -0.1).all() and (moved < np.array([399.1, 299.1])).all()


def test_what_cannot_be_the_same_view() -> None:
    size = (100, 80)
    assert is_possible(np.eye(3), size)
    assert is_possible(shifted(30.0, 0.0), size) and not is_possible(shifted(60.0, 0.0), size)
    assert not is_possible(np.diag([0.4, 0.4, 1.0]), size) and not is_possible(np.diag([-1.0, 1.0, 1.0]), size)
    assert not is_possible(np.full((3, 3), np.nan), size)
    quarter = np.array([[0.0, -1.0, 99.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    assert not is_possible(quarter, size)
