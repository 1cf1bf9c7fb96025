"""Layers: which thing is in which, and where their points are drawn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from auxfocus_ros.distribution.across import AcrossAxis
from auxfocus_ros.distribution.axis import DepthAxis
from auxfocus_ros.distribution.counts import DepthDistribution
from auxfocus_ros.distribution.targets.target import Target, TargetSet, TargetState
from auxfocus_ros.view.content import Content, LayerStack
from auxfocus_ros.view.focus_reading import FocusReading
from auxfocus_ros.view.heat import PointStyle
from auxfocus_ros.view.layers import assign_layers, paint_layers, shift_px
from auxfocus_ros.view.layout import arrange
from auxfocus_ros.view.options import DIRECTIONS, ViewOptions
from auxfocus_ros.view.sheet import Sheet
from auxfocus_ros.view.target_colours import target_colour

AXIS = DepthAxis(1.0, 16.0, 324, "log")
STYLE = PointStyle(colours="ice", tint=0.0)
UNKNOWN = FocusReading()


def thing(number: int, depth_m: float, segment: int | None = None) -> Target:
    return Target(number, (0, 0, 10, 10), depth_m=depth_m, segment=number if segment is None else segment)


def test_each_thing_begins_a_layer_and_near_ones_share_one() -> None:
    # On an axis of four octaves a twentieth is a fifth of an octave, 15 %.
    plan = assign_layers([thing(1, 4.0), thing(2, 2.0), thing(3, 4.4), thing(4, 8.0)], AXIS, most_layers=4, segments=6)
    assert plan.ids == ((1, 3), (2,), (4,), ())
    assert plan.layer_of_segment.tolist() == [3, 0, 1, 0, 2, 3, 3]
    assert plan.layers == 4


def test_without_a_layer_left_a_thing_joins_the_nearest() -> None:
    plan = assign_layers([thing(1, 2.0), thing(2, 8.0), thing(3, 12.0), thing(4, 3.0)], AXIS, most_layers=2, segments=4)
    assert plan.ids == ((1, 4), (2, 3), ())


def test_what_has_no_segment_no_depth_or_is_lost_has_no_layer() -> None:
    lost = Target(4, (0, 0, 1, 1), state=TargetState.LOST, depth_m=2.0, segment=4)
    plan = assign_layers([thing(1, math.nan), thing(2, 2.0, segment=0), thing(3, 2.0, segment=99), lost], AXIS, 4, segments=4)
    assert plan.ids == ((),)
    assert plan.layer_of_segment.tolist() == [0] * 5


@given(
    st.lists(st.tuples(st.integers(0, 40), st.floats(allow_nan=True, allow_infinity=True)), max_size=40),
    st.integers(1, 8),
    st.integers(0, 30),
)
def test_every_segment_has_a_layer_and_every_thing_at_most_one(
    things: list[tuple[int, float]], most_layers: int, segments: int
) -> None:
    targets = [thing(1 + number, depth, segment) for number, (segment, depth) in enumerate(things)]
    plan = assign_layers(targets, AXIS, most_layers, segments)
    assert plan.layer_of_segment.shape == (segments + 1,)
    assert plan.layer_of_segment.max() < plan.layers <= most_layers + 1
    assert plan.layer_of_segment[0] == plan.layers - 1
    ids = [number for layer in plan.ids for number in layer]
    assert len(ids) == len(set(ids))
    assert all(plan.ids[:-1])


def test_ten_thousand_things_take_few_layers() -> None:
    plan = assign_layers([thing(1 + n, 1.0 + n % 1500 / 100) for n in range(10000)], AXIS, most_layers=8, segments=10000)
    assert plan.layers == 9
    assert sum(map(len, plan.ids)) <= 256


def painted(
    cells: list[tuple[int, int, int]], ids: tuple[tuple[int, ...], ...], focus: FocusReading = UNKNOWN, **more: object
) -> tuple[NDArray[np.uint8], Sheet, Content]:
    """Layers with one cell each, (layer, bin, column), of many readings, beside a picture."""
    options = ViewOptions(layers=True, layout="side_by_side", **more)  # type: ignore[arg-type]
    layout = arrange(1280, 720, options)
    axis, across = DepthAxis(1.0, 16.0, 324, "log"), AcrossAxis.of_picture(1280, 300)
    counts = np.zeros((len(ids), 324, 300), np.uint32)
    for layer, row, column in cells:
        counts[layer, row : row + 4, column : column + 4] = 1000
    distribution = DepthDistribution(counts.sum(axis=0).astype(np.uint32), axis, across)
    targets = tuple(Target(number, (0, 0, 9, 9)) for layer in ids for number in layer)
    content = Content(distribution, TargetSet(targets), layers=LayerStack(counts, ids))
    sheet = Sheet(np.zeros((layout.height_px, layout.width_px, 3), np.uint8), layout, axis, across, 1.0)
    paint_layers(sheet, content, options, focus, STYLE)
    return sheet.image, sheet, content


def middle_of(image: NDArray[np.uint8], colour: tuple[int, int, int]) -> tuple[float, float]:
    """Column and row about which a strong colour lies, cards left out, for they are fainter."""
    rows, columns = np.nonzero((np.abs(image.astype(int) - colour) <= 12).all(axis=-1))
    return float(columns.mean()), float(rows.mean())


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_the_front_layer_stands_on_the_scale_and_those_behind_it_are_staggered(direction: str) -> None:
    image, sheet, content = painted([(0, 160, 100), (1, 40, 200), (2, 250, 60)], ((1,), (2,), (3,), ()), direction=direction)
    layout = sheet.layout
    for layer, (row, column) in enumerate([(160, 100), (40, 200), (250, 60)]):
        left, top, right, bottom = layout.cells_rect(
            sheet.axis,
            float(sheet.axis.edges_m()[row]),
            float(sheet.axis.edges_m()[row + 4]),
            sheet.across,
            float(sheet.across.edges()[column]),
            float(sheet.across.edges()[column + 4]),
        )
        dx, dy = shift_px(layout, content.layers, layer + 1)
        assert (dx > 0 and dy < 0) == (layer > 0)
        found = middle_of(image, target_colour(layer + 1))
        assert found == pytest.approx(((left + right) / 2 + dx, (top + bottom) / 2 + dy), abs=2.5)


def test_the_more_important_lies_on_top() -> None:
    front = [(0, row, column) for row in (158, 162) for column in (97, 101)]
    image, _, _ = painted([*front, (1, 156, 96)], ((1,), (2,), ()))  # the second moves by 3 or 4 cells, under the first
    assert np.isfinite(middle_of(image, target_colour(1))).all()
    assert not (np.abs(image.astype(int) - target_colour(2)) <= 12).all(axis=-1).any()


def test_what_is_in_focus_has_its_colour_in_every_layer() -> None:
    focus = FocusReading("finite", 4.0, 3.5, 4.6)
    # 4 m is in the middle of the axis; the second layer's points are at 2 m.
    image, _, _ = painted([(0, 161, 100), (1, 80, 200)], ((1,), (2,), ()), focus)
    assert not (np.abs(image.astype(int) - target_colour(1)) <= 12).all(axis=-1).any()
    assert np.isfinite(middle_of(image, target_colour(2))).all()
    plain, _, _ = painted([(0, 161, 100)], ((1,), ()), UNKNOWN)
    assert np.isfinite(middle_of(plain, target_colour(1))).all()


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 9),
    st.sampled_from(DIRECTIONS),
    st.sampled_from(["overlay", "inset", "side_by_side", "top_bottom"]),
    st.integers(1, 400),
    st.integers(1, 700),
)
def test_layers_of_any_shape_can_be_painted(layers: int, direction: str, layout: str, bins: int, columns: int) -> None:
    options = ViewOptions(layers=True, layout=layout, direction=direction)  # type: ignore[arg-type]
    arranged = arrange(160, 120, options)
    axis, across = DepthAxis(1.0, 16.0, bins), AcrossAxis.of_picture(160, columns)
    counts = np.random.default_rng(layers).integers(0, 2, (layers, bins, columns)).astype(np.uint32)
    ids = tuple((number + 1,) for number in range(layers))
    content = Content(DepthDistribution.empty(axis, across), layers=LayerStack(counts, ids))
    sheet = Sheet(np.zeros((arranged.height_px, arranged.width_px, 3), np.uint8), arranged, axis, across, 0.9)
    paint_layers(sheet, content, options, FocusReading("finite", 4.0, 3.0, 5.0), STYLE)
    assert sheet.image.any() == bool(counts.any())
