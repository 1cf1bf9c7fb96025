"""Frames that are kept: as files that a reader of stacks takes, in memory and beyond, and what a full disk costs."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from auxfocus_ros.allinfocus.keeping import FrameFolder, FrameShelf, NoRoomError
from auxfocus_ros.allinfocus.keeping.frame_folder import millimetres
from auxfocus_ros.errors import InputError
from auxfocus_ros.rig.stack_file import describe_stack


def picture(seed: int, dtype: Any = np.uint8, channels: tuple[int, ...] = (3,)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, (48, 64, *channels)).astype(dtype)


@pytest.mark.parametrize(("dtype", "channels"), [(np.uint8, (3,)), (np.uint8, ()), (np.uint16, ()), (np.uint16, (3,))])
def test_what_is_kept_is_what_was_captured(tmp_path: Path, dtype: Any, channels: tuple[int, ...]) -> None:
    folder = FrameFolder(tmp_path / "capture")
    shelf = FrameShelf(folder, memory_bytes=2 * picture(0, dtype, channels).nbytes)
    shelf.open(picture(0).nbytes, 4)
    positions = [700.25, 500.0, 900.0, 1.0 / 3.0]
    for number, position in enumerate(positions):
        shelf.add(picture(number, dtype, channels), position, number + 7)
    kept = shelf.close()
    assert [(frame.position_steps, frame.stamp_ns) for frame in kept] == [(p, n + 7) for n, p in enumerate(positions)]
    for number, frame in enumerate(kept):  # two in memory, two beyond it
        np.testing.assert_array_equal(frame.picture, picture(number, dtype, channels))
    assert [isinstance(frame.picture, np.memmap) for frame in kept] == [False, False, True, True]
    stack = describe_stack(folder.path)
    assert (stack.measure, list(stack.values)) == ("position_steps", positions)
    for number, file in enumerate(stack.images):
        np.testing.assert_array_equal(cv2.imread(str(file), cv2.IMREAD_UNCHANGED), picture(number, dtype, channels))
    assert {file.name for file in folder.path.iterdir()} == {file.name for file in folder.files}


def test_after_the_end_nothing_is_added_and_other_frames_are_refused(tmp_path: Path) -> None:
    shelf = FrameShelf(None, 10**6)
    shelf.open(10**15, 10)
    shelf.add(picture(0), 1.0, 1)
    for other in (picture(1)[:40], picture(1, np.uint16), picture(1, channels=()), picture(1).astype(np.float32)):
        with pytest.raises(InputError, match="frame 2"):
            shelf.add(other, 2.0, 2)
    assert len(shelf.close()) == 1
    shelf.add(picture(1), 2.0, 2)
    assert len(shelf.frames) == 1


def test_a_folder_that_cannot_be_is_refused_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "below", tmp_path / "no" / "parent", Path("/proc/none")):
        with pytest.raises(InputError, match="cannot be written to") as refused:
            FrameFolder(path).open(1)
        assert str(path) in str(refused.value) and not isinstance(refused.value, NoRoomError)
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "focus_positions.csv").write_text("file,position_steps\n")
    with pytest.raises(InputError, match="holds a capture already"):
        FrameFolder(taken).open(1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**9, 10**9, 5 * 10**6))
    with pytest.raises(NoRoomError, match="5 MB left, but the frames may need 6 MB"):
        FrameFolder(tmp_path / "new").open(6 * 10**6)
    FrameFolder(tmp_path / "new").open(4 * 10**6)


def test_a_disk_that_fills_up_costs_files_and_no_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = FrameFolder(tmp_path)
    shelf = FrameShelf(folder, 10**6)
    shelf.open(1, 1)
    shelf.add(picture(0), 1.0, 1)
    write = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        write(path, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    shelf.add(picture(1), 2.0, 2)
    monkeypatch.setattr(Path, "write_bytes", write)
    shelf.add(picture(2), 3.0, 3)
    folder.add_depth("depth.png", np.full((4, 4), 1.5, np.float32))
    assert [frame.position_steps for frame in shelf.close()] == [1.0, 2.0, 3.0]
    assert folder.lost == ["frame_002.png"] and "No space left on device" in folder.problem
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "depth.png",
        "focus_positions.csv",
        "frame_001.png",
        "frame_003.png",
    ]
    assert list(describe_stack(tmp_path).values) == [1.0, 3.0]


def test_no_room_beyond_memory_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    shelf = FrameShelf(None, picture(0).nbytes)
    shelf.add(picture(0), 1.0, 1)
    monkeypatch.setattr("tempfile.TemporaryFile", full)
    with pytest.raises(NoRoomError, match="No space left"):
        shelf.add(picture(1), 2.0, 2)
    assert len(shelf.close()) == 1


def test_depth_in_millimetres() -> None:
    depth_m = np.array([[1.2344, 0.0, np.nan], [np.inf, 65.535, 65.537]], np.float32)
    np.testing.assert_array_equal(millimetres(depth_m), [[1234, 0, 0], [0, 65535, 0]])
