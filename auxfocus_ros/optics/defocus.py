"""The defocus model of one plane: what a sharp picture of it looks like through a lens that is focused elsewhere.

Light adds up in the lens, not grey levels: a picture is taken back to linear light through its gamma, convolved with the shape
of the blur, enlarged by the change of scale that comes with moving the sensor, and given its gamma again (Intelligent
Autofocus, eq. 1):

    to_linear(defocused) = imscale(to_linear(sharp) * h, scale)

Both kernels are made so that their second moment *on the pixel grid* is what the optics say: r^2 / 4 along each axis for a disk
of radius r (and sigma^2 for its Gaussian twin, sigma = r / 2), at every radius down to 0. A kernel that is merely sampled, or
averaged over each pixel, is off by up to a twelfth of a pixel squared: nothing at 20 px, but it makes every radius below half a
pixel look the same, and a calibration near focus needs just those.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from auxfocus_ros.errors import InputError

KERNELS = ("disk", "gaussian")
DEFAULT_GAMMA = 2.2
# Beyond this a kernel takes longer than anybody waits; no lens and picture in use come near it.
MAX_RADIUS_PX = 2000.0
# A Gaussian is cut off here, in sigmas; what lies beyond is 6e-5 of it along an axis.
GAUSSIAN_REACH = 4.0
# Longer Gaussians are faster through Fourier transforms than row by row.
SEPARABLE_TAPS = 97
# Symmetric about the edge: with symmetric kernels this conserves the picture's total light exactly.
BORDER = cv2.BORDER_REFLECT


def check_kernel(kernel: str) -> None:
    """Raise InputError unless `kernel` is the name of a blur shape."""
    if kernel not in KERNELS:
        raise InputError(f"there is no blur kernel '{kernel}': the kernels are {', '.join(KERNELS)}")


def _check_radius(name: str, value: float) -> float:
    value = float(value)
    if not 0.0 <= value <= MAX_RADIUS_PX:
        raise InputError(f"{name} is {value:g}: it must be from 0 to {MAX_RADIUS_PX:g} pixels")
    return value


def check_gamma(gamma: float) -> float:
    """Give back `gamma` as a float; raise InputError unless it is from 0.1 to 10."""
    gamma = float(gamma)
    if not 0.1 <= gamma <= 10.0:
        raise InputError(f"gamma is {gamma:g}: it must be from 0.1 to 10 (2.2 is usual, 1 is linear light)")
    return gamma


def check_picture(picture: np.ndarray) -> None:
    """Raise InputError unless `picture` is (H, W) or (H, W, 3), not empty, uint8, uint16 or finite floating point."""
    shape = picture.shape
    if picture.ndim not in (2, 3) or (picture.ndim == 3 and shape[2] != 3) or picture.size == 0:
        raise InputError(f"the picture's shape is {shape}: wanted (height, width) or (height, width, 3), not empty")
    if picture.dtype not in (np.uint8, np.uint16, np.float32, np.float64):
        raise InputError(f"the picture is {picture.dtype}: wanted uint8, uint16, or floating point in [0, 1]")
    if picture.dtype.kind == "f" and not np.isfinite(picture).all():
        raise InputError("the picture has values that are NaN or infinite: wanted floating point in [0, 1]")


# Kernels


def _chord_area(x: np.ndarray, radius: float) -> np.ndarray:
    """Area of the disk to the left of the vertical line at x."""
    c = np.clip(x / radius, -1.0, 1.0)
    return radius * radius * (c * np.sqrt(1.0 - c * c) + np.arcsin(c) + math.pi / 2.0)


def _disk_moment(radius: float) -> float:
    """Second moment along x of a disk of this radius after averaging over pixels."""
    n = np.arange(math.ceil(radius + 0.5) + 1, dtype=np.float64)
    edges = _chord_area(np.append(n - 0.5, n[-1] + 0.5), radius)
    return float(2.0 * np.sum(n * n * np.diff(edges)) / (math.pi * radius * radius))


def _gaussian_steps(sigma: float, half: int) -> np.ndarray:
    """Share of a Gaussian in each of the pixels 0..half to one side of its centre; with the other side they sum to 1."""
    edges = np.array([math.erf((n + 0.5) / (sigma * math.sqrt(2.0))) for n in range(half + 1)])
    shares = np.diff(np.concatenate(([-edges[0]], edges))) * 0.5
    return np.asarray(shares / (shares[0] + 2.0 * shares[1:].sum()))


def _gaussian_half(sigma_px: float) -> int:
    return max(1, math.ceil(GAUSSIAN_REACH * sigma_px))


def _gaussian_moment(sigma: float, half: int) -> float:
    n = np.arange(half + 1, dtype=np.float64)
    return float(2.0 * np.sum(n * n * _gaussian_steps(sigma, half)))


def _solve_rising(function: Callable[[float], float], wanted: float, low: float, high: float) -> float:
    """x in [low, high] where the rising function has the value wanted, by bisection to a double's precision."""
    for _ in range(60):
        middle = 0.5 * (low + high)
        if function(middle) < wanted:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def _quadrant_area(x: np.ndarray, y: np.ndarray, radius: float) -> np.ndarray:
    """Area of the disk within [0, x] x [0, y], x and y >= 0, broadcast against each other."""
    x, y = np.minimum(x, radius), np.minimum(y, radius)
    # Up to x = knee the disk's edge lies above y, beyond it below.
    knee = np.minimum(x, np.sqrt(np.maximum(radius * radius - y * y, 0.0)))
    return knee * y + 0.5 * (_chord_area(x, radius) - _chord_area(knee, radius))


