"""The auxiliary focus image, looked at pixel by pixel."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from auxfocus_ros.distribution import SCALES, AcrossAxis, DepthAxis, DepthDistribution
from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.view import Content, FocusReading, ViewOptions, arrange, draw_aux_image
from auxfocus_ros.view.focus_span import shows_depth_of_field

WIDTH, HEIGHT = 1280, 720
GREY = np.full((HEIGHT, WIDTH, 3), 100, np.uint8)
AXIS = DepthAxis(1.0, 16.0, 324, "log")
UNKNOWN = FocusReading()
ACROSS = AcrossAxis.of_picture(WIDTH, 640)


def only(**options: Any) -> ViewOptions:
    """Nothing but what is named."""
    return ViewOptions(
        **{"show_scale": False, "focus_mark": "none", "focus_area": "none", "dimming": 0.0, "opacity": 1.0, **options}
    )


BARE = only()


def nothing(axis: DepthAxis = AXIS) -> Content:
    return Content(DepthDistribution.empty(axis, ACROSS))


def one_cell(row: int, column: int, count: int = 1) -> Content:
    counts = np.zeros((AXIS.bins, 640), np.uint32)
    counts[row, column] = count
    return Content(DepthDistribution(counts, AXIS, ACROSS))


def amber(image: NDArray[np.uint8]) -> NDArray[Any]:
    """How amber each pixel is: red above blue."""
    return image[..., 2].astype(int) - image[..., 0].astype(int)


def changed(image: NDArray[np.uint8], reference: NDArray[np.uint8]) -> NDArray[Any]:
    return (image != reference).any(axis=-1)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("distance", [1.0, 1.37, 4.0, 15.9, 16.0])
def test_the_focus_line_stands_where_the_axis_says(scale: str, distance: float) -> None:
    axis = DepthAxis(1.0, 16.0, 324, scale)  # type: ignore[arg-type]
    image, where = draw_aux_image(GREY, nothing(axis), FocusReading("finite", distance), only(focus_mark="line"))
    # The plot is rows 36 to 683: its lower edge, the near end, is at 683.5, its upper edge at 35.5.
    expected = 683.5 - 648 * axis.position_of(distance)
    assert where.focus_px == pytest.approx(expected)
    column = amber(image)[:, 300].astype(float)
    assert (column * np.arange(HEIGHT)).sum() / column.sum() == pytest.approx(expected, abs=0.3)
    assert np.count_nonzero(column > 30) in (2, 3)


def test_the_focus_line_moves_smoothly_between_rows() -> None:
    """Its middle, weighed by colour, follows fractions of a pixel."""
    rows = []
    for focus in AXIS.depth_at(np.linspace(0.5, 0.51, 20)):
        image, where = draw_aux_image(GREY, nothing(), FocusReading("finite", float(focus)), only(focus_mark="line"))
        column = amber(image)[:, 300].astype(float)
        rows.append((column * np.arange(HEIGHT)).sum() / column.sum() - where.focus_px)
    assert np.abs(rows).max() < 0.15


def test_the_band_reaches_from_near_to_far() -> None:
    focus = FocusReading("finite", 4.0, 2.0, 8.0)
    image, where = draw_aux_image(GREY, nothing(), focus, only(focus_area="frame"))
    # log axis 1..16: 2 m is at a quarter, 8 m at three quarters of 648 rows.
    assert (where.near_px, where.far_px) == (pytest.approx(683.5 - 162), pytest.approx(683.5 - 486))
    tinted = np.flatnonzero(amber(image)[:, 300] > 5)
    assert abs(tinted.min() - where.far_px) <= 2
    assert abs(tinted.max() - where.near_px) <= 2
    assert len(tinted) == tinted.max() - tinted.min() + 1
    # Both sides are lines, much stronger than the tint between.
    for row in (where.near_px, where.far_px):
        assert amber(image)[round(row - 1) : round(row + 2), 300].max() > 3 * amber(image)[360, 300]


def test_a_band_to_infinity_reaches_the_end_of_the_axis_and_is_open_there() -> None:
    focus = FocusReading("finite", 8.0, 4.0, math.inf)
    image, where = draw_aux_image(GREY, nothing(), focus, only(focus_area="frame"))
    assert where.far_px == pytest.approx(35.5)
    column = amber(image)[:, 300]
    assert (column[36:350] > 5).all()
    assert (column[:35] == 0).all()
    assert abs(int(column[37]) - int(column[100])) <= 2


@pytest.mark.parametrize("limits", [(0.2, 0.5), (20.0, 30.0), (20.0, math.inf), (math.nan, math.nan)])
def test_a_band_off_the_axis_is_not_drawn(limits: tuple[float, float]) -> None:
    focus = FocusReading("finite", 4.0, *limits)
    assert not shows_depth_of_field(AXIS, focus)
    image, where = draw_aux_image(GREY, one_cell(100, 100), focus, only(focus_area="frame"))
    assert (amber(image) <= 0).all()
    assert math.isnan(where.near_px) == math.isnan(limits[0])


def test_a_band_thinner_than_a_cell_is_still_seen() -> None:
    focus = FocusReading("finite", 4.0, 3.9999, 4.0001)
    image, _ = draw_aux_image(GREY, nothing(), focus, only(focus_area="frame"))
    assert (amber(image)[350:370, 300] > 20).any()


@pytest.mark.parametrize(
    ("focus", "margin"),
    [
        (FocusReading("infinity", math.inf), slice(0, 36)),
        (FocusReading("beyond_infinity"), slice(0, 36)),
        (FocusReading("finite", 99.0), slice(0, 36)),
        (FocusReading(), slice(0, 36)),
        (FocusReading("finite", 0.5), slice(684, 720)),
    ],
)
def test_a_focus_that_has_no_line_is_said_in_words_at_the_right_end(focus: FocusReading, margin: slice) -> None:
    image, where = draw_aux_image(GREY, one_cell(3, 3), focus, only(focus_mark="line"))
    bare, _ = draw_aux_image(GREY, one_cell(3, 3), focus, BARE)
    assert math.isnan(where.focus_px)
    difference = changed(image, bare)
    assert difference[margin, 900:].sum() > 500
    difference[margin] = False
    assert not difference.any()


def test_an_arrow_shows_which_way_the_focus_is_and_an_unknown_one_has_none() -> None:
    infinite, _ = draw_aux_image(GREY, one_cell(3, 3), FocusReading("infinity", math.inf), only(focus_mark="line"))
    unknown, _ = draw_aux_image(GREY, one_cell(3, 3), UNKNOWN, only(focus_mark="line"))
    assert (amber(infinite)[:36, :100] > 50).any()
    assert not (amber(unknown) > 50).any()


def test_just_beyond_infinity_distant_things_are_still_framed() -> None:
    focus = FocusReading("beyond_infinity", math.nan, 8.0, math.inf)
    image, where = draw_aux_image(GREY, nothing(), focus, only(focus_area="frame"))
    assert (amber(image)[40:190, 300] > 5).all()
    assert math.isnan(where.focus_px)
    assert where.far_px == pytest.approx(35.5)


def test_a_single_reading_is_drawn_in_its_cell_and_nowhere_else() -> None:
    # Bin 10 of 324 is 20 to 22 px above the plot's lower edge, column 50 of 640 is pixels 100 and 101.
    image, _ = draw_aux_image(GREY, one_cell(10, 50), UNKNOWN, BARE)
    rows, columns = np.nonzero(changed(image, GREY))
    assert (rows.min(), rows.max()) == (684 - 22, 684 - 21)
    assert (columns.min(), columns.max()) == (100, 101)
    assert (image[rows, columns].astype(int) - 100).max() > 60


def test_more_readings_are_brighter() -> None:
    sums = []
    for count in (1, 3, 10, 100):
        content = one_cell(10, 50, count)
        content.distribution.counts[20, :] = 40  # the same scene around it
        image, _ = draw_aux_image(GREY, content, UNKNOWN, BARE)
        sums.append(int(image[684 - 21, 100].sum()))
    assert sums == sorted(set(sums))


def test_readings_in_focus_have_their_own_colour() -> None:
    distribution = one_cell(162, 320)  # in the middle, at 4 m
    sharp, _ = draw_aux_image(GREY, distribution, FocusReading("finite", 4.0, 3.0, 5.0), only(focus_area="frame"))
    soft, _ = draw_aux_image(GREY, distribution, FocusReading("finite", 9.0, 8.0, 10.0), only(focus_area="frame"))
    plain = only(focus_area="frame", mark_points_in_focus=False)
    unmarked, _ = draw_aux_image(GREY, distribution, FocusReading("finite", 4.0, 3.0, 5.0), plain)
    assert amber(sharp)[359, 640] > 50
    assert amber(soft)[359, 640] < -50
    assert amber(unmarked)[359, 640] < -50


@pytest.mark.parametrize(
    ("colours", "level"),
    [(colours, level) for colours in ("ice", "viridis") for level in (0, 90, 255)] + [("grey", 0), ("grey", 90)],
)
def test_a_point_shows_on_black_grey_and_white(colours: str, level: int) -> None:
    picture = np.full((HEIGHT, WIDTH, 3), level, np.uint8)
    image, _ = draw_aux_image(picture, one_cell(162, 320), UNKNOWN, ViewOptions(point_colours=colours))  # type: ignore[arg-type]
    assert np.abs(image[359, 640].astype(int) - image[359, 660].astype(int)).max() > 45


def test_opacity_nought_is_the_picture() -> None:
    random = np.random.default_rng(1)
    picture = random.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    image, where = draw_aux_image(picture, one_cell(5, 5), FocusReading("finite", 4.0, 3.0, 5.0), ViewOptions(opacity=0.0))
    np.testing.assert_array_equal(image, picture)
    assert image is not picture
    assert where.focus_px == pytest.approx(359.5)


def test_a_faint_overlay_stays_near_the_picture() -> None:
    random = np.random.default_rng(1)
    picture = random.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    image, _ = draw_aux_image(picture, one_cell(5, 5, 50), FocusReading("finite", 4.0, 3.0, 5.0), ViewOptions(opacity=0.05))
    assert np.abs(image.astype(int) - picture).max() <= 40  # three marks, one over the other, of a twentieth each


def test_the_picture_given_is_never_changed() -> None:
    picture = GREY.copy()
    picture.setflags(write=False)
    draw_aux_image(picture, one_cell(5, 5), FocusReading("finite", 4.0, 3.0, 5.0))
    draw_aux_image(picture, one_cell(5, 5), FocusReading("finite", 4.0, 3.0, 5.0), ViewOptions(layout="side_by_side"))
    assert (picture == 100).all()


def test_dimming_is_even_over_plot_and_margins() -> None:
    image, _ = draw_aux_image(GREY, one_cell(0, 0), UNKNOWN, only(dimming=0.4))
    assert image[2:700, 20:].min() >= 59
    assert image[2:700, 20:].max() <= 61


def test_side_by_side_leaves_the_picture_as_it_is() -> None:
    picture = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    options = ViewOptions(layout="side_by_side", opacity=0.3)
    image, where = draw_aux_image(picture, one_cell(162, 320), FocusReading("finite", 4.0, 3.0, 5.0), options)
    np.testing.assert_array_equal(image[:, :WIDTH], picture)
    assert image.shape == (HEIGHT, where.image_width_px, 3)
    assert where.image_width_px % 2 == 0
    assert where.image_height_px == HEIGHT
    assert (amber(image)[round(where.focus_px), WIDTH + 100 :] > 50).any()


def test_no_readings_are_said_in_words() -> None:
    empty, _ = draw_aux_image(GREY, nothing(), UNKNOWN, BARE)
    rows, columns = np.nonzero(changed(empty, GREY))
    assert len(rows) > 500
    assert abs(rows.mean() - 359.5) < 5
    assert abs(columns.mean() - 639.5) < 5
    with_one, _ = draw_aux_image(GREY, one_cell(5, 5), UNKNOWN, BARE)
    assert changed(with_one, GREY).sum() == 4


def test_readings_all_off_the_axis_are_no_lack_of_readings() -> None:
    distribution = DepthDistribution(np.zeros((324, 640), np.uint32), AXIS, ACROSS, nearer=3, farther=4)
    image, _ = draw_aux_image(GREY, Content(distribution), UNKNOWN, BARE)
    assert not changed(image, GREY).any()


def test_the_scale_has_labels_left_of_the_axis_and_ticks_right_of_it() -> None:
    image, _ = draw_aux_image(GREY, one_cell(5, 5), UNKNOWN, only(show_scale=True))
    bare, _ = draw_aux_image(GREY, one_cell(5, 5), UNKNOWN, BARE)
    axis_column = arrange(WIDTH, HEIGHT, ViewOptions()).axis_px
    difference = changed(image, bare)
    for depth, _ in AXIS.ticks(8):
        row = round(683.5 - 648 * AXIS.position_of(depth))
        assert difference[max(row - 8, 0) : row + 9, : axis_column - 5].any()
        assert difference[row, axis_column + 3]
    assert difference[40:680, axis_column].all()


def test_a_grey_picture_is_drawn_as_a_coloured_one() -> None:
    grey = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH), np.uint8)
    first, _ = draw_aux_image(grey, one_cell(5, 5), UNKNOWN)
    second, _ = draw_aux_image(np.repeat(grey[..., None], 3, axis=2), one_cell(5, 5), UNKNOWN)
    np.testing.assert_array_equal(first, second)


def test_a_picture_that_is_a_view_is_drawn_like_its_copy() -> None:
    whole = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH + 40, 3), np.uint8)
    view = whole[::-1, 40:]
    np.testing.assert_array_equal(
        draw_aux_image(view, one_cell(5, 5), UNKNOWN)[0], draw_aux_image(view.copy(), one_cell(5, 5), UNKNOWN)[0]
    )


def test_no_point_is_lost_where_there_are_more_cells_than_pixels() -> None:
    axis = DepthAxis(1.0, 16.0, 4000, "log")
    counts = np.zeros((4000, 5000), np.uint32)
    counts[::400, ::500] = 1
    distribution = DepthDistribution(counts, axis, AcrossAxis.of_picture(WIDTH, 5000))
    image, _ = draw_aux_image(GREY, Content(distribution), UNKNOWN, BARE)
    assert changed(image, GREY).sum() == 100


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((100, 100, 4), np.uint8),
        np.zeros((100, 100, 3), np.float32),
        np.zeros((100,), np.uint8),
        np.zeros((10, 100, 3), np.uint8),
        np.zeros((0, 0, 3), np.uint8),
    ],
)
def test_a_picture_that_cannot_be_used(picture: NDArray[Any]) -> None:
    with pytest.raises(InputError, match="picture: wanted"):
        draw_aux_image(picture, nothing(), UNKNOWN)


def test_options_that_cannot_be_are_all_named_at_once() -> None:
    with pytest.raises(ConfigurationError, match=r"layout.*opacity.*point_colours.*panel_share") as caught:
        ViewOptions(layout="above", point_colours="red", opacity=1.5, panel_share=math.nan)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
