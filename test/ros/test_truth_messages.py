"""The truth as the node sends it: the same as in recordings, in types that the generated C code takes."""

import math
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from rclpy.serialization import deserialize_message, serialize_message
from std_msgs.msg import Header

from auxfocus_interfaces.msg import FocusTarget, FocusTruth
from auxfocus_ros.rig import truth_fields
from auxfocus_ros.rig.message_types import make_message, message_store
from auxfocus_ros.ros.truth_messages import make_focus_truth

STAMP = Time(sec=5, nanosec=250)


def test_the_message_goes_over_the_wire(by_hand: Any) -> None:
    truth = by_hand.simulated_frame(1).truth
    message = make_focus_truth(truth, Header(stamp=STAMP, frame_id="eye"))
    heard = deserialize_message(serialize_message(message), FocusTruth)
    assert (heard.header.stamp, heard.header.frame_id, heard.scene, heard.seed) == (STAMP, "eye", "by_hand", 7)
    assert (heard.lens_position_steps, heard.light_level, heard.exposure_s) == (1300.0, 0.5, 0.004)
    assert heard.world_from_base.translation.z == 1.5
    seen, hidden = heard.things
    assert (seen.name, seen.target.label, seen.target.state) == ("walker", "person", FocusTarget.STATE_TRACKED)
    assert (seen.target.header.stamp, seen.target.last_seen, seen.target.depth_m) == (STAMP, STAMP, 4.0)
    assert (hidden.target.state, hidden.target.last_seen) == (FocusTarget.STATE_LOST, Time())
    assert math.isnan(hidden.target.depth_m)


def test_numpys_numbers_are_taken(by_hand: Any) -> None:
    from dataclasses import replace

    truth = by_hand.simulated_frame(0).truth
    thing = replace(
        truth.things[0], id=np.uint16(1), moving=np.bool_(True), pixels=np.int64(30), box_px=tuple(np.array([1, 2, 3, 4])),
        depth_m=np.float32(4.0), best_position_steps=1500, in_focus=np.bool_(False),
    )  # fmt: skip
    message = make_focus_truth(replace(truth, things=(thing,), seed=np.int64(7), light_level=1), Header(stamp=STAMP))
    heard = deserialize_message(serialize_message(message), FocusTruth)
    assert (heard.things[0].pixels, heard.things[0].target.roi.height, heard.things[0].best_position_steps) == (30, 4, 1500.0)


def test_the_node_sends_what_a_recording_holds(by_hand: Any) -> None:
    truth = by_hand.simulated_frame(2).truth
    store, kind = message_store(), "auxfocus_interfaces/msg/FocusTruth"
    recorded = make_message(store, kind, truth_fields.focus_truth_fields(truth, 5 * 10**9 + 250, "eye"))
    heard = deserialize_message(bytes(store.serialize_cdr(recorded, kind)), FocusTruth)
    assert repr(heard) == repr(make_focus_truth(truth, Header(stamp=STAMP, frame_id="eye")))  # NaN is not equal to itself


def test_the_numbers_of_states_are_the_messages() -> None:
    assert truth_fields.STATE_TRACKED == FocusTarget.STATE_TRACKED
    assert truth_fields.STATE_LOST == FocusTarget.STATE_LOST
    assert truth_fields.SOURCE_OBJECT == FocusTarget.SOURCE_OBJECT
