"""Which part of a picture is judged, and which depth belongs to it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.autofocus.live import Aim, Aimer, AimError, SeenTarget, Targets
from auxfocus_ros.autofocus.live.aim import LEAST_PX
from auxfocus_ros.autofocus.terms import DepthReading, Reason

S = 1_000_000_000


def marked(width: int, height: int) -> np.ndarray:
    """Every pixel says where it is."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows % 256, columns % 256, (rows // 256) * 16 + columns // 256], axis=2).astype(np.uint8)


def corner(part: np.ndarray) -> tuple[int, int]:
    """(left, top) of a part of a marked picture."""
    row, column, high = (int(value) for value in part[0, 0])
    return column + 256 * (high % 16), row + 256 * (high // 16)


def cut(aim: Aim, picture: np.ndarray, target: tuple[int, int, int, int] | None = None, **settings: int) -> np.ndarray:
    return Aimer(aim, "picture", 0.0, **settings).cut(picture, target)


def test_a_point_is_in_the_middle_of_its_square() -> None:
    part = cut(Aim("point", (1000.0, 800.0)), marked(3000, 2000))
    assert part.shape[:2] == (512, 512) and corner(part) == (744, 544)


def test_a_point_at_the_edge_gives_what_there_is() -> None:
    part = cut(Aim("point", (0.0, 0.0)), marked(3000, 2000))
    assert part.shape[:2] == (256, 256) and corner(part) == (0, 0)
    part = cut(Aim("point", (0.0, 0.0)), marked(3000, 2000), least_px=512)
    assert part.shape[:2] == (512, 512) and corner(part) == (0, 0)


def test_small_pictures_give_small_parts() -> None:
    assert cut(Aim("point", (320.0, 240.0)), marked(640, 480)).shape[:2] == (160, 160)
    assert cut(Aim("point", (20.0, 20.0)), marked(50, 40)).shape[:2] == (40, 50)


def test_a_box_is_taken_as_it_is_or_its_most_textured_square() -> None:
    part = cut(Aim("box", box_px=(100, 200, 300, 150)), marked(3000, 2000))
    assert part.shape[:2] == (150, 300) and corner(part) == (100, 200)
    picture = np.full((2000, 3000, 3), 128, np.uint8)
    picture[1400:1700, 2300:2600] = np.random.default_rng(1).integers(0, 256, (300, 300, 3))
    part = cut(Aim("box", box_px=(1000, 500, 2000, 1500)), picture)
    assert part.shape[:2] == (512, 512) and (part != 128).any(axis=2).mean() > 0.3


def test_the_whole_frame_is_judged_where_there_is_texture_and_stays_there() -> None:
    rng = np.random.default_rng(2)
    picture = np.full((1200, 1600), 90, np.uint8)
    picture[700:1000, 200:500] = rng.integers(0, 256, (300, 300))
    aimer = Aimer(Aim(), "picture", 0.0)
    part = aimer.cut(picture, None)
    assert part.shape == (400, 400) and (part != 90).mean() > 0.4
    other = np.full((1200, 1600), 90, np.uint8)
    other[100:300, 1000:1200] = 10
    other[700:1000, 200:500] = 17
    assert (aimer.cut(other, None) == 17).mean() == pytest.approx((part != 90).mean(), abs=0.01)


def test_a_target_is_judged_in_the_middle_of_its_box() -> None:
    part = cut(Aim("target"), marked(3000, 2000), (1000, 600, 400, 200))
    assert part.shape[:2] == (140, 280) and corner(part) == (1060, 630)
    part = cut(Aim("target"), marked(3000, 2000), (1000, 600, 20, 20))
    assert part.shape[:2] == (LEAST_PX, LEAST_PX)


def test_a_target_that_is_kept_is_judged_in_one_size() -> None:
    boxes = [(1000, 600, 400, 200), (1010, 610, 500, 90), (2700, 1900, 290, 90)]
    for keep in (True, False):
        aimer = Aimer(Aim("target"), "picture", 0.0, keep_target=keep)
        parts = [aimer.cut(marked(3000, 2000), box) for box in boxes]
        assert (len({part.shape for part in parts}) == 1) == keep
        assert corner(parts[1]) == ((1120, 584) if keep else (1085, 623))


@pytest.mark.parametrize(
    ("aim", "target", "reason", "words"),
    [
        (Aim("point", (640.0, 100.0)), None, Reason.INVALID_GOAL, "(640, 100) is outside the picture of 640 x 480 px"),
        (Aim("box", box_px=(700, 0, 10, 10)), None, Reason.INVALID_GOAL, "inside the picture of 640 x 480"),
        (Aim("box", box_px=(636, 0, 100, 100)), None, Reason.INVALID_GOAL, "less than 8 px"),
        (Aim("target"), (640, 10, 50, 50), Reason.TARGET_LOST, "left the picture"),
        (Aim("target"), (0, 0, 0, 0), Reason.TARGET_LOST, "left the picture"),
    ],
)
def test_what_is_not_in_the_picture(aim: Aim, target: Any, reason: Reason, words: str) -> None:
    with pytest.raises(AimError) as caught:
        cut(aim, marked(640, 480), target)
    assert caught.value.reason is reason and words in str(caught.value)


@settings(deadline=None, max_examples=60)
@given(
    size=st.tuples(st.integers(8, 400), st.integers(8, 400)),
    box=st.tuples(st.integers(0, 450), st.integers(0, 450), st.integers(1, 2**32 - 1), st.integers(1, 2**32 - 1)),
    kind=st.sampled_from(["whole_frame", "point", "box", "target"]),
    point=st.tuples(st.floats(0.0, 1e3), st.floats(0.0, 1e3)),
)
def test_every_part_lies_in_the_picture_or_the_error_says_so(size: Any, box: Any, kind: Any, point: Any) -> None:
    picture = np.zeros((size[1], size[0]), np.uint8)
    try:
        part = cut(Aim(kind, point, box), picture, box if kind == "target" else None)
    except AimError:
        assert kind != "whole_frame"
        return
    assert part.flags["C_CONTIGUOUS"] and not np.shares_memory(part, picture)
    assert all(part.shape[axis] >= min(LEAST_PX, picture.shape[axis]) for axis in (0, 1))


def depth_at(aimer: Aimer, stamp_s: float) -> float | None:
    depth = aimer.at(round(stamp_s * S)).depth
    return None if depth is None else depth.depth_m


def heard(stamp_s: float, depth_m: float, tracked: bool = True, selected: int = 4) -> Targets:
    target = SeenTarget((100, 100, 50, 50), tracked, depth=DepthReading(depth_m, 0.1))
    return Targets(round(stamp_s * S), {4: target, 5: SeenTarget((300, 300, 50, 50))}, selected)


def test_the_depth_is_the_newest_before_the_picture_and_not_an_old_one() -> None:
    aimer = Aimer(Aim("target"), "both", 0.0, depth_s=0.5)
    for stamp_s in (10.0, 10.1, 10.2):
        aimer.hear(heard(stamp_s, stamp_s), 0.0)
    assert [depth_at(aimer, stamp_s) for stamp_s in (10.0, 10.15, 10.6)] == [10.0, 10.1, 10.2]
    for stamp_s in (9.9, 10.8):
        with pytest.raises(AimError):
            aimer.at(round(stamp_s * S))
    aimer.hear(heard(10.3, 3.0, tracked=False), 0.0)
    with pytest.raises(AimError):
        aimer.at(round(10.4 * S))


def test_the_picture_alone_takes_no_depth() -> None:
    aimer = Aimer(Aim("target"), "picture", 0.0)
    aimer.hear(heard(10.0, 2.0), 0.0)
    assert depth_at(aimer, 10.0) is None


@pytest.mark.parametrize(
    ("aim", "depth_m"),
    [
        (Aim("point", (120.0, 120.0)), 2.0),
        (Aim("point", (10.0, 10.0)), None),
        (Aim("box", box_px=(80, 80, 80, 80)), 2.0),
        (Aim("box", box_px=(280, 280, 80, 80)), None),
        (Aim(), None),
    ],
)
def test_a_region_has_the_depth_of_the_target_of_interest_on_it(aim: Aim, depth_m: float | None) -> None:
    aimer = Aimer(aim, "both", 0.0)
    aimer.hear(heard(10.0, 2.0), 0.0)
    assert depth_at(aimer, 10.1) == depth_m


def test_the_target_of_the_beginning_is_kept_or_followed() -> None:
    for keep in (True, False):
        aimer = Aimer(Aim("target"), "both", 0.0, keep_target=keep)
        aimer.hear(heard(10.0, 2.0), 0.0)
        aimer.hear(heard(10.1, 2.0, selected=5), 0.1)
        assert aimer.target_id == (4 if keep else 5)
        assert aimer.at(round(10.1 * S)).target_box_px == ((100, 100, 50, 50) if keep else (300, 300, 50, 50))


def test_a_clock_that_jumps_back_leaves_no_old_targets() -> None:
    aimer = Aimer(Aim("target"), "both", 0.0)
    aimer.hear(heard(100.0, 2.0), 0.0)
    aimer.hear(heard(10.0, 3.0), 0.1)
    assert depth_at(aimer, 10.1) == 3.0
