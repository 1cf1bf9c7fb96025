"""Frames on disk: what was written comes back piece by piece, and a full disk is told in one line."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auxfocus_ros.allinfocus.fusion.scratch_frames import ScratchFrames
from auxfocus_ros.errors import ConfigurationError, InputError


@given(st.integers(1, 40), st.integers(1, 40), st.sampled_from([(), (3,)]), st.sampled_from([np.uint8, np.uint16]), st.data())
def test_pieces_are_those_of_the_array(
    height: int, width: int, channels: tuple[int, ...], kind: type, data: st.DataObject
) -> None:
    rng = np.random.default_rng(height * 41 + width)
    pictures = [rng.integers(0, np.iinfo(kind).max, (height, width, *channels), endpoint=True).astype(kind) for _ in range(3)]
    rows = sorted((data.draw(st.integers(0, height)), data.draw(st.integers(0, height))))
    columns = sorted((data.draw(st.integers(0, width)), data.draw(st.integers(0, width))))
    with ScratchFrames(None, pictures[0].shape, kind, 3) as frames:
        for index in (2, 0, 1):
            frames.write(index, pictures[index])
        assert (len(frames), frames.shape, frames.dtype) == (3, pictures[0].shape, np.dtype(kind))
        for index, picture in enumerate(pictures):
            piece = frames.read(index, (rows[0], rows[1]), (columns[0], columns[1]))
            np.testing.assert_array_equal(piece, picture[rows[0] : rows[1], columns[0] : columns[1]])


def test_no_file_is_left_or_even_seen(tmp_path: Path) -> None:
    with ScratchFrames(tmp_path, (20, 30), np.uint8, 2) as frames:
        frames.write(1, np.full((20, 30), 7, np.uint8)[::-1])
        assert list(tmp_path.iterdir()) == []
        assert frames.read(1, (3, 5), (0, 30)).tolist() == [[7] * 30] * 2


def test_too_little_disk_is_told_beforehand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1_500_000_000))
    with pytest.raises(InputError, match=r"20 aligned frames need 2\.88 GB of scratch space in .*, where 1\.50 GB are free"):
        ScratchFrames(tmp_path, (6000, 4000, 3), np.uint16, 20)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.ENOSPC, r"2 aligned frames need 0\.00 GB of scratch space"),
        (errno.EDQUOT, r"2 aligned frames need 0\.00 GB of scratch space"),
        (errno.EIO, "cannot be written: Input/output error"),
    ],
)
def test_and_while_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, words: str) -> None:
    def failing(*_: object) -> int:
        raise OSError(code, os.strerror(code))

    with ScratchFrames(tmp_path, (20, 30), np.uint8, 2) as frames:
        monkeypatch.setattr(os, "pwrite", failing)
        with pytest.raises(InputError, match=words):
            frames.write(0, np.zeros((20, 30), np.uint8))


def test_a_short_write_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.pwrite
    with ScratchFrames(tmp_path, (8, 9), np.uint16, 1) as frames:
        monkeypatch.setattr(os, "pwrite", lambda file, data, offset: real(file, data[:5], offset))
        picture = np.arange(72, dtype=np.uint16).reshape(8, 9)
        frames.write(0, picture)
        np.testing.assert_array_equal(frames.read(0, (0, 8), (0, 9)), picture)


def test_what_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no scratch file can be made in"):
        ScratchFrames(tmp_path / "none", (20, 30), np.uint8, 1)
    with pytest.raises(ConfigurationError):
        ScratchFrames(tmp_path, (0, 30), np.uint8, 1)
    with ScratchFrames(tmp_path, (20, 30), np.uint8, 1) as frames:
        with pytest.raises(InputError, match="30 x 20 px, 16 bit, grey"):
            frames.write(0, np.zeros((20, 30), np.uint16))
        with pytest.raises(InputError, match="before they are written"):
            frames.read(0, (0, 20), (0, 30))
        with pytest.raises(IndexError):
            frames.read(1, (0, 1), (0, 1))
