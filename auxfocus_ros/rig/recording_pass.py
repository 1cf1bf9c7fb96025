"""One pass through a recording: messages in, frames out.

The messages are read once, in order and in constant memory. Pictures wait for the cloud or depth image that is nearest in time,
and are decoded only when they have met it. What cannot be read is told and skipped, message by message; where the recording
itself breaks off, the pass ends with an InputError after everything that can be read.

A pass may be of a stretch of the recording: its frames are those whose pictures were recorded in it. They are the same as in a
pass through all of it, but near its start, where clouds and transforms of before are missing: it reads on past its end until the
last pictures have met their clouds, and what was last said of the lens and the camera before it still holds.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics.camera import CameraModel
from auxfocus_ros.optics.rigid import RigidTransform
from auxfocus_ros.rig.bag import FOREVER_NS, Bag
from auxfocus_ros.rig.bag_parts import RawMessage
from auxfocus_ros.rig.camera_info import camera_from_message, is_rectified
from auxfocus_ros.rig.cloud_decoding import decode_cloud
from auxfocus_ros.rig.frame import Frame
from auxfocus_ros.rig.matching import Match, NearestMatcher, Stamped
from auxfocus_ros.rig.moving_transforms import MovingTransforms
from auxfocus_ros.rig.picture_decoding import check_depth, decode_depth, decode_picture
from auxfocus_ros.rig.recording_topics import RecordingTopics
from auxfocus_ros.rig.rig_file import RigDescription
from auxfocus_ros.rig.side_readings import SIDE_ROLES, SideReadings
from auxfocus_ros.rig.sizes import assumed_camera, camera_for_size, depth_for_size
from auxfocus_ros.rig.source import SourceCounts
from auxfocus_ros.rig.static_transforms import StaticTransforms

INFO_PATIENCE_NS = 200_000_000  # how long a picture waits for the camera_info of its own stamp
LINES_PER_TOPIC = 20  # in one pass; further unreadable messages are only counted
# A stamp that lies further back than this is a clock that was set back or a recording that loops, not jitter.
BACKWARDS_NS = 50_000_000
FOREIGN_CLOCKS_NS = 10**15  # stamps eleven days apart are not late
MISSES_BEFORE_WORDS = 30  # pictures without a partner and without a frame, before it is said; again at the end
MOST_OFF_S = 0.1  # a transform may be so much older or newer than its picture before it is said
TAIL_NS = 1_250_000_000  # read beyond a stretch: as long as a picture waits for its cloud and then for its camera_info
DISORDER_NS = 100_000_000  # what is read without an index is in order of recording but for so much
FIRST_REACH_NS = 250_000_000  # how far back a last word is looked for at first; then four times as far
LASTING = ("lens_state", "camera_info")  # may be published once and hold from then on
UNMOVED = RigidTransform.identity()


@dataclass(frozen=True)
class PassSettings:
    """What a pass needs to know; times in nanoseconds by the recording's clock.

    start_ns, stop_ns: of the stretch. transforms: the fixed ones. moving_transforms: topics of those that change, empty where the
    extrinsics need none. keep_unmatched, keep_uncalibrated: see `RecordingSource`.
    """

    name: str
    topics: RecordingTopics
    rig: RigDescription
    tolerance_ns: int
    keep_unmatched: bool
    start_ns: int
    stop_ns: int
    first_camera: CameraModel | None
    transforms: StaticTransforms
    moving_transforms: tuple[str, ...] = ()
    keep_uncalibrated: bool = False


class Heard(NamedTuple):
    """A message as a pass meets it.

    role: as in `RecordingTopics.roles`, '' for a moving transform. recorded_ns: by the recorder's clock. stamp_ns: by the
    sensor's; 0 where it could not be read. problem: why it cannot be used, '' where nothing is wrong. A picture or a depth image
    that turns out to be wrong when it is decoded is heard again, with its problem.
    """

    role: str
    topic: str
    recorded_ns: int
    stamp_ns: int
    problem: str = ""


OnMessage = Callable[[Heard], None]


def ignore_message(heard: Heard) -> None:
    """The `on_message` of callers that do not care."""


class _Message(NamedTuple):
    """A message that waits to be paired: decoded as far as checks need it."""

    stamp_ns: int
    frame_id: str
    content: Any


class RecordingPass:
    """One pass; see the module's text."""

    def __init__(
        self,
        bag: Bag,
        settings: PassSettings,
        counts: SourceCounts,
        say: Callable[[str], None],
        say_once: Callable[[str], None],
        *,
        on_message: OnMessage = ignore_message,
    ) -> None:
        """Prepare a pass.

        Args:
            bag: the recording, open.
            settings: what to read and how.
            counts: counted up as the pass goes on.
            say, say_once: take one line about a problem; the second forgets lines that it has had.
            on_message: told of every message.
        """
        self._bag = bag
        self._settings = settings
        self._counts = counts
        self._say = say
        self._say_once = say_once
        self._on_message = on_message
        topics = settings.topics
        self._roles = topics.roles()
        if settings.rig.camera is not None:
            self._roles = {topic: role for topic, role in self._roles.items() if role != "camera_info"}
        partners = [role for role in ("points", "depth") if getattr(topics, role) is not None]
        self._matcher = NearestMatcher(partners, settings.tolerance_ns)
        self._rectified = is_rectified(topics.image)
        self._cameras: deque[tuple[int, CameraModel]] = deque(maxlen=64)
        self._sides = SideReadings()
        self._transforms = MovingTransforms(settings.transforms) if settings.moving_transforms else None
        self._decided: deque[Match] = deque()
        self._latest_ns: dict[str, int] = {}
        self._lines: dict[str, int] = {}
        self._met = 0
        self._missed = 0
        self._open = 0  # pictures of the stretch that are not decided
        self._unmatched_before: dict[str, int] = {}

    def frames(self) -> Iterator[Frame]:
        """The pass's frames, in the order of recording; see `RecordingSource.frames`."""
        settings = self._settings
        self._recall()
        damage: InputError | None = None
        met: list[str] = []
        topics = [*self._roles, *settings.moving_transforms]
        messages = self._bag.messages(topics, settings.start_ns, min(settings.stop_ns + TAIL_NS, FOREVER_NS), met.append)
        now_ns, complete = 0, False
        while not complete:
            try:
                raw = next(messages, None)
            except InputError as error:
                damage, raw = error, None
            if raw is None:
                break
            now_ns = max(now_ns, raw.log_ns)
            if now_ns >= settings.stop_ns + DISORDER_NS and not self._open:
                complete = True
                continue
            self._take_in(raw)
            self._decided.extend(self._matcher.take(now_ns))
            yield from self._ready(now_ns, ended=False)
        if not complete:
            self._decided.extend(self._matcher.take(now_ns, ended=True))
            yield from self._ready(now_ns, ended=True)
        if damage is None and met:
            damage = InputError(met[0])
        if damage is not None:
            raise damage
        never_met = self._never_met()
        if never_met and settings.keep_unmatched:
            self._say_once(never_met)
        elif never_met:
            raise InputError(never_met)

    def _recall(self) -> None:
        """Hear what was last said before the stretch and still holds."""
        if self._settings.start_ns > self._bag.start_ns:
            for topic in [topic for topic, role in self._roles.items() if role in LASTING]:
                raw = self._last_before(topic, self._settings.start_ns)
                if raw is not None:
                    self._take_in(raw)

    def _last_before(self, topic: str, stop_ns: int) -> RawMessage | None:
        """The last message of a topic before a time; None without one."""
        reach_ns, from_ns, last = FIRST_REACH_NS, stop_ns, None
        while last is None and from_ns > self._bag.start_ns:
            until_ns, from_ns = from_ns, max(self._bag.start_ns, stop_ns - reach_ns)
            reach_ns *= 4
            try:
                for raw in self._bag.messages([topic], from_ns, until_ns):
                    last = raw
            except InputError:
                pass  # told by the pass through that stretch
        return last

    def _never_met(self) -> str:
        """What is wrong where there were pictures and clouds and no frame came of them; '' where all is well."""
        settings = self._settings
        miss_ns = self._matcher.nearest_miss_ns
        if self._met or miss_ns is None:
            return ""
        apart = f"the nearest are {miss_ns * 1e-9:.3f} s apart"
        if miss_ns >= FOREIGN_CLOCKS_NS:
            apart = "their clocks have nothing in common"
        return (
            f"{settings.name}: no picture of {settings.topics.image} meets a message of "
            f"{settings.topics.points or settings.topics.depth} within {settings.tolerance_ns * 1e-9:g} s, {apart}; "
            "set match_tolerance_s in the rig file, or mend the clocks"
        )

    def _take_in(self, raw: RawMessage) -> None:
        """Decode a message as far as it must be now, and put it where it waits."""
        role = self._roles.get(raw.topic, "")
        try:
            message = self._bag.decode(raw)
            if self._transforms is not None and not role:
                self._transforms.add_message(message, raw.log_ns)
                return
            stamp = self._stamp_of(role, message, raw)
            if role == "camera_info":
                self._cameras.append((stamp, camera_from_message(message, self._rectified)))
            elif role in SIDE_ROLES:
                self._sides.add(role, message, stamp)
            elif role == "image":
                self._matcher.add_picture(stamp, raw.log_ns, _Message(stamp, message.header.frame_id, message))
                self._open += raw.log_ns < self._settings.stop_ns
            elif role == "points":
                content = decode_cloud(message)
                self._matcher.add_other(role, stamp, raw.log_ns, _Message(stamp, message.header.frame_id, content))
            else:
                check_depth(message)
                self._matcher.add_other(role, stamp, raw.log_ns, _Message(stamp, message.header.frame_id, message))
        except InputError as error:
            self._unreadable(Heard(role, raw.topic, raw.log_ns, 0, str(error).removeprefix(f"{raw.topic}: ")))
        else:
            self._on_message(Heard(role, raw.topic, raw.log_ns, stamp))

    def _stamp_of(self, role: str, message: Any, raw: RawMessage) -> int:
        """The header's stamp; the time of recording where a driver sets none. Notes stamps that run backwards."""
        try:
            stamp = message.header.stamp
        except AttributeError as error:
            raise InputError(f"a {raw.type} without a stamp in a header") from error
        stamp_ns = int(stamp.sec) * 10**9 + int(stamp.nanosec)
        if stamp_ns == 0:
            self._say_once(f"{self._settings.name}: {raw.topic} has stamps of zero: the time of recording is taken instead")
            stamp_ns = raw.log_ns
        before = self._latest_ns.get(role)
        self._latest_ns[role] = stamp_ns
        if before is not None and stamp_ns < before - BACKWARDS_NS:
            self._say_once(f"{self._settings.name}: stamps of {raw.topic} run backwards; paired on each side of the jump")
        return stamp_ns

    def _unreadable(self, heard: Heard) -> None:
        self._counts.unreadable += 1
        self._on_message(heard)
        count = self._lines[heard.topic] = self._lines.get(heard.topic, 0) + 1
        if count <= LINES_PER_TOPIC:
            seconds = (heard.recorded_ns - self._bag.start_ns) * 1e-9
            self._say(f"{heard.topic} at {seconds:.3f} s: {heard.problem}")
        elif count == LINES_PER_TOPIC + 1:
            self._say(f"{heard.topic}: more of the same; from here on only counted")

    def _ready(self, now_ns: int, ended: bool) -> Iterator[Frame]:
        """Frames of decided pictures whose camera is known."""
        for role, count in self._matcher.unmatched.items():
            self._counts.unmatched_clouds += count - self._unmatched_before.get(role, 0)
            self._unmatched_before[role] = count
        while self._decided:
            match = self._decided[0]
            if not ended and (self._waits_for_info(match, now_ns) or self._waits_for_transform(match, now_ns)):
                return
            self._decided.popleft()
            if match.picture.arrival_ns >= self._settings.stop_ns:
                continue  # read only because it might have been nearer to a cloud
            self._open -= 1
            frame = self._frame(match)
            if frame is not None:
                self._counts.frames += 1
                yield frame

    def _waits_for_info(self, match: Match, now_ns: int) -> bool:
        if "camera_info" not in self._roles.values() or now_ns - match.picture.arrival_ns >= INFO_PATIENCE_NS:
            return False
        return all(stamp_ns != match.picture.stamp_ns for stamp_ns, _ in self._cameras)

    def _waits_for_transform(self, match: Match, now_ns: int) -> bool:
        cloud = match.others.get("points")
        if self._transforms is None or cloud is None or now_ns - match.picture.arrival_ns >= INFO_PATIENCE_NS:
            return False
        frames = self._frames(match.picture.item, cloud.item)
        return not self._transforms.reaches(*frames, match.picture.stamp_ns)

    def _frames(self, picture: _Message, cloud: _Message) -> tuple[str, str]:
        """The names of the camera's and the cloud's frames of reference."""
        rig = self._settings.rig
        return rig.camera_frame or picture.frame_id or "camera_optical_frame", rig.points_frame or cloud.frame_id

    def _frame(self, match: Match) -> Frame | None:
        settings = self._settings
        picture_message: _Message = match.picture.item
        partners = {name: other.item for name, other in match.others.items() if other is not None}
        if match.others and not partners:
            self._counts.unmatched_pictures += 1
            self._missed += 1
            if not settings.keep_unmatched:
                if self._missed == MISSES_BEFORE_WORDS and self._never_met():
                    self._say_once(self._never_met())
                return None
        topic = settings.topics.image
        try:
            picture, encoding = decode_picture(picture_message.content)
            camera = self._camera(match.picture.stamp_ns, picture.shape[1], picture.shape[0])
        except InputError as error:
            self._unreadable(Heard("image", topic, match.picture.arrival_ns, picture_message.stamp_ns, str(error)))
            self._counts.unmatched_clouds += len(partners)
            return None
        camera_frame = settings.rig.camera_frame or picture_message.frame_id or "camera_optical_frame"
        points, points_height, points_frame, extrinsics = None, 1, "", UNMOVED
        depth_m, offset_s = None, math.nan
        depth = match.others.get("depth")
        if depth is not None:
            depth_m = self._depth(depth, picture.shape[:2], camera_frame)
            offset_s = (depth.stamp_ns - picture_message.stamp_ns) * 1e-9
        cloud: _Message | None = partners.get("points")
        if cloud is not None and camera is not None:
            points, points_height = cloud.content
            camera_frame, points_frame = self._frames(picture_message, cloud)
            extrinsics = self._extrinsics(camera_frame, points_frame, picture_message.stamp_ns)
        if cloud is not None:
            offset_s = (cloud.stamp_ns - picture_message.stamp_ns) * 1e-9
        self._met += bool(partners)
        if match.others and points is None and depth_m is None and not settings.keep_unmatched:
            return None
        return Frame(
            stamp_ns=picture_message.stamp_ns,
            picture=picture,
            camera=camera if camera is not None else assumed_camera(picture.shape[1], picture.shape[0]),
            picture_encoding=encoding,
            points=points,
            depth_m=depth_m,
            optical_from_points=extrinsics,
            points_frame=points_frame,
            camera_frame=camera_frame,
            points_offset_s=offset_s,
            points_height=points_height,
            lens=self._sides.lens_at(picture_message.stamp_ns),
            joints=self._sides.joints_until(picture_message.stamp_ns),
            range=self._sides.range_at(picture_message.stamp_ns),
        )

    def _camera(self, stamp_ns: int, width_px: int, height_px: int) -> CameraModel | None:
        """The rig file's camera, else the camera_info of that stamp, else the nearest one; None: it can be done without."""
        camera = self._settings.rig.camera or self._settings.first_camera
        if self._cameras:
            camera = min(self._cameras, key=lambda entry: abs(entry[0] - stamp_ns))[1]
        try:
            if camera is None:
                raise InputError(f"no usable camera_info on {self._settings.topics.camera_info}: give `camera` in a rig file")
            return camera_for_size(camera, width_px, height_px)
        except InputError as error:
            if not self._settings.keep_uncalibrated:
                raise
            if self._settings.topics.camera_info is not None:
                self._say_once(f"{self._settings.name}: {error}")
            return None

    def _extrinsics(self, camera_frame: str, points_frame: str, stamp_ns: int) -> RigidTransform:
        """The rig file's, else the recording's transforms, else the identity, which is said once."""
        settings = self._settings
        if settings.rig.optical_from_points is not None:
            return settings.rig.optical_from_points
        between = f"from '{points_frame}' to '{camera_frame}'"
        if self._transforms is None:
            fixed = settings.transforms.lookup(camera_frame, points_frame)
            if fixed is not None:
                return fixed
        else:
            moving = self._transforms.lookup(camera_frame, points_frame, stamp_ns)
            if moving is not None:
                if moving.off_s > MOST_OFF_S:
                    self._say_once(
                        f"{settings.name}: the transform {between} is not known within {MOST_OFF_S:g} s of every picture: "
                        "there the nearest is taken"
                    )
                return moving.transform
        kind = "static transform" if self._transforms is None else "transform"
        self._say_once(f"{settings.name}: no {kind} {between}: taken as the identity; give optical_from_points in a rig file")
        return UNMOVED

    def _depth(self, stamped: Stamped, shape: tuple[int, ...], camera_frame: str) -> np.ndarray | None:
        depth: _Message = stamped.item
        if depth.frame_id and depth.frame_id != camera_frame and self._settings.rig.camera_frame is None:
            self._say_once(
                f"{self._settings.name}: the depth image is in the frame '{depth.frame_id}', the picture in '{camera_frame}': "
                "taken as registered to the picture"
            )
        try:
            return depth_for_size(decode_depth(depth.content, self._settings.rig.depth_unit_m), int(shape[1]), int(shape[0]))
        except InputError as error:
            topic = self._settings.topics.depth or "depth"
            self._unreadable(Heard("depth", topic, stamped.arrival_ns, depth.stamp_ns, str(error)))
            return None
