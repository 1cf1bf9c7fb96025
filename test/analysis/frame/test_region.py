"""The part of the picture that is looked at."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auxfocus_ros.analysis.frame.region import part_of, region_box
from auxfocus_ros.autofocus.live.aim import Aim, Aimer
from auxfocus_ros.distribution.targets import Target

sides = st.integers(1, 2000)


def test_the_middle_of_a_targets_box() -> None:
    # 0.7 of 100 x 200 px: 70 x 140 about (250, 300).
    assert region_box(Target(1, (200, 200, 100, 200)), 1280, 720) == (215, 230, 70, 140)
    # At most a third of 720 px, and 512 px of a large picture.
    assert region_box(Target(1, (200, 100, 600, 500)), 1280, 720) == (380, 230, 240, 240)
    assert region_box(Target(1, (0, 0, 3840, 2160)), 3840, 2160) == (1664, 824, 512, 512)
    # At least 64 px where the picture has that.
    assert region_box(Target(1, (0, 0, 20, 20)), 1280, 720) == (0, 0, 64, 64)


@pytest.mark.parametrize("target", [None, Target(1, (1278, 300, 40, 40)), Target(1, (-50, 0, 40, 40))])
def test_without_a_target_in_the_picture_the_middle_of_that(target: Target | None) -> None:
    assert region_box(target, 1280, 720) == (520, 240, 240, 240)
    assert region_box(target, 50, 40) == (0, 0, 50, 40)


@given(sides, sides, st.tuples(st.integers(-300, 2300), st.integers(-300, 2300), sides, sides))
def test_it_lies_in_the_picture_whatever_the_box(width: int, height: int, box: tuple[int, int, int, int]) -> None:
    left, top, wide, high = region_box(Target(1, box), width, height)
    assert 0 <= left < left + wide <= width and 0 <= top < top + high <= height
    assert min(64, width) <= wide <= 512 and min(64, height) <= high <= 512


def test_it_is_what_the_autofocus_node_would_judge() -> None:
    picture = np.random.default_rng(1).integers(0, 255, (480, 640), np.uint8)
    box_px = (100, 50, 150, 300)
    judged = Aimer(Aim("target"), "both", 0.0).cut(picture, box_px)
    assert np.array_equal(part_of(picture, region_box(Target(1, box_px), 640, 480)), judged)


def test_what_is_round_a_part_is_taken_where_it_is_too_small() -> None:
    picture = np.arange(100 * 100).reshape(100, 100)
    assert part_of(picture, (40, 30, 10, 20)).shape == (20, 10)
    around = part_of(picture, (40, 30, 10, 20), 30)
    assert around.shape == (30, 30) and around[0, 0] == picture[25, 30]
