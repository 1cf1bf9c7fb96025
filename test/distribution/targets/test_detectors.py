"""OpenCV's own detectors, where they run at all, and where they cannot."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from auxfocus_ros.distribution.targets import Detection, TargetSource
from auxfocus_ros.distribution.targets import detectors as detectors_module
from auxfocus_ros.distribution.targets.detection import without_doubles
from auxfocus_ros.distribution.targets.detectors import DetectorOptions, Detectors, FaceDetector, PeopleDetector
from auxfocus_ros.errors import ConfigurationError, InputError


def check(found: list[Detection], picture: np.ndarray, source: TargetSource) -> None:
    for one in found:
        left, top, width, height = one.box_px
        assert 0 <= left < left + width <= picture.shape[1] and 0 <= top < top + height <= picture.shape[0]
        assert one.source == source and one.label == source.name.lower() and 0.4 <= one.confidence <= 1.0


def drawn_face(size: int = 240) -> np.ndarray:
    """A face as a child draws it, shaded enough for a cascade: the frontal one finds it."""
    picture = np.full((size, size), 90, np.uint8)
    middle, unit = size // 2, size / 240
    cv2.ellipse(picture, (middle, middle), (round(62 * unit), round(80 * unit)), 0, 0, 360, 205, -1)
    for side in (-1, 1):
        eye = (middle + round(side * 26 * unit), middle - round(18 * unit))
        cv2.ellipse(picture, (eye[0], eye[1] - round(14 * unit)), (round(17 * unit), round(4 * unit)), 0, 0, 360, 70, -1)
        cv2.ellipse(picture, eye, (round(15 * unit), round(8 * unit)), 0, 0, 360, 120, -1)
        cv2.circle(picture, eye, round(6 * unit), 40, -1)
    cv2.ellipse(picture, (middle, middle + round(14 * unit)), (round(9 * unit), round(13 * unit)), 0, 0, 360, 175, -1)
    cv2.ellipse(picture, (middle, middle + round(44 * unit)), (round(26 * unit), round(8 * unit)), 0, 0, 360, 100, -1)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 3 * unit), np.uint8)


def test_a_drawn_face() -> None:
    picture = np.full((360, 480), 90, np.uint8)
    picture[60:300, 120:360] = drawn_face()
    found = FaceDetector().detect(picture)
    check(found, picture, TargetSource.FACE)
    assert found, "the frontal cascade finds this face"
    left, top, width, height = found[0].box_px
    assert abs(left + width / 2 - 240) < 25 and abs(top + height / 2 - 180) < 35 and 90 < width < 220


def test_no_one_in_an_empty_picture() -> None:
    picture = np.full((480, 640, 3), 120, np.uint8)
    assert Detectors(DetectorOptions(faces=True, people=True)).detect(picture) == ()


def test_pictures_of_any_size() -> None:
    random = np.random.default_rng(0)
    detectors = Detectors(DetectorOptions(faces=True, people=True))
    for shape in [(1, 1, 3), (40, 30), (100, 300, 3), (300, 60), (700, 1000, 3)]:
        picture = random.integers(0, 255, shape, np.uint8)
        found = detectors.detect(picture)
        check([one for one in found if one.source == TargetSource.FACE], picture, TargetSource.FACE)
        check([one for one in found if one.source == TargetSource.PERSON], picture, TargetSource.PERSON)


@pytest.mark.parametrize("picture", [np.zeros((4, 4, 4), np.uint8), np.zeros((4, 4), np.float32), np.zeros((0, 4, 3), np.uint8)])
def test_no_picture(picture: np.ndarray) -> None:
    with pytest.raises(InputError, match="wanted a picture"):
        Detectors(DetectorOptions()).detect(picture)


def test_real_pictures(shared_data: Path) -> None:
    """The detectors run on real pictures, in which they find little: a lab with people at its far end."""
    picture = cv2.imread(str(shared_data / "rgb_lidar_hall" / "pose39.png"))
    check(PeopleDetector().detect(picture), picture, TargetSource.PERSON)
    check(FaceDetector().detect(picture), picture, TargetSource.FACE)


def test_without_doubles() -> None:
    boxes = [(0, 0, 10, 10), (1, 1, 10, 10), (30, 0, 10, 10), (60, 0, 10, 10)]
    assert sorted(without_doubles(boxes, [0.6, 0.9, 0.5, 0.2], 0.4)) == [1, 2]


def test_no_cascades(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cv2.data, "haarcascades", str(tmp_path))
    monkeypatch.setattr(detectors_module, "_SYSTEM_CASCADES", tmp_path / "none")
    with pytest.raises(ConfigurationError, match=r"haarcascade_frontalface_alt2.xml .* are neither in .* nor in .*; install"):
        FaceDetector()


def test_the_systems_cascades(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = cv2.data.haarcascades
    monkeypatch.setattr(cv2.data, "haarcascades", str(tmp_path))
    monkeypatch.setattr(detectors_module, "_SYSTEM_CASCADES", Path(folder))
    assert FaceDetector().detect(np.zeros((50, 50), np.uint8)) == []


def test_a_broken_cascade(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("haarcascade_frontalface_alt2.xml", "haarcascade_profileface.xml"):
        (tmp_path / name).write_text("<?xml version='1.0'?><opencv_storage></opencv_storage>")
    monkeypatch.setattr(cv2.data, "haarcascades", str(tmp_path))
    with pytest.raises(ConfigurationError, match=r"cannot be read"):
        FaceDetector()


def test_options() -> None:
    assert not DetectorOptions().any and DetectorOptions(people=True).any and DetectorOptions(onnx="net.onnx").any
    with pytest.raises(ConfigurationError, match="threshold must be from 0 to 1"):
        DetectorOptions(threshold=1.5)
    with pytest.raises(ConfigurationError, match="onnx_size_px"):
        DetectorOptions(onnx_size_px=(0, 640))


def test_importing_the_room_is_light() -> None:
    code = "import sys, auxfocus_ros.distribution.targets, auxfocus_ros.distribution.targets.detectors; "
    code += "print([name for name in ('cv2', 'scipy', 'numba', 'onnx') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.strip() == "[]"
