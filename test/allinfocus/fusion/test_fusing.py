"""The fusions of stills: what they copy, what they keep, and what they make of frames that cannot be."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from auxfocus_ros.allinfocus.fusion import DEFAULT_METHOD, METHODS, ArrayFrames, describe_methods, fuse
from auxfocus_ros.errors import ConfigurationError, InputError

SEAM_PX = 24
TOP = {np.uint8: 255, np.uint16: 65535}


def texture(height: int, width: int, dtype: type, channels: int = 3, seed: int = 0) -> np.ndarray:
    """Blocks of 4 px of any grey level: sharp everywhere, and no two blocks alike."""
    rng = np.random.default_rng(seed)
    blocks = rng.integers(0.2 * TOP[dtype], 0.8 * TOP[dtype], (-(-height // 4), -(-width // 4), channels))
    picture = np.kron(blocks, np.ones((4, 4, 1)))[:height, :width].astype(dtype)
    return picture[..., 0].copy() if channels == 1 else picture


def blurred(picture: np.ndarray, sigma_px: float = 3.0) -> np.ndarray:
    return cv2.GaussianBlur(picture, (0, 0), sigma_px)


def in_parts(sharp: np.ndarray, count: int) -> list[np.ndarray]:
    """Frames each of which is sharp in one of so many upright parts of a picture, from left to right."""
    edges = np.linspace(0, sharp.shape[1], count + 1).astype(int)
    frames = []
    for left, right in pairwise(edges):
        frame = blurred(sharp)
        frame[:, left:right] = sharp[:, left:right]
        frames.append(frame)
    return frames


def away_from_seams(width: int, count: int) -> np.ndarray:
    """Which columns are farther than SEAM_PX from where parts meet."""
    edges = np.linspace(0, width, count + 1).astype(int)[1:-1]
    return np.abs(np.arange(width)[:, None] - edges).min(axis=1) > SEAM_PX


@pytest.mark.parametrize("method", ["focus", "gfdf"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("count", [2, 3])
def test_sharp_parts_are_copied_as_they_are(method: str, dtype: type, channels: int, count: int) -> None:
    # Each frame holds one part of the picture: what is made of them is the picture, level by level, also of 65536 levels.
    sharp = texture(150, 201, dtype, channels)
    fused = fuse(ArrayFrames(in_parts(sharp, count)), method)
    assert fused.picture.dtype == dtype
    assert fused.picture.shape == sharp.shape
    kept = away_from_seams(201, count)
    assert np.array_equal(fused.picture[:, kept], sharp[:, kept])
    assert fused.frame_index is not None
    # The part that a column lies in is the frame that is sharp there.
    part = np.minimum(np.arange(201) * count // 201, count - 1)[kept]
    assert (np.rint(fused.frame_index[:, kept]) == part).mean() > 0.99


def test_pyramid_comes_near_the_sharp_picture() -> None:
    sharp = texture(160, 192, np.uint8)
    frames = in_parts(sharp, 2)
    fused = fuse(ArrayFrames(frames), "pyramid").picture.astype(float)
    wrong = [np.abs(frame.astype(float) - sharp).mean() for frame in frames]
    assert np.abs(fused - sharp).mean() < 0.1 * min(wrong)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("dtype", "channels"), [(np.uint8, 3), (np.uint16, 1)])
def test_tiles_do_not_show(method: str, dtype: type, channels: int) -> None:
    # Odd sizes, tiles as small as they may be, noise that is averaged, and three frames that compete.
    sharp = texture(203, 333, dtype, channels, seed=3)
    rng = np.random.default_rng(1)
    frames = [*in_parts(sharp, 3), *in_parts(sharp, 3)]
    noisy = [np.clip(f + rng.normal(0.0, 0.01 * TOP[dtype], f.shape), 0, TOP[dtype]).astype(dtype) for f in frames]
    whole = fuse(ArrayFrames(noisy), method, tile_px=1024)
    tiled = fuse(ArrayFrames(noisy), method, tile_px=64)
    assert np.abs(whole.picture.astype(np.int64) - tiled.picture).max() <= 1
    if whole.frame_index is not None and tiled.frame_index is not None:
        np.testing.assert_allclose(tiled.frame_index, whole.frame_index, atol=1e-4)


@pytest.mark.parametrize("method", ["focus", "gfdf"])
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_levels_stay_between_those_of_the_frames(method: str, data: st.DataObject) -> None:
    count = data.draw(st.integers(2, 5))
    shape = data.draw(st.tuples(st.integers(1, 40), st.integers(1, 40)))
    dtype = data.draw(st.sampled_from([np.uint8, np.uint16]))
    frames = [data.draw(hnp.arrays(dtype, shape)) for _ in range(count)]
    fused = fuse(ArrayFrames(frames), method).picture
    assert (fused >= np.min(frames, axis=0)).all()
    assert (fused <= np.max(frames, axis=0)).all()


@settings(max_examples=6, deadline=None)
@given(order=st.permutations(range(4)))
def test_order_of_frames_changes_only_their_numbers(order: list[int]) -> None:
    frames = in_parts(texture(96, 240, np.uint8, seed=5), 4)
    plain, mixed = fuse(ArrayFrames(frames)), fuse(ArrayFrames([frames[k] for k in order]))
    # Rounding of sums in another order, at most.
    assert np.abs(plain.picture.astype(int) - mixed.picture).max() <= 1
    assert plain.frame_index is not None and mixed.frame_index is not None
    kept = away_from_seams(240, 4)
    told = np.isfinite(plain.frame_index) & np.isfinite(mixed.frame_index) & kept
    # Half-way vertices apart, which round either way.
    numbers = np.array(order)[np.rint(mixed.frame_index[told]).astype(int)]
    assert (numbers == np.rint(plain.frame_index[told])).mean() > 0.99


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_identical_frames_give_themselves(method: str, dtype: type) -> None:
    frame = texture(64, 80, dtype)
    fused = fuse(ArrayFrames([frame] * 5), method).picture
    # A pyramid of 16 bits is taken apart and put together in single precision.
    assert np.abs(fused.astype(np.int64) - frame).max() <= (1 if method == "pyramid" else 0)


@pytest.mark.parametrize("method", METHODS)
def test_one_frame_comes_back(method: str) -> None:
    frame = texture(40, 50, np.uint16)
    fused = fuse(ArrayFrames([frame]), method)
    assert np.array_equal(fused.picture, frame)
    assert fused.frame_index is not None and np.isnan(fused.frame_index).all()


def test_without_texture_the_middle_frame_is_taken_and_nothing_tells() -> None:
    # Levels 40 apart: no noise, and too different for a mean.
    frames = [np.full((90, 70, 3), level, np.uint8) for level in (60, 100, 140, 180, 220)]
    fused = fuse(ArrayFrames(frames))
    assert (fused.picture == 140).all()
    assert fused.frame_index is not None and np.isnan(fused.frame_index).all()


def test_noise_alone_tells_nothing_and_is_averaged() -> None:
    rng = np.random.default_rng(0)
    frames = [np.clip(rng.normal(120.0, 5.0, (160, 160)), 0, 255).astype(np.uint8) for _ in range(6)]
    fused = fuse(ArrayFrames(frames))
    assert fused.frame_index is not None and np.isnan(fused.frame_index).mean() > 0.99
    # The mean of six has 5 / sqrt 6 = 2.04; some frames count a little less.
    assert fused.picture.astype(float).std() < 2.9


def test_motion_blur_is_never_chosen() -> None:
    sharp = texture(128, 160, np.uint8, seed=2)
    first, second = in_parts(sharp, 2)
    smeared = cv2.filter2D(sharp, -1, np.full((1, 15), 1.0 / 15.0))
    with_it, without = fuse(ArrayFrames([first, smeared, second])), fuse(ArrayFrames([first, second]))
    kept = away_from_seams(160, 2)
    assert np.array_equal(with_it.picture[:, kept], without.picture[:, kept])


@pytest.mark.parametrize("sigma_px", [3.0, 8.0])
def test_what_is_blurred_over_textureless_parts_is_not_taken(sigma_px: float) -> None:
    # A flat square with a light border within texture; the second frame, sharp nowhere, has that light spread over the square.
    sharp = texture(160, 160, np.uint8, seed=4)
    sharp[40:120, 40:120] = 230
    sharp[50:110, 50:110] = 90
    fused = fuse(ArrayFrames([sharp, blurred(sharp, sigma_px)]))
    assert np.array_equal(fused.picture, sharp)


def test_what_is_sharp_nowhere_is_taken_where_it_is_least_blurred() -> None:
    # A soft edge below the noise of what is finest; from the second frame on it is softer.
    rng = np.random.default_rng(7)
    step = np.where(np.arange(240) < 120, 60.0, 160.0)
    soft = [cv2.GaussianBlur(np.tile(step, (120, 1)), (0, 0), sigma_px) for sigma_px in (9.0, 15.0, 21.0)]
    frames = [np.clip(np.rint(plane + rng.normal(0.0, 2.0, plane.shape)), 0, 255).astype(np.uint8) for plane in soft]
    fused = fuse(ArrayFrames(frames)).frame_index
    assert fused is not None
    assert (np.rint(fused[20:-20, 105:135]) == 0).mean() > 0.95


def test_edges_between_colours_that_are_equally_light_are_seen() -> None:
    # The luma of both is 100: that of the red 0.587 * 68 + 0.299 * 201 = 100.0.
    sharp = np.full((120, 160, 3), 100, np.uint8)
    sharp[30:90, 40:120] = (0, 68, 201)
    fused = fuse(ArrayFrames([blurred(sharp), sharp]))
    assert np.abs(fused.picture.astype(int) - sharp).max() <= 2


def test_saturated_parts_stay_saturated() -> None:
    sharp = texture(96, 96, np.uint8, seed=6)
    sharp[30:60, 30:60] = 255
    fused = fuse(ArrayFrames([blurred(sharp), sharp]))
    assert (fused.picture[34:56, 34:56] == 255).all()


def test_thin_pictures() -> None:
    for shape in ((1, 1), (1, 90), (90, 1, 3), (3, 5)):
        frames = [np.full(shape, level, np.uint8) for level in (10, 200)]
        for method in METHODS:
            fused = fuse(ArrayFrames(frames), method)
            assert fused.picture.shape == shape


def test_progress_is_told_to_the_end() -> None:
    frames = in_parts(texture(96, 96, np.uint8), 2)
    for method in METHODS:
        told: list[tuple[int, int]] = []
        fuse(ArrayFrames(frames), method, tile_px=32, told=lambda done, of, told=told: told.append((done, of)))
        of = told[0][1]
        assert told == [(done, of) for done in range(1, of + 1)]


def test_what_cannot_be() -> None:
    frames = ArrayFrames(in_parts(texture(64, 64, np.uint8), 2))
    with pytest.raises(ConfigurationError, match="no fusion 'best': the methods are focus, gfdf, pyramid"):
        fuse(frames, "best")
    with pytest.raises(ConfigurationError, match="tile_px is 100: it must be a multiple of 32"):
        fuse(frames, tile_px=100)
    with pytest.raises(InputError, match="no frame"):
        ArrayFrames([])


def test_methods_are_described() -> None:
    assert DEFAULT_METHOD in METHODS
    lines = describe_methods().splitlines()
    assert [line.split()[0] for line in lines] == list(METHODS)