@lru_cache(maxsize=64)
def _disk(radius_px: float) -> np.ndarray:
    if radius_px == 0.0:
        return np.ones((1, 1), np.float32)
    radius = _solve_rising(_disk_moment, 0.25 * radius_px * radius_px, 0.5, radius_px + 0.51)
    half = max(1, math.ceil(radius - 0.5))
    # The corners (n +- 0.5) of the pixels of one quadrant; a pixel on an axis is twice its half.
    corners = np.concatenate(([0.0], np.arange(half + 1) + 0.5))
    area = _quadrant_area(corners[:, None], corners[None, :], radius)
    shares = np.diff(np.diff(area, axis=0), axis=1)
    shares[0, :] *= 2.0
    shares[:, 0] *= 2.0
    full = np.concatenate((shares[:0:-1], shares), axis=0)
    full = np.concatenate((full[:, :0:-1], full), axis=1)
    full = np.maximum(full, 0.0)
    kernel = (full / full.sum()).astype(np.float32)
    kernel.setflags(write=False)
    return kernel


@lru_cache(maxsize=64)
def _gaussian_taps(sigma_px: float) -> np.ndarray:
    if sigma_px == 0.0:
        return np.ones(1, np.float32)
    half = _gaussian_half(sigma_px)
    sigma = _solve_rising(lambda s: _gaussian_moment(s, half), sigma_px * sigma_px, 1e-3, 1.5 * sigma_px + 0.5)
    side = _gaussian_steps(sigma, half)
    taps = np.concatenate((side[:0:-1], side)).astype(np.float32)
    taps.setflags(write=False)
    return taps


def disk_kernel(radius_px: float) -> np.ndarray:
    """The blur of an ideal lens: an even disk, each pixel weighted by the exact area that the disk covers of it.

    The disk that is drawn is smaller than `radius_px` by about 1 / (6 radius_px) pixels, so that the kernel's second moment on
    the pixel grid is r^2 / 4 along each axis, at every radius (the averaging over pixels alone adds to it).

    Args:
        radius_px: radius in pixels, 0 (the identity) to 2000, any real number.

    Returns:
        (k, k) float32, k odd, sum 1, symmetric; read-only and shared between callers.

    Raises:
        InputError: the radius is out of range or NaN.

    Source: Intelligent Autofocus, eq. 4.
    """
    return _disk(_check_radius("the disk's radius", radius_px))


