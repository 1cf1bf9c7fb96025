"""The thin lens's defocus model in positions agrees with the lens in depths."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auxfocus_ros.optics import load_lens, shipped_lenses
from auxfocus_ros.optics.defocus_model import ThinLensModel

LENS = load_lens("bench_25mm")
MODEL = ThinLensModel(LENS)
POSITIONS = st.floats(1050.0, 2100.0)


@given(POSITIONS, POSITIONS)
def test_radius_and_scale_are_those_of_the_depth_that_is_sharp_there(position: float, best: float) -> None:
    depth_m = LENS.focus_distance_m(best)
    assert float(MODEL.radius_px(position, best)) == pytest.approx(LENS.blur_radius_px(position, depth_m), abs=1e-6)
    assert float(MODEL.scale(position, best)) == pytest.approx(LENS.scale(position, depth_m), rel=1e-9)


def test_golden_values_of_the_bench_lens() -> None:
    # s = 1.528 um a step, A = 25 / 2.4 mm, v0 = 25 mm + 500 s: 100 steps off make A 100 s / (2 v0 p) px
    step_m = (float(LENS.sensor_distance_m(1600.0)) - float(LENS.sensor_distance_m(1500.0))) / 100.0
    v0 = float(LENS.sensor_distance_m(1500.0))
    assert step_m == pytest.approx(1.528e-6, rel=1e-3)
    assert float(MODEL.radius_px(1600.0, 1500.0)) == pytest.approx(0.025 / 2.4 * 100 * step_m / (2 * v0 * 1.62e-6), rel=1e-9)
    assert float(MODEL.half_depth_of_focus_steps(1500.0)) == pytest.approx(10.0, abs=0.6)


@pytest.mark.parametrize("name", sorted(shipped_lenses()))
def test_at_the_edge_of_the_depth_of_focus_the_blur_is_the_circle_of_confusion(name: str) -> None:
    lens = load_lens(name)
    model = ThinLensModel(lens)
    middle = 0.5 * (lens.min_position_steps + lens.max_position_steps)
    reach = float(model.half_depth_of_focus_steps(middle))
    wider = max(float(model.radius_px(middle + side * reach, middle)) for side in (-1.0, 1.0))
    assert 2.0 * wider * lens.pixel_pitch_m == pytest.approx(lens.circle_of_confusion_m, rel=0.02)


def test_arrays_broadcast() -> None:
    radii = MODEL.radius_px(np.array([[1100.0], [1200.0]]), np.array([1100.0, 1200.0, 1300.0]))
    assert radii.shape == (2, 3) and radii[0, 0] == 0.0 and radii[1, 1] == 0.0
    assert MODEL.best_position_steps(np.array([0.4, 10.0])) == pytest.approx([2100.0, 1050.0], abs=1e-6)
