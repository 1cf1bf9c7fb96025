"""Frames from a plain folder of pictures, clouds and depth images, described by a small YAML file.

    images: color/*.png          # globs, relative to this file; sorted naturally (2 before 10)
    points: lidar/*.pcd          # or velodyne/*.bin (KITTI: float32 x y z reflectance); optional
    depth: depth/*.pgm           # 16-bit or float depth images; optional
    frame_lines: truth.jsonl     # or: stamps, intrinsics, extrinsics and more, a line of JSON a frame (see `frame_lines`)
    rate_hz: 10                  # or stamps: times.txt (seconds, or KITTI's dates, one per line),
                                 # or stamps: {images: a.txt, points: b.txt, depth: c.txt}
    rig: rig.yaml                # a path relative to this file, a shipped rig's name, or a rig file's content

Without stamps of their own, clouds and depth images belong to the picture of the same name; where no names are shared, to the
picture of the same rank, and there must be equally many.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.optics.rigid import RigidTransform
from auxfocus_ros.rig.cloud_decoding import has_reading
from auxfocus_ros.rig.frame import Frame, check_points
from auxfocus_ros.rig.frame_lines import FrameLine, read_frame_lines
from auxfocus_ros.rig.kitti import load_kitti_bin
from auxfocus_ros.rig.matching import NearestMatcher
from auxfocus_ros.rig.pcd import load_pcd
from auxfocus_ros.rig.picture_files import find_files, load_depth, load_picture
from auxfocus_ros.rig.rig_file import RigDescription, load_rig, parse_rig
from auxfocus_ros.rig.sizes import camera_for_size, depth_for_size
from auxfocus_ros.rig.source import OnProblem, SourceCounts, ignore_problem
from auxfocus_ros.rig.stamp_files import read_stamps
from auxfocus_ros.settings import read_yaml

FOLDER_FILE = "folder.yaml"
ROLES = ("images", "points", "depth")
KEYS = (*ROLES, "frame_lines", "rate_hz", "stamps", "rig", "name")
DEFAULT_RATE_HZ = 10.0


def folder_file_of(path: Path) -> Path | None:
    """The YAML file that describes a folder recording, where `path` is one or holds one; None otherwise."""
    if path.is_dir() and (path / FOLDER_FILE).is_file():
        return path / FOLDER_FILE
    return path if path.suffix in (".yaml", ".yml") and path.name != "metadata.yaml" else None


@dataclass(frozen=True)
class _Entry:
    """One frame's files and times."""

    stamp_ns: int
    image: Path
    points: Path | None
    depth: Path | None
    offset_s: float


