"""Frames from a recording of any rig, without ROS: rosbag2 (`.mcap`, `.db3`) and ROS 1 bags.

What is in the recording is settled when it is opened: topics, intrinsics, extrinsics, rate. A pass through it is
`RecordingPass`; each call of `frames()` makes a new one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.optics.camera import CameraModel
from auxfocus_ros.rig.bag import FOREVER_NS, Bag
from auxfocus_ros.rig.camera_info import camera_from_message, is_rectified
from auxfocus_ros.rig.frame import Frame
from auxfocus_ros.rig.recording_pass import OnMessage, PassSettings, RecordingPass
from auxfocus_ros.rig.recording_topics import RecordingTopics, choose_topics
from auxfocus_ros.rig.rig_file import RigDescription
from auxfocus_ros.rig.source import OnProblem, SourceCounts, ignore_problem
from auxfocus_ros.rig.static_transforms import StaticTransforms

DEFAULT_RATE_HZ = 10.0  # of a recording with a single picture
FIRST_TRIED = 10  # messages of a topic in which one is looked for that can be read


class RecordingSource:
    """A recording as a source of frames. See `Source`; further attributes:

    topics: which topics the frames come from. channels: all that there are. start_ns, end_ns: recorded times of the
    first and the last message. first_camera: its intrinsics, None where it has none; has_intrinsics: it has. damage: what is
    already known to be broken, '' if nothing.
    """

    follows_lens = False

    def __init__(
        self,
        path: str | Path,
        rig: RigDescription | None = None,
        *,
        start_s: float = 0.0,
        end_s: float = math.inf,
        topics: Mapping[str, str] | None = None,
        match_tolerance_s: float | None = None,
        keep_unmatched: bool = False,
        keep_uncalibrated: bool = False,
        on_problem: OnProblem = ignore_problem,
    ) -> None:
        """Open a recording.

        Args:
            path: a rosbag2 folder, a `.mcap`, `.db3` or `.bag` file.
            rig: what the recording does not say itself; what stands there wins.
            start_s, end_s: the part to give, seconds from the recording's first message; 0 <= start_s < end_s: the pictures that
                were recorded in it, with what belongs to them.
            topics: role -> topic, before the rig file's: 'image', 'camera_info', 'points', 'depth', 'lens_state'.
            match_tolerance_s: largest |stamp of cloud - stamp of picture|, seconds; None: the rig file's.
            keep_unmatched: give pictures without a cloud or depth image too (with None for both).
            keep_uncalibrated: give pictures without intrinsics too, with an assumed camera and without a cloud, which could not
                be brought into the picture; a depth image stays.
            on_problem: called with one line for each message that is skipped, and for what else a person should know.

        Raises:
            InputError: nothing there, nothing readable, no picture, no intrinsics. ConfigurationError: times or topics that
                cannot be.
        """
        if not 0.0 <= start_s < end_s:
            raise ConfigurationError(f"start_s {start_s:g} and end_s {end_s:g}: wanted 0 <= start_s < end_s")
        rig = rig if rig is not None else RigDescription()
        tolerance_s = rig.match_tolerance_s if match_tolerance_s is None else match_tolerance_s
        if not tolerance_s > 0.0:
            raise ConfigurationError(f"match_tolerance_s {tolerance_s:g} is not above zero")
        self._on_problem = on_problem
        self._said: set[str] = set()
        self._rig = rig
        self.counts = SourceCounts()
        self.name = Path(path).name
        self._bag = Bag(Path(path))
        try:
            self.damage = self._bag.damage
            self.channels, self.start_ns, self.end_ns = self._bag.channels, self._bag.start_ns, self._bag.end_ns
            named = {**rig.topics, **(topics or {})}
            self.topics: RecordingTopics = self._topics(named)
            self.has_depth = self.topics.points is not None or self.topics.depth is not None
            first_ns, last_ns = self._bag.start_ns, self._bag.end_ns
            start_ns = first_ns + round(start_s * 1e9)
            stop_ns = FOREVER_NS if math.isinf(end_s) else first_ns + round(end_s * 1e9)
            if start_ns > last_ns:
                raise ConfigurationError(f"start_s {start_s:g}: {self.name} is only {(last_ns - first_ns) * 1e-9:.3f} s long")
            self.rate_hz = self._rate_hz(keep_unmatched)
            self.duration_s = (min(stop_ns, last_ns) - start_ns) * 1e-9 + 1.0 / self.rate_hz
            self.first_camera = first_camera = self._first_camera(keep_uncalibrated)
            self.has_intrinsics = first_camera is not None
            transforms = self._transforms()
            self._settings = PassSettings(
                name=self.name,
                topics=self.topics,
                rig=rig,
                tolerance_ns=round(tolerance_s * 1e9),
                keep_unmatched=keep_unmatched,
                start_ns=start_ns,
                stop_ns=stop_ns,
                first_camera=first_camera,
                transforms=transforms,
                moving_transforms=self._moving_transforms(transforms),
                keep_uncalibrated=keep_uncalibrated,
            )
        except BaseException:
            self._bag.close()
            raise

    def set_lens_position(self, position_steps: float) -> None:
        """Ignored: the pictures were taken."""

    def close(self) -> None:
        """Close the files."""
        self._bag.close()

    def frames(self) -> Iterator[Frame]:
        """One pass; see `Source`. Raises InputError also where pictures and clouds never meet in time."""
        return RecordingPass(self._bag, self._settings, self.counts, self._on_problem, self._say_once).frames()

    def stretch(self, start_s: float, end_s: float, on_problem: OnProblem, on_message: OnMessage) -> Iterator[Frame]:
        """One pass through another part than the source was opened for.

        What it gives and says does not depend on passes before it.

        Args:
            start_s, end_s: seconds from the recording's first message; start_s < end_s.
            on_problem: called with one line for what is wrong in general; what is wrong with a message, `on_message` is told.
            on_message: called with every message of the part, and with a few from around it.

        Raises:
            InputError: at the end, see `frames`.
        """
        start_ns = self.start_ns + round(max(0.0, start_s) * 1e9)
        stop_ns = FOREVER_NS if math.isinf(end_s) else self.start_ns + round(end_s * 1e9)
        said: set[str] = set()

        def say_once(text: str) -> None:
            if text not in said:
                said.add(text)
                on_problem(text)

        settings = replace(self._settings, start_ns=start_ns, stop_ns=stop_ns)
        return RecordingPass(self._bag, settings, self.counts, ignore_problem, say_once, on_message=on_message).frames()

    def _say_once(self, text: str) -> None:
        """Tell a problem, once for as long as the source is open."""
        if text not in self._said:
            self._said.add(text)
            self._on_problem(text)

    def _topics(self, named: Mapping[str, str]) -> RecordingTopics:
        """See `choose_topics`; where a broken recording has no picture, that is why."""
        try:
            return choose_topics(self.channels, named, self.first_message, self.name)
        except InputError as error:
            if not self.damage:
                raise
            raise InputError(f"{error}; {self.damage}") from error

    def first_message(self, topic: str) -> Any:
        """The first message of a topic that can be read, decoded; None where none of its first ones can."""
        try:
            for raw in islice(self._bag.messages([topic]), FIRST_TRIED):
                with suppress(InputError):  # told again, with its time, when the pass comes to it
                    return self._bag.decode(raw)
        except InputError:
            pass  # and so is this
        return None

    def _rate_hz(self, keep_unmatched: bool) -> float:
        """Pictures that can make frames, per second, from counts and times."""
        counts = {channel.topic: channel.count for channel in self._bag.channels}
        pictures = counts.get(self.topics.image, 0)
        partners = [counts.get(topic, 0) for topic in (self.topics.points, self.topics.depth) if topic is not None]
        if partners and not keep_unmatched:
            pictures = min(pictures, max(partners))
        whole_s = (self._bag.end_ns - self._bag.start_ns) * 1e-9
        return (pictures - 1) / whole_s if pictures > 1 and whole_s > 0.0 else DEFAULT_RATE_HZ

    def _first_camera(self, dispensable: bool) -> CameraModel | None:
        """For pictures that come before any camera_info; None where it makes no sense, or `dispensable` and not there."""
        if self._rig.camera is not None:
            return self._rig.camera
        if self.topics.camera_info is None:
            if dispensable:
                return None
            raise InputError(f"{self.name} has no camera_info for {self.topics.image}: give `camera` in a rig file")
        message = self.first_message(self.topics.camera_info)
        try:
            return None if message is None else camera_from_message(message, is_rectified(self.topics.image))
        except InputError:
            return None  # told, with its time, when the pass comes to it

    def _transforms(self) -> StaticTransforms:
        """All static transforms; they are latched, so they may stand anywhere in the recording."""
        transforms = StaticTransforms()
        if self._rig.optical_from_points is not None or not self.topics.static_transforms:
            return transforms
        try:
            for raw in self._bag.messages(self.topics.static_transforms):
                try:
                    transforms.add_message(self._bag.decode(raw))
                except InputError as error:
                    self._on_problem(f"{raw.topic}: {error}")
        except InputError:
            pass  # a damaged end is told when the pass comes to it
        return transforms

    def _moving_transforms(self, transforms: StaticTransforms) -> tuple[str, ...]:
        """The topics of moving transforms, where the extrinsics need them: the fixed ones alone do not join cloud and picture."""
        topics = self.topics
        if self._rig.optical_from_points is not None or topics.points is None or not topics.moving_transforms:
            return ()
        frames = []
        for topic, named in ((topics.image, self._rig.camera_frame), (topics.points, self._rig.points_frame)):
            message = self.first_message(topic)
            frames.append(named or ("" if message is None else message.header.frame_id))
        return () if transforms.lookup(*frames) is not None else topics.moving_transforms
