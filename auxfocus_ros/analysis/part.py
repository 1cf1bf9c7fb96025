"""The unit of work: a stretch of a recording, what analysing it gives, and what it is known by."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from auxfocus_ros.analysis.options import AnalysisOptions

FORMAT_VERSION = 1
"""Of parts, tables and summaries: counted on whenever the same recording and options would give others."""
Row = dict[str, Any]
"""One frame: a value for every name of `columns.FRAME_COLUMNS`, None where it is not known."""


@dataclass(frozen=True)
class PartTask:
    """What a worker is given; it can be pickled and sent to another machine, which must see the recording under the same path.

    recording: its path. number: of the part, from 0. start_s, end_s: of the stretch by the recorder's clock, since the
    recording's first message; frames in [start_s, end_s) are its own. key: of recording, options and version of the format: a
    finished part with another key is not taken for this one.
    """

    recording: Path
    number: int
    start_s: float
    end_s: float
    options: AnalysisOptions
    key: str


@dataclass(frozen=True)
class Problem:
    """Something that is wrong with a recording. where: topic, file or part. count: how often it was met."""

    what: str
    where: str = ""
    count: int = 1


@dataclass(frozen=True)
class StreamNotes:
    """What a part saw of its streams, to be added up over the parts.

    frames: of its own. unmatched_pictures, unmatched_ranges, unreadable: see `rig.SourceCounts`. stamps_ns, logged_ns: of its
    pictures, by the sensor's clock and by the recorder's. lens_ns: stamps of lens states. damage: where the recording breaks off,
    '' where it does not.
    """

    frames: int = 0
    unmatched_pictures: int = 0
    unmatched_ranges: int = 0
    unreadable: int = 0
    stamps_ns: tuple[int, ...] = ()
    logged_ns: tuple[int, ...] = ()
    lens_ns: tuple[int, ...] = ()
    damage: str = ""


@dataclass(frozen=True)
class PartResult:
    """What a worker gives back, all of it bytes or plain values.

    number, key: of its task. rows: its frames. lead: the rows of the frames that were read before it, which the part before it
    has too: by them targets are recognised. notes: of its streams. problems: what is wrong. thumbnails: frame's place in `rows`
    -> JPEG. film: H.264 in MP4 of its frames, b'' where none was asked for. annotations: place in `rows` -> what is to be written
    to the annotated recording, see `annotated.py`.
    """

    number: int
    key: str
    rows: list[Row]
    lead: list[Row] = field(default_factory=list)
    notes: StreamNotes = StreamNotes()
    problems: tuple[Problem, ...] = ()
    thumbnails: dict[int, bytes] = field(default_factory=dict)
    film: bytes = b""
    annotations: dict[int, bytes] = field(default_factory=dict)
