"""Points as marks: shape and size by number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from auxfocus_ros.distribution import AcrossAxis, DepthAxis, DepthDistribution
from auxfocus_ros.view import Content, FocusReading, ViewOptions, draw_aux_image
from auxfocus_ros.view.options import DIRECTIONS

WIDTH, HEIGHT = 1280, 720
GREY = np.full((HEIGHT, WIDTH, 3), 100, np.uint8)
AXIS = DepthAxis(1.0, 16.0, 324)
ACROSS = AcrossAxis.of_picture(WIDTH, 640)


def only(**options: Any) -> ViewOptions:
    bare = {
        "show_scale": False,
        "focus_mark": "none",
        "focus_area": "none",
        "dimming": 0.0,
        "opacity": 1.0,
        "point_style": "marks",
    }
    return ViewOptions(**{**bare, **options})


def content(counts_at: dict[tuple[int, int], int], **parts: Any) -> Content:
    counts = np.zeros((AXIS.bins, ACROSS.columns), np.uint32)
    for cell, count in counts_at.items():
        counts[cell] = count
    return Content(DepthDistribution(counts, AXIS, ACROSS), **parts)


def marked(counts_at: dict[tuple[int, int], int], focus: FocusReading | None = None, **options: Any) -> np.ndarray:
    image, _ = draw_aux_image(GREY, content(counts_at), focus or FocusReading(), only(**options))
    return image


def inked(image: np.ndarray) -> int:
    """Pixels that are brighter than the ground: ink, not halo."""
    return int((image.max(axis=-1) > 140).sum())


def test_one_mark_in_its_place() -> None:
    # Marks stand 64 deep and 128 across: bins 162 to 166 of 324 are the 33rd, columns 320 to 324 of 640 the 65th.
    rows, columns = np.nonzero((marked({(162, 321): 1}) != 100).any(axis=-1))
    assert rows.mean() == pytest.approx(683.5 - 648 * 32.5 / 64, abs=1)
    assert columns.mean() == pytest.approx(-0.5 + 1280 * 64.5 / 128, abs=1)
    assert max(np.ptp(rows), np.ptp(columns)) < 12


def test_within_a_decade_size_grows_and_decades_have_shapes_of_their_own() -> None:
    images = {count: marked({(162, 321): count}) for count in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)}
    for decade in (1, 10, 100, 1000):
        sizes = [inked(images[decade * step]) for step in (1, 2, 5)]
        assert sizes == sorted(sizes)
        assert sizes[0] < sizes[2]
    assert len({image.tobytes() for image in images.values()}) == 12
    np.testing.assert_array_equal(images[5], marked({(162, 321): 9}))
    np.testing.assert_array_equal(images[5000], marked({(162, 321): 10**6}))


def test_shapes_by_decade() -> None:
    """At 200 % one sees what they are: a ring has a hole, a square has corners, a diamond has none."""
    big = {}
    picture = np.full((1440, 2560, 3), 100, np.uint8)
    for decade in range(4):
        image, _ = draw_aux_image(picture, content({(162, 321): 5 * 10**decade}), FocusReading(), only())
        rows, columns = np.nonzero((image != 100).any(axis=-1))
        big[decade] = image[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1].max(axis=-1)
    middles = {decade: int(mark[len(mark) // 2, mark.shape[1] // 2]) for decade, mark in big.items()}
    assert middles[1] <= 100 < min(middles[0], middles[2], middles[3])  # the ring's hole is the ground
    corners = {decade: int(mark[len(mark) // 4, mark.shape[1] // 4]) for decade, mark in big.items()}
    assert corners[2] > 140 > corners[3]


def test_counts_of_neighbouring_cells_are_gathered() -> None:
    np.testing.assert_array_equal(marked({(162, 320): 4, (166, 324): 6}), marked({(162, 322): 10}))


def test_marks_in_focus_and_in_the_focal_plane() -> None:
    focus = FocusReading("finite", 4.0, 3.0, 5.0)
    cell = {(175, 321): 5}  # 4.5 m
    sharp, plain = marked(cell, focus).astype(int), marked(cell, focus, mark_points_in_focus=False).astype(int)
    assert (sharp[..., 2] - sharp[..., 0]).max() > 80
    assert (plain[..., 2] - plain[..., 0]).max() < 40
    hot = marked({(162, 321): 5}, focus, mark_focal_plane=True)
    assert hot.min(axis=-1).max() > 200


def test_marks_of_the_objects_own_colour() -> None:
    own = np.zeros((AXIS.bins, ACROSS.columns, 3), np.uint8)
    own[162, 321] = (20, 230, 40)
    given = content({(162, 321): 5, (162, 100): 5}, cell_colours=own)
    image, _ = draw_aux_image(GREY, given, FocusReading(), only(association="colours"))
    assert (image[350:370, 640:650, 1].astype(int) - image[350:370, 640:650, 0]).max() > 100
    assert (image[350:370, 195:210, 1].astype(int) - image[350:370, 195:210, 0]).max() < 40


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_legend_says_what_the_shapes_are(direction: str) -> None:
    given = content({(162, 321): 5})
    with_scale, _ = draw_aux_image(GREY, given, FocusReading(), only(direction=direction, show_scale=True))
    cells, _ = draw_aux_image(GREY, content({}), FocusReading(), only(direction=direction, show_scale=True, point_style="cells"))
    changed = (with_scale != cells).any(axis=-1)
    assert changed[600:, 900:].sum() > 300


def test_a_small_picture_has_no_legend_and_marks_all_the_same() -> None:
    picture = np.full((64, 64, 3), 100, np.uint8)
    image, _ = draw_aux_image(picture, content({(162, 321): 5}), FocusReading(), only(show_scale=True))
    assert (image != 100).any()
