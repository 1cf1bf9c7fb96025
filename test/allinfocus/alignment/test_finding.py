"""Alignment of stacks whose warps, blurs and exposures are known, and of real ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from auxfocus_ros.allinfocus.alignment import Alignment, apply, find_alignment
from auxfocus_ros.allinfocus.alignment.warps import furthest_px, is_possible, transform
from auxfocus_ros.errors import ConfigurationError, InputError

SIZE = (600, 450)


def blurred(light: np.ndarray, radius_px: float) -> np.ndarray:
    """By a disk, its rim weighted by how much of a pixel it covers."""
    half = int(np.ceil(radius_px)) + 1
    y, x = np.mgrid[-half : half + 1, -half : half + 1]
    kernel = np.clip(radius_px + 0.5 - np.hypot(x, y), 0.0, 1.0).astype(np.float32)
    return cv2.filter2D(light, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT)


def made(
    samples: Path, *, count: int = 5, radius_px: float = 3.0, scale: float = 0.01, keystone: float = 0.0, seed: int = 3
) -> tuple[list[np.ndarray], list[np.ndarray], np.ndarray]:
    """Frames of two depths in squares, warps (reference to frame), and gains; the middle frame is the reference."""
    rng = np.random.default_rng(seed)
    sharp = cv2.imread(str(samples / "autofocus_planes" / "motherboard-circuits.jpg"))
    assert sharp is not None
    light = np.power(sharp / np.float32(255.0), np.float32(2.2))
    y, x = np.mgrid[: light.shape[0], : light.shape[1]]
    near = cv2.GaussianBlur(((x // 130 + y // 130) % 2).astype(np.float32), (0, 0), 5)[..., None]
    width, height = SIZE
    middle = np.array([0.5 * (width - 1), 0.5 * (height - 1)])
    there = np.array([[1.0, 0.0, 0.5 * (light.shape[1] - width)], [0.0, 1.0, 0.5 * (light.shape[0] - height)], [0.0, 0.0, 1.0]])
    frames, warps, gains = [], [], np.ones((count, 3))
    for index in range(count):
        warp = np.eye(3)
        if index != count // 2:
            turn = np.radians(rng.uniform(-0.3, 0.3))
            grow = 1.0 + scale * (index - count // 2)
            warp[:2, :2] = grow * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
            warp[2, :2] = rng.uniform(-keystone, keystone, 2) / width
            warp[:2, 2] = middle - transform(warp, middle[None])[0] + rng.uniform(-5.0, 5.0, 2)
            gains[index] = np.exp(rng.uniform(-0.2, 0.2) + rng.uniform(-0.05, 0.05, 3))
        share = index / (count - 1)
        seen = near * blurred(light, radius_px * share) + (1.0 - near) * blurred(light, radius_px * (1.0 - share))
        seen = cv2.warpPerspective(seen, warp @ np.linalg.inv(there), SIZE, flags=cv2.INTER_LANCZOS4)
        coded = 255.0 * np.power(np.clip(seen / gains[index], 0.0, 1.0), 1 / 2.2) + rng.normal(0.0, 1.5, seen.shape)
        frames.append(np.clip(np.rint(coded), 0, 255).astype(np.uint8))
        warps.append(warp / warp[2, 2])
    return frames, warps, gains


def found(frames: list[np.ndarray], **options: Any) -> Alignment:
    return find_alignment(frames.__getitem__, len(frames), **options)


def worst_px(alignment: Alignment, warps: list[np.ndarray]) -> float:
    return max(furthest_px(mine, true, SIZE) for mine, true in zip(alignment.warps, warps, strict=True))


def test_breathing_shake_and_exposure_under_mild_blur(samples: Path) -> None:
    frames, warps, gains = made(samples)
    told: list[int] = []
    alignment = found(frames, told=told.append)
    assert worst_px(alignment, warps) < 0.1
    np.testing.assert_allclose(alignment.gains, gains, rtol=0.03)
    assert (alignment.reference, alignment.suspect, alignment.used) == (2, (), (0, 1, 2, 3, 4))
    assert alignment.quality.min() > 0.95 and alignment.quality[2] == 1.0
    assert told == [1, 2, 3, 4, 5]
    # what is applied lies on the reference, with its light
    left, top, width, height = alignment.crop
    for index in (0, 4):
        aligned = apply(frames[index], alignment, index)
        assert aligned.shape == (height, width, 3) and aligned.dtype == np.uint8
        reference = frames[2][top : top + height, left : left + width]
        soft = [cv2.GaussianBlur(picture.astype(np.float32), (0, 0), 6) for picture in (aligned, reference)]
        assert np.abs(soft[0] - soft[1]).mean() < 1.5


def test_a_rail_a_keystone_and_strong_blur(samples: Path) -> None:
    frames, warps, _ = made(samples, radius_px=8.0, scale=0.03)
    assert worst_px(found(frames), warps) < 0.5
    frames, warps, _ = made(samples, keystone=0.01)
    assert worst_px(found(frames), warps) < 0.3


def test_16_bit_and_grey_are_aligned_alike(samples: Path) -> None:
    frames, warps, _ = made(samples, count=3)
    deep = [cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY).astype(np.uint16) * 257 for frame in frames]
    alignment = found(deep)
    assert worst_px(alignment, warps) < 0.15 and alignment.gains.shape == (3, 1)
    assert apply(deep[0], alignment, 0).dtype == np.uint16


def test_another_reference(samples: Path) -> None:
    frames, warps, _ = made(samples)
    alignment = found(frames, reference=0)
    wanted = [warp @ np.linalg.inv(warps[0]) for warp in warps]
    assert worst_px(alignment, [warp / warp[2, 2] for warp in wanted]) < 0.15
    assert alignment.reference == 0 and np.array_equal(alignment.warps[0], np.eye(3))


def test_a_stranger_a_blank_and_a_dark_frame_are_suspect(samples: Path) -> None:
    frames, warps, _ = made(samples, count=7)
    stranger = cv2.imread(str(samples / "autofocus_planes" / "tea-gardens.jpg"))
    assert stranger is not None
    frames[5] = stranger[: SIZE[1], : SIZE[0]]
    frames[0] = np.full_like(frames[0], 90)
    frames[1] = np.rint(255.0 * np.power(np.power(frames[1] / 255.0, 2.2) / 6.0, 1 / 2.2)).astype(np.uint8)
    alignment = found(frames)
    assert alignment.suspect == (0, 1, 5)
    assert "no texture" in alignment.reasons[0] and "shows something else" in alignment.reasons[2]
    assert "exposed otherwise by a factor of" in alignment.reasons[1]
    assert alignment.aligned.tolist() == [False, True, True, True, True, False, True]
    # the chain goes on behind the stranger
    assert furthest_px(alignment.warps[6], warps[6], SIZE) < 0.2
    assert np.array_equal(alignment.warps[5], alignment.warps[4])


@pytest.mark.parametrize("angle_deg", [0.0, 30.0, 90.0])
def test_a_frame_in_which_the_camera_moved_is_suspect_and_left_out(samples: Path, angle_deg: float) -> None:
    frames, _, _ = made(samples)
    line = np.zeros((9, 9), np.float32)
    line[4] = 1 / 9
    kernel = cv2.warpAffine(line, cv2.getRotationMatrix2D((4, 4), angle_deg, 1.0), (9, 9))
    frames[3] = cv2.filter2D(frames[3], -1, kernel / kernel.sum())
    alignment = found(frames)
    assert alignment.suspect == (3,) and "the camera moved" in alignment.reasons[0]
    assert alignment.used == (0, 1, 2, 4)


def test_a_suspect_frame_that_alone_is_sharp_is_used(samples: Path) -> None:
    frames, _, _ = made(samples, count=3, radius_px=0.0)
    soft = [cv2.GaussianBlur(frame, (0, 0), 4.0) for frame in frames]
    dark = np.rint(255.0 * np.power(np.power(frames[2] / 255.0, 2.2) / 4.0, 1 / 2.2)).astype(np.uint8)
    alignment = found([soft[0], soft[1], dark])
    assert alignment.suspect == (2,) and alignment.used == (0, 1, 2)


def test_without_texture_everything_stays_in_its_place() -> None:
    for frames in (
        [np.full((120, 160, 3), 80 + index, np.uint8) for index in range(3)],
        [np.random.default_rng(index).normal(90, 2, (120, 160)).astype(np.uint8) for index in range(3)],
    ):
        alignment = found(frames)
        assert {0, 2} <= set(alignment.suspect) <= {0, 1, 2}
        assert alignment.crop == (0, 0, 160, 120) and alignment.used == (1,)
        assert np.array_equal(alignment.warps, np.tile(np.eye(3), (3, 1, 1)))


def test_a_reference_without_texture_is_passed_over_unless_it_is_asked_for(samples: Path) -> None:
    frames, _, _ = made(samples)
    frames[2] = np.full_like(frames[2], 90)
    assert found(frames).reference == 1
    assert found(frames, reference=2).used == (2,)


def test_a_pattern_that_repeats_itself_is_not_jumped_in() -> None:
    y, x = np.mgrid[:300, :400]
    frames = [(127 + 60 * np.sin((x - 2 * i) / 8.0) + 60 * np.sin(y / 8.0)).astype(np.uint8) for i in range(3)]
    alignment = found(frames)
    np.testing.assert_allclose(alignment.warps[:, 0, 2], [-2.0, 0.0, 2.0], atol=0.1)


def test_one_frame_and_none(samples: Path) -> None:
    frame = np.random.default_rng(0).integers(0, 255, (70, 90), np.uint8)
    alignment = found([frame])
    assert alignment.crop == (0, 0, 90, 70) and alignment.used == (0,)
    assert np.array_equal(apply(frame, alignment, 0), frame)
    with pytest.raises(ConfigurationError, match="no frame"):
        found([])
    with pytest.raises(ConfigurationError, match="frames 0 to 0"):
        found([frame], reference=1)


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (np.zeros((70, 91), np.uint8), "frame 0 is 91 x 70 px, 8 bit, grey, frame 1 is 90 x 70 px"),
        (np.zeros((70, 90, 3), np.uint8), "8 bit, colour"),
        (np.zeros((70, 90), np.uint16), "16 bit, grey"),
    ],
)
def test_frames_that_are_not_alike(second: np.ndarray, words: str) -> None:
    with pytest.raises(InputError, match=words):
        found([second, np.random.default_rng(0).integers(0, 255, (70, 90), np.uint8)])
    with pytest.raises(InputError, match="float32"):
        found([np.zeros((70, 90), np.float32)])


def test_the_circuit_board_that_was_held_by_hand(samples: Path) -> None:
    files = sorted((samples / "stack_circuit_board").glob("*.jpg"))
    alignment = find_alignment(lambda index: np.asarray(cv2.imread(str(files[index]))), len(files))
    scales = [np.sqrt(np.linalg.det(warp[:2, :2])) for warp in alignment.warps]
    assert alignment.suspect == () and alignment.quality.min() > 0.9
    # features of the sharp parts say 1.020 and 0.984 for the ends
    assert scales[0] == pytest.approx(1.0204, abs=0.0015) and scales[-1] == pytest.approx(0.9835, abs=0.0015)
    assert sorted(scales, reverse=True) == scales


@pytest.mark.long
@pytest.mark.parametrize(("name", "least_px", "most_px"), [("stack_switch", 90.0, 125.0), ("stack_balls", 0.0, 4.5)])
def test_real_stacks(shared_data: Path, name: str, least_px: float, most_px: float) -> None:
    files = sorted((shared_data / name).glob("*.[jJ][pP][gG]"))
    alignment = find_alignment(lambda index: np.asarray(cv2.imread(str(files[index]))), len(files))
    height, width = np.asarray(cv2.imread(str(files[0]))).shape[:2]
    assert alignment.suspect == () and alignment.quality.min() > 0.9
    furthest = max(furthest_px(warp, np.eye(3), (width, height)) for warp in alignment.warps)
    assert least_px <= furthest <= most_px
    assert all(is_possible(warp, (width, height)) for warp in alignment.warps)
