"""Detectors of what people look at: faces and people, by what OpenCV brings along, and whatever a user's network finds.

They are slow against a picture's time and run beside it; `TargetKeeper.add_detections` takes what they find. Faces: the cascades
of Haar features of Viola and Jones, frontal and from either side. People who stand or walk: histograms of oriented gradients with
the support vector machine of Dalal and Triggs. Both are old and cost no graphics card; they miss what is small, dark or turned
away, and see now and then what is not there. A network finds more: see `onnx_detector.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.distribution.objects.scene_object import BoxPx
from auxfocus_ros.distribution.targets.boxes import clipped
from auxfocus_ros.distribution.targets.detection import Detection, check_picture, without_doubles
from auxfocus_ros.distribution.targets.onnx_detector import OnnxDetector
from auxfocus_ros.distribution.targets.target import TargetSource
from auxfocus_ros.errors import ConfigurationError

FACE_WIDTH_PX, PEOPLE_WIDTH_PX = 640, 800
"""Wider pictures are made smaller before they are searched."""
_SMALLEST_FACE_SHARE = 0.05  # of the picture's height: a face that is smaller is not searched for
_FACE_STEP, _FACE_NEIGHBOURS = 1.15, 5  # of sizes that are searched for; finds that a face takes
_SURE_NEIGHBOURS = 20.0  # finds of one face at several places and sizes that make it sure to two thirds
_CASCADES = ("haarcascade_frontalface_alt2.xml", "haarcascade_profileface.xml")
_SYSTEM_CASCADES = Path("/usr/share/opencv4/haarcascades")
_PERSON_MARGIN_X, _PERSON_TOP, _PERSON_HEIGHT = 0.1, 0.07, 0.85  # of the window: where in it the person stands


@dataclass(frozen=True)
class DetectorOptions:
    """Options of `Detectors`.

    Attributes:
        faces, people: look for them.
        onnx: a detector's ONNX file; empty: none.
        onnx_labels: a text file with the name of a class on each line; empty: classes are called by number.
        onnx_size_px: width and height of the picture that it takes.
        threshold: what the detectors are less sure of is left out, 0 to 1.

    Raises:
        ConfigurationError: a value out of its range.
    """

    faces: bool = False
    people: bool = False
    onnx: str = ""
    onnx_labels: str = ""
    onnx_size_px: tuple[int, int] = (640, 640)
    threshold: float = 0.4

    def __post_init__(self) -> None:
        """Check every option."""
        if not 0.0 <= self.threshold <= 1.0:
            raise ConfigurationError(f"detectors: threshold must be from 0 to 1, got {self.threshold!r}")
        if min(self.onnx_size_px) < 1:
            raise ConfigurationError(f"detectors: onnx_size_px must be a width and a height, got {self.onnx_size_px!r}")

    @property
    def any(self) -> bool:
        """Whether there is anything to look for."""
        return self.faces or self.people or bool(self.onnx)


class Detectors:
    """The wanted detectors, one after the other on one picture. To be used in one thread at a time."""

    def __init__(self, options: DetectorOptions) -> None:
        """Load what the options name.

        Raises:
            ConfigurationError: a missing cascade, an ONNX or labels file that cannot be used.
        """
        self.options = options
        self._wanted: list[Any] = []
        if options.faces:
            self._wanted.append(FaceDetector(options.threshold))
        if options.people:
            self._wanted.append(PeopleDetector(options.threshold))
        if options.onnx:
            self._wanted.append(OnnxDetector(options.onnx, options.onnx_labels, options.threshold, options.onnx_size_px))

    def detect(self, picture: NDArray[np.uint8]) -> tuple[Detection, ...]:
        """Everything that is found in a picture.

        Args:
            picture: (H, W, 3) uint8 BGR or (H, W) uint8 grey.

        Raises:
            InputError: another picture; a network's class that has no name.
        """
        check_picture(picture)
        return tuple(found for detector in self._wanted for found in detector.detect(picture))


class FaceDetector:
    """Faces, from the front and from either side, from about 5 percent of the picture's height on."""

    def __init__(self, threshold: float = 0.4) -> None:
        """Load the cascades. Raises ConfigurationError where neither this Python's OpenCV nor the system has them."""
        import cv2

        self._threshold = threshold
        folder = _cascade_folder()
        self._frontal, self._profile = (cv2.CascadeClassifier(str(folder / name)) for name in _CASCADES)
        for cascade, name in zip((self._frontal, self._profile), _CASCADES, strict=True):
            if cascade.empty():
                raise ConfigurationError(f"faces: {folder / name} cannot be read; reinstall OpenCV's cascades (opencv-data)")

    def detect(self, picture: NDArray[np.uint8]) -> list[Detection]:
        """The faces in a picture, (H, W, 3) BGR or (H, W) grey; the confidence grows with how often a face was found."""
        import cv2

        small, scale = _reduced(picture, FACE_WIDTH_PX)
        grey = small if small.ndim == 2 else cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
        grey = cv2.equalizeHist(grey)
        side = max(20, round(_SMALLEST_FACE_SHARE * grey.shape[0]))
        mirrored = cv2.flip(grey, 1)
        boxes: list[BoxPx] = []
        weights: list[float] = []
        for cascade, image in ((self._frontal, grey), (self._profile, grey), (self._profile, mirrored)):
            found, counts = cascade.detectMultiScale2(image, _FACE_STEP, _FACE_NEIGHBOURS, minSize=(side, side))
            for (x, y, w, h), count in zip(found, np.ravel(counts), strict=True):
                boxes.append((grey.shape[1] - x - w if image is mirrored else x, y, w, h))
                weights.append(1.0 - math.exp(-float(count) / _SURE_NEIGHBOURS))
        return _detections(boxes, weights, (scale, self._threshold), picture, face=True)