class FolderSource:
    """A folder recording as a source of frames; see the module's text and `Source`."""

    follows_lens = False

    def __init__(
        self,
        path: str | Path,
        rig: RigDescription | None = None,
        *,
        start_s: float = 0.0,
        end_s: float = math.inf,
        match_tolerance_s: float | None = None,
        keep_unmatched: bool = False,
        on_problem: OnProblem = ignore_problem,
    ) -> None:
        """Read the description and list the files.

        Args:
            path: the YAML file, or the folder that holds a folder.yaml.
            rig: wins over the folder's own.
            start_s, end_s: the part to give, seconds from the first picture; 0 <= start_s < end_s.
            match_tolerance_s: with stamps, largest |stamp of cloud - stamp of picture|; None: the rig's.
            keep_unmatched: give pictures without a cloud or depth image too.
            on_problem: called with one line for each file that is skipped.

        Raises:
            ConfigurationError: a description that cannot be right. InputError: files that are not there or do not go together.
        """
        if not 0.0 <= start_s < end_s:
            raise ConfigurationError(f"start_s {start_s:g} and end_s {end_s:g}: wanted 0 <= start_s < end_s")
        self._file = Path(path) / FOLDER_FILE if Path(path).is_dir() else Path(path)
        self._on_problem = on_problem
        self._keep_unmatched = keep_unmatched
        self.counts = SourceCounts()
        about = _description(self._file)
        self._rig = rig if rig is not None else _rig_of(about.get("rig"), self._file)
        self._lines = self._frame_lines(about)
        if self._rig.camera is None and not self._lines:
            raise InputError(f"{self._file}: no intrinsics: give `camera` in a rig file and name it under `rig`")
        self.name = str(about.get("name") or self._file.parent.name)
        files = {role: self._list(about, role) for role in ROLES if role in about}
        self.has_depth = "points" in files or "depth" in files
        self.rate_hz = float(about.get("rate_hz", DEFAULT_RATE_HZ))
        stamps = self._stamps_of_lines(files) if self._lines else self._stamps(about.get("stamps"), files)
        self.damage = ""
        if stamps is not None and len(stamps["images"]) > 1:
            span_s = (max(stamps["images"]) - min(stamps["images"])) * 1e-9
            self.rate_hz = (len(stamps["images"]) - 1) / span_s if span_s > 0.0 else self.rate_hz
        tolerance_s = self._rig.match_tolerance_s if match_tolerance_s is None else match_tolerance_s
        entries = self._pair(files, stamps, round(tolerance_s * 1e9))
        first_ns = entries[0].stamp_ns if entries else 0
        self._entries = [entry for entry in entries if start_s <= (entry.stamp_ns - first_ns) * 1e-9 < end_s]
        self.duration_s = len(self._entries) / self.rate_hz

    def set_lens_position(self, position_steps: float) -> None:
        """Ignored: the pictures were taken."""

    def close(self) -> None:
        """Nothing is held open."""

    def frames(self) -> Iterator[Frame]:
        """One pass; see `Source`."""
        for entry in self._entries:
            try:
                frame = self._frame(entry)
            except InputError as error:
                self.counts.unreadable += 1
                self._on_problem(str(error))
                continue
            self.counts.frames += 1
            yield frame

    def _frame(self, entry: _Entry) -> Frame:
        picture, encoding = load_picture(entry.image)
        height, width = picture.shape[:2]
        line = self._lines.get(entry.image.stem)
        known = self._rig.camera or (line.camera if line is not None else None)
        assert known is not None  # asked for when the folder was opened
        try:
            camera = camera_for_size(known, width, height)
        except InputError as error:
            raise InputError(f"{entry.image}: {error}") from error
        depth_m: np.ndarray | None = None
        if entry.depth is not None:
            try:
                depth_m = depth_for_size(load_depth(entry.depth, self._rig.depth_unit_m), width, height)
            except InputError as error:
                raise InputError(f"{entry.depth}: {error}") from error
        points, rows = (None, 1) if entry.points is None else load_points(entry.points)
        frame = Frame(
            stamp_ns=entry.stamp_ns,
            picture=picture,
            camera=camera,
            picture_encoding=encoding,
            points=points,
            depth_m=depth_m,
            optical_from_points=self._rig.optical_from_points or RigidTransform.identity(),
            points_frame=(self._rig.points_frame or "lidar") if points is not None else "",
            camera_frame=self._rig.camera_frame or "camera_optical_frame",
            points_offset_s=entry.offset_s,
            points_height=rows,
        )
        return frame if line is None else self._with_line(frame, line)

    def _with_line(self, frame: Frame, line: FrameLine) -> Frame:
        """The frame with what its line says, where the rig file does not say it."""
        has_other = frame.points is not None or frame.depth_m is not None
        return replace(
            frame,
            optical_from_points=self._rig.optical_from_points or line.optical_from_points,
            points_frame=(self._rig.points_frame or line.points_frame) if frame.points is not None else "",
            camera_frame=self._rig.camera_frame or line.camera_frame,
            points_offset_s=line.points_offset_s if has_other else math.nan,
            points_moved=line.points_moved,
            lens=line.lens,
            joints=line.joints,
            range=line.range,
        )

    def _frame_lines(self, about: dict[str, Any]) -> dict[str, FrameLine]:
        """What the folder says of each frame, by the name of its picture; empty where it has no such file."""
        value = about.get("frame_lines")
        if value is None:
            return {}
        if not isinstance(value, str) or "stamps" in about:
            raise ConfigurationError(f"{self._file}: frame_lines: wanted a file of JSON lines, and no `stamps` beside it")
        lines = read_frame_lines(self._file.parent / value)
        if not lines:
            raise InputError(f"{self._file.parent / value} is empty: wanted a line for each picture")
        return lines

    def _stamps_of_lines(self, files: dict[str, list[Path]]) -> dict[str, list[int]]:
        """The stamps of the pictures that have a line; the others are told and left out."""
        without = [path for path in files["images"] if path.stem not in self._lines]
        for path in without:
            self.counts.unreadable += 1
            self._on_problem(f"{path}: no line says what belongs to it: left out")
        files["images"] = [path for path in files["images"] if path.stem in self._lines]
        if not files["images"]:
            raise InputError(f"{self._file}: no picture has a line of its name; the first line is of {next(iter(self._lines))}")
        return {"images": [self._lines[path.stem].stamp_ns for path in files["images"]]}

    def _list(self, about: dict[str, Any], role: str) -> list[Path]:
        pattern = about[role]
        if not isinstance(pattern, str):
            raise ConfigurationError(f"{self._file}: {role}: {pattern!r} is not a pattern such as color/*.png")
        found = find_files(self._file.parent, pattern)
        if not found:
            raise InputError(f"{self._file}: {role}: no file matches {pattern}")
        return found

    def _stamps(self, value: object, files: dict[str, list[Path]]) -> dict[str, list[int]] | None:
        """role -> stamps in nanoseconds, of the roles that have some; None where the folder has none."""
        if value is None:
            return None
        named = {"images": value} if isinstance(value, str) else value
        if not isinstance(named, dict) or "images" not in named or any(role not in files for role in named):
            raise ConfigurationError(f"{self._file}: stamps: wanted a file, or a file each for images, points, depth")
        stamps = {}
        for role, name in named.items():
            path = self._file.parent / str(name)
            stamps[role] = read_stamps(path)
            if len(stamps[role]) != len(files[role]):
                raise InputError(f"{path} has {len(stamps[role])} stamps for {len(files[role])} files of {role}")
        return stamps

    def _pair(self, files: dict[str, list[Path]], stamps: dict[str, list[int]] | None, tolerance_ns: int) -> list[_Entry]:
        images = files["images"]
        times = stamps["images"] if stamps is not None else [round(i / self.rate_hz * 1e9) for i in range(len(images))]
        partners: dict[str, list[tuple[Path | None, float]]] = {}
        for role in ("points", "depth"):
            if role not in files:
                partners[role] = [(None, math.nan)] * len(images)
            elif stamps is not None and role in stamps:
                partners[role] = self._pair_by_time(times, stamps[role], files[role], tolerance_ns)
            else:
                partners[role] = self._pair_by_name(images, files[role], role)
        entries = []
        for index, image in enumerate(images):
            (points, points_s), (depth, depth_s) = partners["points"][index], partners["depth"][index]
            if self.has_depth and points is None and depth is None:
                self.counts.unmatched_pictures += 1
                if not self._keep_unmatched:
                    continue
            entries.append(_Entry(times[index], image, points, depth, depth_s if math.isnan(points_s) else points_s))
        if not entries:
            raise InputError(f"{self._file}: no picture meets a cloud or depth image within {tolerance_ns * 1e-9:g} s")
        return entries

    def _pair_by_time(
        self, times: Sequence[int], others: Sequence[int], files: Sequence[Path], tolerance_ns: int
    ) -> list[tuple[Path | None, float]]:
        matcher = NearestMatcher(["others"], tolerance_ns, patience_ns=2**62)
        for index, stamp_ns in enumerate(times):
            matcher.add_picture(stamp_ns, 0, index)
        for stamp_ns, file in zip(others, files, strict=True):
            matcher.add_other("others", stamp_ns, 0, file)
        pairs: list[tuple[Path | None, float]] = [(None, math.nan)] * len(times)
        for match in matcher.take(0, ended=True):
            other = match.others["others"]
            if other is not None:
                pairs[match.picture.item] = (other.item, (other.stamp_ns - match.picture.stamp_ns) * 1e-9)
        self.counts.unmatched_clouds += matcher.unmatched["others"]
        return pairs

    def _pair_by_name(self, images: Sequence[Path], others: Sequence[Path], role: str) -> list[tuple[Path | None, float]]:
        by_stem = {path.stem: path for path in others}
        shared = [image.stem for image in images if image.stem in by_stem]
        if shared:
            self.counts.unmatched_clouds += len(others) - len(shared)
            return [(by_stem[i.stem], 0.0) if i.stem in by_stem else (None, math.nan) for i in images]
        if len(images) != len(others):
            raise InputError(
                f"{self._file}: {len(images)} images and {len(others)} files of {role} that share no names: wanted equally many"
            )
        return [(other, 0.0) for other in others]


