"""The truth of a simulated frame as a message: filled from the table that recordings are written from as well."""

from __future__ import annotations

from std_msgs.msg import Header

from auxfocus_interfaces.msg import FocusTruth, TrueThing
from auxfocus_ros.rig.truth import FrameTruth
from auxfocus_ros.rig.truth_fields import focus_truth_fields
from auxfocus_ros.ros.filling import filled
from auxfocus_ros.ros.stamps import to_ns


def make_focus_truth(truth: FrameTruth, header: Header) -> FocusTruth:
    """A FocusTruth.

    Args:
        truth: of the frame.
        header: the picture's, with the stamp that it was published under.
    """
    fields = focus_truth_fields(truth, to_ns(header.stamp), header.frame_id)
    things = [filled(TrueThing(), thing) for thing in fields.pop("things")]
    message: FocusTruth = filled(FocusTruth(), fields)
    message.things = things
    return message
