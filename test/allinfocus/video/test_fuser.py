"""The fusion of video: what is transferred, what is not, and that it stays right over hundreds of frames."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.quality import psnr_db
from auxfocus_ros.allinfocus.terms import Known
from auxfocus_ros.allinfocus.video import FusedFrame, VideoFuser, VideoOptions
from auxfocus_ros.autofocus.training.procedural import dead_leaves
from auxfocus_ros.errors import ConfigurationError, InputError

LEARNED_AND_RULE = pytest.mark.parametrize("method", ["network", "flow"])


def texture(seed: int, width_px: int = 320, height_px: int = 240) -> NDArray[np.uint8]:
    """A picture sharp all over, (H, W, 3)."""
    edge = max(width_px, height_px)
    planes = [dead_leaves(np.random.default_rng([seed, number]), edge)[:height_px, :width_px] for number in range(2)]
    mixed = np.stack([planes[0], 0.5 * (planes[0] + planes[1]), planes[1]], axis=-1)
    return np.asarray(cv2.GaussianBlur(np.rint(255 * np.clip(mixed, 0, 1) ** (1 / 2.2)).astype(np.uint8), (0, 0), 0.6), np.uint8)


def half_blurred(sharp: np.ndarray, side: str, sigma_px: float = 3.0) -> np.ndarray:
    """Two depths, left and right of the middle: the one of `side` is out of focus."""
    middle = sharp.shape[1] // 2
    left, right = sharp[:, :middle], sharp[:, middle:]
    if side == "left":
        return np.hstack([cv2.GaussianBlur(left, (0, 0), sigma_px), right])
    return np.hstack([left, cv2.GaussianBlur(right, (0, 0), sigma_px)])


def noisy(picture: np.ndarray, seed: int, levels: float = 1.0) -> np.ndarray:
    grain = levels * np.random.default_rng(seed).standard_normal(picture.shape)
    return np.clip(np.rint(picture + grain), 0, 255).astype(np.uint8)


def fuser(method: str, **options: int) -> VideoFuser:
    return VideoFuser(VideoOptions(method=method, **options))  # type: ignore[arg-type]


@LEARNED_AND_RULE
def test_two_frames_of_two_depths_become_one_in_focus(method: str) -> None:
    sharp = texture(1)
    frames = [noisy(half_blurred(sharp, side), number) for number, side in enumerate(("left", "right"))]
    video = fuser(method)
    video.add(frames[0])
    fused = video.add(frames[1])
    assert not fused.begun
    assert psnr_db(fused.picture, sharp) > max(psnr_db(frame, sharp) for frame in frames) + 5.0
    share = fused.share()
    assert share[20:-20, 180:-20].mean() > 0.8
    assert share[20:-20, 20:140].mean() < 0.3
    assert (fused.age()[share > 0.9] > 0.8).all()


@LEARNED_AND_RULE
def test_a_shift_is_followed(method: str) -> None:
    wide = texture(2, 360, 280)
    before, now = wide[20:260, 20:340], wide[16:256, 26:346]
    video = fuser(method)
    video.add(before)
    blurred = cv2.GaussianBlur(now, (0, 0), 2.5)
    fused = video.add(blurred)
    # A thing at p now was at p + flow, halves: 3 to the right, 2 up.
    inner = fused.flow_half[20:-20, 20:-20].reshape(-1, 2)
    assert np.median(inner, axis=0) == pytest.approx([3.0, -2.0], abs=0.15)
    place = (slice(20, -20), slice(20, -20))
    assert psnr_db(fused.picture[place], now[place]) > psnr_db(blurred[place], now[place]) + 4.0


@LEARNED_AND_RULE
def test_what_a_moving_thing_uncovers_is_taken_from_the_new_frame(method: str) -> None:
    ground, thing = texture(3), texture(4, 80, 80)
    before, now = ground.copy(), ground.copy()
    before[80:160, 100:180] = thing
    now[80:160, 124:204] = thing
    captured = cv2.GaussianBlur(now, (0, 0), 2.0)
    video = fuser(method)
    video.add(before)
    fused = video.add(captured)
    uncovered = (slice(90, 150), slice(102, 116))
    ghost = np.abs(fused.picture[uncovered].astype(float) - before[uncovered]).mean()
    kept = np.abs(fused.picture[uncovered].astype(float) - captured[uncovered]).mean()
    assert kept < 0.25 * ghost
    assert psnr_db(fused.picture, now) > psnr_db(captured, now) + 2.0


@LEARNED_AND_RULE
def test_another_scene_begins_anew(method: str) -> None:
    video = fuser(method)
    video.add(texture(5))
    video.add(texture(5))
    other = cv2.GaussianBlur(texture(6), (0, 0), 2.0)
    fused = video.add(other)
    assert fused.begun == "another scene"
    np.testing.assert_array_equal(fused.picture, other)
    assert video.add(other).begun == ""


@LEARNED_AND_RULE
def test_a_change_of_exposure_is_made_up_for(method: str) -> None:
    sharp = texture(7)
    darker = cv2.convertScaleAbs(sharp, alpha=0.7)
    captured = cv2.GaussianBlur(darker, (0, 0), 2.5)
    video = fuser(method)
    video.add(sharp)
    fused = video.add(captured)
    assert not fused.begun
    assert float(fused.picture.mean()) == pytest.approx(float(captured.mean()), abs=1.0)
    assert psnr_db(fused.picture, darker) > psnr_db(captured, darker) + 4.0


def test_frames_of_another_size_begin_anew_and_that_is_said_once() -> None:
    video = fuser("flow")
    assert video.add(texture(8)).begun == "the first frame"
    small = texture(8, 128, 96)
    assert video.add(small).begun == "frames are 128x96 now, and were 320x240"
    assert video.add(small).begun == ""


@pytest.mark.parametrize("method", ["flow", pytest.param("network", marks=pytest.mark.long)])
def test_a_standing_camera_with_a_cycling_focus_stays_right_for_300_frames(method: str) -> None:
    sharp = texture(9, 112, 80)
    sides = [half_blurred(sharp, side, 2.5) for side in ("left", "right")]
    video = fuser(method)
    quality, changes = [], []
    before: np.ndarray | None = None
    for number in range(300):
        captured = noisy(sides[(number // 2) % 2], number)
        picture = video.add(captured).picture
        quality.append(psnr_db(picture, sharp))
        if before is not None:
            changes.append(np.abs(picture.astype(float) - before).mean())
        before = picture
    alone = psnr_db(noisy(sides[0], 0), sharp)
    assert min(quality[10:]) > alone + 5.0
    assert np.mean(quality[-50:]) > np.mean(quality[10:60]) - 0.8
    # Noise of one level changes the picture by at most about 1.1 levels from frame to frame; a pulse of sharpness by several.
    assert max(changes[10:]) < 1.3


def test_errors_do_not_add_up_under_a_moving_camera() -> None:
    wide = texture(10, 312, 120)
    video = fuser("flow")
    gains = []
    for number in range(300):
        x = 100.0 + 90.0 * np.sin(0.03 * number)
        shift = np.array([[1.0, 0.0, x], [0.0, 1.0, 20.0]])
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        true = np.asarray(cv2.warpAffine(wide, shift, (112, 80), flags=flags, borderMode=cv2.BORDER_REFLECT))
        captured = noisy(half_blurred(true, ("left", "right")[number // 3 % 2], 2.5), number)
        fused = video.add(captured)
        assert not fused.begun or number == 0
        gains.append(psnr_db(fused.picture, true) - psnr_db(captured, true))
    assert np.mean(gains[-60:]) > 3.0
    assert np.mean(gains[-60:]) > np.mean(gains[10:70]) - 1.0


def test_a_pixel_that_is_not_seen_sharp_again_is_dropped() -> None:
    sharp = texture(11, 160, 120)
    blurred = cv2.GaussianBlur(sharp, (0, 0), 2.5)
    video = fuser("flow", age_limit=12)
    video.add(sharp)
    frames = [video.add(blurred) for _ in range(24)]
    assert psnr_db(frames[7].picture, sharp) > psnr_db(blurred, sharp) + 5.0
    assert np.abs(frames[-1].picture.astype(float) - blurred).max() <= 1.0


def test_what_is_shown_twice_is_fused_alike() -> None:
    frames = [noisy(half_blurred(texture(12), side), number) for number, side in enumerate(("left", "right", "left"))]

    def run() -> list[FusedFrame]:
        video = fuser("network")
        return [video.add(frame) for frame in frames]

    for one, other in zip(run(), run(), strict=True):
        np.testing.assert_array_equal(one.picture, other.picture)
        np.testing.assert_array_equal(one.sharp, other.sharp)


def test_the_yardsticks() -> None:
    sharp = texture(13)
    left, right = half_blurred(sharp, "left"), half_blurred(sharp, "right")
    none, copy = fuser("none"), fuser("copy")
    for video in (none, copy):
        video.add(left)
    np.testing.assert_array_equal(none.add(right).picture, right)
    copied = copy.add(right)
    assert not copied.flow_half.any()
    assert psnr_db(copied.picture, sharp) > psnr_db(right, sharp) + 5.0


def test_grey_frames_of_odd_size() -> None:
    sharp = np.ascontiguousarray(texture(14, 161, 121)[..., 1])
    left, right = half_blurred(sharp, "left"), half_blurred(sharp, "right")
    video = fuser("network")
    video.add(left)
    fused = video.add(right)
    assert fused.picture.shape == fused.sharp.shape == fused.share().shape == (121, 161)
    assert psnr_db(fused.picture, sharp) > psnr_db(right, sharp) + 4.0


def test_what_the_strategy_knows_says_what_is_sharp_and_goes_along() -> None:
    sharp = texture(15)
    left, right = half_blurred(sharp, "left"), half_blurred(sharp, "right")
    in_focus = np.zeros((8, 10), np.bool_)  # cells of 32 px over 320 x 240
    in_focus[:, 5:] = True
    video = fuser("flow")
    first = video.add(left, Known(in_focus=in_focus))
    assert first.sharp[:, 160:].all()
    assert not first.sharp[:, :160].any()
    fused = video.add(right, Known(in_focus=~in_focus))
    assert fused.sharp.mean() > 0.95


def test_values_are_carried_as_the_pixels_are() -> None:
    frame = FusedFrame(
        np.zeros((64, 64, 3), np.uint8), np.ones((64, 64), np.bool_), np.full((32, 32), 0.25, np.float32),
        np.zeros((32, 32), np.float32), np.broadcast_to(np.float32([1.0, 0.0]), (32, 32, 2)).copy(),
    )  # fmt: skip
    before = np.tile(np.arange(64, dtype=np.float32), (64, 1))
    carried = frame.carried(np.full((64, 64), 10.0, np.float32), before)
    # Two pixels to the right stood x + 2: three quarters of 10 and one of that.
    assert carried[30, 20] == pytest.approx(0.75 * 10.0 + 0.25 * 22.0)


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (np.zeros((100, 100, 3), np.float32), "float32"),
        (np.zeros((100, 100, 4), np.uint8), r"\(100, 100, 4\)"),
        (np.zeros((40, 100, 3), np.uint8), "at least 64 px"),
    ],
)
def test_what_is_no_frame_is_refused(picture: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        fuser("flow").add(picture)


def test_what_does_not_fit_the_frame_is_refused() -> None:
    with pytest.raises(InputError, match="rows of cells"):
        fuser("flow").add(texture(16), Known(in_focus=np.zeros((3, 3), np.bool_)))
    with pytest.raises(ConfigurationError, match="age_limit"):
        VideoOptions(age_limit=0)


def test_without_a_strategy_a_frame_says_itself_what_is_sharp() -> None:
    sharp = texture(17)
    first = fuser("flow").add(half_blurred(sharp, "left", 4.0))
    assert first.sharp[:, 180:].mean() > first.sharp[:, :140].mean() + 0.3
