"""Choosing frames of a recorded sweep."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from auxfocus_ros.allinfocus.blur_map import CellGrid, blur_map_of
from auxfocus_ros.allinfocus.strategy.cover import cover_strategy
from auxfocus_ros.allinfocus.terms import End
from auxfocus_ros.commands.stack_select import select
from auxfocus_ros.errors import ConfigurationError, InputError

FRAMES = 13
SHARPEST = np.repeat(np.array([[2.0, 9.0]]), 3, axis=1).repeat(4, axis=0)
"""(4, 6) cells of 64 px: which frame each is sharpest in."""


class Reader:
    """Tells the frame from a picture's grey level, and exact blur of 2 px a frame."""

    def estimate(self, picture, cell_px):
        radius = 2.0 * np.abs(float(picture[0, 0]) - SHARPEST)
        return blur_map_of(radius, CellGrid(picture.shape[1], picture.shape[0], cell_px), 0.1)


def make(task):
    return cover_strategy(task, Reader())


@pytest.fixture
def sweep(tmp_path):
    images = []
    for number in range(FRAMES):
        images.append(tmp_path / f"frame{number:02d}.png")
        cv2.imwrite(str(images[-1]), np.full((256, 384), number, np.uint8))
    return images


@pytest.mark.parametrize("start", [0, 6, 12])
def test_the_frames_of_both_depths_are_taken(sweep, start):
    selection = select(sweep, [float(i) for i in range(FRAMES)], start=start, make=make)
    assert selection.indices[0] == start
    assert {2, 9} <= set(selection.indices)
    assert len(selection.indices) <= 5
    assert len(set(selection.indices)) == len(selection.indices)
    assert selection.end.complete
    assert f"{len(selection.indices)} of 13 frames" in selection.told


def test_a_frame_that_is_not_visited_is_not_read(sweep):
    visited = select(sweep, [float(i) for i in range(FRAMES)], make=make).indices
    for number in set(range(FRAMES)) - set(visited):
        sweep[number].write_bytes(b"no picture")
    assert select(sweep, [float(i) for i in range(FRAMES)], make=make).indices == visited


def test_positions_in_any_unit(sweep):
    steps = [1000.0 + 37.0 * i for i in range(FRAMES)]
    assert {2, 9} <= set(select(sweep, steps, make=make).indices)


def test_the_budget(sweep):
    selection = select(sweep, [float(i) for i in range(FRAMES)], make=make, max_frames=2)
    assert len(selection.indices) == 2
    assert selection.end.end == End.LIMIT_REACHED


def test_what_cannot_be(sweep):
    positions = [float(i) for i in range(FRAMES)]
    with pytest.raises(ConfigurationError, match="the start is frame 13"):
        select(sweep, positions, start=13, make=make)
    with pytest.raises(ConfigurationError, match="out of order"):
        select(sweep, positions[::-1], make=make)
    with pytest.raises(InputError, match="at least 2"):
        select(sweep[:1], positions[:1], make=make)
    for number in range(1, FRAMES):
        cv2.imwrite(str(sweep[number]), np.zeros((128, 384), np.uint8))
    with pytest.raises(InputError, match="384 x 128 px"):
        select(sweep, positions, make=make)
