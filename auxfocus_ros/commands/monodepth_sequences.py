"""The sequences that `auxfocus train monodepth` learns from, out of whatever holds them: undistorted, at the learning size."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.monodepth.sequence import DESCRIPTION, Sequence, read_sequence
from auxfocus_ros.monodepth.training.preparing import learning_size, undistorted_camera, undistortion_maps
from auxfocus_ros.monodepth.training.sequence_checks import camera_problem
from auxfocus_ros.optics import CameraModel

RANGE = re.compile(r"(?P<path>.+):(?P<first>\d+)-(?P<last>\d+)")
SIMULATION = re.compile(r"simulation(?::(?P<count>\d+))?")
WORLDS = 20
"""Simulated sequences, unless said otherwise."""
KINDS_OF_WORLDS = 3
FIRST_WORLD, WORLDS_APART = 500_000, 1_000
"""Seeds of worlds, away from those that the shipped weights and the benchmark have."""
RECORDINGS = (".mcap", ".db3", ".bag", ".yaml", ".yml")
INTRINSICS_FILE = "camera-intrinsics.txt"
COLOUR, DEPTH = (
    re.compile(r"[._-](color|colour|rgb)$", re.IGNORECASE),
    re.compile(r"[._-](depth|disparity|mask|label)$", re.IGNORECASE),
)


@dataclass
class SequenceReader:
    """Reads sequences.

    camera: of pictures that bring none, as `--camera` says; '': none is given. width_px, height_px: wanted learning size, 0: as
    `learning_size` says. told: hears, once a size, that pictures are resized. seed: of simulated worlds. worlds: folder for
    them. progress: of filming.
    """

    camera: str
    width_px: int
    height_px: int
    told: Callable[[str], None]
    seed: int
    worlds: Path
    progress: Callable[[Any], None]
    _said: set[str] = field(default_factory=set)

    def read(self, text: str) -> list[Sequence]:
        """What a `--sequence` names.

        Raises:
            InputError: nothing there, or nothing that can be read. ConfigurationError: intrinsics that are missing or do not fit,
                a range of frames that is none.
        """
        simulated = SIMULATION.fullmatch(text)
        if simulated:
            return self._simulated(int(simulated["count"] or WORLDS))
        ranged = RANGE.fullmatch(text)
        first, last = (int(ranged["first"]), int(ranged["last"])) if ranged else (0, None)
        path = Path(ranged["path"] if ranged else text).expanduser()
        if last is not None and last < first:
            raise ConfigurationError(
                f"--sequence {text}: frames {first} to {last} are none: wanted PATH:FIRST-LAST, counted from 0"
            )
        if not path.exists():
            raise InputError(f"--sequence {text}: {path} does not exist")
        sequence = self._of_path(path, first, last)
        if not len(sequence):
            raise InputError(f"--sequence {text}: it has no frame {first}")
        return [sequence]

    def _of_path(self, path: Path, first: int, last: int | None) -> Sequence:
        if (path / DESCRIPTION).is_file():
            return _part(read_sequence(path), first, last)
        if _is_recording(path):
            return self._collected(path.name, self._recorded(path), first, last)
        if path.is_dir():
            return self._collected(path.name, self._pictures(path), first, last)
        return self._collected(path.stem, self._filmed(path), first, last)

    def _recorded(self, path: Path) -> Iterator[tuple[NDArray[np.uint8], CameraModel, float]]:
        from auxfocus_ros.rig import open_source

        source = open_source("recording", path, keep_unmatched=True)
        try:
            for frame in source.frames():
                grey = frame.picture.ndim == 2
                picture = cv2.cvtColor(frame.picture, cv2.COLOR_GRAY2BGR) if grey else frame.picture
                yield np.asarray(picture, np.uint8), frame.camera, frame.stamp_ns * 1e-9
        finally:
            source.close()

    def _pictures(self, folder: Path) -> Iterator[tuple[NDArray[np.uint8], CameraModel, float]]:
        from auxfocus_ros.commands.depth_input import Pictures, pictures_in

        files = colour_files(pictures_in(folder))
        for one in Pictures(files, upright=False):
            yield one.pixels, self._camera(folder, one.pixels), one.stamp_s

    def _filmed(self, path: Path) -> Iterator[tuple[NDArray[np.uint8], CameraModel, float]]:
        from auxfocus_ros.commands.depth_input import Video, is_video

        if not is_video(path):
            raise InputError(f"{path}: one picture is no sequence; wanted a recording, a folder of pictures or a video")
        for one in Video(path, upright=False):
            yield one.pixels, self._camera(path, one.pixels), one.stamp_s

    def _camera(self, path: Path, picture: NDArray[np.uint8]) -> CameraModel:
        """Of pictures that bring none."""
        from auxfocus_ros.commands.depth_camera import read_camera

        height, width = picture.shape[:2]
        if self.camera:
            return read_camera(self.camera).of_size(width, height)
        file = path / INTRINSICS_FILE
        if not file.is_file():
            raise ConfigurationError(
                f"{path}: its camera's intrinsics are not known: give --camera fx,fy,cx,cy or a camera_info file, or put a 3 x 3 "
                f"matrix into {INTRINSICS_FILE} beside its pictures"
            )
        try:
            matrix = np.loadtxt(file)
        except ValueError as error:
            raise ConfigurationError(f"{file}: wanted three rows of three numbers") from error
        if matrix.shape != (3, 3):
            raise ConfigurationError(f"{file}: wanted three rows of three numbers, found {matrix.shape}")
        return CameraModel(width, height, matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2])

    def _collected(
        self, name: str, frames: Iterator[tuple[NDArray[np.uint8], CameraModel, float]], first: int, last: int | None
    ) -> Sequence:
        """Frames of a range, each brought to the learning size as it comes, so that memory holds no full picture but one."""
        way: _Way | None = None
        pictures, stamps = [], []
        for number, (picture, camera, stamp_s) in enumerate(frames):
            if last is not None and number > last:
                break
            if number < first:
                continue
            if way is None:
                way = self._way(name, camera)
            elif camera != way.given:
                raise InputError(
                    f"{name}: its camera changes at frame {number} (another size or focal length): wanted one camera"
                )
            pictures.append(way.brought(picture))
            stamps.append(stamp_s)
        if way is None:
            raise InputError(f"{name}: it has no frame {first}")
        return Sequence(name, np.stack(pictures), way.wanted, np.array(stamps))

    def _way(self, name: str, camera: CameraModel) -> _Way:
        plain = camera if camera.distortion_model == "none" else undistorted_camera(camera)
        problem = camera_problem(plain)
        if problem:
            raise ConfigurationError(f"{name}: {problem}")
        size = learning_size(plain, self.width_px, self.height_px)
        if size != (plain.width_px, plain.height_px):
            self._say(f"pictures of {plain.width_px} x {plain.height_px} px are resized to {size[0]} x {size[1]} px")
        maps = None if plain is camera else undistortion_maps(camera, plain)
        return _Way(camera, plain.scaled_to(*size), maps)

    def _say(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self.told(text)

    def _simulated(self, count: int) -> list[Sequence]:
        from auxfocus_ros.commands.monodepth_worlds import WorldPlan, film_into

        if count < KINDS_OF_WORLDS:
            raise ConfigurationError(f"--sequence simulation:{count}: wanted 3 worlds or more, so that there is one of each kind")
        worlds = WorldPlan(count, first_seed=FIRST_WORLD + self.seed * WORLDS_APART).options()
        return [read_sequence(path) for path in film_into(self.worlds, worlds, 0, self.progress)]


@dataclass(frozen=True, eq=False)
class _Way:
    """From a picture as it comes to the one that is learned from."""

    given: CameraModel
    wanted: CameraModel
    maps: tuple[NDArray[np.float32], NDArray[np.float32]] | None

    def brought(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Without distortion, at the learning size."""
        from auxfocus_ros.monodepth.network_size import brought_to

        if self.maps is not None:
            picture = np.asarray(cv2.remap(picture, *self.maps, cv2.INTER_LINEAR), np.uint8)
        return brought_to(picture, (self.wanted.width_px, self.wanted.height_px))


def colour_files(files: list[Path]) -> list[Path]:
    """Of files that hold one scene in several ways (frame-000000.color.jpg, frame-000000.depth.png) the colour pictures."""
    named = [file for file in files if COLOUR.search(file.stem)]
    return named or [file for file in files if not DEPTH.search(file.stem)]


def _is_recording(path: Path) -> bool:
    if path.is_dir():
        return any((path / name).is_file() for name in ("metadata.yaml", "folder.yaml"))
    return path.suffix.lower() in RECORDINGS


def _part(sequence: Sequence, first: int, last: int | None) -> Sequence:
    """Frames of a range."""
    from dataclasses import replace

    from auxfocus_ros.monodepth.sequence import PLANES

    end = len(sequence) if last is None else last + 1
    planes = {name: getattr(sequence, name) for name in PLANES}
    return replace(sequence, **{name: plane[first:end] for name, plane in planes.items() if plane is not None})
