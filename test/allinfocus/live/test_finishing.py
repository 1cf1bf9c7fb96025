"""From frames to one picture: in the order of their focus, in the place of one of them, and never for nobody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from auxfocus_ros.allinfocus.alignment import Alignment
from auxfocus_ros.allinfocus.fusion.frames import Frames, Fused
from auxfocus_ros.allinfocus.keeping import FrameFolder, KeptFrame
from auxfocus_ros.allinfocus.live import GivenUp, finish
from auxfocus_ros.allinfocus.live.finishing import Fusing
from auxfocus_ros.allinfocus.live.starting import ToBytes

WHOLE = (0, 8), (0, 8)


def kept(value: int, position: float) -> KeptFrame:
    return KeptFrame(np.full((8, 8), value, np.uint8), position, 1000 + value)


def lying(crop: tuple[int, int, int, int] = (0, 0, 8, 8), lost: int = -1) -> Callable[..., Alignment]:
    """An alignment of frames that lie on each other; one of them may be of something else."""

    def align(read: Callable[[int], Any], count: int, *, told: Callable[[int], None]) -> Alignment:
        for index in range(count):
            assert read(index).shape == (8, 8)
            told(index)
        suspect = () if lost < 0 else (lost,)
        aligned = np.array([index != lost for index in range(count)])
        one, warps = np.ones((count, 1)), np.tile(np.eye(3), (count, 1, 1))
        return Alignment(count // 2, warps, one, one[:, 0], crop, suspect, ("shows something else",) * len(suspect), aligned)

    return align


def first_of(frames: Frames) -> Fused:
    """A fusion that takes the first frame, sharpest in the last."""
    index = np.full((8, 8), len(frames) - 1, np.float32)
    return Fused(frames.read(0, (0, frames.shape[0]), (0, frames.shape[1])), index[: frames.shape[0], : frames.shape[1]])


def depth_of(index: Any, positions: Sequence[float]) -> Any:
    return np.full(index.shape, positions[int(index[0, 0])] / 100.0, np.float32)


def test_frames_are_fused_in_the_order_of_their_focus(tmp_path: Path) -> None:
    folder = FrameFolder(tmp_path)
    frames = [kept(3, 300.0), kept(1, 100.0), kept(2, 200.0), kept(4, 100.0)]
    finished = finish(frames, Fusing(first_of, depth_of, align=lying()), folder, lambda: None)
    assert finished.picture[0, 0] == 4  # at 100 steps the last counts
    assert finished.reference is frames[2] and finished.problems == []
    assert finished.depth_m is not None and (finished.depth_m == 3.0).all()
    assert [file.name for file in folder.files] == ["fused.png", "depth.png"]
    assert (cv2.imread(str(folder.files[1]), cv2.IMREAD_UNCHANGED) == 3000).all()


def test_frames_that_need_more_than_memory_are_fused_alike() -> None:
    frames = [kept(3, 300.0), kept(1, 100.0), kept(2, 200.0)]
    finished = finish(frames, Fusing(first_of, depth_of, 100, lying((2, 1, 4, 5))), None, lambda: None)
    assert (finished.picture[1:6, 2:6] == 1).all() and finished.picture[0, 0] == 2


def test_one_frame_is_its_own_picture_and_without_a_calibration_there_is_no_depth() -> None:
    frame = kept(9, 10.0)
    assert finish([frame], Fusing(first_of, depth_of, align=lying()), None, lambda: None).picture is frame.picture
    finished = finish([frame, kept(8, 20.0)], Fusing(first_of, align=lying()), None, lambda: None)
    assert finished.depth_m is None


def test_what_not_every_frame_covers_is_the_references() -> None:
    frames = [kept(1, 100.0), kept(2, 200.0), kept(3, 300.0)]
    finished = finish(frames, Fusing(first_of, depth_of, align=lying((2, 1, 4, 5))), None, lambda: None)
    inside = np.zeros((8, 8), bool)
    inside[1:6, 2:6] = True
    np.testing.assert_array_equal(finished.picture, np.where(inside, 1, 2))
    assert finished.depth_m is not None
    np.testing.assert_array_equal(finished.depth_m, np.where(inside, 3.0, np.nan))
    assert (frames[1].picture == 2).all()


def test_frames_that_have_no_pixel_in_common_are_not_fused() -> None:
    frames = [kept(1, 100.0), kept(2, 200.0)]
    finished = finish(frames, Fusing(first_of, depth_of, align=lying((0, 0, 0, 8))), None, lambda: None)
    assert finished.picture is frames[1].picture and finished.problems == ["no pixel is seen by all frames: one of them is given"]


def test_a_frame_of_something_else_is_left_out_and_said() -> None:
    frames = [kept(1, 100.0), kept(2, 200.0), kept(3, 300.0)]
    finished = finish(frames, Fusing(first_of, depth_of, align=lying(lost=0)), None, lambda: None)
    assert finished.picture[0, 0] == 2 and finished.problems == ["the frame at 100 steps shows something else: left out"]
    assert finished.depth_m is not None and (finished.depth_m == 3.0).all()


def test_it_ends_as_soon_as_nobody_waits(tmp_path: Path) -> None:
    asked: list[int] = []

    def ask() -> None:
        asked.append(1)
        if len(asked) == 7:
            raise GivenUp

    def fuse(frames: Frames) -> Fused:
        return Fused(np.concatenate([frames.read(i % 2, *WHOLE) for i in range(100)]))

    with pytest.raises(GivenUp):
        finish([kept(1, 1.0), kept(2, 2.0)], Fusing(fuse, align=lying()), FrameFolder(tmp_path), ask)
    assert len(asked) == 7 and not list(tmp_path.iterdir())


def test_sixteen_bits_are_shown_with_the_gain_of_the_first() -> None:
    to_bytes = ToBytes()
    first = np.tile(np.arange(4096, dtype=np.uint16), (4, 1))
    shown = to_bytes(first)
    assert shown.dtype == np.uint8 and shown.max() == 255 and shown[0, 2048] == pytest.approx(128, abs=2)
    assert (to_bytes(first // 2)[0, 4000] == shown[0, 2000]).all()
    grey = np.full((4, 4), 7, np.uint8)
    assert to_bytes(grey) is grey
