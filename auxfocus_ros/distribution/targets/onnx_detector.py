"""A user's own detector: any ONNX file with one of the usual outputs (`onnx_layouts.py`), run by OpenCV on the processor.

The picture is brought to the network's input as these networks were trained: red, green, blue, 0 to 1, its shape kept, the rest
grey.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution.targets.boxes import clipped
from auxfocus_ros.distribution.targets.detection import Detection, check_picture, without_doubles
from auxfocus_ros.distribution.targets.onnx_layouts import layout_of, read_rows
from auxfocus_ros.distribution.targets.target import TargetSource
from auxfocus_ros.errors import ConfigurationError, InputError

_GREY = (114, 114, 114)
_WANTED = "wanted one output of shape (1, N, 5 + C), (1, 4 + C, N), (N, 6), (1, N, 6), (N, 7) or (1, 1, N, 7)"


class OnnxDetector:
    """Detections of a network; their labels are the names of its classes."""

    def __init__(
        self, path: str | Path, labels_path: str | Path = "", threshold: float = 0.4, input_size_px: tuple[int, int] = (640, 640)
    ) -> None:
        """Load a network and try it on an empty picture.

        Args:
            path: the ONNX file. labels_path: a text file with a name on each line, class 0 first; empty: classes are called
                'class 0' and so on.
            threshold: detections with a smaller score are left out, 0 to 1.
            input_size_px: width and height that the network wants.

        Raises:
            ConfigurationError: a file that cannot be read, a network that does not take such a picture or gives anything else,
                fewer names than classes. The line names the shape.
        """
        import cv2

        self._path, self._threshold, self._size = Path(path), threshold, input_size_px
        self._names = _names(Path(labels_path)) if labels_path else ()
        if not self._path.is_file():
            raise ConfigurationError(f"detector: there is no file {self._path}")
        with _quiet():
            try:
                self._net = cv2.dnn.readNetFromONNX(str(self._path))
            except cv2.error as error:
                why = _one_line(error)
                raise ConfigurationError(f"detector {self._path}: not a network that OpenCV can read: {why}") from error
            try:
                shape = self._run(np.zeros((input_size_px[1], input_size_px[0], 3), np.uint8)).shape
            except cv2.error as error:
                raise ConfigurationError(
                    f"detector {self._path}: it does not take a picture of shape (1, 3, {input_size_px[1]}, {input_size_px[0]}): "
                    f"{_one_line(error)}"
                ) from error
        found = layout_of(shape, len(self._names))
        if found is None:
            raise ConfigurationError(f"detector {self._path}: its output has shape {tuple(shape)}; {_WANTED}")
        self._layout, classes = found
        if self._names and classes > len(self._names):
            raise ConfigurationError(
                f"detector {self._path}: its output of shape {tuple(shape)} has {classes} classes, "
                f"but {labels_path} names {len(self._names)}"
            )

    def detect(self, picture: NDArray[np.uint8]) -> list[Detection]:
        """What the network finds in a picture, (H, W, 3) BGR or (H, W) grey.

        Raises:
            InputError: another picture, a class that the labels do not name, or a picture that the network fails on.
        """
        import cv2

        check_picture(picture)
        boxed, scale, (left, top) = _letterboxed(picture, self._size)
        try:
            output = self._run(boxed)
        except cv2.error as error:
            raise InputError(f"detector {self._path}: it failed on a picture: {_one_line(error)}") from error
        rows = read_rows(output, self._layout, self._size, self._threshold)
        corners = (rows.corners_px - np.array([left, top, left, top], np.float32)) / scale
        # Doubles are looked for within each class: the boxes of different classes are moved apart.
        apart = rows.classes[:, None] * 4.0 * max(picture.shape[:2])
        boxes = np.column_stack([corners[:, :2] + apart, corners[:, 2:] - corners[:, :2]]).tolist()
        found = []
        for index in without_doubles(boxes, rows.scores, self._threshold) if boxes else []:
            x0, y0, x1, y1 = (round(value) for value in corners[index].tolist())
            box = clipped((x0, y0, max(1, x1 - x0), max(1, y1 - y0)), (picture.shape[1], picture.shape[0]))
            if box is not None:
                label = self._name(int(rows.classes[index]))
                found.append(Detection(box, label, TargetSource.DETECTOR, float(rows.scores[index])))
        return found

    def _run(self, picture: NDArray[np.uint8]) -> NDArray[Any]:
        import cv2

        self._net.setInput(cv2.dnn.blobFromImage(picture, 1.0 / 255.0, swapRB=True))
        outputs = self._net.forward(self._net.getUnconnectedOutLayersNames())
        if len(outputs) != 1:
            shapes = ", ".join(str(tuple(output.shape)) for output in outputs)
            raise ConfigurationError(f"detector {self._path}: it has {len(outputs)} outputs of shapes {shapes}; {_WANTED}")
        return np.asarray(outputs[0])

    def _name(self, number: int) -> str:
        if not self._names:
            return f"class {number}"
        if not 0 <= number < len(self._names):
            raise InputError(f"detector {self._path}: it found class {number}, but only 0 to {len(self._names) - 1} have a name")
        return self._names[number]


def _names(path: Path) -> tuple[str, ...]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"detector: the labels file {path} cannot be read: {error}") from error
    names = tuple(line.strip() for line in lines if line.strip())
    if not names:
        raise ConfigurationError(f"detector: the labels file {path} is empty; wanted the name of a class on each line")
    return names


def _letterboxed(picture: NDArray[np.uint8], size_px: tuple[int, int]) -> tuple[NDArray[np.uint8], float, tuple[int, int]]:
    """The picture in the middle of a grey one of `size_px`: with its scale, and the columns and rows before it."""
    import cv2

    if picture.ndim == 2:
        picture = np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR), np.uint8)
    height, width = picture.shape[:2]
    scale = min(size_px[0] / width, size_px[1] / height)
    inner = (max(1, round(width * scale)), max(1, round(height * scale)))
    resized = cv2.resize(picture, inner, interpolation=cv2.INTER_LINEAR)
    left, top = (size_px[0] - inner[0]) // 2, (size_px[1] - inner[1]) // 2
    right, bottom = size_px[0] - inner[0] - left, size_px[1] - inner[1] - top
    boxed = cv2.copyMakeBorder(resized, top, bottom, left, right, cv2.BORDER_CONSTANT, value=_GREY)
    return np.asarray(boxed, np.uint8), scale, (left, top)


@contextmanager
def _quiet() -> Iterator[None]:
    """OpenCV says nothing of its own: one line is enough."""
    import cv2

    before = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(before)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
