"""Links between things in the picture and their points: colours, letters, places, and labels that never meet."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from auxfocus_ros.distribution.across import AcrossAxis
from auxfocus_ros.distribution.axis import DepthAxis
from auxfocus_ros.distribution.counts import DepthDistribution
from auxfocus_ros.distribution.targets.target import Target, TargetSet, TargetSource, TargetState
from auxfocus_ros.view.association import MOST_LINKED, cell_colours, draw_association
from auxfocus_ros.view.boxes import draw_boxes_in_focus
from auxfocus_ros.view.content import Content, LayerStack, PictureSpan
from auxfocus_ros.view.ink import Sprite
from auxfocus_ros.view.layout import arrange
from auxfocus_ros.view.options import ASSOCIATIONS, DIRECTIONS, FOCUS_COLOURS, LAYOUTS, ViewOptions
from auxfocus_ros.view.placing import LabelPlaces, places_round
from auxfocus_ros.view.sheet import Sheet
from auxfocus_ros.view.strokes import Box
from auxfocus_ros.view.target_colours import target_colour, target_letter
from auxfocus_ros.view.target_marks import draw_targets
from auxfocus_ros.view.target_places import across_span, box_in_picture, box_in_plot, edges_of

WIDTH, HEIGHT = 1280, 720
AXIS = DepthAxis(1.0, 16.0, 324, "log")
GREY = 100


def sheet_of(options: ViewOptions, across: AcrossAxis | None = None) -> Sheet:
    layout = arrange(WIDTH, HEIGHT, options)
    image = np.full((layout.height_px, layout.width_px, 3), GREY, np.uint8)
    return Sheet(image, layout, AXIS, across or AcrossAxis.of_picture(WIDTH if layout.vertical else HEIGHT, 640), 1.0)


def content_of(sheet: Sheet, *targets: Target, **more: Any) -> Content:
    selected = next((target.id for target in targets if target.selected), 0)
    return Content(DepthDistribution.empty(sheet.axis, sheet.across), TargetSet(targets, selected), **more)


def target(number: int, box: tuple[int, int, int, int], depth_m: float = 4.0, **more: Any) -> Target:
    return Target(number, box, depth_m=depth_m, depth_near_m=0.9 * depth_m, depth_far_m=1.1 * depth_m, **more)


def coloured(image: NDArray[np.uint8], colour: tuple[int, int, int]) -> NDArray[np.bool_]:
    return (np.abs(image.astype(int) - colour) <= 2).all(axis=-1)


def extent(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Left, top, and the last column and row."""
    rows, columns = np.nonzero(mask)
    return int(columns.min()), int(rows.min()), int(columns.max()), int(rows.max())


# What each kind of colour vision makes of linear RGB (Machado, Oliveira, Fernandes 2009, severity 1).
VISIONS = {
    "normal": np.eye(3),
    "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]),
    "tritanopia": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]),
}


def lab(bgr: tuple[int, int, int], vision: str) -> NDArray[np.float64]:
    srgb = np.array(bgr[::-1]) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(VISIONS[vision] @ linear, 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = to_xyz @ seen / (0.9505, 1.0, 1.089)
    f = [np.cbrt(v) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z)]
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("vision", VISIONS)
def test_the_colours_are_far_from_each_other_and_from_amber_and_blue_to_every_eye(vision: str) -> None:
    colours = [target_colour(number) for number in range(1, 7)]
    apart = [np.linalg.norm(lab(a, vision) - lab(b, vision)) for a, b in itertools.combinations(colours, 2)]
    assert min(apart) > 20
    amber, blue = (40, 176, 255), (244, 190, 84)
    assert min(np.linalg.norm(lab(a, vision) - lab(b, vision)) for a in colours for b in (amber, blue)) > 15


@pytest.mark.parametrize("focus", FOCUS_COLOURS)
def test_no_target_has_the_colour_of_the_focus(focus: str) -> None:
    from auxfocus_ros.view.palette import FOCUS_COLOURS as BY_NAME

    mark = BY_NAME[focus]  # type: ignore[index]
    colours = [target_colour(number, focus) for number in range(1, 7)]  # type: ignore[arg-type]
    assert len(set(colours)) == 6
    assert min(np.linalg.norm(lab(mark, "normal") - lab(colour, "normal")) for colour in colours) > 30


def test_letters_go_by_identity() -> None:
    assert [target_letter(number) for number in (1, 2, 26, 27, 52, 53, 702, 703)] == [
        "A",
        "B",
        "Z",
        "AA",
        "AZ",
        "BA",
        "ZZ",
        "AAA",
    ]
    assert len({target_letter(number) for number in range(1, 2000)}) == 1999


