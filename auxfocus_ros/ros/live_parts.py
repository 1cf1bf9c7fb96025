"""What belongs to a live picture beside its pixels: its intrinsics, its cloud in its place, its depth image.

Each may still be on its way when the picture is matched. Who asks is told to ask again (`NotYet`) as long as waiting makes sense,
and gets what there is afterwards; what is missing then is said.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np

from auxfocus_ros.errors import AuxfocusError, InputError
from auxfocus_ros.optics import CameraModel, RigidTransform
from auxfocus_ros.rig.camera_info import is_rectified
from auxfocus_ros.rig.cloud_placing import CloudPlacer, FrameSource, FrameUnknown, LiveCloud, PlacedCloud, TransformNotYet
from auxfocus_ros.rig.frame import points_of_depth
from auxfocus_ros.rig.intrinsics import IntrinsicsShelf
from auxfocus_ros.rig.matching import Match, Stamped
from auxfocus_ros.rig.picture_decoding import decode_depth
from auxfocus_ros.rig.rig_file import RigDescription
from auxfocus_ros.rig.robot import Robot
from auxfocus_ros.rig.sizes import camera_for_size, depth_for_size
from auxfocus_ros.rig.stream_clock import NS_PER_S

OWN_INFO_WAIT_NS = 50_000_000
"""A picture waits so long for the camera_info of its own stamp, where others had one."""
SIZE_WAIT_NS = 200_000_000
"""A picture of a new size waits so long for the camera_info of that size."""
STRANGE_FRAME_WAIT_NS = 3 * NS_PER_S
"""A frame that nobody knows may still be told of (tf is sent when it is sent); after so long it is not waited for."""
REGISTERED_M = 1e-3
REGISTERED_RAD = 1e-3
"""A depth image whose frame stands so near to the picture's is registered to it."""

Say = Callable[[str, str], None]


@dataclass(frozen=True)
class LiveSettings:
    """What a pass needs to know.

    topics: role -> resolved name; 'image' is among them. rig: what the rig file says. robot: its gimbal's URDF. tf: frames as tf2
    knows them, or None. fixed_frame: stands still while clouds are moved. Times in nanoseconds; clock_ahead_ns is taken off the
    stamps of clouds and depth images, wall_ahead_ns is the wall clock minus the clock of arrivals.
    """

    topics: Mapping[str, str]
    rig: RigDescription = field(default_factory=RigDescription)
    robot: Robot | None = None
    tf: FrameSource | None = None
    fixed_frame: str = "base_link"
    tolerance_ns: int = 50_000_000
    match_wait_ns: int = 500_000_000
    clock_ahead_ns: int = 0
    transform_wait_ns: int = 200_000_000
    camera_info_wait_ns: int = 3_000_000_000
    joint_timeout_s: float = 0.5
    keep_unmatched: bool = True
    wall_ahead_ns: int = 0


class NotYet(Exception):
    """It may still come: ask again."""


class CloudContent(NamedTuple):
    """A cloud that was looked at: (N,) structured points, the rows they are made of, their frame."""

    points: np.ndarray
    height: int
    frame: str


class Moment(NamedTuple):
    """A picture's frame and stamp, and how long it has been asked for: since `asked_ns`, until now."""

    camera_frame: str
    picture_ns: int
    asked_ns: int
    now_ns: int


@dataclass
class Parts:
    """What a frame gets beside its picture; see `Frame`. missing: partners that could not be used."""

    points: np.ndarray | None = None
    points_height: int = 1
    points_frame: str = ""
    depth_m: np.ndarray | None = None
    extrinsics: RigidTransform = field(default_factory=RigidTransform.identity)
    offset_s: float = math.nan
    moved: bool = False
    missing: int = 0


