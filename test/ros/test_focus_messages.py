"""The focus, the targets and the scene in messages."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from rclpy.serialization import deserialize_message, serialize_message
from std_msgs.msg import Header
from visualization_msgs.msg import Marker, MarkerArray

from auxfocus_interfaces.msg import FocusMarker, FocusTarget, FocusTargetArray
from auxfocus_ros.distribution.axis import DepthAxis
from auxfocus_ros.distribution.focus_split import FocusSplit
from auxfocus_ros.distribution.targets.target import Target, TargetSet, TargetSource, TargetState
from auxfocus_ros.rig import scene_fields
from auxfocus_ros.rig.focus_fields import STATE_NUMBERS, focus_marker_fields, targets_fields
from auxfocus_ros.rig.message_types import serialized
from auxfocus_ros.rig.scene_fields import scene_marker_fields
from auxfocus_ros.ros.focus_messages import make_focus_marker, make_scene_markers, make_target, make_targets
from auxfocus_ros.view.focus_reading import FocusReading
from auxfocus_ros.view.layout import arrange
from auxfocus_ros.view.marker_geometry import marker_geometry
from auxfocus_ros.view.options import ViewOptions
from auxfocus_ros.view.scene_outline import object_outlines

HEADER = Header(stamp=Time(sec=1700000000, nanosec=123456789), frame_id="camera_optical_frame")
CAR = Target(
    7,
    (100, 50, 200, 80),
    label="car",
    source=TargetSource.PERSON,
    selected=True,
    confidence=0.75,
    depth_m=12.0,
    depth_near_m=11.5,
    depth_far_m=13.0,
    depth_sigma_m=0.1,
    position_m=(1.0, 2.0, 12.0),
    low_m=(0.0, 1.0, 11.5),
    high_m=(2.0, 3.0, 13.0),
    depth_velocity_m_per_s=-1.5,
    point_count=321,
    in_focus=True,
    last_seen_s=1699999998.5,
)


def test_a_marker_says_where_picture_and_plot_stand() -> None:
    layout = arrange(640, 480, ViewOptions(layout="side_by_side", panel_first=True))
    focus = FocusReading("finite", 4.0, 3.0, 6.0)
    where = marker_geometry(layout, DepthAxis(1.0, 16.0, 100), focus)
    marker = make_focus_marker(focus, where, FocusSplit(1, 2, 3), Time(sec=5), HEADER)
    marker = deserialize_message(serialize_message(marker), FocusMarker)
    picture, plot = marker.picture, marker.plot
    assert (picture.x_offset, picture.y_offset, picture.width, picture.height) == (layout.panel.width, 0, 640, 480)
    assert (plot.x_offset, plot.y_offset, plot.width, plot.height) == tuple(layout.plot)
    assert (marker.image_width_px, marker.image_height_px) == (layout.width_px, layout.height_px)
    assert (marker.focus_distance_m, marker.near_limit_m, marker.far_limit_m) == (4.0, 3.0, 6.0)
    assert (marker.points_inside, marker.points_nearer, marker.points_farther) == (1, 2, 3)


def test_a_target_goes_over_the_wire_with_every_field() -> None:
    targets = TargetSet((CAR, replace(CAR, id=8, selected=False)), 7, "held 1.2 s")
    message = deserialize_message(serialize_message(make_targets(targets, HEADER)), FocusTargetArray)
    assert (message.selected_id, message.message, len(message.targets)) == (7, "held 1.2 s", 2)
    assert message.header == HEADER
    car = message.targets[0]
    assert car.header == HEADER
    assert (car.id, car.label, car.state, car.source, car.selected, car.confidence) == (
        7, "car", FocusTarget.STATE_TRACKED, FocusTarget.SOURCE_PERSON, True, 0.75,
    )  # fmt: skip
    assert (car.roi.x_offset, car.roi.y_offset, car.roi.width, car.roi.height) == (100, 50, 200, 80)
    assert (car.position_m.x, car.position_m.y, car.position_m.z) == (1.0, 2.0, 12.0)
    assert (car.depth_m, car.depth_sigma_m, car.depth_near_m, car.depth_far_m) == (12.0, 0.1, 11.5, 13.0)
    assert (car.depth_velocity_m_per_s, car.point_count, car.in_focus) == (-1.5, 321, True)


def test_a_target_that_is_seen_was_last_seen_in_this_picture() -> None:
    assert make_target(CAR, HEADER).last_seen == HEADER.stamp
    held = make_target(replace(CAR, state=TargetState.HELD), HEADER)
    assert (held.last_seen.sec, held.last_seen.nanosec) == (1699999998, 500000000)
    never = make_target(replace(CAR, state=TargetState.LOST, last_seen_s=math.nan, depth_m=math.nan), HEADER)
    assert never.last_seen == Time()
    assert math.isnan(never.depth_m)


@pytest.mark.parametrize("state", TargetState)
@pytest.mark.parametrize("source", TargetSource)
def test_states_and_sources_have_the_messages_numbers(state: TargetState, source: TargetSource) -> None:
    message = make_target(replace(CAR, state=state, source=source), HEADER)
    assert message.state == getattr(FocusTarget, f"STATE_{state.name}")
    assert message.source == getattr(FocusTarget, f"SOURCE_{source.name}")


def test_a_box_that_reaches_out_of_the_picture_is_cut_off() -> None:
    roi = make_target(replace(CAR, box_px=(-10, -20, 30, 50)), HEADER).roi
    assert (roi.x_offset, roi.y_offset, roi.width, roi.height) == (0, 0, 20, 30)
    roi = make_target(replace(CAR, box_px=(-100, 5, 30, 0)), HEADER).roi
    assert (roi.x_offset, roi.y_offset, roi.width, roi.height) == (0, 5, 0, 0)


def test_objects_are_one_list_of_lines_with_words_beside() -> None:
    targets = TargetSet(
        (CAR, replace(CAR, id=8, selected=False), replace(CAR, id=9, selected=False, in_focus=False, label="")), 7
    )
    plane, slab, boxes, stale, *words = make_scene_markers(None, None, HEADER, object_outlines(targets)).markers
    assert (plane.action, slab.action) == (Marker.DELETE, Marker.DELETE)
    assert (boxes.ns, boxes.type, boxes.action) == ("objects", Marker.LINE_LIST, Marker.ADD)
    assert len(boxes.points) == len(boxes.colors) == 3 * 24
    assert len({(colour.r, colour.g, colour.b) for colour in boxes.colors}) == 3  # selected, in focus, neither
    corners = np.array([(point.x, point.y, point.z) for point in boxes.points[:24]])
    assert (corners.min(axis=0) == CAR.low_m).all() and (corners.max(axis=0) == CAR.high_m).all()
    # What was written before is taken away in the same array, and nothing else is.
    assert (stale.ns, stale.action) == ("object_words", Marker.DELETEALL)
    assert [word.text for word in words] == ["car 12.0 m", "car 12.0 m", "12.0 m"]
    assert {word.ns for word in words} == {"object_words"}
    assert len({word.id for word in words}) == 3
    assert all(word.scale.z > 0 and word.lifetime.sec > 0 for word in words)


def test_a_scene_without_objects_deletes_those_that_were_there() -> None:
    plane, slab, boxes, stale = make_scene_markers(np.zeros((4, 3)), np.zeros((2, 4, 3)), HEADER).markers
    assert (len(plane.points), len(slab.points)) == (8, 24)
    assert boxes.action == Marker.DELETE
    assert stale.action == Marker.DELETEALL


def test_the_node_sends_what_a_recording_holds() -> None:
    def recorded(message_type: type, kind: str, fields: dict[str, object]) -> str:
        return repr(deserialize_message(serialized(kind, fields), message_type))  # NaN is not equal to itself

    def sent(message: object) -> str:
        return repr(deserialize_message(serialize_message(message), type(message)))

    stamp_ns, name = 1700000000123456789, HEADER.frame_id
    held = replace(CAR, id=8, selected=False, in_focus=False, state=TargetState.HELD, label="")
    targets = TargetSet((CAR, held), 7, "held 1.2 s")
    fields = targets_fields(targets, stamp_ns, name, "no depth")
    kind = "auxfocus_interfaces/msg/FocusTargetArray"
    assert recorded(FocusTargetArray, kind, fields) == sent(make_targets(targets, HEADER, "no depth"))

    where = marker_geometry(arrange(640, 480, ViewOptions()), DepthAxis(1.0, 16.0, 100), FocusReading())
    drawn = (FocusReading(), where, FocusSplit(1, 2, 3))
    fields = focus_marker_fields(*drawn, stamp_ns, name, lens_stamp_ns=5 * 10**9 + 7)
    marker = make_focus_marker(*drawn, Time(sec=5, nanosec=7), HEADER)
    assert recorded(FocusMarker, "auxfocus_interfaces/msg/FocusMarker", fields) == sent(marker)

    scene = np.arange(12.0).reshape(4, 3), np.arange(24.0).reshape(2, 4, 3)
    for plane_m, slab_m, outlines in ((*scene, object_outlines(targets)), (None, None, ())):
        fields = {"markers": scene_marker_fields(plane_m, slab_m, stamp_ns, name, outlines)}
        markers = make_scene_markers(plane_m, slab_m, HEADER, outlines)
        assert recorded(MarkerArray, "visualization_msgs/msg/MarkerArray", fields) == sent(markers)


def test_numbers_in_the_tables_are_the_messages() -> None:
    states = {name: getattr(FocusMarker, f"STATE_{name.upper()}") for name in STATE_NUMBERS}
    assert states == STATE_NUMBERS
    for name in ("ARROW", "LINE_LIST", "TEXT_VIEW_FACING", "ADD", "DELETE"):
        assert getattr(scene_fields, name) == getattr(Marker, name)
    assert scene_fields.DELETE_ALL == Marker.DELETEALL
