"""Sequences that cannot be learned from are refused in one line that says why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.monodepth.training.sequence_checks import camera_problem, check_sequence, is_black, reasons_text
from auxfocus_ros.optics.camera import CameraModel


def test_too_few_frames(film: Any) -> None:
    check_sequence(film(2), 1)
    with pytest.raises(ConfigurationError, match="'toy 0': it has one frame, wanted 2 or more"):
        check_sequence(film(1), 1)
    with pytest.raises(ConfigurationError, match="it has 3 frames, wanted 4 or more"):
        check_sequence(film(3), 3)


@pytest.mark.parametrize(
    ("camera", "said"),
    [
        (CameraModel(320, 240, 300, 300, 160, 120), ""),
        (CameraModel(320, 240, 300, 300, 239, 120), ""),  # a quarter aside: a cropped picture
        (CameraModel(320, 240, 585, 585, 320, 240), "principal point is 320, 240, wanted it near the middle of 320 x 240 px"),
        (CameraModel(320, 240, 60, 60, 160, 120), "focal length is 60, 60 px, wanted 80 to 3840 px"),
        (CameraModel(320, 240, 300, 5000, 160, 120), "focal length is 300, 5000 px"),
    ],
)
def test_intrinsics_that_do_not_fit_the_picture(film: Any, camera: CameraModel, said: str) -> None:
    assert said in camera_problem(camera) and bool(camera_problem(camera)) == bool(said)
    if said:
        pictures = np.zeros((2, 240, 320, 3), np.uint8)
        sequence = replace(film(2), pictures=pictures, camera=camera, depth_m=None, classes=None)
        with pytest.raises(ConfigurationError, match="do not fit the picture"):
            check_sequence(sequence, 1)


def test_black_frames() -> None:
    picture = np.zeros((100, 100, 3), np.uint8)
    picture[0] = 255  # a line of text in a black frame
    assert is_black(picture)
    picture[:2] = 255
    assert not is_black(picture)


def test_reasons_in_words() -> None:
    assert reasons_text({"a": 2, "b": 12}) == "12 x b, 2 x a"
    assert reasons_text({}) == ""