class LiveIntrinsics:
    """The camera of each picture: the rig file's, else the driver's camera_info."""

    def __init__(self, settings: LiveSettings, say: Say) -> None:
        """For the pictures of these settings."""
        self._settings = settings
        self._say = say
        self._shelf = IntrinsicsShelf(is_rectified(settings.topics["image"]))

    @property
    def known(self) -> bool:
        """Whether there are any at all."""
        return self._settings.rig.camera is not None or self._shelf.latest is not None

    def add(self, stamp_ns: int, message: Any) -> None:
        """Take a camera_info. Raises InputError where it cannot be right."""
        self._shelf.add(stamp_ns, message)

    def camera(self, stamp_ns: int, picture: np.ndarray, waited_ns: int) -> CameraModel | None:
        """The camera of a picture; None where the sizes do not go together, which is said.

        Args:
            stamp_ns: the picture's. picture: (H, W) or (H, W, 3). waited_ns: how long ago it arrived.

        Raises:
            NotYet: the right one may be on its way.
        """
        height, width = picture.shape[:2]
        if self._settings.rig.camera is not None:
            return self._resized(self._settings.rig.camera, width, height, "the rig file's camera")
        found = self._shelf.find(stamp_ns, width, height)
        if not found.own and self._shelf.expects_own() and waited_ns < OWN_INFO_WAIT_NS:
            raise NotYet
        if not found.fits and waited_ns < SIZE_WAIT_NS:
            raise NotYet
        self._shelf.used(stamp_ns, found)
        if found.fits or found.camera is None:
            return found.camera
        return self._resized(found.camera, width, height, f"the camera_info on {self._settings.topics.get('camera_info')}")

    def say_missing(self, since_ns: int) -> None:
        """Say that there are none, while pictures have come for so long."""
        topics = self._settings.topics
        self._say(
            "topics_camera_info",
            f"no camera_info on {topics.get('camera_info')} for {since_ns / NS_PER_S:.1f} s, while {topics['image']} brings "
            "pictures, which cannot be given without: is it published? name its topic (camera_info_topic), or give `camera` in "
            "the rig file",
        )

    def _resized(self, camera: CameraModel, width: int, height: int, what: str) -> CameraModel | None:
        if (camera.width_px, camera.height_px) == (width, height):
            return camera
        sizes = (
            f"{what} is for {camera.width_px} x {camera.height_px} pixels, the picture on {self._settings.topics['image']} has "
            f"{width} x {height}"
        )
        try:
            resized = camera_for_size(camera, width, height)
        except InputError:
            self._say("topics_camera_info_size", f"{sizes}: it is not given until one of that size comes")
            return None
        self._say("topics_camera_info_size", f"{sizes}: it is scaled until one of that size comes")
        return resized