def test_a_box_of_one_colour_stands_round_the_thing_and_round_its_points() -> None:
    options = ViewOptions(association="boxes", layout="side_by_side", show_scale=False)
    sheet = sheet_of(options)
    draw_association(sheet, content_of(sheet, target(1, (200, 300, 100, 150))), options)
    found = coloured(sheet.image, target_colour(1))
    assert extent(found[:, :WIDTH]) == (200, 300, 299, 449)
    # In the plot: columns 200/1280 to 300/1280 of it, and 3.6 to 4.4 m on an axis from 1 to 16 m that is even in log2.
    plot = sheet.layout.plot
    left, top, right, bottom = extent(found[:, WIDTH:])
    assert left + WIDTH == pytest.approx(plot.left + plot.width * 200 / 1280, abs=1.5)
    assert right + 1 + WIDTH == pytest.approx(plot.left + plot.width * 300 / 1280, abs=1.5)
    assert top == pytest.approx(plot.bottom - plot.height * math.log2(4.4) / 4, abs=1.5)
    assert bottom + 1 == pytest.approx(plot.bottom - plot.height * math.log2(3.6) / 4, abs=1.5)


def test_no_colour_changes_when_others_come_and_go() -> None:
    options = ViewOptions(association="boxes", show_scale=False)
    alone, together = sheet_of(options), sheet_of(options)
    draw_association(alone, content_of(alone, target(3, (600, 300, 100, 150))), options)
    others = [target(number, (40 * number, 20, 30, 30)) for number in (1, 2, 7)]
    draw_association(together, content_of(together, *others, target(3, (600, 300, 100, 150))), options)
    window = np.s_[295:455, 595:705]
    assert (alone.image[window] == together.image[window]).all()


def test_letters_stand_in_both_places_or_in_none() -> None:
    options = ViewOptions(association="letters", layout="side_by_side")
    sheet = sheet_of(options)
    draw_association(sheet, content_of(sheet, target(1, (200, 300, 100, 150))), options)
    changed = (sheet.image != GREY).any(axis=-1)
    assert changed[:, :WIDTH].any()
    assert changed[:, WIDTH:].any()
    nowhere = sheet_of(options)
    draw_association(nowhere, content_of(nowhere, target(1, (200, 300, 100, 150), math.nan)), options)
    assert (nowhere.image == GREY).all()


def test_nothing_is_drawn_for_what_has_no_points_or_is_everything() -> None:
    options = ViewOptions(association="boxes")
    sheet = sheet_of(options)
    thing = target(1, (200, 300, 100, 150))
    draw_association(
        sheet,
        content_of(
            sheet,
            replace(thing, depth_m=math.nan),
            replace(thing, depth_m=50.0, depth_near_m=49.0, depth_far_m=51.0),
            replace(thing, state=TargetState.LOST),
            replace(thing, source=TargetSource.WHOLE_FRAME),
            replace(thing, box_px=(2000, 300, 100, 150)),
        ),
        options,
    )
    assert (sheet.image == GREY).all()


def test_points_have_the_colours_of_their_thing() -> None:
    picture = np.zeros((100, 200, 3), np.uint8)
    picture[20:80, 20:60] = (30, 40, 200)
    picture[30:32] = 255  # a few other pixels do not matter
    picture[20:80, 120:160] = (8, 8, 8)
    owners = np.array([[0, 1, 2], [2, 1, 9]], np.uint16)
    colours = cell_colours(picture, (target(5, (20, 20, 40, 60), segment=1), target(6, (120, 20, 40, 60), segment=2)), owners)
    assert colours.shape == (2, 3, 3)
    assert (colours[owners == 0] == 0).all()
    assert (colours[owners == 9] == 0).all()
    red, dark = colours[0, 1].astype(int), colours[0, 2].astype(int)
    assert red[2] == 255 and red[2] - red[0] > 100  # still red, but bright
    assert np.ptp(dark) == 0 and dark[0] == pytest.approx(150, abs=1)  # still grey, but bright


def test_colours_of_a_grey_picture_and_of_boxes_beyond_it() -> None:
    picture = np.full((100, 200), 180, np.uint8)
    owners = np.ones((3, 4), np.uint16)
    for box in ((-500, -500, 20, 20), (190, 90, 900, 900), (0, 0, 1, 1), (5, 5, 0, 0)):
        assert (cell_colours(picture, (target(1, box, segment=1),), owners) == 180).all()
    assert (cell_colours(picture, (), owners) == 0).all()