def gaussian_kernel(sigma_px: float) -> np.ndarray:
    """A Gaussian blur, averaged over each pixel, cut off at four sigmas, with a variance of sigma^2 on the pixel grid.

    Args:
        sigma_px: standard deviation in pixels, 0 (the identity) to 2000, any real number; the twin of a disk has half its radius.

    Returns:
        (k, k) float32, k odd, sum 1, symmetric.

    Raises:
        InputError: sigma is out of range or NaN.

    Source: Intelligent Autofocus, eq. 3.
    """
    taps = _gaussian_taps(_check_radius("the Gaussian's sigma", sigma_px))
    return np.outer(taps, taps)


def blur_reach_px(radius_px: float, kernel: str) -> int:
    """How many pixels to each side the blur of `radius_px` takes light from."""
    if radius_px <= 0.0:
        return 0
    return _gaussian_half(0.5 * radius_px) if kernel == "gaussian" else max(1, math.ceil(radius_px + 0.01))


def prepare_blur(radius_px: float, kernel: str = "disk") -> Callable[[np.ndarray], np.ndarray]:
    """The blur of one radius, to be applied to many pictures: see `blur`."""
    check_kernel(kernel)
    radius = _check_radius("the blur's radius", radius_px)
    if radius == 0.0:
        return lambda linear: linear
    if kernel == "gaussian":
        taps = _gaussian_taps(0.5 * radius)
        if len(taps) <= SEPARABLE_TAPS:
            return lambda linear: cv2.sepFilter2D(linear, cv2.CV_32F, taps, taps, borderType=BORDER)
        weights = np.outer(taps, taps)
    else:
        weights = _disk(radius)
    # filter2D applies small kernels directly and large ones through blockwise Fourier transforms.
    return lambda linear: cv2.filter2D(linear, cv2.CV_32F, weights, borderType=BORDER)


def blur(linear: np.ndarray, radius_px: float, kernel: str = "disk") -> np.ndarray:
    """Convolve a picture in linear light with a blur; the picture is continued by reflection at its edges.

    Args:
        linear: (H, W) or (H, W, channels) float32.
        radius_px: the disk's radius, pixels; with kernel 'gaussian' sigma is half of it.
        kernel: 'disk' or 'gaussian'.

    Returns:
        float32 of the same shape; the input itself where the radius is 0.

    Raises:
        InputError: a radius out of range or an unknown kernel.
    """
    return prepare_blur(radius_px, kernel)(linear)


# Gamma


@lru_cache(maxsize=16)
def _linear_table(gamma: float, levels: int) -> np.ndarray:
    table = (np.arange(levels, dtype=np.float64) / (levels - 1)) ** gamma
    return np.asarray(table.astype(np.float32))


@lru_cache(maxsize=8)
def _grey_table(gamma: float) -> np.ndarray:
    """uint8 levels by the square root of linear light in 65536 steps: the root keeps the dark levels apart."""
    root = np.arange(65536, dtype=np.float64) / 65535.0
    return np.asarray(np.rint(255.0 * root ** (2.0 / gamma)).astype(np.uint8))


def to_linear(picture: np.ndarray, gamma: float = DEFAULT_GAMMA) -> np.ndarray:
    """Grey levels to linear light: (level / largest level) ** gamma.

    Args:
        picture: (H, W) or (H, W, 3), uint8, uint16, or floating point in [0, 1] (below 0 counts as 0).
        gamma: 0.1 to 10; 1 leaves the levels as they are.

    Returns:
        float32 of the same shape, 0 to 1.

    Raises:
        InputError: another shape or type, NaN, or a gamma out of range.

    Source: Intelligent Autofocus, eq. 2.
    """
    check_picture(picture)
    gamma = check_gamma(gamma)
    if picture.dtype == np.uint8:
        return cv2.LUT(picture, _linear_table(gamma, 256))
    if picture.dtype == np.uint16:
        return _linear_table(gamma, 65536)[picture]
    return np.maximum(picture, 0.0).astype(np.float32) ** np.float32(gamma)


