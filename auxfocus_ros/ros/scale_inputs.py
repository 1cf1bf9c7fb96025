"""What is heard beside the pictures that tells how long a metre is: a few lidar points, a rangefinder, where the camera has been.

The executor's thread keeps the newest messages of each kind as they come; the thread that works out depth asks for what belongs
to a picture, after the network has seen it, when what comes a little later than the picture is there as well. Everything is
given in the picture's optical frame. What makes no sense, or is of another time, is said and left out: depth goes on without it.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from geometry_msgs.msg import TransformStamped
from nav_msgs.msg import Odometry
from numpy.typing import NDArray
from sensor_msgs.msg import JointState, PointCloud2, Range

from auxfocus_ros.declaration import parameter
from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.optics import CameraModel, RigidTransform
from auxfocus_ros.rig import fields_xyz, load_rig
from auxfocus_ros.rig.beam import beam_end, pixel_end
from auxfocus_ros.rig.cloud_placing import FrameSource, JointFrames
from auxfocus_ros.rig.joint_track import JointTrack
from auxfocus_ros.rig.moving_transforms import MovingTransforms
from auxfocus_ros.rig.rig_file import RigDescription
from auxfocus_ros.rig.static_transforms import StaticTransforms
from auxfocus_ros.rig.urdf import load_urdf
from auxfocus_ros.ros.clouds import read_cloud
from auxfocus_ros.ros.extrinsics import Extrinsics
from auxfocus_ros.ros.joint_messages import read_joint_state
from auxfocus_ros.ros.qos import PICTURE_IN, TRANSFORM, profile
from auxfocus_ros.ros.stamps import seconds_between, to_ns
from auxfocus_ros.ros.transform_lookup import transform_lookup

__all__ = ["Evidence", "ScaleInputOptions", "ScaleInputs"]

KEPT = {"points": 4, "range": 32}
"""Messages of a kind that are kept: some tenths of a second."""
STREAM_IN = profile(reliable=False, depth=20)
"""Small readings that come at up to some hundred hertz."""
JOINT_TIMEOUT_S = 0.5
WORLD = "world of scale/odometry"


@dataclass(frozen=True)
class ScaleInputOptions:
    """What the scale may be taken from, and what is known of the sensors that tell it."""

    scale_points: bool = parameter(True, "take the scale from the cloud on scale/points where one comes", read_only=True)
    scale_range: bool = parameter(True, "take the scale from the rangefinder on scale/range where one comes", read_only=True)
    scale_motion: Literal["odometry", "joints", "none"] = parameter(
        "odometry",
        "take the scale from the camera's motion: by scale/odometry, or by the joints of a gimbal whose platform stands still",
        read_only=True,
    )
    camera_height_m: float = parameter(
        0.0, "height of the camera above level ground that the picture shows; 0: not known", unit="m", minimum=0.0, maximum=1e4
    )
    scale_tolerance_s: float = parameter(
        0.05, "largest difference between the stamps of a picture and a reading", unit="s", minimum=0.0, maximum=10.0
    )
    scale_sigma_m: float = parameter(
        0.03, "error of a reading of the lidar or the rangefinder, one standard deviation", unit="m", minimum=0.0, maximum=100.0
    )
    range_u_px: float = parameter(
        -1.0, "column of the picture at which the rangefinder's beam ends; -1: by its frame, else in the principal point",
        unit="px", minimum=-1.0, maximum=1e5,
    )  # fmt: skip
    range_v_px: float = parameter(-1.0, "row of it; -1: as for the column", unit="px", minimum=-1.0, maximum=1e5)
    rig: str = parameter("", "rig file with the cloud's extrinsics and the gimbal; empty: points/transform, tf", read_only=True)
    urdf: str = parameter("", "URDF with the sensors' frames: a shipped name or a path; empty: the rig file's", read_only=True)


@dataclass(frozen=True, eq=False)
class Evidence:
    """What belongs to a picture; None where there is nothing.

    points_m: (N, 3), lidar points. beam_m: (1, 3), where the rangefinder's beam ends. Both in the optical frame, metres.
    world_from_camera: (4, 4), where the camera was, in a frame that stands still. reading_sigma_m: error of a point or a beam.
    camera_height_m: above level ground; 0: not known. problem: what came and could not be used; empty: nothing.
    """

    points_m: NDArray[Any] | None = None
    beam_m: NDArray[Any] | None = None
    world_from_camera: NDArray[np.float64] | None = None
    reading_sigma_m: float = 0.03
    camera_height_m: float = 0.0
    problem: str = ""


class HeardTransforms:
    """Transforms to the optical frame that were sent to us, as `FrameSource`."""

    name = "points/transform"

    def __init__(self, extrinsics: Extrinsics) -> None:
        """Over what was heard."""
        self._extrinsics = extrinsics

    def connects(self, to_frame: str, from_frame: str) -> bool:
        """Whether one was heard."""
        return self._extrinsics.find(from_frame, 0) is not None

    def lookup(self, to_frame: str, from_frame: str, stamp_ns: int) -> RigidTransform:
        """See `FrameSource`."""
        found = self._extrinsics.find(from_frame, stamp_ns)
        assert found is not None
        return found

    def frames(self) -> Sequence[str]:
        """Not listed."""
        return ()


class ScaleInputs:
    """Hears what the options name while it is open, and answers for a picture; see the module's text."""

    def __init__(self, node: Any, options: Callable[[], ScaleInputOptions], problem: Callable[[str, str], None]) -> None:
        """Read what the options name; nothing is subscribed to yet.

        Args:
            node: to subscribe with. options: the present ones; those that are read-only are read now.
            problem: called with a code and one line for a person, from both threads.

        Raises:
            ConfigurationError: a rig file or a URDF that cannot be read, joints without a URDF.
        """
        o = options()
        self._node, self._options, self._problem = node, options, problem
        rig = load_rig(o.rig) if o.rig else RigDescription()
        urdf = o.urdf or (rig.gimbal.urdf if rig.gimbal is not None else "")
        if o.scale_motion == "joints" and not urdf:
            raise ConfigurationError(
                "scale_motion is joints, which needs the gimbal's URDF: set urdf, or a rig file that names it"
            )
        self._lock = threading.Lock()
        self._kept: dict[str, deque[tuple[int, Any]]] = {kind: deque(maxlen=size) for kind, size in KEPT.items()}
        self._world = MovingTransforms(StaticTransforms())
        self._base = ""
        self._extrinsics = Extrinsics()
        self._track = JointTrack()
        self._tf = transform_lookup(node, lambda text: problem("tf", text))
        sources: list[FrameSource] = [HeardTransforms(self._extrinsics), *([self._tf] if self._tf is not None else [])]
        self._joints: JointFrames | None = None
        self._fixed_frame = "base_link"
        if urdf:
            robot = load_urdf(urdf)
            self._fixed_frame = rig.gimbal.base_frame if rig.gimbal is not None else robot.root
            self._joints = JointFrames(robot, self._track, "joint_states", JOINT_TIMEOUT_S)
            sources.append(self._joints)
        self._sources = sources
        self._optical_from_points = rig.optical_from_points
        self._subscriptions: list[Any] = []

    def open(self) -> None:
        """Subscribe; in the executor's thread."""
        self.close()
        o = self._options()
        self._subscribe(True, TransformStamped, "points/transform", self._take_transform, TRANSFORM)
        self._subscribe(o.scale_points, PointCloud2, "scale/points", lambda m: self._keep("points", m), PICTURE_IN)
        self._subscribe(o.scale_range, Range, "scale/range", lambda m: self._keep("range", m), STREAM_IN)
        self._subscribe(o.scale_motion == "odometry", Odometry, "scale/odometry", self._take_odometry, STREAM_IN)
        self._subscribe(self._joints is not None, JointState, "joint_states", self._take_joints, STREAM_IN)

    def close(self) -> None:
        """Unsubscribe and forget; in the executor's thread. May be called again."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._subscriptions.clear()
        with self._lock:
            for kept in self._kept.values():
                kept.clear()
            self._world, self._base = MovingTransforms(StaticTransforms()), ""

    def end(self) -> None:
        """Close for good."""
        self.close()
        if self._tf is not None:
            self._tf.close()

    def at(self, stamp_ns: int, camera_frame: str, camera: CameraModel) -> Evidence:
        """What belongs to the picture of this stamp, frame and camera. In the thread that works."""
        o, problems = self._options(), []

        def asked(what: str, ask: Callable[..., NDArray[Any] | None], *arguments: Any) -> NDArray[Any] | None:
            try:
                return ask(stamp_ns, camera_frame, *arguments)
            except InputError as error:
                problems.append(f"{what}: {error}")
                self._problem(f"scale_{what}", f"no scale by {what}: {error}")
            return None

        points, beam = asked("points", self._points), asked("range", self._beam, camera)
        return Evidence(
            points, beam, asked("motion", self._world_from_camera), o.scale_sigma_m, o.camera_height_m, "; ".join(problems)
        )

    # The executor's thread

    def _subscribe(self, wanted: bool, kind: Any, topic: str, take: Callable[[Any], None], quality: Any) -> None:
        if wanted:
            self._subscriptions.append(self._node.create_subscription(kind, topic, take, quality))

    def _keep(self, kind: str, message: Any) -> None:
        with self._lock:
            self._kept[kind].append((to_ns(message.header.stamp), message))

    def _take_transform(self, message: TransformStamped) -> None:
        self._guarded("transform", lambda: self._extrinsics.add(message))

    def _take_odometry(self, message: Odometry) -> None:
        position, q = message.pose.pose.position, message.pose.pose.orientation

        def take() -> None:
            pose = RigidTransform.from_quaternion(q.x, q.y, q.z, q.w, (position.x, position.y, position.z))
            with self._lock:
                self._base = message.child_frame_id or "base_link"
                self._world.add(to_ns(message.header.stamp), WORLD, self._base, pose)

        self._guarded("scale_motion", take, "scale/odometry: ")

    def _take_joints(self, message: JointState) -> None:
        def take() -> None:
            self._track.add(read_joint_state(message))
            assert self._joints is not None
            self._joints.heard_ns = time.monotonic_ns()

        self._guarded("joints", take)

    def _guarded(self, code: str, take: Callable[[], None], before: str = "") -> None:
        try:
            take()
        except InputError as error:
            self._problem(code, f"{before}{error}")

    # The thread that works

    def _nearest(self, kind: str, stamp_ns: int) -> Any:
        """The message nearest to a picture in time; None before the first."""
        with self._lock:
            kept = list(self._kept[kind])
        if not kept:
            return None
        its_ns, message = min(kept, key=lambda item: abs(item[0] - stamp_ns))
        off_s, allowed_s = seconds_between(stamp_ns, its_ns), self._options().scale_tolerance_s
        if abs(off_s) > allowed_s:
            when = "after" if off_s > 0 else "before"
            raise InputError(
                f"the nearest message on scale/{kind} is of {abs(off_s):.3g} s {when} the picture: {allowed_s:g} s are allowed"
            )
        return message

    def _points(self, stamp_ns: int, camera_frame: str) -> NDArray[Any] | None:
        message = self._nearest("points", stamp_ns)
        if message is None:
            return None
        frame = message.header.frame_id or camera_frame
        points = fields_xyz(read_cloud(message))
        standing = self._optical_from_points or self._standing(camera_frame, frame, stamp_ns)
        return np.asarray(standing.apply(points))

    def _beam(self, stamp_ns: int, camera_frame: str, camera: CameraModel) -> NDArray[Any] | None:
        message = self._nearest("range", stamp_ns)
        if message is None:
            return None
        range_m, low_m, high_m = float(message.range), float(message.min_range), float(message.max_range)
        if not (0.0 < range_m < math.inf and low_m <= range_m <= high_m):
            return None  # nothing within reach, or no echo, as REP 117 has it
        o, frame = self._options(), message.header.frame_id
        if o.range_u_px >= 0.0 and o.range_v_px >= 0.0:
            return pixel_end(range_m, (o.range_u_px, o.range_v_px), camera)
        if frame not in ("", camera_frame) and self._knowing(camera_frame, frame) is not None:
            return beam_end(range_m, self._standing(camera_frame, frame, stamp_ns))
        return pixel_end(range_m, (camera.cx_px, camera.cy_px), camera)

    def _world_from_camera(self, stamp_ns: int, camera_frame: str) -> NDArray[Any] | None:
        o = self._options()
        if o.scale_motion == "joints":
            return _matrix(self._standing(camera_frame, self._fixed_frame, stamp_ns).inverse())
        with self._lock:
            base = self._base
            found = self._world.lookup(WORLD, base, stamp_ns) if base else None
        if found is None:
            return None
        if found.off_s > o.scale_tolerance_s:
            raise InputError(
                f"the nearest pose on scale/odometry is of {found.off_s:.3g} s beside the picture: {o.scale_tolerance_s:g} s are "
                "allowed"
            )
        return _matrix(found.transform.compose(self._standing(camera_frame, base, stamp_ns).inverse()))

    def _knowing(self, camera_frame: str, frame: str) -> FrameSource | None:
        return next((source for source in self._sources if source.connects(camera_frame, frame)), None)

    def _standing(self, camera_frame: str, frame: str, stamp_ns: int) -> RigidTransform:
        """p_optical = R p_frame + t at the picture's time."""
        if frame == camera_frame:
            return RigidTransform.identity()
        source = self._knowing(camera_frame, frame)
        if source is None:
            asked = ", ".join(source.name for source in self._sources)
            raise InputError(
                f"nobody knows how the frame '{frame}' stands to the picture's '{camera_frame}' (asked: {asked}): publish it on "
                "points/transform or tf, or name a URDF that has both (parameters urdf, rig)"
            )
        return source.lookup(camera_frame, frame, stamp_ns)


def _matrix(transform: RigidTransform) -> NDArray[np.float64]:
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = transform.rotation, transform.translation_m
    return matrix