def test_the_span_across_by_unit_and_angle() -> None:
    thing = Target(1, (10, 20, 30, 40), low_m=(-1.0, 0.5, 4.0), high_m=(1.0, 1.5, 5.0))
    assert across_span(thing, AcrossAxis.of_picture(100, 10)) == pytest.approx((9.5, 39.5))
    assert across_span(thing, AcrossAxis.of_picture(100, 10, math.pi / 2)) == pytest.approx((19.5, 59.5))
    slanted = across_span(thing, AcrossAxis.of_picture(100, 10, math.pi / 4))
    assert slanted == pytest.approx((29 / math.sqrt(2), 99 / math.sqrt(2)))
    assert across_span(thing, AcrossAxis(-5, 5, 10, "metres")) == pytest.approx((-1.0, 1.0))
    assert across_span(thing, AcrossAxis(-5, 5, 10, "metres", math.pi / 2)) == pytest.approx((0.5, 1.5))
    assert across_span(replace(thing, low_m=(math.nan, 0.5, 4.0)), AcrossAxis(-5, 5, 10, "metres")) is None
    # The camera looks 0.5 rad to the right: the near corners, 1 m aside at 4 m, are farthest aside.
    turned = across_span(thing, AcrossAxis(-math.pi, math.pi, 10, "radians"), PictureSpan(0.1, 0.9))
    assert turned == pytest.approx((0.5 - math.atan(0.25), 0.5 + math.atan(0.25)))
    behind = across_span(thing, AcrossAxis(-math.pi, math.pi, 10, "radians"), PictureSpan(3.0, 4.0))
    assert behind == pytest.approx((3.5 - math.atan(0.25) - 2 * math.pi, 3.5 + math.atan(0.25) - 2 * math.pi))


def test_a_label_has_the_first_place_that_is_free() -> None:
    sprite = Sprite(np.zeros((10, 20, 3), np.uint8), np.zeros((10, 20, 3), np.uint8))
    room = Box(0, 0, 100, 50)
    places = LabelPlaces([Box(0, 0, 15, 50)])
    assert places.take(sprite, [(0, 0), (40, 5)], room) == (40, 5)
    assert places.take(sprite, [(50, 10), (200, 200)], room) == (80, 40)  # moved into the room
    assert places.take(sprite, [(85, 45), (41, 6)], room) is None
    assert LabelPlaces().take(sprite, [(0, 0)], Box(0, 0, 19, 50)) is None


boxes = st.tuples(*[st.integers(-300, 1500)] * 2, *[st.integers(0, 1500)] * 2)


@given(st.lists(st.tuples(boxes, st.integers(1, 40), st.integers(1, 60)), max_size=40))
def test_labels_never_meet(wanted: list[tuple[tuple[int, int, int, int], int, int]]) -> None:
    room, placed = Box(0, 0, 300, 200), []
    places = LabelPlaces()
    for (left, top, width, height), high, wide in wanted:
        sprite = Sprite(np.zeros((high, wide, 3), np.uint8), np.zeros((high, wide, 3), np.uint8))
        at = places.take(sprite, places_round(Box(left, top, left + width, top + height), sprite, 2), room)
        if at is not None:
            placed.append(Box(*at, at[0] + wide, at[1] + high))
    assert all(place.within(room) == place for place in placed)
    assert all(one.within(other) is None for one, other in itertools.combinations(placed, 2))


numbers = st.one_of(st.floats(allow_nan=True, allow_infinity=True), st.floats(0.05, 100.0))
triples = st.tuples(numbers, numbers, numbers)
any_target = st.builds(
    Target,
    id=st.integers(1, 2**31),
    box_px=st.tuples(*[st.integers(-(10**7), 10**7)] * 2, *[st.integers(-5, 10**7)] * 2) | boxes,
    state=st.sampled_from(TargetState),
    source=st.sampled_from(TargetSource),
    label=st.text(max_size=30),
    selected=st.booleans(),
    depth_m=numbers,
    depth_near_m=numbers,
    depth_far_m=numbers,
    depth_sigma_m=numbers,
    position_m=triples,
    low_m=triples,
    high_m=triples,
    in_focus=st.booleans(),
    segment=st.integers(0, 3),
)
acrosses = st.sampled_from(
    [None, AcrossAxis(-3, 3, 64, "metres"), AcrossAxis(-3.1, 3.1, 64, "radians"), AcrossAxis.of_picture(WIDTH, 64, 0.7)]
)


