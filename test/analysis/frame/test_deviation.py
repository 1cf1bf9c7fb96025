"""From blur to deviation: golden values worked out by hand, and the formula against the one that it turns round."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auxfocus_ros.analysis.frame.deviation import deviation_of_blur, positions_of_blur
from auxfocus_ros.optics.defocus_model import ThinLensModel
from auxfocus_ros.optics.lens import Lens
from auxfocus_ros.optics.mapping import LinearMapping, TableMapping

# f 50 mm, A 25 mm, 1 um of extension a step, infinity at 0. A radius of 10 px is 0.1 mm, a disk 0.2 mm wide.
LENS = Lens("by hand", 0.05, 2.0, 10e-6, 20e-6, 0.0, 2000.0, LinearMapping(1e-6, 0.0))


def test_both_sides_by_hand() -> None:
    # at 1 mm: (25 * 1 - 0.2 * 50) / 25.2 mm and (25 * 1 + 0.2 * 50) / 24.8 mm
    assert positions_of_blur(LENS, 1000.0, 10.0) == pytest.approx((15e3 / 25.2, 35e3 / 24.8))


@pytest.mark.parametrize(
    ("depth_m", "steps", "metres"),
    [
        (4.0, 404.7619, -1.7),  # behind the plane of focus at 2.55 m: best at 595.238, which focuses at 4.25 m
        (1.8, -411.2903, 0.728571),  # before it: best at 1411.290, 1.821429 m
        (math.nan, 404.7619, -1.7),  # not known: the nearer position
    ],
)
def test_the_side_is_by_the_depth_else_the_nearer_one(depth_m: float, steps: float, metres: float) -> None:
    found = deviation_of_blur(LENS, 1000.0, 10.0, depth_m)
    assert found.steps == pytest.approx(steps, abs=1e-3)
    assert found.metres == pytest.approx(metres, abs=1e-5)


def test_without_a_depth_a_side_out_of_the_range_is_not_taken() -> None:
    shorter = replace(LENS, min_position_steps=500.0)
    # at 0.6 mm: 5 / 25.2 mm is out of the range, though nearer than 25 / 24.8 mm
    assert deviation_of_blur(shorter, 600.0, 10.0).steps == pytest.approx(600.0 - 25e3 / 24.8)
    assert deviation_of_blur(LENS, 600.0, 10.0).steps == pytest.approx(600.0 - 5e3 / 25.2)


def test_without_a_depth_nothing_is_beyond_infinity_though_the_range_is() -> None:
    farther = replace(LENS, min_position_steps=-1000.0)
    # at 0.1 mm: (2.5 - 10) / 25.2 mm is beyond infinity
    assert deviation_of_blur(farther, 100.0, 10.0).steps == pytest.approx(100.0 - 12.5e3 / 24.8)
    # at -1 mm, 1 px: -26 / 25.02 mm and -24 / 24.98 mm are both beyond; the one nearer to infinity is taken
    found = deviation_of_blur(farther, -1000.0, 1.0)
    assert found.steps == pytest.approx(-1000.0 + 24e3 / 24.98)
    assert math.isnan(found.metres)


def test_a_lens_at_infinity_is_infinitely_far_behind_what_is_near() -> None:
    found = deviation_of_blur(LENS, 0.0, 10.0)
    assert found.steps == pytest.approx(-10e3 / 24.8)
    assert found.metres == math.inf


def test_where_a_table_ends_nothing_is_known() -> None:
    table = replace(
        LENS, min_position_steps=900.0, max_position_steps=1100.0, mapping=TableMapping((900.0, 1100.0), (9e-4, 1.1e-3))
    )
    assert math.isnan(deviation_of_blur(table, 1000.0, 10.0).steps)
    assert math.isnan(deviation_of_blur(table, 1000.0, 10.0).metres)
    assert deviation_of_blur(table, 1000.0, 1.0, 4.0).steps == pytest.approx(1000.0 - 24e3 / 25.02)


def test_no_thing_before_the_plane_of_focus_is_blurred_by_more_than_the_aperture() -> None:
    coarse = replace(LENS, pixel_pitch_m=1e-3)
    behind, before = positions_of_blur(coarse, 1000.0, 12.5)
    assert math.isfinite(behind) and math.isnan(before)


@given(
    position=st.floats(200.0, 1800.0),
    radius=st.floats(0.0, 100.0),
    mapping=st.sampled_from([LinearMapping(1e-6, 0.0), LinearMapping(-1e-6, 2000.0)]),
)
def test_both_sides_give_back_the_radius(position: float, radius: float, mapping: LinearMapping) -> None:
    lens = replace(LENS, mapping=mapping)
    behind, before = positions_of_blur(lens, position, radius)
    model = ThinLensModel(lens)
    assert model.radius_px(position, behind) == pytest.approx(radius, abs=1e-6)
    assert model.radius_px(position, before) == pytest.approx(radius, abs=1e-6)
    assert lens.extension_m(behind) - 1e-12 <= lens.extension_m(position) <= lens.extension_m(before) + 1e-12
