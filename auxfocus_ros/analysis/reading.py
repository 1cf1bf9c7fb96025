"""A part of a recording, frame by frame, and what its streams were like.

Frames come through `RecordingSource.stretch`, the lead first. Opening a recording can cost as much as reading a part of it (a
large index, a folder that must be unpacked, a file that was cut off and is searched from end to end), so a process that has read
one part keeps the recording open for the next.
"""

from __future__ import annotations

import math
import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from auxfocus_ros.analysis.facts import open_recording
from auxfocus_ros.analysis.part import PartTask, Problem, StreamNotes
from auxfocus_ros.errors import InputError
from auxfocus_ros.optics.camera import CameraModel
from auxfocus_ros.rig.frame import Frame
from auxfocus_ros.rig.recording import RecordingSource
from auxfocus_ros.rig.recording_pass import Heard

MOST_KINDS = 20
"""Different things that can be wrong with the messages of one topic, each told by itself; further ones are told together."""
FURTHER = "more that cannot be read, each in its own way"


class PartFrame(NamedTuple):
    """A frame of a part. own: not of its lead. recorded_ns: when its picture was recorded, by the recorder's clock."""

    frame: Frame
    own: bool
    recorded_ns: int


def read_part(task: PartTask) -> PartReading:
    """A part, to be gone through once; see `PartReading`."""
    return PartReading(task)


class PartReading:
    """Frames of a part, those of its lead first, each in the order of recording; afterwards `notes` and `problems`.

    Attributes, right when all frames were given:
        notes: of the part's own pictures, clouds and lens states; what the lead has is the part's before it.
        began_ns: when the recording's first message was recorded, by the recorder's clock; like the next two right from the
            first frame on.
        rate_hz: of the recording's pictures, as its index says it.
        first_camera: its intrinsics; None: it has none.
        problems: what is wrong in the part. `where` is the topic and the first time, in seconds of the recording, for messages,
            and '' for what is wrong in general.
    """

    def __init__(self, task: PartTask) -> None:
        """Nothing is read yet."""
        self._task = task
        self.began_ns, self.rate_hz = 0, 0.0
        self.first_camera: CameraModel | None = None
        self._start_ns = self._stop_ns = 0
        self._waiting: deque[tuple[int, int]] = deque()
        self._stamps_ns: list[int] = []
        self._recorded_ns: list[int] = []
        self._lens_ns: list[int] = []
        self._frames = self._ranges = self._paired = self._unpaired = self._unreadable = 0
        self._wrong: dict[tuple[str, str], list[int]] = {}
        self._general: list[str] = []
        self._damage = ""

    def __iter__(self) -> Iterator[PartFrame]:
        """The frames. Raises what `open_recording` raises; what is wrong further on is in `problems` and `notes.damage`."""
        task = self._task
        with _opened(task) as source:
            self.began_ns, self.rate_hz, self.first_camera = source.start_ns, source.rate_hz, source.first_camera
            self._start_ns = source.start_ns + round(task.start_s * 1e9)
            self._stop_ns = source.start_ns + round(task.end_s * 1e9)
            streams = sum(topic is not None for topic in (source.topics.points, source.topics.depth))
            try:
                lead_s = task.start_s - task.options.lead_s
                for frame in source.stretch(lead_s, task.end_s, self._general.append, self._hear):
                    recorded_ns = self._recorded(frame.stamp_ns)
                    own = recorded_ns >= self._start_ns
                    if own:
                        self._count(frame, streams)
                    yield PartFrame(frame, own, recorded_ns)
            except InputError as error:
                self._damage = _same_place(str(error), source.damage)

    @property
    def notes(self) -> StreamNotes:
        """What the part saw of its streams."""
        return StreamNotes(
            frames=self._frames,
            unmatched_pictures=self._unpaired,
            unmatched_ranges=self._ranges - self._paired,
            unreadable=self._unreadable,
            stamps_ns=tuple(self._stamps_ns),
            logged_ns=tuple(self._recorded_ns),
            lens_ns=tuple(self._lens_ns),
            damage=self._damage,
        )

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong in the part, each kind once."""
        messages = (
            Problem(what, f"{topic} at {(first_ns - self.began_ns) * 1e-9:.3f} s", count)
            for (topic, what), (first_ns, count) in self._wrong.items()
        )
        return (*(Problem(text) for text in self._general), *messages)

    def _hear(self, heard: Heard) -> None:
        """A message of the stretch, of the lead, or from around it."""
        own = self._start_ns <= heard.recorded_ns < self._stop_ns
        if heard.problem:
            if own:
                self._note_wrong(heard)
        elif heard.role == "image":
            self._waiting.append((heard.stamp_ns, heard.recorded_ns))
            if own:
                self._stamps_ns.append(heard.stamp_ns)
                self._recorded_ns.append(heard.recorded_ns)
        elif own and heard.role == "lens_state":
            self._lens_ns.append(heard.stamp_ns)
        elif own and heard.role in ("points", "depth"):
            self._ranges += 1

    def _note_wrong(self, heard: Heard) -> None:
        self._unreadable += 1
        kinds = sum(topic == heard.topic for topic, _ in self._wrong)
        known = (heard.topic, heard.problem) in self._wrong or kinds < MOST_KINDS
        entry = self._wrong.setdefault((heard.topic, heard.problem if known else FURTHER), [heard.recorded_ns, 0])
        entry[1] += 1

    def _recorded(self, stamp_ns: int) -> int:
        """When the picture of the next frame was recorded: pictures become frames in order, but for those that cannot be read."""
        while True:
            waiting_ns, recorded_ns = self._waiting.popleft()
            if waiting_ns == stamp_ns:
                return recorded_ns

    def _count(self, frame: Frame, streams: int) -> None:
        """A frame of the part's own; `streams`: of clouds and of depth images."""
        self._frames += 1
        if not streams:
            return
        met = not math.isnan(frame.points_offset_s)
        # One of a single stream's that could not be decoded has met its picture all the same.
        self._paired += int(met) if streams == 1 else (frame.points is not None) + (frame.depth_m is not None)
        self._unpaired += not met


def _same_place(text: str, known: str) -> str:
    """A damage, in the words in which it is known already; a pass adds how far it had come, which differs from part to part."""
    place = known.partition(": ")[0]
    return known if known and text.startswith((f"{place}: ", f"{place}, ")) else text


_idle: list[tuple[tuple[object, ...], RecordingSource]] = []
_idle_lock = threading.Lock()


@contextmanager
def _opened(task: PartTask) -> Iterator[RecordingSource]:
    """The task's recording, for this thread alone; afterwards it stays open until another recording is asked for."""
    wanted = (os.getpid(), task.recording, task.key)
    source: RecordingSource | None = None
    with _idle_lock:
        for entry in list(_idle):
            if entry[0] != wanted:
                _idle.remove(entry)
                if entry[0][0] == wanted[0]:
                    entry[1].close()
            elif source is None:
                _idle.remove(entry)
                source = entry[1]
    if source is None:
        source = open_recording(task.recording, task.options)
    try:
        yield source
    except BaseException:
        source.close()
        raise
    with _idle_lock:
        _idle.append((wanted, source))
