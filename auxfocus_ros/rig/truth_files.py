"""Frames as plain files, for programs that read pictures and not recordings: training, measuring, looking.

    images/000000.png (or .jpg)      the picture
    points/000000.pcd                the cloud, as the sensor gave it          (where there is one)
    depth/000000.tiff                the depth camera's image, float32 metres  (where there is one; 0, NaN: no reading)
    truth/labels/000000.png          uint16, ids of things, 0: none of them    (with truth, as the next three)
    truth/depth/000000.tiff          float32, z in the optical frame, metres, +inf: sky
    truth/defocus/000000.tiff        float32, signed blur radius, pixels, positive behind the plane of focus
    truth/points/000000.npy          uint16, ids of things that the cloud's points came back from  (where there is a lidar)
    truth.jsonl                      a line of JSON a frame with everything else: see `rig.frame_lines`
    folder.yaml                      makes the folder a recording: `auxfocus up FOLDER` plays it

A frame counts once its line is written, and its line is written last: a folder holds whole frames at any time.
"""

from __future__ import annotations

import contextlib
import io
import shutil
from pathlib import Path

import numpy as np
import yaml

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.rig.folder import FOLDER_FILE
from auxfocus_ros.rig.frame import Frame
from auxfocus_ros.rig.frame_lines import frame_line
from auxfocus_ros.rig.pcd import pcd_bytes
from auxfocus_ros.rig.picture_encoding import EncodedPicture, encode_picture

LINES_FILE = "truth.jsonl"
ROLES = ("images", "points", "depth")  # of a folder recording


class TruthFolder:
    """Writes a folder of frames; use it in a with-block. The same frames give the same bytes.

    frames: how many it holds. size_bytes: of all that was written.
    """

    def __init__(self, path: str | Path, *, name: str = "", jpeg_quality: int | None = None) -> None:
        """Begin a folder; it is made with the first frame.

        Args:
            path: the folder; its own folder must be there.
            name: of the recording; '': the folder's.
            jpeg_quality: of the pictures, 1 to 100; None: PNG, without loss.

        Raises:
            ConfigurationError: something is there already, or there is no place for it.
        """
        self.path = Path(path)
        if self.path.exists() and not (self.path.is_dir() and not any(self.path.iterdir())):
            raise ConfigurationError(f"{self.path} is there already: name another folder, or remove it first")
        if not self.path.parent.is_dir():
            raise ConfigurationError(f"there is no folder {self.path.parent} to make {self.path.name} in")
        self.frames = 0
        self.size_bytes = 0
        self._name = name or self.path.name
        self._quality = jpeg_quality
        self._patterns: dict[str, str] = {}

    def __enter__(self) -> TruthFolder:
        """Nothing is held open."""
        return self

    def __exit__(self, *_: object) -> None:
        """Every frame was finished when it was added."""

    def add(self, frame: Frame, picture: EncodedPicture | None = None) -> str:
        """Write one frame whole, or leave nothing of it.

        Args:
            frame: with or without truth.
            picture: its picture where it is encoded already.

        Returns:
            The name of its files, without suffix.

        Raises:
            InputError: something in it that no file can hold, or a disk that takes no more.
        """
        name = f"{self.frames:06d}"
        contents = _contents(name, frame, picture or encode_picture(frame.picture, self._quality))
        line = (frame_line(name, frame) + "\n").encode()
        lines = self.path / LINES_FILE
        before = lines.stat().st_size if lines.exists() else 0
        try:
            for relative, data in contents.items():
                (self.path / relative).parent.mkdir(parents=True, exist_ok=True)
                (self.path / relative).write_bytes(data)
            with lines.open("ab") as sink:
                sink.write(line)
            self._describe(contents)
        except BaseException as error:
            with contextlib.suppress(OSError):
                self._take_back(contents, before)
            if isinstance(error, OSError):
                raise InputError(f"{self.path} cannot be written: {error.strerror}") from error
            raise
        self.frames += 1
        self.size_bytes += sum(map(len, contents.values())) + len(line)
        return name

    def _describe(self, contents: dict[str, bytes]) -> None:
        """Write folder.yaml anew where a frame brings a kind of file that none had before."""
        found = {Path(relative).parts[0]: f"{Path(relative).parts[0]}/*{Path(relative).suffix}" for relative in contents}
        patterns = {**{role: found[role] for role in ROLES if role in found}, **self._patterns}
        if patterns != self._patterns:
            about = {"name": self._name, **patterns, "frame_lines": LINES_FILE}
            draft = self.path / f".{FOLDER_FILE}"
            draft.write_text(yaml.safe_dump(about, sort_keys=False), encoding="utf-8")
            draft.replace(self.path / FOLDER_FILE)
            self._patterns = patterns

    def _take_back(self, contents: dict[str, bytes], lines_size: int) -> None:
        if self.frames == 0:
            shutil.rmtree(self.path)
            return
        for relative in contents:
            (self.path / relative).unlink(missing_ok=True)
        with (self.path / LINES_FILE).open("rb+") as sink:
            sink.truncate(lines_size)


def _contents(name: str, frame: Frame, picture: EncodedPicture) -> dict[str, bytes]:
    """A frame's files: their bytes by the path in the folder."""
    files = {f"images/{name}{picture.suffix}": picture.data}
    if frame.points is not None:
        files[f"points/{name}.pcd"] = pcd_bytes(frame.points, frame.points_height)
    if frame.depth_m is not None:
        files[f"depth/{name}.tiff"] = _image_bytes(frame.depth_m.astype(np.float32, copy=False), ".tiff")
    if frame.truth is not None:
        files[f"truth/labels/{name}.png"] = _image_bytes(frame.truth.labels.astype(np.uint16, copy=False), ".png")
        files[f"truth/depth/{name}.tiff"] = _image_bytes(frame.truth.depth_m.astype(np.float32, copy=False), ".tiff")
        files[f"truth/defocus/{name}.tiff"] = _image_bytes(frame.truth.defocus_px.astype(np.float32, copy=False), ".tiff")
        if frame.truth.point_labels is not None:
            files[f"truth/points/{name}.npy"] = _array_bytes(frame.truth.point_labels)
    return files


def _image_bytes(values: np.ndarray, suffix: str) -> bytes:
    """Without loss: OpenCV packs PNG with deflate and 32-bit TIFF with LZW."""
    import cv2

    done, data = cv2.imencode(suffix, values)
    if not done:
        raise InputError(f"an image of {values.shape[1]} x {values.shape[0]} {values.dtype} cannot be written as {suffix}")
    return data.tobytes()


def _array_bytes(values: np.ndarray) -> bytes:
    sink = io.BytesIO()
    np.save(sink, values, allow_pickle=False)
    return sink.getvalue()
