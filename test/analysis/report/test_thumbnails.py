"""Thumbnails: how they are made and which of them are shown."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from auxfocus_ros.analysis.report.thumbnails import FRAME_BGR, MOST_THUMBNAILS, frames_to_show, thumbnail


def passage(first: int, last: int) -> dict[str, Any]:
    return {"first_frame": first, "last_frame": last, "start_s": first / 10, "end_s": (last + 1) / 10, "why": "soft"}


@pytest.mark.parametrize("shape", [(720, 1280, 3), (720, 1280), (90, 160, 3)])
def test_a_thumbnail_is_small_and_frames_the_region(shape: tuple[int, ...]) -> None:
    scale = shape[1] / 320
    region = tuple(round(scale * value) for value in (100, 60, 80, 40))
    picture = cv2.imdecode(np.frombuffer(thumbnail(np.full(shape, 90, np.uint8), region), np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (180, 320, 3)
    assert np.abs(picture[60, 130].astype(int) - FRAME_BGR).max() < 40
    assert np.abs(picture[80, 140].astype(int) - 90).max() < 6


def test_the_picture_nearest_to_a_passages_middle_stands_for_it() -> None:
    passages = [passage(10, 20), passage(30, 34), passage(90, 99)]
    assert frames_to_show(passages, [19, 0, 14, 35, 90]) == {0: 14, 2: 90}


def test_the_longest_passages_have_pictures() -> None:
    passages = [passage(100 * index, 100 * index + index) for index in range(40)]
    shown = frames_to_show(passages, range(4100))
    assert set(shown) == set(range(40 - MOST_THUMBNAILS, 40))


def test_nothing_to_show() -> None:
    assert frames_to_show([], [1, 2]) == {} and frames_to_show([passage(0, 5)], []) == {}
