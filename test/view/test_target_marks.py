"""The target of interest: its brackets, its points, its depth, and its state in words."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from auxfocus_ros.distribution.across import AcrossAxis
from auxfocus_ros.distribution.axis import DepthAxis
from auxfocus_ros.distribution.counts import DepthDistribution
from auxfocus_ros.distribution.targets.target import Target, TargetSet, TargetSource, TargetState
from auxfocus_ros.view.content import Content
from auxfocus_ros.view.layout import arrange
from auxfocus_ros.view.options import ViewOptions
from auxfocus_ros.view.palette import FOCUS_COLOURS, SCALE
from auxfocus_ros.view.sheet import Sheet
from auxfocus_ros.view.strokes import Box, Line, Strokes
from auxfocus_ros.view.target_marks import depth_text, draw_targets, words_box, words_of

WIDTH, HEIGHT = 1280, 720
AXIS = DepthAxis(1.0, 16.0, 324, "log")
BESIDE = ViewOptions(layout="side_by_side")
CAR = Target(
    7, (400, 300, 200, 160), label="car", selected=True, depth_m=4.0, depth_near_m=3.6, depth_far_m=4.4, depth_sigma_m=0.2
)


def drawn(target: Target | None, options: ViewOptions = BESIDE, message: str = "") -> tuple[NDArray[np.uint8], Sheet, Content]:
    layout = arrange(WIDTH, HEIGHT, options)
    axis, across = AXIS, AcrossAxis.of_picture(WIDTH if layout.vertical else HEIGHT, 300)
    sheet = Sheet(np.full((layout.height_px, layout.width_px, 3), 100, np.uint8), layout, axis, across, 1.0)
    targets = TargetSet(() if target is None else (target,), 0 if target is None else target.id, message)
    content = Content(DepthDistribution.empty(axis, across), targets)
    draw_targets(sheet, content, options)
    return sheet.image, sheet, content


def has(image: NDArray[np.uint8], colour: tuple[int, int, int], within: int = 2) -> NDArray[np.bool_]:
    return (np.abs(image.astype(int) - colour) <= within).all(axis=-1)


@pytest.mark.parametrize(
    ("target", "message", "words"),
    [
        (None, "", ""),
        (CAR, "", "car 4.00 m"),
        (replace(CAR, label=""), "", "4.00 m"),
        (replace(CAR, depth_m=math.nan), "", "car depth unknown"),
        (replace(CAR, state=TargetState.HELD), "held 1.2 s", "car 4.00 m, held 1.2 s"),
        (replace(CAR, state=TargetState.HELD), "", "car 4.00 m, held"),
        (replace(CAR, state=TargetState.LOST, depth_m=math.nan), "", "target lost"),
        (replace(CAR, state=TargetState.LOST, depth_m=math.nan), "car lost 3 s ago", "car lost 3 s ago"),
        (None, "target lost", "target lost"),
    ],
)
def test_its_state_in_words(target: Target | None, message: str, words: str) -> None:
    assert words_of(target, message) == words


@pytest.mark.parametrize(
    ("depth_m", "sigma_m", "text"),
    [(4.0, 0.2, "4.00 m +/- 0.20"), (18.13, 0.09, "18.1 m +/- 0.1"), (18.13, 0.04, "18.1 m"), (4.0, math.nan, "4.00 m"),
     (250.0, 3.0, "250 m +/- 3"), (2500.0, 30.0, "2.5 km")],
)  # fmt: skip
def test_depth_and_deviation_to_the_same_digit(depth_m: float, sigma_m: float, text: str) -> None:
    assert depth_text(depth_m, sigma_m) == text


def test_brackets_in_the_picture_and_a_frame_round_its_points() -> None:
    image, sheet, _ = drawn(CAR)
    light = has(image, SCALE)
    # Three pixels outside the box, three thick, and legs of 32.
    assert light[297:300, 397:429].all() and light[297:329, 397:400].all()
    assert light[460:463, 571:603].all()
    assert not light[463:, :WIDTH].any()
    assert not light[329:431, 397:400].any()
    plot = sheet.layout.plot
    columns = [plot.left + plot.width * edge / WIDTH for edge in (400, 600)]
    rows = [plot.bottom - plot.height * math.log2(depth) / 4 for depth in (4.4, 4.0, 3.6)]
    inside = light[:, round(columns[0]) + 10 : round(columns[1]) - 10]
    lines = np.flatnonzero(inside.all(axis=1))
    # The frame, 3 pixels outside its points, and the line at the depth.
    assert lines.min() == pytest.approx(rows[0] - 3, abs=1.5)
    assert lines.max() == pytest.approx(rows[2] + 2, abs=1.5)
    assert np.abs(lines - rows[1]).min() < 1.5
    # The depths within a standard deviation are lighter than what else the frame holds.
    column = round(sum(columns) / 2)
    level = image[:, column, 0].astype(int)
    within, without = (plot.bottom - plot.height * math.log2(depth) / 4 for depth in (3.85, 3.7))
    assert level[round(within)] > level[round(without)] + 20 > 100


def test_in_focus_it_has_the_colour_of_the_focus() -> None:
    image, _, _ = drawn(replace(CAR, in_focus=True), ViewOptions(layout="side_by_side", focus_colour="green"))
    assert has(image, FOCUS_COLOURS["green"]).any()
    assert not has(image, SCALE).any()


def test_a_held_one_is_drawn_with_dashes() -> None:
    image, _, _ = drawn(replace(CAR, state=TargetState.HELD), message="held 1.2 s")
    row = has(image, SCALE)[298, 397:603]
    assert 5 <= np.count_nonzero(np.diff(row.astype(int)) == 1) <= 13
    assert row[0] and row[-1]


def test_a_lost_one_is_said_plainly_and_nowhere_pretended() -> None:
    image, sheet, content = drawn(replace(CAR, state=TargetState.LOST, depth_m=math.nan))
    words = words_box(sheet, content, BESIDE)
    assert words is not None
    assert (words.left + words.right) / 2 == pytest.approx(WIDTH / 2, abs=1)
    red = has(image, (48, 56, 224), 12)  # a plate lets a little through
    rows, columns = np.nonzero(red)
    assert rows.max() < words.bottom < HEIGHT / 8
    assert words.left <= columns.min() and columns.max() < words.right
    image[words.top : words.bottom, words.left : words.right] = 100
    assert (image == 100).all()


def test_offset_bars_do_not_hide_that_it_is_lost() -> None:
    from auxfocus_ros.view.content import ZoneOffset
    from auxfocus_ros.view.offset_bars import strip_box

    options = ViewOptions(offset_bars=True)
    _, sheet, content = drawn(replace(CAR, state=TargetState.LOST, depth_m=math.nan), options)
    with_bars = replace(content, offsets=(ZoneOffset(0, 1, 0.0, 4.0, True),))
    words = words_box(sheet, with_bars, options)
    assert words is not None and words.top >= strip_box(sheet.layout).bottom


def test_nothing_is_drawn_where_it_is_not_wanted_or_not_there() -> None:
    for target, options in ((CAR, ViewOptions(show_targets=False)), (None, BESIDE), (replace(CAR, selected=False), BESIDE)):
        image, _, _ = drawn(target, options)
        assert (image == 100).all()


def test_the_whole_frame_has_words_and_points_but_no_box() -> None:
    whole = replace(CAR, source=TargetSource.WHOLE_FRAME, box_px=(0, 0, WIDTH, HEIGHT), label="whole frame")
    image, sheet, _ = drawn(whole)
    assert (image[150:, :WIDTH] == 100).all()
    assert (image[:150, :WIDTH] != 100).any()
    plot = sheet.layout.plot
    assert has(image, SCALE)[:, plot.left : plot.right].any()


@pytest.mark.parametrize("box", [(0, 0, 60, 60), (1240, 680, 60, 60), (-50, 300, 60, 60), (0, 0, WIDTH, HEIGHT)])
@pytest.mark.parametrize("direction", ["up", "right"])
def test_its_words_stay_within_the_picture(box: tuple[int, int, int, int], direction: Any) -> None:
    options = ViewOptions(direction=direction)
    _, sheet, content = drawn(replace(CAR, box_px=box), options)
    words = words_box(sheet, content, options)
    assert words is not None
    assert words.within(Box(0, 0, WIDTH, HEIGHT)) == words


def test_strokes_are_blended_and_cut_at_the_image() -> None:
    image = np.full((20, 30, 3), 100, np.uint8)
    strokes = Strokes()
    strokes.fill(Box(-5, -5, 3, 4), (200, 0, 100), 0.5)
    strokes.fill(Box(2, 15, 200, 100), (255, 255, 255), 1.0)
    strokes.fill(Box(10, 10, 10, 12), (0, 0, 0), 1.0)
    strokes.draw(image)
    expected = np.full((20, 30, 3), 100, np.uint8)
    expected[:4, :3] = (150, 50, 100)
    expected[15:, 2:] = 255
    assert np.abs(image.astype(int) - expected).max() <= 1


@pytest.mark.parametrize("size", [(1, 1), (2, 5), (7, 3), (40, 30)])
@pytest.mark.parametrize("kind", ["outline", "dashed", "brackets"])
def test_lines_lie_just_inside_a_box_of_any_size(size: tuple[int, int], kind: str) -> None:
    image, strokes, line = np.zeros((60, 60, 3), np.uint8), Strokes(), Line(2, (10, 200, 10), 1.0, halo_px=0)
    box = Box(10, 10, 10 + size[0], 10 + size[1])
    if kind == "brackets":
        strokes.brackets(box, 8, line)
    else:
        getattr(strokes, kind)(box, line)
    strokes.draw(image)
    rows, columns = np.nonzero(image[..., 1])
    assert (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) == box
    if size == (40, 30):
        assert not image[12 : 10 + size[1] - 2, 12 : 10 + size[0] - 2].any()
