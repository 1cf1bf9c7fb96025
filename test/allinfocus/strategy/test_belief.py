"""What frames make of a belief."""

from __future__ import annotations

import numpy as np
import pytest

from auxfocus_ros.allinfocus.blur_map import CellGrid, blur_map_of
from auxfocus_ros.allinfocus.strategy.belief import CellBelief
from auxfocus_ros.allinfocus.strategy.belief_axis import axis_of
from auxfocus_ros.allinfocus.strategy.belief_depth import depth_prior
from auxfocus_ros.allinfocus.strategy.options import CoverOptions
from auxfocus_ros.allinfocus.terms import CaptureTask
from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.optics import load_lens
from auxfocus_ros.optics.defocus_model import ThinLensModel

MODEL = ThinLensModel(load_lens("vga_25mm"))
LOW, HIGH = MODEL.min_position_steps, MODEL.max_position_steps
GRID = CellGrid(256, 128, 64)
TASK = CaptureTask(256, 128, LOW, HIGH, LOW, model=MODEL)


def seen(belief: CellBelief, best, position: float, sigma: float = 0.1) -> None:
    """Let a belief see an exact map."""
    best = np.broadcast_to(np.asarray(best, np.float64), GRID.shape)
    belief.see(blur_map_of(MODEL.radius_px(position, best), GRID, sigma), position)


def about(belief: CellBelief, axis, position: float, reach: float = 60.0) -> np.ndarray:
    """(C,) probability near a position."""
    return belief.probability[:, np.abs(axis.grid_steps - position) <= reach].sum(axis=1)


def test_one_frame_has_two_sides_and_two_frames_one():
    axis = axis_of(TASK, 1.0)
    belief = CellBelief(axis, GRID.shape, CoverOptions())
    seen(belief, 300.0, 500.0)
    one = about(belief, axis, 300.0)
    other = about(belief, axis, 700.0)
    assert np.allclose(belief.probability.sum(axis=1), 1.0, atol=1e-5)
    assert (one > 0.3).all() and (other > 0.3).all()
    seen(belief, 300.0, 650.0)
    assert (about(belief, axis, 300.0) > 0.9).all()


def test_a_wrong_word_is_outvoted():
    axis = axis_of(TASK, 1.0)
    belief = CellBelief(axis, GRID.shape, CoverOptions())
    seen(belief, 900.0, LOW)
    for position in (200.0, 450.0, 600.0):
        seen(belief, 300.0, position)
    assert (about(belief, axis, 300.0) > 0.8).all()


def test_what_has_no_texture_stays_wide():
    axis = axis_of(TASK, 1.0)
    best = np.full(GRID.shape, 300.0)
    best[:, 2:] = np.nan
    belief = CellBelief(axis, GRID.shape, CoverOptions())
    for position in (LOW, 500.0):
        seen(belief, best, position)
    telling = belief.telling.reshape(GRID.shape)
    assert (telling[:, :2] > 0.99).all()
    assert (telling[:, 2:] < 0.01).all()
    assert np.allclose(belief.probability.reshape(*GRID.shape, -1)[:, 2:], 1.0 / len(axis.grid_steps), atol=1e-4)


def test_softness_is_a_cell_of_its_own_kind():
    """A cell that is never sharper than 2.5 px, seen from its best position and from both sides, is in focus there."""
    axis = axis_of(TASK, 1.0)
    belief = CellBelief(axis, GRID.shape, CoverOptions())
    for position in (200.0, 400.0, 600.0):
        radius = np.hypot(MODEL.radius_px(position, np.full(GRID.shape, 400.0)), 2.5)
        belief.see(blur_map_of(radius, GRID, 0.1), position)
    assert (about(belief, axis, 400.0, 70.0) > 0.7).all()


def test_a_belief_fades_in_a_moving_scene():
    axis = axis_of(TASK, 1.0)
    belief = CellBelief(axis, GRID.shape, CoverOptions())
    for position in (LOW, 500.0):
        seen(belief, 300.0, position)
    before = about(belief, axis, 300.0)
    for _ in range(30):
        belief.forget(30.0, 0.05)
        seen(belief, np.nan, 500.0)
    assert (about(belief, axis, 300.0) < 0.6 * before).all()
    assert (belief.telling < 0.3).all()


def test_depth_with_its_holes_becomes_a_prior():
    axis = axis_of(TASK, 1.0)
    depth_m = np.full((4, 8), 1.0)
    depth_m[:, 2:4] = 0.5  # the second cell of each row
    depth_m[:2, 4:6] = np.nan
    believed, known = depth_prior(depth_m, 0.02, GRID, MODEL, axis.grid_steps)
    at = axis.grid_steps[believed.reshape(*GRID.shape, -1).argmax(axis=-1)]
    spacing = axis.grid_steps[1] - axis.grid_steps[0]
    assert at[0, 0] == pytest.approx(float(MODEL.best_position_steps(1.0)), abs=spacing)
    assert at[1, 1] == pytest.approx(float(MODEL.best_position_steps(0.5)), abs=spacing)
    assert known.reshape(GRID.shape).tolist() == [[1.0, 1.0, 0.0, 1.0], [1.0, 1.0, 1.0, 1.0]]
    assert np.allclose(believed.sum(axis=1), known)


def test_depth_that_frames_contradict_loses_its_trust():
    axis = axis_of(TASK, 1.0)
    depth = depth_prior(np.full((2, 4), 0.5), 0.02, GRID, MODEL, axis.grid_steps)
    belief = CellBelief(axis, GRID.shape, CoverOptions(), depth)
    assert belief.trust == pytest.approx(0.9)
    seen(belief, 200.0, LOW)
    assert belief.trust < 0.2
    agreed = CellBelief(axis, GRID.shape, CoverOptions(), depth)
    seen(agreed, float(MODEL.best_position_steps(0.5)), LOW)
    assert agreed.trust > 0.9


def test_the_axis_is_as_fine_as_the_depth_of_focus_and_reaches_beyond_the_range():
    axis = axis_of(TASK, 1.0)
    half = float(np.median(MODEL.half_depth_of_focus_steps(np.linspace(LOW, HIGH, 33))))
    assert np.diff(axis.grid_steps).max() <= 0.5 * half + 1e-9
    assert axis.grid_steps[0] == pytest.approx(LOW - 0.15 * (HIGH - LOW))
    assert axis.grid_steps[-1] == pytest.approx(HIGH + 0.15 * (HIGH - LOW))


def test_the_only_positions_that_there_are_are_as_good_as_it_gets():
    task = CaptureTask(256, 128, 0.0, 30.0, 0.0, positions_steps=(0.0, 10.0, 20.0, 30.0), half_depth_of_focus_steps=2.0)
    axis = axis_of(task, 1.0)
    assert axis.half_steps(np.full(len(axis.log_gain), 1.0 / len(axis.log_gain)))[0] == 5.0


def test_settings_out_of_their_range():
    with pytest.raises(ConfigurationError, match=r"frame_weight is 2.*outlier_share is 0,"):
        CoverOptions(frame_weight=2.0, outlier_share=0.0)
