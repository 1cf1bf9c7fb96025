"""What `auxfocus depth` reads: a picture, the pictures of a folder, or a video, one frame at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import InputError, MissingLibraryError
from auxfocus_ros.rig.picture_files import PICTURE_SUFFIXES

VIDEO_SUFFIXES = (".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".wmv", ".ogv")
FOLDER_STEP_S = 0.1
"""Pictures of a folder have no time: they are taken to be so far apart."""
SLOWEST_HZ, FASTEST_HZ = 1, 240


@dataclass(frozen=True, eq=False)
class Picture:
    """One of them.

    name: for its files, without a suffix. file: the file that it is; '': it is a video's frame. number: from 0. stamp_s: from the
    first one on. pixels: (H, W, 3) uint8 BGR.
    """

    name: str
    file: str
    number: int
    stamp_s: float
    pixels: NDArray[np.uint8]


class Pictures:
    """Files of pictures, all of one size."""

    def __init__(self, files: list[Path], upright: bool) -> None:
        """upright: turn them as their EXIF data say."""
        self._files, self._upright = files, upright
        self.count = len(files)
        stems = [file.stem for file in files]
        self._names = [file.stem if stems.count(file.stem) == 1 else file.name for file in files]

    def __iter__(self) -> Iterator[Picture]:
        """Each. Raises InputError at one that cannot be read, is cut short, or has another size than the first."""
        first: tuple[int, ...] = ()
        for number, file in enumerate(self._files):
            pixels = read_picture(file, self._upright)
            first = first or pixels.shape
            if pixels.shape != first:
                raise InputError(
                    f"{file} has {pixels.shape[1]} x {pixels.shape[0]} px, {self._files[0].name} {first[1]} x {first[0]}: wanted "
                    "pictures of one camera and one size in a folder"
                )
            yield Picture(self._names[number], file.name, number, FOLDER_STEP_S * number, pixels)


class Video:
    """The frames of a film."""

    def __init__(self, path: Path, upright: bool) -> None:
        """Open it. upright: turn it as it says.

        Raises:
            InputError: not a video. MissingLibraryError: PyAV is not there.
        """
        try:
            import av
        except ImportError as error:
            raise MissingLibraryError("videos need PyAV: install the package av (pip) or python3-av") from error
        self._path, self._upright, self._fault = path, upright, av.error.FFmpegError
        try:
            self._container: Any = av.open(str(path))
        except self._fault as error:
            raise InputError(f"video {path} cannot be read: {error.strerror}") from error
        if not self._container.streams.video:
            raise InputError(f"video {path} has no pictures in it")
        stream = self._container.streams.video[0]
        rate = float(stream.average_rate or stream.guessed_rate or 25)
        self.rate_hz = min(max(round(rate), SLOWEST_HZ), FASTEST_HZ)
        length_s = float(stream.duration * stream.time_base) if stream.duration and stream.time_base else 0.0
        self.count = stream.frames or round(length_s * rate)
        """How many frames, as the file says; 0: it does not."""

    def __iter__(self) -> Iterator[Picture]:
        """Each frame. Raises InputError where it breaks off, or has none."""
        number = 0
        try:
            for frame in self._container.decode(video=0):
                pixels = frame.to_ndarray(format="bgr24")
                if self._upright and frame.rotation % 90 == 0:
                    pixels = np.ascontiguousarray(np.rot90(pixels, frame.rotation // 90))
                yield Picture(f"{number:06d}", "", number, number / self.rate_hz, pixels)
                number += 1
        except self._fault as error:
            raise InputError(f"video {self._path} breaks off after {number} frames: {error.strerror}") from error
        finally:
            self._container.close()
        if not number:
            raise InputError(f"video {self._path} has no frame that can be read")


def read_picture(file: Path, upright: bool) -> NDArray[np.uint8]:
    """(H, W, 3) BGR of 8 bits. Raises InputError."""
    import cv2

    from auxfocus_ros.commands.stack_frames import is_cut_short
    from auxfocus_ros.rig.picture_files import load_picture

    try:
        pixels, _ = load_picture(file, upright)
        if is_cut_short(file.read_bytes()):
            raise InputError(f"{file} is cut short: its end is missing")
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from error
    except cv2.error as error:
        raise InputError(f"{file} is not a picture that can be read: {error.err}") from error
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR) if pixels.ndim == 2 else pixels, np.uint8)


def pictures_in(folder: Path) -> list[Path]:
    """Its pictures, 2 before 10. Raises InputError where there are none."""
    from auxfocus_ros.rig.bag import natural_key

    try:
        files = [file for file in folder.iterdir() if file.suffix.lower() in PICTURE_SUFFIXES and file.is_file()]
    except OSError as error:
        raise InputError(f"folder {folder} cannot be read: {error.strerror}") from error
    if not files:
        raise InputError(f"folder {folder} has no pictures ({', '.join(PICTURE_SUFFIXES)})")
    return sorted(files, key=natural_key)


def is_video(path: Path) -> bool:
    """Whether a file is a video, by its suffix. Raises InputError for what is neither a picture nor a video, or not there."""
    if not path.is_file():
        raise InputError(f"{path} does not exist")
    suffix = path.suffix.lower()
    if suffix not in (*PICTURE_SUFFIXES, *VIDEO_SUFFIXES):
        kinds = f"a picture ({', '.join(PICTURE_SUFFIXES)}), a video ({', '.join(VIDEO_SUFFIXES)})"
        raise InputError(f"{path}: wanted {kinds} or a folder")
    return suffix in VIDEO_SUFFIXES
