"""A camera over photographs."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.autofocus.stack_camera import (
    Region,
    StackCamera,
    check_positions,
    check_region,
    check_sizes,
    read_picture,
    textured_region,
)
from auxfocus_ros.errors import ConfigurationError, InputError


@pytest.fixture
def images(tmp_path: Path) -> list[Path]:
    """Five grey photographs 160 x 120, each of one level: 10, 20, 30, 40, 50."""
    files = [tmp_path / f"{number}.png" for number in range(5)]
    for number, file in enumerate(files):
        cv2.imwrite(str(file), np.full((120, 160), 10 * (number + 1), np.uint8))
    return files


def test_it_stands_at_the_nearest_photograph_and_sees_its_region(images: list[Path]) -> None:
    camera = StackCamera(images, [0.0, 1.0, 2.0, 4.0, 8.0], 1, Region(10, 20, 80, 64))
    assert camera.position_steps == 1.0
    assert camera.capture().shape == (64, 80) and camera.capture()[0, 0] == 20
    camera.move(5.9)
    assert (camera.index, camera.position_steps) == (3, 4.0)
    assert camera.capture()[0, 0] == 40
    assert camera.looked_at == [1, 1, 3]
    assert camera.depth() is None


def test_regions_are_cut_where_they_are(tmp_path: Path) -> None:
    picture = np.arange(100 * 120, dtype=np.uint32).reshape(100, 120).astype(np.uint8)
    files = [tmp_path / "a.png", tmp_path / "b.png"]
    for file in files:
        cv2.imwrite(str(file), picture)
    seen = StackCamera(files, [0.0, 1.0], 0, Region(7, 9, 70, 64)).capture()
    np.testing.assert_array_equal(seen, picture[9:73, 7:77])


@pytest.mark.parametrize(
    ("positions", "words"),
    [
        ([0.0, 1.0], "2 positions for 3 photographs"),
        ([0.0, 2.0, 1.0], "c at 1 is out of order after b at 2"),
        ([0.0, 1.0, 1.0], "b and c have the same position 1"),
        ([0.0, float("nan"), 1.0], "b: its position is nan"),
    ],
)
def test_positions_that_cannot_be_are_named(positions: list[float], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        check_positions(positions, ["a", "b", "c"])


def test_one_photograph_is_no_stack() -> None:
    with pytest.raises(InputError, match="1 photographs cannot be focused in"):
        check_positions([0.0], ["a"])


@pytest.mark.parametrize(
    ("region", "words"),
    [
        (Region(-1, 0, 80, 80), "not within"),
        (Region(0, 0, 200, 80), "not within"),
        (Region(100, 0, 64, 64), "not within"),
        (Region(0, 0, 63, 80), "too small"),
    ],
)
def test_regions_that_cannot_be_are_named(region: Region, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        check_region(region, (160, 120))


def test_a_start_that_is_not_there(images: list[Path]) -> None:
    with pytest.raises(ConfigurationError, match="frames 0 to 4"):
        StackCamera(images, [0.0, 1.0, 2.0, 3.0, 4.0], 5)


def test_a_photograph_of_another_size(images: list[Path]) -> None:
    cv2.imwrite(str(images[3]), np.zeros((100, 100), np.uint8))
    with pytest.raises(InputError, match=r"3\.png is about 96 x 96 px"):
        check_sizes(images)
    camera = StackCamera(images, [0.0, 1.0, 2.0, 3.0, 4.0], 0, Region(0, 0, 80, 80))
    camera.move(3.0)
    with pytest.raises(InputError, match=r"3\.png is 100 x 100 px"):
        camera.capture()


def test_a_file_that_is_no_picture(images: list[Path], tmp_path: Path) -> None:
    images[2].write_bytes(b"not a picture")
    with pytest.raises(InputError, match=r"2\.png is not a picture"):
        check_sizes(images)
    with pytest.raises(InputError, match="does not exist"):
        read_picture(tmp_path / "none.png")


def test_the_textured_region_is_where_the_texture_is() -> None:
    picture = np.full((600, 900), 128, np.uint8)
    rng = np.random.default_rng(0)
    spots = cv2.GaussianBlur(rng.normal(0.0, 200.0, (300, 300)).astype(np.float32), (0, 0), 5.0)
    picture[250:550, 350:650] = np.clip(128 + 10 * spots, 0, 255).astype(np.uint8)
    region = textured_region(picture)
    assert (region.width, region.height) == (300, 300)
    # all of the texture that the middle of the picture has
    assert abs(region.x - 350) <= 16 and region.y >= 184


@settings(max_examples=20, deadline=None)
@given(st.integers(64, 700), st.integers(64, 700))
def test_the_textured_region_is_within_the_picture(width: int, height: int) -> None:
    region = textured_region(np.zeros((height, width, 3), np.uint8))
    check_region(region, (width, height))


def test_a_picture_that_is_smaller_than_a_patch() -> None:
    with pytest.raises(InputError, match="a region of at least 512 px"):
        textured_region(np.zeros((400, 900), np.uint8), smallest_px=512)