@settings(max_examples=60, deadline=None)
@given(
    targets=st.lists(any_target, max_size=5),
    options=st.builds(
        ViewOptions,
        layout=st.sampled_from(LAYOUTS),
        direction=st.sampled_from(DIRECTIONS),
        association=st.sampled_from(ASSOCIATIONS),
    ),
    across=acrosses,
    layered=st.booleans(),
)
def test_any_targets_can_be_drawn(targets: list[Target], options: ViewOptions, across: AcrossAxis | None, layered: bool) -> None:
    sheet = sheet_of(options, across)
    stack = None
    if layered:
        ids = (*((thing.id,) for thing in targets), ())
        stack = LayerStack(np.zeros((len(ids), AXIS.bins, sheet.across.columns), np.uint32), ids)
    content = content_of(sheet, *targets, layers=stack, panorama=PictureSpan(-0.5, 0.5))
    draw_association(sheet, content, options)
    draw_boxes_in_focus(sheet, content, options)
    draw_targets(sheet, content, options)
    plot, picture = edges_of(sheet.layout.plot), edges_of(sheet.layout.picture)
    for thing in targets:
        in_plot = box_in_plot(sheet, thing, content.panorama, least_px=8)
        assert in_plot is None or in_plot.within(plot) == in_plot
        in_picture = box_in_picture(sheet.layout, thing)
        assert in_picture is None or in_picture.within(picture) == in_picture


def test_ten_thousand_targets_are_as_many_as_the_most_important() -> None:
    options = ViewOptions(association="boxes")
    many = [
        target(1 + number, (number % 100 * 12, number // 100 * 7, 10, 6), label="x", in_focus=True) for number in range(10000)
    ]
    some, all_of_them = sheet_of(options), sheet_of(options)
    draw_association(some, content_of(some, *many[:MOST_LINKED]), options)
    draw_association(all_of_them, content_of(all_of_them, *many), options)
    assert (some.image == all_of_them.image).all()


@pytest.mark.parametrize("box", [(0, 0, 80, 60), (1240, 690, 80, 60), (-20, -20, 1400, 900)])
def test_brackets_at_the_edge_of_the_picture_stay_in_it(box: tuple[int, int, int, int]) -> None:
    options = ViewOptions(layout="side_by_side")
    sheet = sheet_of(options)
    draw_boxes_in_focus(sheet, content_of(sheet, target(1, box, in_focus=True)), options)
    amber = coloured(sheet.image, (40, 176, 255))
    assert not amber[:, WIDTH:].any()
    left, top, right, bottom = extent(amber)
    assert (left, top) == (max(box[0] - 3, 0), max(box[1] - 3, 0))
    assert (right, bottom) == (min(box[0] + box[2] + 2, WIDTH - 1), min(box[1] + box[3] + 2, HEIGHT - 1))


@pytest.mark.parametrize("association", ["boxes", "letters"])
def test_nothing_of_the_picture_is_marked_in_an_inset(association: Any) -> None:
    """Beyond the axis there are no points: what is drawn in the inset would be the thing's own box."""
    options = ViewOptions(layout="inset", association=association, box_in_focus=True)
    sheet = sheet_of(options)
    panel = edges_of(sheet.layout.panel)
    things = [
        target(1, (panel.left - 50, 20, 300, 600), label="behind it", in_focus=True),
        target(2, (panel.left + 20, panel.top + 20, 100, 50), label="under it", in_focus=True),
        replace(target(3, (panel.left - 80, 40, 200, 300), label="chosen", in_focus=True), selected=True),
    ]
    content = content_of(sheet, *things)
    draw_boxes_in_focus(sheet, content, options)
    draw_targets(sheet, replace(content, targets=TargetSet((replace(things[2], depth_m=math.nan),), 3)), options)
    inset = sheet.image[panel.top : panel.bottom, panel.left : panel.right]
    assert (inset == GREY).all()
    assert (sheet.image != GREY).any()
    draw_association(sheet, content, options)
    points = box_in_plot(sheet, things[0], least_px=8)
    assert points is not None
    if association == "boxes":  # only the points' own boxes
        rows = np.flatnonzero((inset != GREY).any(axis=(1, 2))) + panel.top
        assert rows.min() >= points.top - 1 and rows.max() <= points.bottom


def test_brackets_only_round_what_is_seen_and_in_focus() -> None:
    options = ViewOptions()
    sheet = sheet_of(options)
    thing = target(1, (200, 300, 100, 150), in_focus=True)
    others = [
        replace(thing, in_focus=False),
        replace(thing, state=TargetState.HELD),
        replace(thing, source=TargetSource.WHOLE_FRAME),
        replace(thing, selected=True),  # `draw_targets` has brackets for it
    ]
    draw_boxes_in_focus(sheet, content_of(sheet, *others), options)
    assert (sheet.image == GREY).all()
    draw_boxes_in_focus(sheet, content_of(sheet, thing), options)
    # Corners only: the middle of each side is free.
    assert not coloured(sheet.image, (40, 176, 255))[:, 250].any()
    assert not coloured(sheet.image, (40, 176, 255))[375].any()
