"""The target of interest, as people choose it and lose it."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from auxfocus_ros.distribution import ProjectedPoints
from auxfocus_ros.distribution.objects import SegmentedScene
from auxfocus_ros.distribution.targets import (
    Detection,
    KeeperOptions,
    PointReadings,
    Selection,
    SelectionError,
    SelectionMode,
    TargetKeeper,
    TargetSource,
    TargetState,
)
from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.optics import CameraModel

LEFT, RIGHT = ((40, 60, 40, 100), 4.0), ((200, 40, 48, 120), 6.0)
MakeStage = Callable[..., Any]


def click(x: float, y: float, **fields: float) -> Selection:
    return Selection(SelectionMode.POINT, x_px=x, y_px=y, **fields)


def test_a_click_on_an_object_follows_it(stage: Any) -> None:
    stage.show(LEFT, RIGHT)
    outcome = stage.keeper.select(click(220, 100))
    assert outcome.success and outcome.target.source == TargetSource.OBJECT and outcome.target.depth_m == 6.0
    assert outcome.message == "object 2 is selected, at 6 m"
    for frame in range(10):
        found = stage.show(LEFT, ((200 - 12 * frame, 40, 48, 120), 6.0 - 0.1 * frame))
    assert found.selected_id == outcome.target.id and found.message == ""
    assert found.selected.box_px[0] == 92 and found.selected.depth_m == pytest.approx(5.1)
    assert found.targets[0] is found.selected and len(found.targets) == 2


def test_a_click_on_the_wall_stays_in_the_picture(stage: Any) -> None:
    stage.show(LEFT)
    outcome = stage.keeper.select(click(250, 100))
    assert outcome.success and outcome.target.source == TargetSource.POINT
    assert outcome.target.box_px == (248, 98, 4, 4) and outcome.target.depth_m == 12.0
    found = stage.show(LEFT, RIGHT, wall_m=9.0)
    assert found.selected.box_px == (248, 98, 4, 4) and found.selected.depth_m == 9.0
    found = stage.show(((225, 40, 48, 120), 6.0))  # somebody steps before it
    assert found.selected.depth_m == 6.0 and found.selected_id == outcome.target.id


@pytest.mark.parametrize(
    ("x", "y", "box"), [(-0.5, -0.5, (0, 0, 2, 2)), (319.4, 199.4, (317, 197, 3, 3)), (319.4, 0, (317, 0, 3, 2))]
)
def test_at_the_pictures_edge(stage: Any, x: float, y: float, box: tuple[int, int, int, int]) -> None:
    stage.show(LEFT)
    outcome = stage.keeper.select(click(x, y))
    assert outcome.success and outcome.target.box_px == box and outcome.target.depth_m == 12.0


def test_held_then_lost_then_seen_again(stage: Any) -> None:
    stage.show(LEFT)
    chosen = stage.keeper.select(click(60, 100)).target.id
    found = stage.show(after_s=1.4)
    assert found.selected.state == TargetState.HELD and found.selected.depth_m == 4.0 and found.selected_id == chosen
    assert found.message == f"the target (object {chosen}) has not been seen for 1.4 s: its last depth of 4 m is held"
    assert found.selected.in_focus  # by the depth that is held
    found = stage.show(after_s=0.8)
    assert found.selected.state == TargetState.LOST and math.isnan(found.selected.depth_m) and not found.selected.in_focus
    assert found.selected_id == chosen and "it is lost" in found.message
    found = stage.show(LEFT, after_s=0.8)
    assert found.selected.state == TargetState.TRACKED and found.selected_id == chosen and found.message == ""


def test_a_point_without_readings_is_held_and_lost(stage: Any) -> None:
    stage.show()
    stage.keeper.select(click(250, 100))
    found = stage.show(wall_m=0.0, after_s=0.1)
    assert found.selected.state == TargetState.HELD and found.selected.depth_m == 12.0
    assert "has had no depth reading for 0.1 s" in found.message
    for _ in range(5):
        found = stage.show(wall_m=math.nan, after_s=0.5)
    assert found.selected.state == TargetState.LOST and math.isnan(found.selected.depth_m)
    found = stage.show(wall_m=7.0)
    assert found.selected.state == TargetState.TRACKED and found.selected.depth_m == 7.0


def test_a_box_takes_the_object_that_it_fits(stage: Any) -> None:
    stage.show(LEFT, RIGHT)
    fits = stage.keeper.select(Selection(SelectionMode.BOX, box_px=(195, 45, 60, 110)))
    assert fits.success and fits.target.source == TargetSource.OBJECT and fits.target.depth_m == 6.0
    around = stage.keeper.select(Selection(SelectionMode.BOX, box_px=(10, 10, 150, 180)))
    assert around.success and around.target.source == TargetSource.BOX and around.target.box_px == (10, 10, 150, 180)
    assert around.target.depth_m == 12.0  # most of it is wall
    found = stage.show(LEFT, RIGHT)
    assert found.selected.box_px == (10, 10, 150, 180)


def test_a_box_over_the_edge_is_clipped(stage: Any) -> None:
    stage.show()
    outcome = stage.keeper.select(Selection(SelectionMode.BOX, box_px=(-50, 150, 100, 100)))
    assert outcome.success and outcome.target.box_px == (0, 150, 50, 50)


def test_the_whole_frame(stage: Any) -> None:
    stage.show(LEFT)
    outcome = stage.keeper.select(Selection(SelectionMode.WHOLE_FRAME))
    assert outcome.success and outcome.target.source == TargetSource.WHOLE_FRAME
    assert outcome.target.box_px == (0, 0, 320, 200) and outcome.target.depth_m == 12.0 and outcome.target.area_share == 1.0


def test_by_identity(stage: Any) -> None:
    ids = [target.id for target in stage.show(LEFT, RIGHT).targets]
    for identity in ids:
        assert stage.keeper.select(Selection(SelectionMode.IDENTITY, id=identity)).target.id == identity
    refused = stage.keeper.select(Selection(SelectionMode.IDENTITY, id=77))
    assert (refused.error, refused.message) == (SelectionError.UNKNOWN_ID, "there is no target 77 now")
    assert stage.show(LEFT, RIGHT).selected_id == ids[-1]  # what was refused changed nothing


def test_the_held_one_can_be_named(stage: Any) -> None:
    stage.show(LEFT)
    chosen = stage.keeper.select(click(60, 100)).target.id
    stage.show(after_s=0.5)
    outcome = stage.keeper.select(Selection(SelectionMode.IDENTITY, id=chosen))
    assert outcome.success and outcome.target.state == TargetState.HELD and "is held" in outcome.message


def test_clear(stage: Any) -> None:
    assert stage.keeper.select(Selection(SelectionMode.CLEAR)).success
    stage.show(LEFT)
    stage.keeper.select(click(60, 100))
    outcome = stage.keeper.select(Selection(SelectionMode.CLEAR))
    assert outcome.success and outcome.target is None and outcome.message == "nothing is selected"
    found = stage.show(LEFT)
    assert found.selected is None and found.selected_id == 0 and found.message == ""


@pytest.mark.parametrize(
    ("selection", "error", "words"),
    [
        (click(320, 50), SelectionError.OUTSIDE_PICTURE, r"point \(320, 50\) lies outside the picture of 320 x 200"),
        (click(-1, 50), SelectionError.OUTSIDE_PICTURE, "outside the picture"),
        (click(math.nan, 50), SelectionError.OUTSIDE_PICTURE, "outside the picture"),
        (click(math.inf, 50), SelectionError.OUTSIDE_PICTURE, "outside the picture"),
        (Selection(SelectionMode.POINT), SelectionError.OUTSIDE_PICTURE, "outside the picture"),
        (Selection(SelectionMode.BOX), SelectionError.OUTSIDE_PICTURE, "is empty"),
        (Selection(SelectionMode.BOX, box_px=(5, 5, 0, 9)), SelectionError.OUTSIDE_PICTURE, "is empty"),
        (Selection(SelectionMode.BOX, box_px=(5, 5, -3, 9)), SelectionError.OUTSIDE_PICTURE, "is empty"),
        (Selection(SelectionMode.BOX, box_px=(320, 5, 9, 9)), SelectionError.OUTSIDE_PICTURE, "lies outside"),
        (Selection(SelectionMode.BOX, box_px=(math.nan, 5, 9, 9)), SelectionError.OUTSIDE_PICTURE, "no place"),  # type: ignore[arg-type]
        (Selection(SelectionMode.IDENTITY), SelectionError.UNKNOWN_ID, "no target 0"),
        (Selection(6), SelectionError.INVALID_MODE, "no mode 6"),
        (Selection(255), SelectionError.INVALID_MODE, "0 .clear., 1 .point."),
    ],
)
def test_refusals(stage: Any, selection: Selection, error: SelectionError, words: str) -> None:
    import re

    stage.show(LEFT)
    outcome = stage.keeper.select(selection)
    assert outcome.error == error and not outcome.success and outcome.target is None and re.search(words, outcome.message)


def test_no_picture_yet(stage: Any) -> None:
    for mode in (
        SelectionMode.POINT,
        SelectionMode.BOX,
        SelectionMode.IDENTITY,
        SelectionMode.AUTOMATIC,
        SelectionMode.WHOLE_FRAME,
    ):
        assert stage.keeper.select(Selection(mode)).error == SelectionError.NO_PICTURE


def test_no_depth(stage: Any) -> None:
    stage.show(LEFT, wall_m=0.0)
    for selection in (click(250, 100), Selection(SelectionMode.BOX, box_px=(240, 20, 50, 50))):
        outcome = stage.keeper.select(selection)
        assert (outcome.error, outcome.message) == (SelectionError.NO_DEPTH, "there is no depth reading there")
    stage.show(wall_m=0.0)
    whole = stage.keeper.select(Selection(SelectionMode.WHOLE_FRAME))
    assert (whole.error, whole.message) == (SelectionError.NO_DEPTH, "there is no depth reading in the picture")


def test_a_click_into_the_picture_of_before(stage: Any) -> None:
    """Somebody runs; the click comes a quarter of a second late, when another thing is at that place."""
    for frame in range(6):
        stage.show(((20 + 24 * frame, 60, 24, 100), 4.0), ((60 + 24 * frame, 40, 24, 120), 6.0))
    clicked_s = stage.time_s - 0.25
    assert stage.keeper.select(click(72, 100, time_s=clicked_s)).target.depth_m == 6.0
    assert stage.keeper.select(click(32, 100, time_s=clicked_s)).target.depth_m == 4.0
    assert stage.keeper.select(click(152, 100)).target.depth_m == 4.0
    assert stage.keeper.select(click(152, 100, time_s=stage.time_s - 60)).target.depth_m == 4.0  # not remembered: the newest


def test_behind_a_pane_what_is_behind(stage: Any) -> None:
    depth = np.full((200, 320), 5.0, np.float32)
    depth[::2, ::2] = 1.5  # a quarter of the readings come from the pane
    from auxfocus_ros.distribution.targets import DepthImageReadings

    nothing = SegmentedScene((), np.zeros((1, 1), np.uint16), 320)
    keeper = TargetKeeper()
    keeper.update(nothing, DepthImageReadings(depth, None, 0, (320, 200)), (320, 200), (math.nan, math.nan), 0.0)
    outcome = keeper.select(click(100, 100))
    assert outcome.success and outcome.target.depth_m == 5.0


def test_points_of_a_sparse_lidar() -> None:
    """Beams 12 pixels apart: the square round the click grows until it has readings."""
    u, v = (grid.ravel().astype(np.float32) for grid in np.meshgrid(np.arange(0, 320, 2), np.arange(5, 200, 12)))
    points = ProjectedPoints(u, v, np.full(len(u), 7.0, np.float32), u, v)
    keeper = TargetKeeper()
    scene = SegmentedScene((), np.zeros(len(u), np.uint16), 0)
    keeper.update(scene, PointReadings(points, scene.labels, (320, 200)), (320, 200), (6, math.inf), 0.0)
    outcome = keeper.select(click(100, 100))
    assert outcome.success and outcome.target.depth_m == 7.0 and outcome.target.in_focus and outcome.target.point_count >= 3


def test_in_focus_and_large(stage: Any) -> None:
    found = stage.show(LEFT, RIGHT)
    by_depth = {target.depth_m: target for target in found.targets}
    assert by_depth[4.0].in_focus and not by_depth[6.0].in_focus  # the depth of field is 3 to 5 m
    assert by_depth[4.0].source == TargetSource.OBJECT and by_depth[6.0].source == TargetSource.OBJECT
    stage.limits_m = (math.nan, math.nan)
    found = stage.show(LEFT, ((10, 10, 120, 120), 3.0))
    found = stage.show(LEFT, ((10, 10, 120, 120), 3.0))
    assert found.targets[0].source == TargetSource.LARGE_OBJECT and not any(target.in_focus for target in found.targets)


def test_automatic_prefers_and_stays(stage: Any) -> None:
    stage.show(LEFT, RIGHT)
    outcome = stage.keeper.select(Selection(SelectionMode.AUTOMATIC))
    assert outcome.success and outcome.target is None and "no face, no person and nothing large" in outcome.message
    found = stage.show(LEFT, RIGHT)
    assert found.selected_id == 0 and found.message == "automatic: no face, no person and nothing large is seen"
    stage.keeper.add_detections([Detection((205, 45, 36, 110), "person", TargetSource.PERSON, 0.8)], stage.time_s)
    found = stage.show(LEFT, RIGHT)
    assert found.selected.label == "person" and found.selected.depth_m == 6.0
    person = found.selected_id
    stage.keeper.add_detections([Detection((52, 62, 16, 16), "face", TargetSource.FACE, 0.9)], stage.time_s)
    assert stage.show(LEFT, RIGHT, after_s=0.1).selected_id == person  # not yet
    for _ in range(8):
        stage.keeper.add_detections([Detection((52, 62, 16, 16), "face", TargetSource.FACE, 0.9)], stage.time_s)
        found = stage.show(LEFT, RIGHT, after_s=0.1)
    assert found.selected.label == "face" and found.selected.depth_m == 4.0


def test_automatic_takes_the_next_when_one_is_lost(stage_with: MakeStage) -> None:
    stage = stage_with(large_share=0.05, hold_s=1.0)
    stage.show(((40, 60, 40, 100), 2.0), RIGHT)
    first = stage.keeper.select(Selection(SelectionMode.AUTOMATIC)).target
    assert first.depth_m == 2.0
    assert stage.show(RIGHT, after_s=0.8).selected_id == first.id
    found = stage.show(RIGHT, after_s=0.4)
    assert found.selected.depth_m == 6.0 and found.selected.state == TargetState.TRACKED


def test_time_that_runs_backwards(stage: Any) -> None:
    stage.show(LEFT)
    chosen = stage.keeper.select(click(60, 100)).target.id
    stage.show(LEFT)
    found = stage.show(LEFT, after_s=-80.0)
    assert found.selected_id == chosen and found.selected.state == TargetState.TRACKED
    found = stage.show(after_s=-10.0)
    assert found.selected.state == TargetState.HELD and "for 0.0 s" in found.message


def test_a_place_for_regions() -> None:
    camera = CameraModel(320, 200, 300.0, 300.0, 159.5, 99.5)
    from auxfocus_ros.distribution.targets import DepthImageReadings

    readings = DepthImageReadings(np.full((200, 320), 6.0, np.float32), None, 0, (320, 200))
    keeper = TargetKeeper()
    scene = SegmentedScene((), np.zeros((1, 1), np.uint16), 320)
    keeper.update(scene, readings, (320, 200), (1, 9), 0.0, camera=camera)
    target = keeper.select(Selection(SelectionMode.BOX, box_px=(210, 100, 100, 50))).target
    assert target is not None  # middle at (259.5, 124.5): 100 and 25 pixels off, at 6 m: 2 m and 0.5 m
    assert target.position_m == pytest.approx((2.0, 0.5, 6.0))
    assert target.low_m == pytest.approx((1.0, 0.0, 6.0)) and target.high_m == pytest.approx((3.0, 1.0, 6.0))


def test_three_threads(stage: Any) -> None:
    """Frames, detections and wishes from threads of their own."""
    stage.show(LEFT, RIGHT)
    failures: list[BaseException] = []

    def repeat(work: Callable[[int], object]) -> threading.Thread:
        def run() -> None:
            try:
                for number in range(150):
                    work(number)
            except BaseException as error:
                failures.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    threads = [
        repeat(lambda number: stage.show(LEFT, RIGHT)),
        repeat(
            lambda number: stage.keeper.add_detections(
                [Detection((205, 45, 36, 110), "person", TargetSource.PERSON, 0.8)], stage.time_s
            )
        ),
        repeat(lambda number: stage.keeper.select(Selection(number % 7, 50, 50, (40, 60, 40, 100), 1))),
    ]
    for thread in threads:
        thread.join(30)
    assert not failures and not any(thread.is_alive() for thread in threads)


def test_options() -> None:
    with pytest.raises(ConfigurationError, match="hold_s is NaN, it must be a number, 0 to 60; large_share is 0"):
        KeeperOptions(hold_s=math.nan, large_share=0.0)
    keeper = TargetKeeper()
    keeper.options = KeeperOptions(hold_s=5.0)
    assert keeper.options.hold_s == 5.0


def test_no_picture_at_all(stage: Any) -> None:
    scene = SegmentedScene((), np.zeros((1, 1), np.uint16), 320)
    with pytest.raises(InputError, match="0 x 0"):
        stage.keeper.update(scene, None, (0, 0), (1, 2), 0.0)
