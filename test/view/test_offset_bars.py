"""Offset bars: which depth matters in a zone, how far it is from the focus, and the bar that says so."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from auxfocus_ros.distribution.across import AcrossAxis
from auxfocus_ros.distribution.axis import DepthAxis
from auxfocus_ros.distribution.projection import ProjectedPoints
from auxfocus_ros.view.content import ZoneOffset
from auxfocus_ros.view.focus_reading import FocusReading
from auxfocus_ros.view.layout import arrange
from auxfocus_ros.view.offset_bars import SHARP, bar_colour, bar_length, draw_offset_bars, short_distance, strip_box
from auxfocus_ros.view.options import ViewOptions
from auxfocus_ros.view.sheet import Sheet
from auxfocus_ros.view.zone_offsets import zone_offsets, zone_offsets_of_depth_image

# 4 m is 0.25 dioptres, and the depth of field reaches 0.05 dioptres to both sides.
FOCUS = FocusReading("finite", 4.0, 1 / 0.3, 1 / 0.2)
OPTIONS = ViewOptions(offset_bars=True, opacity=1.0)
AXIS = DepthAxis(1.0, 50.0, 324, "log")


def of_image(depth: NDArray[np.float32], focus: FocusReading = FOCUS, zones: int = 3) -> list[float]:
    return [zone.offset for zone in zone_offsets_of_depth_image(depth, focus, zones)]


def test_offsets_are_signed_dioptres_in_halves_of_the_depth_of_field() -> None:
    depth = np.full((90, 300), 4.0, np.float32)
    depth[:, 100:200] = 1 / 0.35  # 0.1 dioptres nearer: two halves before the focus
    depth[:, 200:] = 10.0  # 0.15 dioptres farther: three halves behind it
    zones = zone_offsets_of_depth_image(depth, FOCUS, 3)
    assert [zone.offset for zone in zones] == pytest.approx([0.0, -2.0, 3.0], abs=1e-3)
    assert [zone.in_focus for zone in zones] == [True, False, False]
    assert [zone.depth_m for zone in zones] == pytest.approx([4.0, 1 / 0.35, 10.0], rel=1e-4)
    assert [(zone.left_share, zone.right_share) for zone in zones] == [(0, 1 / 3), (1 / 3, 2 / 3), (2 / 3, 1)]


def test_the_limits_of_the_depth_of_field_are_one_half_away() -> None:
    for depth_m, offset in ((1 / 0.3, -1.0), (1 / 0.2, 1.0)):
        assert of_image(np.full((30, 30), depth_m, np.float32), zones=1) == pytest.approx([offset], abs=1e-3)


def test_a_person_counts_before_the_wall_and_a_twig_does_not() -> None:
    depth = np.full((100, 200), 20.0, np.float32)
    depth[:, 20:50] = 3.0  # 30 of the left zone's 100 columns
    depth[:, 110:114] = 3.0  # 4 of the right one's
    assert [zone.depth_m for zone in zone_offsets_of_depth_image(depth, FOCUS, 2)] == pytest.approx([3.0, 20.0], rel=1e-3)


def test_ground_at_the_bottom_and_sky_at_the_top_do_not_count() -> None:
    depth = np.full((100, 60), 9.0, np.float32)
    depth[72:] = 1.5
    depth[:28] = np.inf
    assert [zone.depth_m for zone in zone_offsets_of_depth_image(depth, FOCUS, 1)] == pytest.approx([9.0], rel=1e-3)


def test_points_and_depth_images_agree() -> None:
    random = np.random.default_rng(5)
    depth = np.full((120, 630), 30.0, np.float32)
    for zone, metres in enumerate((2.0, 3.5, 6.0, 8.0, 12.0, 18.0, 24.0)):
        depth[30:95, 90 * zone + 20 : 90 * zone + 60] = metres
    depth *= random.normal(1, 0.002, depth.shape).astype(np.float32)
    v, u = np.nonzero(depth)
    points = ProjectedPoints(u.astype(np.float32), v.astype(np.float32), depth[v, u], u.astype(np.float32), v.astype(np.float32))
    answers = [
        zone_offsets_of_depth_image(depth, FOCUS, 7),
        zone_offsets_of_depth_image((1000 * depth).astype(np.uint16), FOCUS, 7, unit_m=0.001),
        zone_offsets(points, (630, 120), FOCUS, 7),
    ]
    for answer in answers:
        assert [zone.depth_m for zone in answer] == pytest.approx((2.0, 3.5, 6.0, 8.0, 12.0, 18.0, 24.0), rel=0.02)


def test_zones_without_readings_say_so() -> None:
    depth = np.zeros((60, 90), np.float32)
    depth[:, 30:60] = np.nan
    depth[20:40, 60:] = 5.0
    zones = zone_offsets_of_depth_image(depth, FOCUS, 3)
    assert [math.isnan(zone.depth_m) for zone in zones] == [True, True, False]
    assert [math.isnan(zone.offset) for zone in zones] == [True, True, False]
    empty = np.empty(0, np.float32)
    assert all(math.isnan(zone.offset) for zone in zone_offsets(ProjectedPoints(*[empty] * 5), (64, 64), FOCUS, 5))
    narrow = zone_offsets_of_depth_image(np.full((9, 2), 5.0, np.float32), FOCUS, 15)  # most zones have no pixel
    assert len(narrow) == 15 and sum(math.isfinite(zone.depth_m) for zone in narrow) == 2


@pytest.mark.parametrize("focus", [FocusReading(), FocusReading("beyond_infinity"), FocusReading("finite", 4.0)])
def test_without_a_depth_of_field_there_are_depths_and_no_offsets(focus: FocusReading) -> None:
    (zone,) = zone_offsets_of_depth_image(np.full((30, 30), 5.0, np.float32), focus, 1)
    assert math.isnan(zone.offset)
    assert zone.depth_m == pytest.approx(5.0, rel=1e-3)
    assert not zone.in_focus


def test_at_infinity_and_with_a_far_limit_there_the_near_limit_says_how_wide_it_is() -> None:
    # From 10 m to infinity, 0.1 dioptres: at 5 m, 0.2 dioptres before it.
    assert of_image(np.full((30, 30), 5.0, np.float32), FocusReading("infinity", math.inf, 10.0, math.inf), 1) == pytest.approx(
        [-2.0], abs=1e-3
    )
    # The hyperfocal distance: 8 m, from 4 m on; infinity is one half behind it.
    assert of_image(np.full((30, 30), 1000.0, np.float32), FocusReading("finite", 8.0, 4.0, math.inf), 1) == pytest.approx(
        [0.992], abs=1e-3
    )


@given(
    st.lists(st.tuples(*[st.floats(width=32, allow_nan=True, allow_infinity=True)] * 3), max_size=30),
    st.integers(1, 15),
    st.sampled_from([FOCUS, FocusReading(), FocusReading("infinity", math.inf, 10.0, math.inf)]),
)
def test_any_points_have_offsets(readings: list[tuple[float, float, float]], zones: int, focus: FocusReading) -> None:
    u, v, z = np.array(readings, np.float32).reshape(-1, 3).T
    offsets = zone_offsets(ProjectedPoints(u, v, z, u, v), (64, 48), focus, zones)
    assert len(offsets) == zones
    assert all(math.isnan(zone.depth_m) or 0.02 <= zone.depth_m <= 2000 for zone in offsets)


def test_bars_grow_with_the_offset_and_end_at_their_room() -> None:
    offsets = [-1e9, -16.0, -4.0, -1.0, -0.3, 0.0, 0.3, 1.0, 4.0, 16.0, 1e9]
    lengths = [bar_length(offset) for offset in offsets]
    assert lengths == sorted(lengths)
    assert lengths == pytest.approx([-length for length in reversed(lengths)])
    assert (lengths[0], lengths[1], lengths[5]) == (pytest.approx(-1), pytest.approx(-1), 0)
    assert lengths[8] == pytest.approx((0.26 + 1.0) / 2)  # 4 is half way to 16, in octaves


def test_bars_are_green_in_focus_and_turn_from_yellow_to_red() -> None:
    assert bar_colour(0.5, True) == SHARP
    greens = [bar_colour(offset, False)[1] for offset in (1.0, -2.0, 4.0, -8.0, 16.0, -1e6)]
    assert greens == sorted(greens, reverse=True)
    assert greens[-1] < 100 < greens[0]


@pytest.mark.parametrize(
    ("metres", "text"),
    [(0.123, "0.12"), (0.999, "1.0"), (1.0, "1.0"), (3.44, "3.4"), (9.96, "10"), (14.4, "14"), (144.0, "140"), (2500.0, "2 km")],
)
def test_distances_in_two_digits(metres: float, text: str) -> None:
    assert short_distance(metres) == text


def drawn(*offsets: ZoneOffset, focus: FocusReading = FOCUS, options: ViewOptions = OPTIONS) -> tuple[NDArray[np.uint8], Sheet]:
    layout = arrange(1280, 720, options)
    image = np.full((layout.height_px, layout.width_px, 3), 100, np.uint8)
    sheet = Sheet(image, layout, AXIS, AcrossAxis.of_picture(1280, 640), 1.0)
    draw_offset_bars(sheet, offsets, focus, options)
    return image, sheet


def zone(at: int, offset: float, in_focus: bool = False, zones: int = 4) -> ZoneOffset:
    return ZoneOffset(at / zones, (at + 1) / zones, offset, 5.0, in_focus)


def test_a_bar_rises_behind_the_focus_and_hangs_before_it() -> None:
    image, sheet = drawn(zone(0, 4.0), zone(1, -4.0), zone(2, 0.0, True), zone(3, math.nan))
    strip = strip_box(sheet.layout)
    saturated = np.ptp(image[strip.top : strip.bottom].astype(int), axis=-1) > 100
    middles = [np.nonzero(saturated[:, 160 + 320 * at])[0] for at in range(4)]
    assert middles[0].max() <= middles[2].max()
    assert middles[1].min() >= middles[2].min()
    assert len(middles[0]) == pytest.approx(len(middles[1]), abs=1)
    assert len(middles[0]) > 3 * len(middles[2]) > 0
    assert len(middles[3]) == 0
    assert (image[strip.bottom :] == 100).all()


def test_what_is_too_far_off_ends_in_an_arrow_head() -> None:
    image, sheet = drawn(zone(0, 15.9), zone(1, 40.0), zone(2, -1e6), zone(3, 0.0, True))
    strip = strip_box(sheet.layout)
    saturated = np.ptp(image[strip.top : strip.bottom].astype(int), axis=-1) > 100
    widths = [saturated[:, 320 * at : 320 * (at + 1)].sum(axis=1) for at in range(3)]
    bar, up, down = (width[width > 0] for width in widths)
    assert bar[0] == bar.max()  # a plain end
    assert up[0] < up.max() / 2  # a pointed one, at the top
    assert down[-1] < down.max() / 2


def test_nothing_is_drawn_without_zones_and_all_of_it_within_the_picture() -> None:
    image, _ = drawn()
    assert (image == 100).all()
    beside, sheet = drawn(
        zone(0, 1e9), zone(3, -1e9), options=ViewOptions(offset_bars=True, layout="side_by_side", panel_first=True)
    )
    panel = sheet.layout.panel
    assert (beside[panel.top : panel.bottom, panel.left : panel.right] == 100).all()


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=15),
    st.floats(0.0, 1e9),
    st.sampled_from([(64, 64), (640, 480), (3000, 80)]),
)
def test_any_offsets_can_be_drawn(offsets: list[float], depth_m: float, size: tuple[int, int]) -> None:
    options = ViewOptions(offset_bars=True)
    layout = arrange(*size, options)
    sheet = Sheet(np.zeros((layout.height_px, layout.width_px, 3), np.uint8), layout, AXIS, AcrossAxis.of_picture(64, 8), 0.9)
    count = len(offsets)
    zones = [ZoneOffset(at / count, (at + 1) / count, offset, depth_m, False) for at, offset in enumerate(offsets)]
    draw_offset_bars(sheet, zones, FOCUS, options)