class LiveParts:
    """Clouds and depth images for pictures; see the module's text."""

    def __init__(self, settings: LiveSettings, placer: CloudPlacer, say: Say) -> None:
        """`placer` places clouds, and depth images by its sources alone: what a rig file gives is the cloud's."""
        self._settings = settings
        self._say = say
        self._placer = placer
        self._depth_placer = replace(placer, given=None)
        self._depth_intrinsics = IntrinsicsShelf()
        self._strange_since_ns: dict[tuple[str, str], int] = {}
        self._depth_cloud: tuple[int, LiveCloud] | None = None

    def add_depth_info(self, stamp_ns: int, message: Any) -> None:
        """Take the camera_info of the depth image. Raises InputError where it cannot be right."""
        self._depth_intrinsics.add(stamp_ns, message)

    def find(self, match: Match, camera: CameraModel, moment: Moment) -> Parts:
        """What there is for a matched picture of this camera. Raises NotYet where more may come."""
        parts = Parts()
        cloud, depth = match.others.get("points"), match.others.get("depth")
        if depth is not None:
            self._add_depth(parts, depth, camera, moment, as_points=cloud is None)
        if cloud is not None:
            content: CloudContent = cloud.item
            frame = self._settings.rig.points_frame or content.frame
            live = LiveCloud(content.points, frame, cloud.stamp_ns, self._settings.clock_ahead_ns)
            self._add_cloud(parts, live, self._placer, moment, content.height)
        return parts

    def _add_cloud(self, parts: Parts, cloud: LiveCloud, placer: CloudPlacer, moment: Moment, height: int) -> None:
        placed = self._placed(cloud, placer, moment)
        if placed is None:
            parts.missing += 1
            return
        parts.points, parts.extrinsics, parts.moved = placed.points, placed.optical_from_points, placed.moved
        parts.points_frame, parts.points_height = cloud.frame, height
        parts.offset_s = (cloud.stamp_ns - moment.picture_ns) / NS_PER_S
        if placed.unmoved_because:
            self._say("topics_motion", f"clouds are not brought to the picture's time: {placed.unmoved_because}")

    def _placed(self, cloud: LiveCloud, placer: CloudPlacer, moment: Moment) -> PlacedCloud | None:
        """The cloud where it stands; None where that is not known in time, which is said."""
        late = self._is_late(moment)
        try:
            placed = placer.place(cloud, moment.camera_frame, moment.picture_ns, late)
        except TransformNotYet as error:
            if not late:
                raise NotYet from error
            waited_s = self._settings.transform_wait_ns / NS_PER_S
            self._say("topics_transform_late", f"{error}; waited {waited_s:g} s for it, and the picture goes without its cloud")
        except FrameUnknown as error:
            since_ns = self._strange_since_ns.setdefault((moment.camera_frame, cloud.frame), moment.now_ns)
            may_come = self._settings.tf is not None and moment.now_ns - since_ns < STRANGE_FRAME_WAIT_NS
            if may_come and not late:
                raise NotYet from error
            self._say("topics_frame", f"{error}; pictures go without clouds")
        except InputError as error:
            self._say("topics_transform", f"{error}; the picture goes without its cloud")
        else:
            self._strange_since_ns.pop((moment.camera_frame, cloud.frame), None)
            return placed
        return None

    def _is_late(self, moment: Moment) -> bool:
        return moment.now_ns - moment.asked_ns >= self._settings.transform_wait_ns

    def _add_depth(self, parts: Parts, depth: Stamped, camera: CameraModel, moment: Moment, *, as_points: bool) -> None:
        own = self._own_camera(depth.item.header.frame_id, moment) if as_points else None
        try:
            if own is not None:
                self._add_cloud(parts, self._points_of(depth, own), self._depth_placer, moment, 1)
                return
            depth_m = _decoded(depth.item, self._settings.rig.depth_unit_m)
            parts.depth_m = depth_for_size(depth_m, camera.width_px, camera.height_px)
        except InputError as error:
            parts.missing += 1
            self._say("topics_unreadable_depth", f"{self._settings.topics['depth']}: {error}")
            return
        parts.offset_s = (depth.stamp_ns - moment.picture_ns) / NS_PER_S

    def _points_of(self, depth: Stamped, camera: CameraModel) -> LiveCloud:
        """The cloud of a depth image; made once, however often it is asked for where it stands."""
        if self._depth_cloud is None or self._depth_cloud[0] != depth.order:
            points = points_of_depth(_decoded(depth.item, self._settings.rig.depth_unit_m), camera)
            self._depth_cloud = depth.order, LiveCloud(points, depth.item.header.frame_id, depth.stamp_ns)
        return self._depth_cloud[1]

    def _own_camera(self, frame: str, moment: Moment) -> CameraModel | None:
        """The depth image's own camera, where it is known to stand elsewhere than the picture's: it then makes points.

        None: it is registered to the picture, or nobody can tell, which is said; recordings take it as registered, too.
        """
        if not frame or frame == moment.camera_frame or self._settings.rig.camera_frame is not None:
            return None
        where = f"the depth image is in the frame '{frame}', the picture in '{moment.camera_frame}'"
        try:
            standing = self._depth_placer.extrinsics(moment.camera_frame, frame, moment.picture_ns)
        except TransformNotYet as error:
            if not self._is_late(moment):
                raise NotYet from error
            return self._depth_intrinsics.latest  # it moves: told as late where it is to be placed
        except InputError:
            self._say("topics_depth_frame", f"{where}, and nobody knows how they stand: taken as registered to the picture")
            return None
        turned_rad = float(np.linalg.norm(standing.rotation - np.eye(3))) / math.sqrt(2.0)
        if turned_rad < REGISTERED_RAD and float(np.linalg.norm(standing.translation_m)) < REGISTERED_M:
            return None
        if self._depth_intrinsics.latest is None:
            topic = self._settings.topics.get("depth_info")
            text = f"{where}, and there is no camera_info of it on {topic}: taken as registered to the picture"
            self._say("topics_depth_frame", text)
        return self._depth_intrinsics.latest


def _decoded(message: Any, unit_m: float | None) -> np.ndarray:
    try:
        return decode_depth(message, unit_m)
    except AuxfocusError as error:
        raise InputError(str(error)) from error
    except Exception as error:  # whatever a library makes of garbage
        raise InputError(f"{type(error).__name__}: {' '.join(str(error).split())}") from error
