"""The depth of field as a frame, as boxes round objects' points, or as signs beside them; focus colours and the focal plane."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from auxfocus_ros.distribution import AcrossAxis, DepthAxis, DepthDistribution
from auxfocus_ros.distribution.targets.target import Target, TargetSet
from auxfocus_ros.view import Content, FocusReading, ViewOptions, arrange, draw_aux_image
from auxfocus_ros.view.focus_span import kinds_of_cells
from auxfocus_ros.view.heat import IN_FOCAL_PLANE, IN_FOCUS
from auxfocus_ros.view.options import DIRECTIONS, FOCUS_COLOURS

WIDTH, HEIGHT = 1280, 720
GREY = np.full((HEIGHT, WIDTH, 3), 100, np.uint8)
AXIS = DepthAxis(1.0, 16.0, 324)
ACROSS = AcrossAxis.of_picture(WIDTH, 640)
FOCUS = FocusReading("finite", 4.0, 3.0, 5.0)


def only(**options: Any) -> ViewOptions:
    return ViewOptions(
        **{"show_scale": False, "focus_mark": "none", "focus_area": "none", "dimming": 0.0, "opacity": 1.0, **options}
    )


def thing(number: int, depth_m: float, left: int, *, in_focus: bool) -> Target:
    return Target(
        number, (left, 300, 100, 80), depth_m=depth_m, depth_near_m=0.95 * depth_m, depth_far_m=1.05 * depth_m, in_focus=in_focus
    )


def content(*targets: Target, cell: tuple[int, int] = (0, 0)) -> Content:
    counts = np.zeros((AXIS.bins, ACROSS.columns), np.uint32)
    counts[cell] = 3
    return Content(DepthDistribution(counts, AXIS, ACROSS), TargetSet(targets))


def difference(given: Content, one: ViewOptions, other: ViewOptions, focus: FocusReading = FOCUS) -> np.ndarray:
    return (draw_aux_image(GREY, given, focus, one)[0] != draw_aux_image(GREY, given, focus, other)[0]).any(axis=-1)


def test_a_box_stands_round_the_points_of_an_object_in_focus() -> None:
    sharp = content(thing(1, 4.0, 500, in_focus=True))
    none = content(thing(1, 4.0, 500, in_focus=False))
    drawn, _ = draw_aux_image(GREY, sharp, FOCUS, only(focus_area="boxes"))
    bare, _ = draw_aux_image(GREY, none, FOCUS, only(focus_area="boxes"))
    rows, columns = np.nonzero((drawn != bare).any(axis=-1))
    layout = arrange(WIDTH, HEIGHT, ViewOptions())
    # Columns 500 to 599 and 3.8 m to 4.2 m, and some pixels outside them for the line and its halo.
    assert (columns.min(), columns.max()) == (pytest.approx(500, abs=7), pytest.approx(599, abs=7))
    assert rows.min() == pytest.approx(layout.depth_px(AXIS, 4.2), abs=8)
    assert rows.max() == pytest.approx(layout.depth_px(AXIS, 3.8), abs=8)
    assert (drawn[round(layout.depth_px(AXIS, 4.0)), 520:580] == 100).all()  # round them, not over them


def test_a_box_ends_where_the_depth_of_field_does() -> None:
    wide = Target(1, (500, 300, 100, 80), depth_m=4.0, depth_near_m=1.5, depth_far_m=12.0, in_focus=True)
    drawn = difference(content(wide), only(focus_area="boxes"), only(focus_area="none"))
    layout = arrange(WIDTH, HEIGHT, ViewOptions())
    rows = np.flatnonzero(drawn[:, 550])
    assert rows.min() == pytest.approx(layout.depth_px(AXIS, 5.0), abs=8)
    assert rows.max() == pytest.approx(layout.depth_px(AXIS, 3.0), abs=8)


@pytest.mark.parametrize("left", [500, 1200])
def test_a_sign_stands_beside_the_points(left: int) -> None:
    sharp, soft = content(thing(1, 4.0, left, in_focus=True)), content(thing(1, 4.0, left, in_focus=False))
    one, _ = draw_aux_image(GREY, sharp, FOCUS, only(focus_area="characters"))
    other, _ = draw_aux_image(GREY, soft, FOCUS, only(focus_area="characters"))
    rows, columns = np.nonzero((one != other).any(axis=-1))
    assert rows.mean() == pytest.approx(arrange(WIDTH, HEIGHT, ViewOptions()).depth_px(AXIS, 4.0), abs=4)
    assert columns.max() - columns.min() < 40
    assert columns.min() >= 600 if left == 500 else columns.max() <= 1200


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("area", ["boxes", "characters"])
def test_objects_without_a_known_place_are_left_out(area: str, direction: str) -> None:
    unknown = Target(1, (500, 300, 100, 80), depth_m=math.nan, in_focus=True)
    beyond = thing(2, 40.0, 500, in_focus=True)
    given = content(unknown, beyond)
    nothing = content()
    one, _ = draw_aux_image(GREY, given, FOCUS, only(focus_area=area, direction=direction))
    other, _ = draw_aux_image(GREY, nothing, FOCUS, only(focus_area=area, direction=direction))
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("area", ["boxes", "characters", "none"])
def test_only_a_framed_area_is_tinted(area: str) -> None:
    image, _ = draw_aux_image(GREY, content(), FOCUS, only(focus_area=area))
    assert (image[300:340, 400:600] == 100).all()
    framed, _ = draw_aux_image(GREY, content(), FOCUS, only(focus_area="frame"))
    assert (framed[340:370, 400:600] != 100).any()


@pytest.mark.parametrize("name", FOCUS_COLOURS)
def test_every_focus_colour_is_used_for_the_line_and_the_points(name: str) -> None:
    layout = arrange(WIDTH, HEIGHT, ViewOptions())
    row = 170  # of the bins: 4.1 m
    given = content(cell=(row, 320))
    image, where = draw_aux_image(GREY, given, FOCUS, only(focus_colour=name, focus_mark="line", point_colours="grey"))
    blue, green, red = image[round(where.focus_px), 300].astype(int)
    point = image[layout.plot.bottom - 2 * row - 1, 640].astype(int)
    hue = {"amber": red > green > blue, "green": green > max(red, blue), "magenta": min(red, blue) > green}
    hue |= {"red": red > max(green, blue) + 60, "white": min(red, green, blue) > 180}
    assert hue[name]
    assert np.argmax(point) == np.argmax((blue, green, red)) or name in {"white", "magenta"}
    assert point.max() > 120


def test_the_focal_plane_has_its_own_colour() -> None:
    given = content(cell=(162, 320))  # 4 m
    hot, _ = draw_aux_image(GREY, given, FOCUS, only(mark_focal_plane=True))
    warm, _ = draw_aux_image(GREY, given, FOCUS, only())
    assert hot[359, 640].min() > 200
    assert warm[359, 640].min() < 160
    far_off, _ = draw_aux_image(GREY, given, FocusReading("finite", 3.5, 3.0, 5.0), only(mark_focal_plane=True))
    np.testing.assert_array_equal(far_off[359, 640], warm[359, 640])


def test_kinds_by_hand() -> None:
    axis = DepthAxis(1.0, 11.0, 10, "linear")  # a metre a bin, their middles at 1.5, 2.5, ...
    given = Content(DepthDistribution.empty(axis, AcrossAxis(0, 1, 4)))

    def kinds(focus: FocusReading, mark_plane: bool = False) -> list[int] | None:
        found = kinds_of_cells(given, focus, 10, 4, mark_plane=mark_plane)
        return None if found is None else found[:, 0].tolist()

    assert kinds(FocusReading("finite", 4.0, 3.0, 6.0)) == [0, 0, 1, 1, 1, 0, 0, 0, 0, 0]
    assert kinds(FocusReading("finite", 4.0, 3.9, 4.1)) in ([0, 0, 1] + [0] * 7, [0, 0, 0, 1] + [0] * 6)  # at least one
    assert kinds(FocusReading("finite", 9.0, 8.0, math.inf)) == [0] * 7 + [1] * 3
    assert kinds(FocusReading("finite", 6.5, 3.0, 9.0), True) == [0, 0, 1, 1, 2, 2, 2, 1, 0, 0]
    assert kinds(FocusReading("finite", 20.0, 15.0, 30.0), True) is None
    assert kinds(FocusReading("infinity", math.inf), True) is None
    assert kinds(FocusReading(), True) is None
    assert kinds(FocusReading("finite", 11.0), True) == [0] * 8 + [2, 2]
    assert (IN_FOCUS, IN_FOCAL_PLANE) == (1, 2)