class PeopleDetector:
    """People who stand or walk and are seen whole, from about a quarter of the picture's height on."""

    def __init__(self, threshold: float = 0.4) -> None:
        """Set the detector up."""
        import cv2

        self._threshold = threshold
        self._hog = cv2.HOGDescriptor()
        self._hog.setSVMDetector(np.asarray(cv2.HOGDescriptor.getDefaultPeopleDetector(), np.float32))

    def detect(self, picture: NDArray[np.uint8]) -> list[Detection]:
        """The people in a picture, (H, W, 3) BGR or (H, W) grey; the confidence is the logistic of the margin, 0.5 at 0.5."""
        small, scale = _reduced(picture, PEOPLE_WIDTH_PX)
        if small.shape[0] < 128 or small.shape[1] < 64:
            return []
        found, margins = self._hog.detectMultiScale(small, winStride=(8, 8), padding=(16, 16), scale=1.08, groupThreshold=0)
        boxes = [
            (
                round(x + _PERSON_MARGIN_X * w),
                round(y + _PERSON_TOP * h),
                round((1.0 - 2.0 * _PERSON_MARGIN_X) * w),
                round(_PERSON_HEIGHT * h),
            )
            for x, y, w, h in found
        ]
        weights = [1.0 / (1.0 + math.exp(-4.0 * (float(margin) - 0.5))) for margin in np.ravel(margins)]
        return _detections(boxes, weights, (scale, self._threshold), picture, face=False)


def _cascade_folder() -> Path:
    import cv2

    own = Path(cv2.data.haarcascades) if hasattr(cv2, "data") else _SYSTEM_CASCADES
    for folder in (own, _SYSTEM_CASCADES):
        if all((folder / name).is_file() for name in _CASCADES):
            return folder
    raise ConfigurationError(
        f"faces: {' and '.join(_CASCADES)} are neither in {own} nor in {_SYSTEM_CASCADES}; "
        "install opencv-data (Debian) or opencv-python-headless (PyPI)"
    )


def _reduced(picture: NDArray[np.uint8], width_px: int) -> tuple[NDArray[np.uint8], float]:
    """The picture at most so wide, and what its pixels are to be multiplied by to be the picture's again."""
    import cv2

    height, width = picture.shape[:2]
    if width <= width_px:
        return picture, 1.0
    size = (width_px, max(1, round(height * width_px / width)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8), width / width_px


def _detections(
    boxes: list[BoxPx], weights: list[float], how: tuple[float, float], picture: NDArray[np.uint8], *, face: bool
) -> list[Detection]:
    """What was found in the reduced picture, without doubles, in the picture itself; how: its scale, and the threshold."""
    scale, threshold = how
    label, source = ("face", TargetSource.FACE) if face else ("person", TargetSource.PERSON)
    found = []
    for index in without_doubles(boxes, weights, threshold) if boxes else []:
        left, top, width, height = (scale * value for value in boxes[index])
        box = (round(left), round(top), max(1, round(width)), max(1, round(height)))
        seen = clipped(box, (picture.shape[1], picture.shape[0]))
        if seen is not None:
            found.append(Detection(seen, label, source, weights[index]))
    return found
