"""Films and contact sheets from pictures as they come: H.264 in MP4, which browsers play, through PyAV."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any

import cv2
import numpy as np

from auxfocus_ros.errors import InputError, MissingLibraryError

DECODED_AHEAD = 2
"""Pictures by which x264 decodes before it shows."""


def letterboxed(picture: np.ndarray, width_px: int, height_px: int) -> np.ndarray:
    """A BGR picture fitted into a frame of another shape, (height_px, width_px, 3), the rest black."""
    scale = min(width_px / picture.shape[1], height_px / picture.shape[0])
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    fitted = picture if size == picture.shape[1::-1] else cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    frame = np.zeros((height_px, width_px, 3), np.uint8)
    top, left = (height_px - size[1]) // 2, (width_px - size[0]) // 2
    frame[top : top + size[1], left : left + size[0]] = fitted
    return frame


def _pyav() -> Any:
    try:
        import av
    except ImportError as error:
        raise MissingLibraryError("films need PyAV: install the package av (pip) or python3-av") from error
    return av


class Film:
    """An MP4 file that is written while pictures come; a context manager. Pictures of any size are letterboxed into it.

    The same pictures give the same bytes, however many cores there are.
    """

    def __init__(self, target: Path | BytesIO, width_px: int, height_px: int, rate_hz: int | Fraction) -> None:
        """`target`: a file, or memory. `width_px` and `height_px` must be even, as H.264 wants them.

        Raises:
            InputError: a size that is odd. MissingLibraryError: PyAV or its H.264 encoder is not there.
        """
        if width_px % 2 or height_px % 2:
            raise InputError(f"a film of {width_px} x {height_px} pixels: H.264 needs an even width and height")
        av = self._av = _pyav()
        if isinstance(target, Path):
            target.parent.mkdir(parents=True, exist_ok=True)
        self._container = av.open(str(target) if isinstance(target, Path) else target, "w", format="mp4")
        try:
            stream = self._container.add_stream("libx264", rate=rate_hz, options={"preset": "superfast", "crf": "22"})
        except (ValueError, av.error.FFmpegError) as error:
            raise MissingLibraryError(f"PyAV has no H.264 encoder here ({error}): install the wheel of av") from error
        stream.width, stream.height, stream.pix_fmt = width_px, height_px, "yuv420p"
        stream.time_base = Fraction(1, rate_hz)
        stream.codec_context.thread_count = 1  # x264 divides a picture among its threads: others give other bytes
        self._stream = stream
        self.frames = 0

    def __enter__(self) -> Film:
        """The film itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Finish the file."""
        for packet in self._stream.encode():
            self._container.mux(packet)
        self._container.close()

    def add(self, picture: np.ndarray) -> None:
        """Append a BGR picture, (H, W, 3) uint8."""
        frame = letterboxed(picture, self._stream.width, self._stream.height)
        video_frame = self._av.VideoFrame.from_ndarray(frame, format="bgr24")
        video_frame.pts = self.frames
        self.frames += 1
        for packet in self._stream.encode(video_frame):
            self._container.mux(packet)


def join_films(films: Iterable[bytes], path: Path) -> int:
    """One film of several, in order, without decoding a picture; memory holds one of them at a time.

    Args:
        films: each as `Film` wrote it, all of one size and rate; empty ones are passed over.
        path: of the MP4 file; nothing is written where there is no film.

    Returns:
        How many pictures it has.

    Raises:
        InputError: one of another size or rate, or that is no film. MissingLibraryError: PyAV is not there.
    """
    av = _pyav()
    joined: Any = None
    pictures, first, shift, stream = 0, None, 0, None
    try:
        for number, film in enumerate(films):
            if not film:
                continue
            try:
                part = av.open(BytesIO(film))
                source = part.streams.video[0]
            except (av.error.FFmpegError, IndexError) as error:
                raise InputError(f"film {number} of those to be joined is no film: {error}") from error
            with part:
                kind = (source.width, source.height, source.average_rate, source.time_base)
                if joined is None:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    joined = av.open(str(path), "w", format="mp4")
                    stream, first = joined.add_stream_from_template(source), kind
                if kind != first:
                    raise InputError(f"film {number} of those to be joined has another size or rate than the first")
                step = round(1 / (source.average_rate * source.time_base))  # `duration` may lack some of the last picture's
                for packet in part.demux(source):
                    if packet.dts is None:  # the empty one at the end
                        continue
                    # very short films are decoded with no delay: in the joined one all pictures have the same
                    packet.pts, packet.dts, packet.stream = packet.pts + shift, (pictures - DECODED_AHEAD) * step, stream
                    joined.mux(packet)
                    pictures += 1
                shift = pictures * step
    finally:
        if joined is not None:
            joined.close()
    return pictures


def contact_sheet(pictures: list[np.ndarray], columns: int, cell_width_px: int = 640) -> np.ndarray:
    """Pictures (BGR) side by side in rows, each letterboxed into a 16 : 9 cell, with a thin gap."""
    if not pictures:
        raise InputError("no pictures for a contact sheet")
    gap_px = 6
    cell = (cell_width_px, cell_width_px * 9 // 16)
    rows = math.ceil(len(pictures) / columns)
    sheet = np.full((rows * (cell[1] + gap_px) + gap_px, columns * (cell[0] + gap_px) + gap_px, 3), 24, np.uint8)
    for index, picture in enumerate(pictures):
        row, column = divmod(index, columns)
        top, left = gap_px + row * (cell[1] + gap_px), gap_px + column * (cell[0] + gap_px)
        sheet[top : top + cell[1], left : left + cell[0]] = letterboxed(picture, *cell)
    return sheet
