"""What a recording is, before it is read: how long, of what, what it lacks the data for, and what tells it from others."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from auxfocus_ros.analysis.options import AnalysisOptions
from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.optics.lens_file import shipped_lenses
from auxfocus_ros.rig.bag import SUFFIXES, natural_key
from auxfocus_ros.rig.picture_decoding import decode_picture
from auxfocus_ros.rig.recording import RecordingSource
from auxfocus_ros.rig.recording_topics import TYPES
from auxfocus_ros.rig.rig_file import load_rig
from auxfocus_ros.rig.source import OnProblem, ignore_problem

ENDS_BYTES = 64 * 1024
"""Of each file so much of its beginning and of its end goes into the fingerprint: there stand definitions, times and index."""
RECORDING_SUFFIXES = (*SUFFIXES, ".zstd", ".yaml")


@dataclass(frozen=True)
class RecordingFacts:
    """A recording as it presents itself.

    path, name: of the file or folder. size_bytes: of its files together. start_ns: when its first message was recorded, by the
    recorder's clock. duration_s: from there to its last. topics: role ('image', 'points', ...) -> topic, of what frames are made
    of. counts: topic -> messages, of all topics. picture_width_px, picture_height_px: of the first picture; 0: it cannot be read.
    has_cloud, has_depth_image, has_lens_states, has_joints: so. has_intrinsics: of the camera, here or in the rig file.
    lens_name: what the lens calls itself, '' where it says nothing. lacks: what cannot be analysed and why, a sentence each.
    damage: what is known to be broken without reading it all, '' if nothing. problems: what else was met in opening it.
    fingerprint: the same for the same content under whatever path, another for other content.
    """

    path: Path
    name: str
    size_bytes: int
    start_ns: int
    duration_s: float
    topics: Mapping[str, str]
    counts: Mapping[str, int]
    picture_width_px: int
    picture_height_px: int
    has_cloud: bool
    has_depth_image: bool
    has_intrinsics: bool
    has_lens_states: bool
    has_joints: bool
    lens_name: str
    lacks: tuple[str, ...]
    damage: str
    problems: tuple[str, ...]
    fingerprint: str

    @property
    def pictures(self) -> int:
        """Pictures that the recording says it has."""
        return self.counts.get(self.topics["image"], 0)

    @property
    def has_depth(self) -> bool:
        """Whether frames have depth: a depth image, or a cloud that can be brought into the picture."""
        return self.has_depth_image or (self.has_cloud and self.has_intrinsics)


def open_recording(path: Path, options: AnalysisOptions, on_problem: OnProblem = ignore_problem) -> RecordingSource:
    """A recording as an analysis reads it: every picture counts, also without depth and without intrinsics.

    Raises:
        InputError: not there, no recording, no picture. ConfigurationError: a rig file or a topic that cannot be.
    """
    rig = load_rig(options.rig) if options.rig else None
    named = named_topics(options.topics)
    return RecordingSource(path, rig, topics=named, keep_unmatched=True, keep_uncalibrated=True, on_problem=on_problem)


def named_topics(text: str) -> dict[str, str]:
    """Role -> topic of `AnalysisOptions.topics`.

    Raises:
        ConfigurationError: not written as role=topic,role=topic.
    """
    pairs = [entry.partition("=") for entry in text.split(",") if entry.strip()]
    if not all(role.strip() and topic.strip() for role, _, topic in pairs):
        raise ConfigurationError(f"topics: '{text}': wanted role=topic,role=topic, with the roles {', '.join(TYPES)}")
    return {role.strip(): topic.strip() for role, _, topic in pairs}


def lens_of(options: AnalysisOptions, lens_name: str) -> str:
    """The lens to reckon with, by its file or name: the options', else the rig file's, else the recording's own if it is shipped.

    Args:
        options: of the analysis.
        lens_name: what the recording's lens calls itself.

    Returns:
        '' where none is known.
    """
    named = options.lens or (load_rig(options.rig).lens if options.rig else "")
    return named or (lens_name if lens_name in shipped_lenses() else "")


def look_at(path: str | Path, options: AnalysisOptions) -> RecordingFacts:
    """What a recording is; reads its index and a few messages.

    Args:
        path: a rosbag2 folder, a `.mcap`, `.db3` or `.bag` file.
        options: whose rig file and lens count.

    Raises:
        InputError: not there, no recording, no picture. ConfigurationError: a rig or lens that cannot be, several pictures to
            choose from.
    """
    path = Path(path)
    problems: list[str] = []
    source = open_recording(path, options, problems.append)
    try:
        roles = {role: topic for topic, role in source.topics.roles().items()}
        width_px, height_px = _first_size(source)
        lens_name = ""
        if source.topics.lens_state is not None:
            lens_name = str(getattr(source.first_message(source.topics.lens_state), "lens_name", ""))
        counts: dict[str, int] = {}
        for channel in source.channels:
            counts[channel.topic] = counts.get(channel.topic, 0) + channel.count
        files = recording_files(path)
        return RecordingFacts(
            path=path,
            name=source.name,
            size_bytes=sum(file.stat().st_size for file in files),
            start_ns=source.start_ns,
            duration_s=(source.end_ns - source.start_ns) * 1e-9,
            topics=roles,
            counts=counts,
            picture_width_px=width_px,
            picture_height_px=height_px,
            has_cloud="points" in roles,
            has_depth_image="depth" in roles,
            has_intrinsics=source.has_intrinsics,
            has_lens_states="lens_state" in roles,
            has_joints="joint_states" in roles,
            lens_name=lens_name,
            lacks=_lacks(roles, source.has_intrinsics, bool(lens_of(options, lens_name)), lens_name),
            damage=source.damage,
            problems=tuple(problems),
            fingerprint=fingerprint(files),
        )
    finally:
        source.close()


def recording_files(path: Path) -> list[Path]:
    """The files of a recording, in order: itself, or what a recorder leaves in a folder.

    Raises:
        InputError: it is not there any more, or cannot be read.
    """
    path = path.parent if path.name == "metadata.yaml" else path
    try:
        if path.is_file():
            return [path]
        return sorted((file for file in path.iterdir() if file.is_file() and file.suffix in RECORDING_SUFFIXES), key=natural_key)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error


def fingerprint(files: list[Path]) -> str:
    """SHA-256 of the files' names, sizes, beginnings and ends, in hex; a recording's length does not matter for its cost.

    Raises:
        InputError: a file that cannot be read.
    """
    digest = hashlib.sha256()
    for path in files:
        try:
            with path.open("rb") as file:
                size = path.stat().st_size
                digest.update(f"{path.name}\0{size}\0".encode())
                digest.update(file.read(ENDS_BYTES))
                file.seek(max(0, size - ENDS_BYTES))
                digest.update(file.read(ENDS_BYTES))
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}") from error
    return digest.hexdigest()


def _first_size(source: RecordingSource) -> tuple[int, int]:
    """Width and height of the first picture; 0 where it cannot be read, which is told when it is its turn."""
    message = source.first_message(source.topics.image)
    try:
        height_px, width_px = decode_picture(message)[0].shape[:2] if message is not None else (0, 0)
    except InputError:
        return 0, 0
    return int(width_px), int(height_px)


def _lacks(roles: Mapping[str, str], has_intrinsics: bool, has_lens: bool, lens_name: str) -> tuple[str, ...]:
    """What a recording does not have, and what therefore is not analysed."""
    lacks = []
    has_depth = "depth" in roles or ("points" in roles and has_intrinsics)
    if "points" not in roles and "depth" not in roles:
        lacks.append(
            "no depth (neither a cloud nor a depth image): the distribution of depth, the targets' depth, whether they were in "
            "focus by it, and the lag of the focus are not analysed"
        )
    if not has_intrinsics:
        missing = "no intrinsics (neither a camera_info that can be used nor `camera` in a rig file)"
        if has_depth:
            lacks.append(f"{missing}: metres across the scene are not known; the depth image is taken as the picture's own")
        elif "points" in roles:
            lacks.append(
                f"{missing}: the cloud cannot be brought into the picture; the distribution of depth, the targets' depth, "
                "whether they were in focus by it, and the lag of the focus are not analysed"
            )
        else:
            lacks.append(f"{missing}: metres across the scene are not known")
    if "lens_state" not in roles:
        lacks.append(
            "no lens states: focus distance, depth of field, what was in focus by depth, the lag of the focus, hunting, the use "
            "of the lens, the deviation in steps and metres, and what autofocus would have done next, are not analysed"
        )
    if not has_lens:
        why = f"the recording's, '{lens_name}', is not known here" if lens_name else "the recording names none"
        lacks.append(
            f"no lens ({why}, neither do the options or a rig file name one): the deviation in steps and metres, and what "
            "autofocus would have done next, are not analysed"
        )
    return tuple(lacks)
