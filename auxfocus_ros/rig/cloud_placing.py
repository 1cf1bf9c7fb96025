"""Where a live cloud stands as seen from the camera, at the picture's time, from whoever knows.

In this order, the first that knows both frames: what the rig file says (`optical_from_points`: what stands there wins), tf, and
the gimbal's URDF with the joint states. Which of them it is does not change from picture to picture because one of them is late:
a transform that is late is waited for, and when it does not come the picture goes without its cloud.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics.rigid import RigidTransform
from auxfocus_ros.rig.cloud_motion import measured_after_s, moved_to
from auxfocus_ros.rig.joint_track import JointTrack
from auxfocus_ros.rig.robot import Robot

IDENTITY = RigidTransform.identity()
BEGIN_NS = 3_000_000_000
"""Joint states that have not begun by then are not waited for."""
REACH_NS = 20_000_000
"""Joint states are believed this far beyond the last (`JointTrack`'s own margin)."""


class TransformNotYet(InputError):
    """A transform that may still come; the message says how late it is."""


class FrameUnknown(InputError):
    """Nobody knows how two frames stand to each other; the message says who was asked and what they know."""


class FrameSource(Protocol):
    """Who knows how frames stand to each other. name: what to call it in a message."""

    name: str

    def connects(self, to_frame: str, from_frame: str) -> bool:
        """Whether it knows both frames, and how they hang together."""
        ...

    def lookup(self, to_frame: str, from_frame: str, stamp_ns: int) -> RigidTransform:
        """p_to = R p_from + t at a time. Raises TransformNotYet, or InputError where it never will."""
        ...

    def frames(self) -> Sequence[str]:
        """The frames that it knows."""
        ...


class JointFrames:
    """The frames of a URDF, as the joint states have them stand.

    Attributes:
        heard_ns: when joint states last arrived, by `clock`; set by who feeds the track. None: never.
    """

    name = "the URDF"

    def __init__(
        self, robot: Robot, track: JointTrack, topic: str, timeout_s: float, clock: Callable[[], int] = time.monotonic_ns
    ) -> None:
        """Frames of `robot`, at the positions in `track`, which come on `topic`; `timeout_s` without them: they have stopped."""
        self.heard_ns: int | None = None
        self._robot = robot
        self._track = track
        self._topic = topic
        self._timeout_ns = round(timeout_s * 1e9)
        self._clock = clock
        self._began_ns = clock()
        self._fixed: dict[tuple[str, str], RigidTransform] = {}

    def connects(self, to_frame: str, from_frame: str) -> bool:
        """Whether the URDF has both frames."""
        return to_frame in self._robot.links and from_frame in self._robot.links

    def frames(self) -> Sequence[str]:
        """The URDF's links."""
        return tuple(self._robot.links)

    def age_s(self) -> float | None:
        """Seconds since joint states arrived; None: never."""
        return None if self.heard_ns is None else (self._clock() - self.heard_ns) * 1e-9

    def stopped(self) -> bool:
        """Whether joint states came and come no more."""
        return self.heard_ns is not None and self._clock() - self.heard_ns > self._timeout_ns

    def lookup(self, to_frame: str, from_frame: str, stamp_ns: int) -> RigidTransform:
        """See `FrameSource`; the same object each time where no joint lies between."""
        pair = (to_frame, from_frame)
        if pair in self._fixed:
            return self._fixed[pair]
        names = [joint.name for joint in self._robot.joints_between(to_frame, from_frame)]
        if not names:
            return self._fixed.setdefault(pair, self._robot.transform(to_frame, from_frame, {}))
        return self._robot.transform(to_frame, from_frame, self._positions(names, stamp_ns))

    def _positions(self, names: Sequence[str], stamp_ns: int) -> dict[str, float]:
        latest_ns, age_s = self._track.latest_ns, self.age_s()
        if latest_ns is None or age_s is None:
            text = f"no joint states on {self._topic} yet, which say where {' and '.join(names)} stand"
            raise TransformNotYet(text) if self._clock() - self._began_ns < BEGIN_NS else InputError(text)
        if latest_ns + REACH_NS < stamp_ns:
            behind = f"joint states on {self._topic} end {(stamp_ns - latest_ns) * 1e-9:.3f} s before the picture"
            if self.stopped():
                raise InputError(f"{behind}: the last came {age_s:.1f} s ago")
            raise TransformNotYet(behind)
        return self._track.at(stamp_ns, names)


class LiveCloud(NamedTuple):
    """A cloud as it came.

    points: (N,) structured array. frame: theirs. stamp_ns: by the picture's clock. clock_ahead_ns: how far the cloud's own clock
    is ahead of that, for points that carry absolute times.
    """

    points: np.ndarray
    frame: str
    stamp_ns: int
    clock_ahead_ns: int = 0


class PlacedCloud(NamedTuple):
    """A cloud with where it stands.

    points: of the cloud's own frame. optical_from_points: at the picture's time. moved: the points were brought to the picture's
    time. unmoved_because: why they were not, where something turned and nobody knew how far; '' else.
    """

    points: np.ndarray
    optical_from_points: RigidTransform
    moved: bool
    unmoved_because: str


@dataclass(frozen=True)
class CloudPlacer:
    """Places clouds; see the module's text.

    given: p_optical = R p_points + t, from the rig file; None: it says nothing. The sensor then rides with the camera.
    sources: who is asked else, in this order. fixed_frame: the frame that stands still while the gimbal turns.
    """

    given: RigidTransform | None
    sources: Sequence[FrameSource]
    fixed_frame: str

    def extrinsics(self, camera_frame: str, points_frame: str, picture_ns: int) -> RigidTransform:
        """p_optical = R p_points + t at the picture's time.

        Raises:
            TransformNotYet: it may still come. FrameUnknown: nobody knows these frames. InputError: it will not come.
        """
        if self.given is not None:
            return self.given
        if camera_frame == points_frame:
            return IDENTITY
        source = self._knowing(camera_frame, points_frame)
        if source is None:
            raise FrameUnknown(self._unknown(camera_frame, points_frame))
        return source.lookup(camera_frame, points_frame, picture_ns)

    def place(self, cloud: LiveCloud, camera_frame: str, picture_ns: int, late_enough: bool = False) -> PlacedCloud:
        """Where a cloud stands, and its points brought to the picture's time where the motion is known.

        Args:
            cloud: the cloud. camera_frame, picture_ns: the picture's frame and stamp.
            late_enough: do not ask for motion that may still come.

        Raises:
            TransformNotYet, FrameUnknown, InputError: as `extrinsics`. Motion alone raises only the first, unless `late_enough`.
        """
        standing = self.extrinsics(camera_frame, cloud.frame, picture_ns)
        try:
            after_s = measured_after_s(cloud.points, cloud.stamp_ns + cloud.clock_ahead_ns)
        except InputError as error:
            placed = self._moved(cloud, None, camera_frame, picture_ns, standing, late_enough=late_enough)
            return placed._replace(unmoved_because=str(error))
        return self._moved(cloud, after_s, camera_frame, picture_ns, standing, late_enough=late_enough)

    def _moved(
        self, cloud: LiveCloud, after_s: np.ndarray | None, camera_frame: str, picture_ns: int, standing: RigidTransform, *,
        late_enough: bool,
    ) -> PlacedCloud:  # fmt: skip
        # Extrinsics that were given hold always: the sensor rides with the camera, and moves as the camera's frame does.
        frame = camera_frame if self.given is not None else cloud.frame
        points = cloud.points
        source = self._knowing(self.fixed_frame, frame)
        if source is None or frame == self.fixed_frame:
            return PlacedCloud(points, standing, False, "")

        def fixed_from_points(stamp_ns: int) -> RigidTransform:
            found = source.lookup(self.fixed_frame, frame, stamp_ns)
            return found.compose(standing) if self.given is not None else found

        try:
            moved = moved_to(points, after_s, cloud.stamp_ns, picture_ns, fixed_from_points)
        except TransformNotYet as error:
            if not late_enough:
                raise
            return PlacedCloud(points, standing, False, str(error))
        except InputError as error:
            return PlacedCloud(points, standing, False, str(error))
        return PlacedCloud(moved.points, standing, moved.moved, "")

    def _knowing(self, to_frame: str, from_frame: str) -> FrameSource | None:
        return next((source for source in self.sources if source.connects(to_frame, from_frame)), None)

    def _unknown(self, camera_frame: str, points_frame: str) -> str:
        known = [f"{source.name} knows {', '.join(sorted(source.frames())) or 'no frame'}" for source in self.sources]
        asked = "; ".join(known) or "there is neither tf2_ros nor a URDF"
        return (
            f"nobody knows how the cloud's frame '{points_frame}' stands to the picture's '{camera_frame}' ({asked}): give "
            "optical_from_points in the rig file, or publish tf"
        )