def from_linear(linear: np.ndarray, gamma: float = DEFAULT_GAMMA, dtype: Any = np.uint8) -> np.ndarray:
    """Linear light back to grey levels, the inverse of `to_linear`; exact for every uint8 level.

    Args:
        linear: floating point, any shape; clipped to [0, 1] for integer levels, at 0 for floating point.
        gamma: 0.1 to 10.
        dtype: uint8, uint16, float32 or float64.

    Returns:
        An array of the same shape and of type `dtype`.

    Raises:
        InputError: a gamma or a type that is not known.
    """
    gamma = check_gamma(gamma)
    dtype = np.dtype(dtype)
    if dtype == np.uint8:
        root = np.clip(linear, 0.0, 1.0, dtype=np.float32)
        np.sqrt(root, out=root)
        root *= np.float32(65535.0)
        root += np.float32(0.5)
        return np.take(_grey_table(gamma), root.astype(np.uint16))
    if dtype == np.uint16:
        level = np.clip(linear, 0.0, 1.0) ** (1.0 / gamma)
        return np.asarray(np.rint(65535.0 * level).astype(np.uint16))
    if dtype in (np.float32, np.float64):
        return np.asarray((np.maximum(linear, 0.0) ** (1.0 / gamma)).astype(dtype))
    raise InputError(f"a picture cannot be {dtype}: wanted uint8, uint16, float32 or float64")


# Scale


def scale_about(
    picture: np.ndarray, scale: float, centre_px: tuple[float, float] | None = None, interpolation: int = cv2.INTER_CUBIC
) -> np.ndarray:
    """Enlarge a picture about a point and keep its size: what focus breathing does to it.

    Args:
        picture: (H, W) or (H, W, channels) of a type that OpenCV can warp.
        scale: 0.05 to 20; above 1 things grow. Meant for changes of some per cent: a strong reduction is not filtered first.
        centre_px: (x, y) of the point that stays, pixel centres at whole numbers: the principal point; None: the middle.
        interpolation: an OpenCV interpolation; nearest for depth.

    Returns:
        The same shape and type; what comes from outside is continued by reflection.

    Raises:
        InputError: the scale or the centre cannot be.
    """
    scale = float(scale)
    if not 0.05 <= scale <= 20.0:
        raise InputError(f"the scale is {scale:g}: it must be from 0.05 to 20")
    height, width = picture.shape[:2]
    x, y = centre_px if centre_px is not None else (0.5 * (width - 1), 0.5 * (height - 1))
    if not (math.isfinite(x) and math.isfinite(y)):
        raise InputError(f"the centre of scaling is ({x:g}, {y:g}): it must be finite")
    if scale == 1.0:
        return picture
    warp = np.array([[scale, 0.0, x * (1.0 - scale)], [0.0, scale, y * (1.0 - scale)]])
    return cv2.warpAffine(picture, warp, (width, height), flags=interpolation, borderMode=BORDER)


# The whole model


def defocus_plane(
    picture: np.ndarray,
    radius_px: float,
    kernel: str = "disk",
    gamma: float = DEFAULT_GAMMA,
    scale: float = 1.0,
    *,
    centre_px: tuple[float, float] | None = None,
) -> np.ndarray:
    """What a sharp picture of a plane, square to the axis, looks like out of focus.

    The blur comes first and the scale after it, as in the source: on the sensor the blur's radius is `scale * radius_px`. From
    a lens, whose `blur_radius_px` is on the sensor, take `radius_px = blur_radius_px / scale`.

    Args:
        picture: (H, W) grey or (H, W, 3), uint8, uint16, or floating point in [0, 1].
        radius_px: blur radius in pixels of the sharp picture, 0 to 2000; with kernel 'gaussian' sigma is half of it.
        kernel: 'disk' or 'gaussian'.
        gamma: of the picture, 0.1 to 10; 1 for linear light.
        scale: size of the defocused picture against the sharp one, v / v0.
        centre_px: (x, y) that stays when scaled: the principal point; None: the picture's middle.

    Returns:
        The same shape and type.

    Raises:
        InputError: anything out of its range.

    Source: Intelligent Autofocus, eq. 1 to 4.
    """
    blurred = blur(to_linear(picture, gamma), radius_px, kernel)
    return from_linear(scale_about(blurred, scale, centre_px), gamma, picture.dtype)
