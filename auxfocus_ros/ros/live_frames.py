"""Drivers' messages in, frames out: the work of the source `topics`, without the node and without a thread.

Messages are checked when they are taken in, pictures are matched with the cloud or depth image of their moment (`LiveMatcher`),
and what is matched stands in a queue until its intrinsics and its cloud's place are known (`live_parts`). Only the head of the
queue is looked at, so that frames leave in order; every waiting has its bound, and what is still missing then is left out and
said. A picture that makes no sense is skipped and counted, like any message that makes none.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from auxfocus_ros.errors import AuxfocusError, InputError
from auxfocus_ros.rig.cloud_placing import CloudPlacer, JointFrames
from auxfocus_ros.rig.frame import Frame, JointReading
from auxfocus_ros.rig.joint_track import JointTrack
from auxfocus_ros.rig.live_matching import LiveMatcher
from auxfocus_ros.rig.matching import PICTURES, Match
from auxfocus_ros.rig.picture_decoding import check_depth, decode_picture, is_compressed
from auxfocus_ros.rig.source import SourceCounts
from auxfocus_ros.rig.stream_clock import NS_PER_S, StreamClock
from auxfocus_ros.ros.clouds import read_cloud
from auxfocus_ros.ros.images import as_bgr, as_grey
from auxfocus_ros.ros.joint_messages import read_joint_state
from auxfocus_ros.ros.live_parts import CloudContent, LiveIntrinsics, LiveParts, LiveSettings, Moment, NotYet, Say
from auxfocus_ros.ros.stamps import to_ns
from auxfocus_ros.ros.stream_watch import StreamWatch

MOST_LAG_NS = 250_000_000
"""A frame that the consumer has not fetched for so long makes room for newer ones."""
HELD = 8
"""Pictures that wait for the first camera_info; older ones go."""
WAITING = 60
"""Pictures that wait for anything at all."""
MONO = ("mono8", "8UC1", "mono16")
RANGE_ROLES = ("points", "depth")


@dataclass
class _Pending:
    """A picture that is matched, since `ready_ns`."""

    match: Match
    ready_ns: int
    picture: np.ndarray | None = None
    encoding: str = ""


class LiveFrames:
    """One pass of live frames; see the module's text. Fed and asked by one thread.

    Attributes:
        lagged: frames that the consumer was too slow for. without_transform: clouds left out because nobody knew in time where
            they stand.
    """

    def __init__(self, settings: LiveSettings, counts: SourceCounts, say: Say, clock: Callable[[], int]) -> None:
        """Begin.

        Args:
            settings: what to know.
            counts: counted on as the pass goes.
            say: called with a code and one line for a person; called again while it stays wrong.
            clock: the steady clock of arrivals, nanoseconds.
        """
        self.lagged = 0
        self.without_transform = 0
        self._settings = settings
        self._counts, self._before = counts, replace(counts)

        def say_line(code: str, text: str) -> None:
            say(code, " ".join(text.split()))  # names in messages may hold anything

        self._say = say_line
        topics = settings.topics
        clocks = {PICTURES: StreamClock(topics["image"])}
        clocks |= {role: StreamClock(topics[role]) for role in RANGE_ROLES if role in topics}
        self._matcher = LiveMatcher(clocks, settings.tolerance_ns, settings.match_wait_ns)
        self._track = JointTrack()
        self._readings: deque[JointReading] = deque(maxlen=4096)
        self._joints: JointFrames | None = None
        sources = [] if settings.tf is None else [settings.tf]
        if settings.robot is not None and "joint_states" in topics:
            self._joints = JointFrames(settings.robot, self._track, topics["joint_states"], settings.joint_timeout_s, clock)
            sources.append(self._joints)
        self._intrinsics = LiveIntrinsics(settings, say_line)
        placer = CloudPlacer(settings.rig.optical_from_points, sources, settings.fixed_frame)
        self._parts = LiveParts(settings, placer, say_line)
        self._watch = StreamWatch(
            self._matcher, say_line, clock_ahead_ns=settings.clock_ahead_ns, wall_ahead_ns=settings.wall_ahead_ns,
            joints=self._joints, joints_topic=topics.get("joint_states", ""),
        )  # fmt: skip
        self._pending: deque[_Pending] = deque()
        self._first_picture_ns: int | None = None
        self._unblocked_ns = 0
        self._clouds_let_go = 0

    @property
    def rate_hz(self) -> float | None:
        """Pictures a second, by their stamps; None before it is known."""
        period_ns = self._matcher.clocks[PICTURES].period_ns
        return None if not period_ns else NS_PER_S / period_ns

    # In

    def take_in(self, role: str, message: Any, arrival_ns: int) -> None:
        """A message has come; one that makes no sense is told, counted and forgotten."""
        try:
            if role == "camera_info":
                self._intrinsics.add(to_ns(message.header.stamp), message)
            elif role == "depth_info":
                self._parts.add_depth_info(to_ns(message.header.stamp), message)
            elif role == "joint_states":
                self._take_joints(message, arrival_ns)
            elif role == "image":
                self._first_picture_ns = arrival_ns if self._first_picture_ns is None else self._first_picture_ns
                self._matcher.add_picture(self._stamp_ns(PICTURES, message, arrival_ns), arrival_ns, message)
            else:
                self._take_range(role, message, arrival_ns)
        except InputError as error:
            self._unreadable(role, str(error))
        except Exception as error:
            self._unreadable(role, f"{type(error).__name__}: {' '.join(str(error).split())}")

    def _take_range(self, role: str, message: Any, arrival_ns: int) -> None:
        # Looked at before it is matched, so that no picture takes a cloud that is none.
        item: Any = message
        if role == "points":
            item = CloudContent(read_cloud(message), int(message.height), message.header.frame_id)
        else:
            check_depth(message)
        stamp_ns = self._stamp_ns(role, message, arrival_ns, self._settings.clock_ahead_ns)
        self._matcher.add_other(role, stamp_ns, arrival_ns, item)

    def _take_joints(self, message: Any, arrival_ns: int) -> None:
        reading = read_joint_state(message)
        if reading.stamp_ns == 0:
            reading = replace(reading, stamp_ns=arrival_ns + self._settings.wall_ahead_ns)
        self._track.add(reading)
        self._readings.append(reading)
        if self._joints is not None:
            self._joints.heard_ns = arrival_ns

    def _stamp_ns(self, name: str, message: Any, arrival_ns: int, ahead_ns: int = 0) -> int:
        """The message's stamp by the picture's clock, noted in the stream's."""
        stamp_ns = to_ns(message.header.stamp) - ahead_ns
        clock, code = self._matcher.clocks[name], f"topics_stamps_{name or 'image'}"
        if stamp_ns + ahead_ns == 0:
            self._say(code, f"{clock.name} has stamps of zero: the time of arrival is taken instead")
            stamp_ns = arrival_ns + self._settings.wall_ahead_ns
        problem = clock.add(stamp_ns, arrival_ns)
        if problem:
            self._say(code, problem)
        return stamp_ns

    def _unreadable(self, role: str, text: str) -> None:
        self._counts.unreadable += 1
        self._say(f"topics_unreadable_{role}", f"{self._settings.topics[role]}: {text}")

    # Out

    def next_frame(self, now_ns: int) -> Frame | None:
        """The next frame that is ready by now; None: none is."""
        for match in self._matcher.take(now_ns):
            self._matched(match, now_ns)
        frame = None
        try:
            while self._pending and frame is None:
                if not self._intrinsics.known:
                    self._hold(now_ns)
                frame = self._head(now_ns)
        except NotYet:
            self._unblocked_ns = now_ns
        self._count(frame is not None)
        return frame

    def waiting(self) -> bool:
        """Whether something becomes ready by the passing of time."""
        return bool(self._pending) or self._matcher.pictures_waiting > 0

    def watch(self, now_ns: int) -> None:
        """Say what is wrong with the streams; to be called now and then."""
        self._watch.look(now_ns)

    def figures(self) -> dict[str, str]:
        """Rates, how far the streams are apart, and what was left out, for diagnostics."""
        clocks, values = self._matcher.clocks, {}
        for name, clock in clocks.items():
            values[f"{name or 'image'}_hz"] = f"{NS_PER_S / clock.period_ns:.1f}" if clock.period_ns else "0.0"
        pictures_ns = clocks[PICTURES].delay_ns
        for name, clock in clocks.items():
            if name != PICTURES:
                values[f"{name}_tolerance_s"] = f"{self._matcher.allowed_ns(name) / NS_PER_S:.4f}"
                if pictures_ns is not None and clock.delay_ns is not None:
                    values[f"{name}_later_than_image_s"] = f"{(clock.delay_ns - pictures_ns) / NS_PER_S:.3f}"
        if self._joints is not None:
            age_s = self._joints.age_s()
            values["joint_states_age_s"] = "never" if age_s is None else f"{age_s:.2f}"
        values["clouds_without_transform"] = str(self.without_transform)
        return values

    def _matched(self, match: Match, now_ns: int) -> None:
        partners = [name for name, other in match.others.items() if other is not None]
        for name in partners:
            self._watch.met(name, now_ns)
        if match.others and not partners:
            self._counts.unmatched_pictures += 1
            if not self._settings.keep_unmatched:
                return
        self._pending.append(_Pending(match, now_ns))
        if len(self._pending) > WAITING:
            self.lagged += 1
            self._let_go(self._pending.popleft())

    def _let_go(self, pending: _Pending) -> None:
        self._clouds_let_go += sum(other is not None for other in pending.match.others.values())

    def _goes_unmatched(self, pending: _Pending) -> None:
        """Count a picture that has no intrinsics; one without a partner was counted when it was matched."""
        others = pending.match.others.values()
        self._counts.unmatched_pictures += not others or any(other is not None for other in others)

    def _hold(self, now_ns: int) -> None:
        """Keep some pictures until there are intrinsics. Raises NotYet; after the wait lets them go, and says so."""
        assert self._first_picture_ns is not None
        since_ns = now_ns - self._first_picture_ns
        over = since_ns >= self._settings.camera_info_wait_ns
        while len(self._pending) > (0 if over else HELD):
            pending = self._pending.popleft()
            self._goes_unmatched(pending)
            self._let_go(pending)
        if over:
            self._intrinsics.say_missing(since_ns)
        raise NotYet

    def _head(self, now_ns: int) -> Frame | None:
        """The frame at the queue's head, which leaves the queue; None: it could not be given. Raises NotYet: it waits."""
        pending = self._pending[0]
        if len(self._pending) > 1 and now_ns - max(pending.ready_ns, self._unblocked_ns) > MOST_LAG_NS:
            frame = None
            self.lagged += 1
        else:
            try:
                frame = self._frame(pending, now_ns)
            except InputError as error:
                frame = None
                self._unreadable("image", str(error))
        self._pending.popleft()
        if frame is None:
            self._let_go(pending)
        return frame

    def _frame(self, pending: _Pending, now_ns: int) -> Frame | None:
        """A frame; None: there are no intrinsics of its size. Raises NotYet, or InputError for a picture that is none."""
        stamped = pending.match.picture
        if pending.picture is None:
            pending.picture, pending.encoding = _picture(stamped.item)
        camera = self._intrinsics.camera(stamped.stamp_ns, pending.picture, now_ns - stamped.arrival_ns)
        if camera is None:
            self._goes_unmatched(pending)
            return None
        camera_frame = self._settings.rig.camera_frame or stamped.item.header.frame_id or "camera_optical_frame"
        parts = self._parts.find(pending.match, camera, Moment(camera_frame, stamped.stamp_ns, pending.ready_ns, now_ns))
        self.without_transform += parts.missing
        self._clouds_let_go += parts.missing
        joints = tuple(self._readings)
        self._readings.clear()
        return Frame(
            stamp_ns=stamped.stamp_ns,
            picture=pending.picture,
            camera=camera,
            picture_encoding=pending.encoding,
            points=parts.points,
            depth_m=parts.depth_m,
            optical_from_points=parts.extrinsics,
            points_frame=parts.points_frame,
            camera_frame=camera_frame,
            points_offset_s=parts.offset_s,
            points_height=parts.points_height,
            points_moved=parts.moved,
            joints=joints,
        )

    def _count(self, given: bool) -> None:
        counts, before, matcher = self._counts, self._before, self._matcher
        counts.frames += given
        counts.unmatched_clouds = before.unmatched_clouds + sum(matcher.unmatched.values()) + self._clouds_let_go
        counts.late = before.late + sum(matcher.late.values())
        counts.lost = before.lost + sum(clock.lost for clock in matcher.clocks.values())


def _picture(message: Any) -> tuple[np.ndarray, str]:
    """A picture as a frame has it: BGR or grey, 8 bits. Raises InputError."""
    try:
        if is_compressed(message):
            return decode_picture(message)
        if message.encoding in MONO:
            return as_grey(message), "mono8"
        return as_bgr(message), "bgr8"
    except AuxfocusError as error:
        raise InputError(str(error)) from error
    except Exception as error:  # whatever a library makes of garbage
        raise InputError(f"{type(error).__name__}: {' '.join(str(error).split())}") from error