def _description(file: Path) -> dict[str, Any]:
    about = read_yaml(file, "folder description")
    if not isinstance(about, dict) or "images" not in about:
        raise ConfigurationError(f"{file}: wanted at least the key images; the keys are {', '.join(KEYS)}")
    for key in about:
        if key not in KEYS:
            raise ConfigurationError(f"{file}: unknown key '{key}'; the keys are {', '.join(KEYS)}")
    rate = about.get("rate_hz", DEFAULT_RATE_HZ)
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0.0 < rate < 10_000.0:
        raise ConfigurationError(f"{file}: rate_hz: {rate!r} is not a rate above zero")
    return about


def _rig_of(value: object, file: Path) -> RigDescription:
    """A rig by path relative to the description, by shipped name, or written out in place."""
    if value is None:
        return RigDescription()
    if isinstance(value, dict):
        return parse_rig(value, f"{file}: rig")
    if not isinstance(value, str):
        raise ConfigurationError(f"{file}: rig: {value!r} is not a rig file's path or a shipped rig's name")
    return load_rig(file.parent / value if value.endswith((".yaml", ".yml")) else value)


def load_points(path: Path) -> tuple[np.ndarray, int]:
    """A scan by its suffix: (N,) structured array with float32 x, y, z, and its number of rows.

    Raises:
        InputError: not a .pcd or .bin file, no x y z, or no reading in it.
    """
    if path.suffix == ".bin":
        points, rows = load_kitti_bin(path), 1
    elif path.suffix == ".pcd":
        points, rows = load_pcd(path)
    else:
        raise InputError(f"cloud {path}: wanted a .pcd or a KITTI .bin file")
    try:
        check_points(points)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    if not has_reading(points):
        raise InputError(f"{path}: the cloud has no reading: {len(points)} points, none of them finite")
    return points, rows
