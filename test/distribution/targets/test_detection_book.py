"""What detectors found, tied to objects, or on its own."""

from __future__ import annotations

from typing import Any

import pytest

from auxfocus_ros.distribution.targets import Detection, Selection, SelectionMode, TargetSource, TargetState

BODY = ((100, 20, 48, 160), 4.0)
FACE = Detection((114, 24, 20, 20), "face", TargetSource.FACE, 0.9)
PERSON = Detection((96, 22, 56, 150), "person", TargetSource.PERSON, 0.7)


def test_a_face_within_a_body_names_the_object(stage: Any) -> None:
    (before,) = stage.show(BODY).targets
    stage.keeper.add_detections([FACE], stage.time_s)
    (after,) = stage.show(BODY).targets
    assert after.id == before.id and after.box_px == BODY[0] and after.depth_m == 4.0
    assert (after.label, after.source, after.confidence) == ("face", TargetSource.FACE, 0.9)


def test_the_face_wins_over_the_person(stage: Any) -> None:
    stage.show(BODY)
    stage.keeper.add_detections([PERSON, FACE], stage.time_s)
    (target,) = stage.show(BODY).targets
    assert target.source == TargetSource.FACE


def test_names_last_as_long_as_they_are_found(stage: Any) -> None:
    stage.show(BODY)
    for _ in range(4):
        stage.keeper.add_detections([PERSON], stage.time_s)
        (target,) = stage.show(BODY, after_s=1.0).targets
        assert target.label == "person"
    (target,) = stage.show(BODY, after_s=1.0).targets
    assert target.label == "" and target.source == TargetSource.OBJECT  # 12 percent of the picture is not large


def test_a_detection_of_a_while_ago_names_what_was_there_then(stage: Any) -> None:
    """Two cross while the detector works."""
    for frame in range(8):
        stage.show(((20 + 24 * frame, 60, 24, 100), 4.0), ((212 - 24 * frame, 40, 24, 120), 6.0))
    found = Detection((20 + 24 * 2, 60, 24, 100), "person", TargetSource.PERSON, 0.7)
    stage.keeper.add_detections([found], stage.time_s - 0.25)
    targets = stage.show(((20 + 24 * 8, 60, 24, 100), 4.0), ((212 - 24 * 8, 40, 24, 120), 6.0)).targets
    assert {target.depth_m: target.label for target in targets} == {4.0: "person", 6.0: ""}


def test_a_detection_without_an_object_is_a_target(stage: Any) -> None:
    stage.show(wall_m=7.0)
    stage.keeper.add_detections([FACE], stage.time_s)
    (target,) = stage.show(wall_m=7.0).targets
    assert target.box_px == FACE.box_px and target.depth_m == pytest.approx(7.0) and target.segment == 0
    assert (target.label, target.source, target.state) == ("face", TargetSource.FACE, TargetState.TRACKED)
    assert len(stage.show(wall_m=7.0, after_s=1.2).targets) == 1
    assert not stage.show(wall_m=7.0, after_s=0.4).targets


def test_a_detection_is_the_same_in_the_next_run(stage: Any) -> None:
    stage.show()
    stage.keeper.add_detections([FACE], stage.time_s)
    (first,) = stage.show().targets
    moved = Detection((122, 28, 22, 22), "face", TargetSource.FACE, 0.8)
    other = Detection((220, 28, 22, 22), "face", TargetSource.FACE, 0.7)
    stage.keeper.add_detections([other, moved], stage.time_s)
    boxes = {target.id: target.box_px for target in stage.show().targets}
    assert boxes.pop(first.id) == moved.box_px and list(boxes.values()) == [other.box_px]


def test_its_depth_is_not_the_walls(stage: Any) -> None:
    """A box whose margin is wall: the middle counts."""
    stage.show(((120, 80, 24, 32), 3.0))  # an object that is much smaller than the detection
    stage.keeper.add_detections([Detection((108, 64, 48, 64), "dog", TargetSource.DETECTOR, 0.5)], stage.time_s)
    targets = stage.show(((120, 80, 24, 32), 3.0)).targets
    dog = next(target for target in targets if target.label == "dog")
    assert dog.depth_m == pytest.approx(3.0)


def test_without_readings_it_has_no_depth_and_cannot_be_chosen(stage: Any) -> None:
    stage.show(wall_m=0.0)
    stage.keeper.add_detections([FACE], stage.time_s)
    (target,) = stage.show(wall_m=0.0).targets
    assert target.depth_m != target.depth_m
    outcome = stage.keeper.select(Selection(SelectionMode.IDENTITY, id=target.id))
    assert outcome.error.name == "NO_DEPTH" and outcome.message == f"there is no depth reading on target {target.id}"


def test_a_face_on_a_large_thing_that_is_no_body_stays_its_own(stage: Any) -> None:
    """A face before a facade that is taken for an object."""
    stage.show(((0, 0, 320, 200), 9.0))
    stage.keeper.add_detections([Detection((100, 80, 12, 12), "face", TargetSource.FACE, 0.9)], stage.time_s)
    targets = stage.show(((0, 0, 320, 200), 9.0)).targets
    assert [target.label for target in targets] == ["face", ""]


def test_a_chosen_detection_goes_on_as_the_object_that_it_turns_out_to_be(stage: Any) -> None:
    stage.show(wall_m=7.0)
    stage.keeper.add_detections([PERSON], stage.time_s)
    (target,) = stage.show(wall_m=7.0).targets
    assert stage.keeper.select(Selection(SelectionMode.POINT, 120, 90)).target.id == target.id
    stage.show(BODY)
    stage.show(BODY)
    stage.keeper.add_detections([PERSON], stage.time_s)
    found = stage.show(BODY)
    assert found.selected.segment == 1 and found.selected.depth_m == 4.0 and found.selected.label == "person"
    assert len(found.targets) == 1


def test_a_chosen_object_goes_on_as_the_detection_where_depth_shows_nothing(stage: Any) -> None:
    stage.show(BODY)
    stage.keeper.add_detections([PERSON], stage.time_s)
    stage.show(BODY)
    assert stage.keeper.select(Selection(SelectionMode.POINT, 120, 90)).success
    stage.show(wall_m=4.4, after_s=0.2)  # leans against the wall
    stage.keeper.add_detections([PERSON], stage.time_s)
    found = stage.show(wall_m=4.4)
    assert found.selected.state == TargetState.TRACKED and found.selected.depth_m == pytest.approx(4.4)


def test_of_a_picture_that_is_still_to_come(stage: Any) -> None:
    stage.keeper.add_detections([FACE], stage.time_s + 0.05)
    (target,) = stage.show(BODY).targets
    assert target.label == "face" and target.segment == 1


def test_few_readings_leave_it_to_the_boxes(stage: Any) -> None:
    """A detection so small that three blocks lie in it."""
    stage.show(((100, 20, 20, 60), 4.0))
    stage.keeper.add_detections([Detection((106, 22, 8, 8), "face", TargetSource.FACE, 0.9)], stage.time_s)
    (target,) = stage.show(((100, 20, 20, 60), 4.0)).targets
    assert target.label == "face" and target.segment == 1


def test_nothing_survives_time_that_runs_backwards(stage: Any) -> None:
    stage.show()
    stage.keeper.add_detections([FACE], stage.time_s)
    assert len(stage.show().targets) == 1
    assert not stage.show(after_s=-50.0).targets
