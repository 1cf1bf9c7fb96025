"""What a rig gives to the graph: a frame's pictures, ranges, joints, transforms and truth, under one stamp.

The node `gimbal_rig` hands in frames; topics are made here and nowhere else. Whatever costs time is sent only while somebody
listens.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from geometry_msgs.msg import TransformStamped
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, Image, JointState, PointCloud2, Range
from std_msgs.msg import Header

from auxfocus_interfaces.msg import FocusTruth, LensState
from auxfocus_ros.optics import Lens, RigidTransform
from auxfocus_ros.rig import Frame, points_of_depth
from auxfocus_ros.rig.frame import LensReading, RangeReading
from auxfocus_ros.rig.truth import FrameTruth
from auxfocus_ros.rig.urdf import Robot
from auxfocus_ros.ros.camera_info import make_camera_info
from auxfocus_ros.ros.clouds import make_cloud
from auxfocus_ros.ros.images import make_image
from auxfocus_ros.ros.joint_messages import make_joint_state
from auxfocus_ros.ros.lens_messages import make_recorded_lens_state
from auxfocus_ros.ros.managed_node import ManagedNode
from auxfocus_ros.ros.picture_publisher import PicturePublisher
from auxfocus_ros.ros.qos import EVENT, PICTURE_OUT, STATE, TRANSFORM
from auxfocus_ros.ros.stamps import from_ns
from auxfocus_ros.ros.transform_output import TransformOutput
from auxfocus_ros.ros.transforms import make_transform
from auxfocus_ros.ros.truth_messages import make_focus_truth

LENS_STATES = "lens/state"
PICTURES_WAITING = 6
TRUTH_PICTURES = {"labels": "16UC1", "depth": "32FC1", "defocus": "32FC1"}


class RigOutputs:
    """The publishers of `gimbal_rig`; see the module's text."""

    def __init__(
        self,
        node: ManagedNode[Any],
        sent: Callable[[float], None],
        failed: Callable[[str], None],
        robot: Robot | None = None,
        *,
        with_clock: bool = False,
        with_truth: bool = False,
        with_transforms: bool = True,
        with_joints: bool = True,
        with_lens: bool = False,
        lens: Lens | None = None,
    ) -> None:
        """Create the topics.

        Args:
            node: theirs. sent: called with the seconds from a picture's exposure (or release) until it was sent. failed: called
                with one line. robot: the gimbal's tree of frames, where there is one.
            with_clock: also /clock. with_truth: also truth/*. with_transforms: also tf, where tf2_ros is installed.
            with_joints: also joint_states, unless a driver publishes them.
            with_lens: also lens/state, as the recording says it. lens: what its positions mean, where that is known.
        """
        self._node, self._sent, self._failed = node, sent, failed
        create = node.create_publisher
        # Drivers' pictures come in bursts, when the cloud comes for which two of them waited.
        self._image = PicturePublisher(node, "camera/image_raw", waiting=PICTURES_WAITING, done=self._done, failed=failed)
        self._info = create(CameraInfo, "camera/camera_info", PICTURE_OUT)
        self._points = create(PointCloud2, "points", PICTURE_OUT)
        self._depth = create(Image, "depth/image_raw", PICTURE_OUT)
        self._transform = create(TransformStamped, "points/transform", TRANSFORM)
        self._joints = create(JointState, "joint_states", EVENT) if with_joints else None
        self._range = create(Range, "range", EVENT)
        self._clock = create(Clock, "/clock", EVENT) if with_clock else None
        self._lens_states = create(LensState, LENS_STATES, STATE) if with_lens else None
        self._lens = lens
        self._lens_said: LensReading | None = None
        self._truth: dict[str, Any] = {}
        if with_truth:
            self._truth = {name: create(Image, f"truth/{name}", PICTURE_OUT) for name in TRUTH_PICTURES}
            self._truth["focus"] = create(FocusTruth, "truth/focus", PICTURE_OUT)
        self._tf = TransformOutput(node, robot) if with_transforms else None
        self._extrinsics: RigidTransform | None = None
        self._began_s = 0.0

    def picture_listeners(self) -> int:
        """How many take the picture."""
        return int(self._image.get_subscription_count())

    def truth_listeners(self) -> bool:
        """Whether anybody takes any of the truth."""
        return any(publisher.get_subscription_count() for publisher in self._truth.values())

    def all(self) -> Iterable[Any]:
        """Every publisher, to be destroyed by the node."""
        pictures = (self._image, self._info, self._points, self._depth)
        others = (self._transform, self._joints, self._range, self._clock, self._lens_states)
        return [publisher for publisher in (*pictures, *others, *self._truth.values()) if publisher is not None]

    def publish(self, frame: Frame, stamp_ns: int) -> None:
        """One frame, under one stamp; lens and joint states keep their distance in time from the picture."""
        self._began_s = frame.exposed_at_s if frame.exposed_at_s is not None else time.monotonic()
        stamp, moved_ns = from_ns(stamp_ns), stamp_ns - frame.stamp_ns
        if self._clock is not None:
            self._clock.publish(Clock(clock=stamp))
        header = Header(stamp=stamp, frame_id=frame.camera_frame)
        # What the picture is understood by goes before it. The picture then: a thread of its own sends it, beside what follows.
        if self._lens_states is not None and frame.lens is not None:
            self._publish_lens(frame.lens, moved_ns, frame.camera_frame)
        self._info.publish(make_camera_info(frame.camera, header))
        if frame.points is not None:
            self._publish_extrinsics(frame, stamp_ns)
        self._image.offer(frame.picture, frame.picture_encoding, header)
        if self._joints is not None:
            for reading in frame.joints:
                self._joints.publish(make_joint_state(reading, reading.stamp_ns + moved_ns))
        if frame.points is not None:
            self._points.publish(make_cloud(frame.points, Header(stamp=stamp, frame_id=frame.points_frame)))
        elif frame.depth_m is not None and self._points.get_subscription_count():
            self._points.publish(make_cloud(points_of_depth(frame.depth_m, frame.camera), header))
        if frame.depth_m is not None and self._depth.get_subscription_count():
            self._depth.publish(make_image(frame.depth_m, "32FC1", header))
        if frame.range is not None:
            self._range.publish(make_range(frame.range, stamp_ns))
        if self._tf is not None:
            self._tf.send(frame, stamp_ns)
        if frame.truth is not None:
            self._publish_truth(frame.truth, header)

    def _done(self, header: Header) -> None:
        """The picture is out: called in the thread that publishes pictures."""
        self._sent(time.monotonic() - self._began_s)

    def _publish_lens(self, reading: LensReading, moved_ns: int, frame: str) -> None:
        """The lens, when the recording says something new of it; not beside another who says where it is."""
        if self._node.count_publishers(LENS_STATES) > 1:
            self._failed(f"{LENS_STATES} has another publisher, whose lens counts: the recording's lens states are not played")
        elif self._lens_states is not None and reading != self._lens_said:
            self._lens_said = reading
            moved = replace(reading, stamp_ns=reading.stamp_ns + moved_ns)
            self._lens_states.publish(make_recorded_lens_state(moved, self._lens, frame))

    def _publish_extrinsics(self, frame: Frame, stamp_ns: int) -> None:
        """The extrinsics, when they change: the topic is latched."""
        known, now = self._extrinsics, frame.optical_from_points
        if known is not None and (now is known or _same(now, known)):
            return
        # Who has only ever heard one takes it for ever; from the second on each belongs to its picture.
        self._extrinsics = now
        self._transform.publish(make_transform(now, frame.camera_frame, frame.points_frame, 0 if known is None else stamp_ns))

    def _publish_truth(self, truth: FrameTruth, header: Header) -> None:
        pictures = {"labels": truth.labels, "depth": truth.depth_m, "defocus": truth.defocus_px}
        for name, picture in pictures.items():
            if name in self._truth and self._truth[name].get_subscription_count():
                self._truth[name].publish(make_image(picture, TRUTH_PICTURES[name], header))
        if "focus" in self._truth and self._truth["focus"].get_subscription_count():
            self._truth["focus"].publish(make_focus_truth(truth, header))


def make_range(reading: RangeReading, stamp_ns: int) -> Range:
    """The message of a rangefinder's reading; +inf: nothing within reach, NaN: no echo (REP 117)."""
    message = Range(
        radiation_type=Range.INFRARED, field_of_view=reading.field_of_view_rad, min_range=reading.minimum_m,
        max_range=reading.maximum_m, range=reading.range_m,
    )  # fmt: skip
    message.header = Header(stamp=from_ns(stamp_ns), frame_id=reading.frame)
    return message


def _same(a: RigidTransform, b: RigidTransform) -> bool:
    """Whether two transforms agree to a nanometre and a nanoradian: a mount that does not move gives the same up to rounding."""
    return bool(abs(a.rotation - b.rotation).max() < 1e-9 and abs(a.translation_m - b.translation_m).max() < 1e-9)
