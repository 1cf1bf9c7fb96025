"""The mask and the activation matrix, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from auxfocus_ros.allinfocus.strategy.activation import Activation, DepthOfField
from auxfocus_ros.allinfocus.terms import CaptureTask
from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.optics.defocus_model import ThinLensModel
from auxfocus_ros.optics.lens_file import load_lens

MASKS = [np.array(row, bool) for row in ([1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [1, 0, 0, 0])]


def task(**changes: object) -> CaptureTask:
    """640 x 480 px, positions 0 to 1000, from 500."""
    return CaptureTask(640, 480, 0.0, 1000.0, 500.0, **changes)  # type: ignore[arg-type]


def activations(keep: int | None) -> list[list[int]]:
    activation = Activation(keep)
    return [activation.add(mask).astype(int).tolist() for mask in MASKS]


def test_of_a_static_scene_what_was_in_focus_once_is_done() -> None:
    assert activations(None) == [[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0], [1, 1, 1, 0]]


def test_of_a_moving_scene_the_last_frames_count() -> None:
    assert activations(1) == [[1, 0, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0], [1, 0, 1, 0]]


def test_the_greedy_one_is_the_mask() -> None:
    assert activations(0) == [mask.astype(int).tolist() for mask in MASKS]


def test_the_threshold_is_the_tasks() -> None:
    depth = DepthOfField(task(half_depth_of_focus_steps=12.0))
    found = depth.in_focus(np.array([[-12.1, -12.0, 0.0], [12.0, 12.1, np.nan]]), 300.0)
    np.testing.assert_array_equal(found, [[False, True, True], [True, False, False]])


def test_the_threshold_follows_the_models_depth_of_field() -> None:
    model = ThinLensModel(load_lens("bench_25mm"))
    low, high = model.min_position_steps, model.max_position_steps
    depth = DepthOfField(CaptureTask(640, 480, low, high, low, model=model))
    for position in (low, 0.5 * (low + high), high):
        half = float(model.half_depth_of_focus_steps(position))
        assert depth.half_steps(position) == pytest.approx(half, rel=1e-3)
        just = np.array([0.99 * half, -0.99 * half, 1.01 * half])
        np.testing.assert_array_equal(depth.in_focus(just, position), [True, True, False])
    assert depth.half_steps(high) > depth.half_steps(low)


def test_of_a_stack_the_nearest_frame_is_as_sharp_as_it_gets() -> None:
    depth = DepthOfField(task(half_depth_of_focus_steps=5.0, positions_steps=(100.0, 140.0, 200.0)))
    # At 140: 20 down to half way to 100, 30 up to half way to 200.
    deviation = np.array([-20.5, -20.0, 0.0, 30.0, 30.5])
    np.testing.assert_array_equal(depth.in_focus(deviation, 140.0), [False, True, True, True, False])
    # At its ends the depth of field alone counts.
    np.testing.assert_array_equal(depth.in_focus(np.array([-5.5, -5.0, 20.0]), 100.0), [False, True, True])
    np.testing.assert_array_equal(depth.within_range(np.array([94.0, 95.0, 150.0, 205.0, 206.0])), [0, 1, 1, 1, 0])


def test_without_a_depth_of_focus_there_is_no_threshold() -> None:
    with pytest.raises(ConfigurationError, match="must know the depth of focus"):
        DepthOfField(task())
