"""Defocus of a scene with depth: from a sharp picture and its depth image to what a lens at some position would have seen.

How it works. The blur's radius, with a sign (positive: behind the plane of focus), is a straight function of inverse depth, so
things sorted by signed radius are sorted by depth. A ladder of radii, fine near focus and coarser far from it, cuts the scene
into layers, each blurred by the one kernel of its rung. A pixel between two rungs belongs to both, by those shares with which the
two kernels together have the second moment of the pixel's own radius: so the blur grows smoothly along a slanted floor.

The layers are laid over each other by depth, each as light times opacity beside opacity, both blurred: a blurred near object
becomes half transparent at its edge and spreads over what is behind it, and nothing from behind ever spreads over a sharp near
object. What a near object hides does not stand in the picture, but through its blurred edge the lens would see some of it, and
the blur of the background beside it gathers from it. Therefore every layer is first continued behind what stands in front of it,
with the colours beside it: without that, the missing light makes dark rims. At the end the light is divided by the opacity that
came together.

What makes it fast: the picture is cut into tiles, and in a tile only those layers are touched that can be seen there, from front
to back until nothing passes; a layer with a wide blur is computed at a half to a sixteenth of the resolution (it holds no finer
detail; the kernel is made narrower by what the resampling itself blurs); tiles go to as many threads as there are cores.

What it cannot do: colours behind near objects are guessed, pictures clipped at white have lost the light that bright spots
would have spread, and a depth edge that lies beside the colour edge gives a rim as wide as the error.
"""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product

import cv2
import numpy as np

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics.defocus import (
    BORDER,
    DEFAULT_GAMMA,
    blur_reach_px,
    check_kernel,
    check_picture,
    from_linear,
    prepare_blur,
    scale_about,
    to_linear,
)
from auxfocus_ros.optics.lens import Lens

Span = tuple[int, int]

DEFAULT_LAYERS = 32
# Rungs of the ladder: the first at 0.7 px, each further step wider by a fifth of itself. With these the edge of a blend of two
# kernels is as wide as that of its own radius within 2 %.
FIRST_RUNG_PX = 0.7
RUNG_GROWTH = 0.22
# Resolution by radius, (from radius px, divisor): reduced kernels are 2.6 to 5.5 pixels in radius. Wider ones would no longer
# be applied directly, smaller ones would make the blur of an edge depend on where it lies on the coarse grid, by more than 5 %.
REDUCTIONS = ((44.0, 16), (22.0, 8), (11.0, 4), (5.5, 2))
ALIGNMENT_PX = 16
TILE_PX = (240, 320)
BLOCK_PX = 8
# What lies behind near objects is guessed on every fourth pixel: it is smooth anyway.
FILL_STRIDE = 4
# Holes in depth that are at most this share of the picture's width are taken for the shadow that a near object throws in the
# sensor's view.
SHADOW_SHARE = 0.06
# The nearest reading is looked for on a grid of at least this many columns.
NEAREST_COLUMNS = 320
# A blur that reaches farther than this share of the picture's longer side tells nothing; readings next to the lens would ask
# for it.
LARGEST_RADIUS_SHARE = 0.5


def check_layers(layers: int) -> None:
    """Raise InputError unless a number of layers can be."""
    if not 3 <= layers <= 60:
        raise InputError(f"layers is {layers}: it must be from 3 to 60")


# Depth


def fill_depth(depth_m: np.ndarray) -> np.ndarray:
    """Give every pixel a depth.

    A narrow gap in a row between two depths takes the farther one (range cameras are blind beside near objects, where the
    background is), every other hole takes the nearest reading.

    Args:
        depth_m: (H, W) metres; 0, negative and NaN: no reading; +inf is a reading.

    Returns:
        (H, W) float32, metres, > 0, +inf possible; a new array.

    Raises:
        InputError: not two-dimensional, or without any reading.
    """
    if depth_m.ndim != 2 or depth_m.dtype.kind not in "fiu":
        raise InputError(f"the depth image is {depth_m.dtype} of shape {depth_m.shape}: wanted (height, width) in metres")
    height, width = depth_m.shape
    # A column that is no hole on either side, so that every run of holes has both ends within its row.
    fenced = np.full((height, width + 2), -1.0, np.float32)
    depth = fenced[:, 1:-1]
    np.fmax(depth_m, np.float32(0.0), out=depth, casting="same_kind")
    least, largest = depth.min(initial=np.inf), depth.max(initial=0.0)
    if largest <= 0.0:
        raise InputError("the depth image has no reading: every pixel is 0, negative or NaN")
    if least > 0.0:
        return depth
    _fill_shadows(fenced.reshape(-1), max(2, round(SHADOW_SHARE * width)))
    _fill_from_nearest(depth)
    return depth


def _fill_shadows(depth: np.ndarray, widest: int) -> None:
    """Runs of 0 between two depths, no longer than `widest`, take the farther of their ends; (N,): rows with fences between."""
    empty = depth == 0.0
    starts, ends = np.flatnonzero(empty[1:] & ~empty[:-1]) + 1, np.flatnonzero(empty[:-1] & ~empty[1:]) + 1
    lengths = ends - starts
    before, after = depth[starts - 1], depth[ends]
    narrow = (before > 0.0) & (after > 0.0) & (lengths <= widest)
    depth[empty] = np.repeat(np.where(narrow, np.maximum(before, after), np.float32(0.0)), lengths)


def _fill_from_nearest(depth: np.ndarray) -> None:
    """Pixels of 0 take the value of the nearest that is not; in large pictures of the nearest on a grid of some pixels."""
    empty = depth == 0.0
    if not empty.any():
        return
    height, width = depth.shape
    stride = max(1, width // NEAREST_COLUMNS)
    while stride > 1 and not depth[::stride, ::stride].any():
        stride //= 2
    coarse = depth[::stride, ::stride].copy()
    holes = coarse == 0.0
    _, labels = cv2.distanceTransformWithLabels(holes.view(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    # Every reading has a label of its own: a table from labels to depths.
    by_label = np.zeros(int(labels.max()) + 1, np.float32)
    by_label[labels[~holes]] = coarse[~holes]
    coarse[holes] = by_label[labels[holes]]
    size = (coarse.shape[1] * stride, coarse.shape[0] * stride)
    np.copyto(depth, cv2.resize(coarse, size, interpolation=cv2.INTER_NEAREST)[:height, :width], where=empty)


def defocus_map(depth_m: np.ndarray, lens: Lens, position_steps: float) -> np.ndarray:
    """Signed blur radius of every pixel: `lens.defocus_px` for whole depth images, in single precision and without NaN.

    Args:
        depth_m: (H, W) metres, > 0, +inf allowed (`fill_depth`).
        lens: the lens.
        position_steps: motor steps; may lie beyond infinity focus.

    Returns:
        (H, W) float32, pixels; positive where the thing is behind the plane of focus.

    Raises:
        InputError: a position that is not finite or outside the lens's table.
    """
    extension_m = lens.extension_m(float(position_steps))
    sensor_m = lens.focal_length_m + extension_m
    if not (math.isfinite(extension_m) and sensor_m > 0.0):
        raise InputError(f"lens '{lens.name}' has no sensor distance at position {position_steps:g}")
    # r = A / 2p (v / v0 - 1) with 1 / v0 = 1 / f - 1 / u: a straight line over 1 / u.
    gain_px = lens.aperture_m / (2.0 * lens.pixel_pitch_m)
    at_infinity = np.float32(gain_px * extension_m / lens.focal_length_m)
    defocus = np.float32(-gain_px * sensor_m) / np.maximum(depth_m, np.float32(1e-6), dtype=np.float32)
    defocus += at_infinity
    return np.asarray(defocus)


def breathing_scale(lens: Lens, position_steps: float) -> float:
    """Size of the picture at a position against the one at infinity focus: the sensor's distance over the focal length.

    Every object's scale changes alike: the chief rays stay where they are and the sensor cuts them farther out.
    """
    return lens.sensor_distance_m(float(position_steps)) / lens.focal_length_m


# Layers


@dataclass(frozen=True)
class _Layer:
    """One rung of the ladder with the pixels that belong to it.

    number: the rung's, counted from the back; a pixel at rung 2.25 belongs to layer 2 by 0.75 and to layer 3 by 0.25.
    radius_px: of its blur.
    own, in_front, behind_or_own: the intervals, as bits (see `_Scene.blocks`), of its own pixels, of those wholly in front of it,
        and of all others.
    hidden_px: the widest blur of anything in front; so far behind it the layer may still be seen.
    fill: what the layer looks like behind what stands in front of it, (channels + 1, H / 4, W / 4): light times opacity, opacity.
    """

    number: int
    radius_px: float
    own: int
    in_front: int
    behind_or_own: int
    hidden_px: int
    fill: np.ndarray | None

    @property
    def divisor(self) -> int:
        """How many times coarser than the picture the layer is blurred."""
        return next((divisor for least, divisor in REDUCTIONS if self.radius_px >= least), 1)

    def opacity(self, rungs: np.ndarray) -> np.ndarray:
        """Share of pixels that belongs to this layer, by their fractional rung."""
        share = np.subtract(rungs, np.float32(self.number))
        np.abs(share, out=share)
        np.subtract(np.float32(1.0), share, out=share)
        return np.asarray(np.maximum(share, np.float32(0.0), out=share))

    def hides(self, rungs: np.ndarray) -> np.ndarray:
        """1 where a pixel stands wholly in front of the layer, else 0."""
        # The threshold is exclusive; rungs differ by far more than this.
        return cv2.threshold(rungs, self.number + 0.9999, 1.0, cv2.THRESH_BINARY)[1]


@dataclass(frozen=True)
class _Scene:
    """A picture ready to be rendered; height and width are multiples of 16.

    light: (channels, H, W) float32, linear.
    rungs: (H, W) float32, each pixel's place on the ladder, 0 at the back.
    blocks: (H / 8, W / 8) int64, bit j is set where a pixel of the block lies from rung j to rung j + 1.
    """

    light: np.ndarray
    rungs: np.ndarray
    blocks: np.ndarray
    layers: tuple[_Layer, ...]
    kernel: str
    exact: bool

    def where(self, intervals: int, rows: Span, columns: Span, margin_px: int) -> tuple[Span, Span] | None:
        """The smallest rectangle of blocks that holds all pixels of some intervals within a rectangle and its margin, if any."""
        top, left = max(0, rows[0] - margin_px) // BLOCK_PX, max(0, columns[0] - margin_px) // BLOCK_PX
        bottom, right = -(-(rows[1] + margin_px) // BLOCK_PX), -(-(columns[1] + margin_px) // BLOCK_PX)
        there = (self.blocks[top:bottom, left:right] & intervals) != 0
        in_rows, in_columns = np.flatnonzero(there.any(axis=1)), np.flatnonzero(there.any(axis=0))
        if not len(in_rows):
            return None
        return (
            (int(top + in_rows[0]) * BLOCK_PX, int(top + in_rows[-1] + 1) * BLOCK_PX),
            (int(left + in_columns[0]) * BLOCK_PX, int(left + in_columns[-1] + 1) * BLOCK_PX),
        )


def _ladder(farthest: float, nearest: float, layers: int) -> np.ndarray:
    """Signed radii of the rungs, falling from `farthest` to `nearest`, which they enclose; 0 is one if it lies between."""
    widening = 1.0
    while True:
        first, growth = FIRST_RUNG_PX * widening, RUNG_GROWTH * widening
        ends = [math.copysign(math.log1p(abs(r) * growth / first) / math.log1p(growth), r) for r in (nearest, farthest)]
        # A hair of tolerance, so that a plane that lies on a rung up to rounding does not need two.
        lowest, highest = math.floor(ends[0] + 1e-4), math.ceil(ends[1] - 1e-4)
        if highest - lowest < layers:
            numbers = np.arange(highest, lowest - 1, -1, dtype=np.float64)
            return np.asarray(np.sign(numbers) * (first / growth) * np.expm1(np.abs(numbers) * math.log1p(growth)))
        widening *= 1.1


def _place_on_ladder(radius_px: np.ndarray, ladder: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fractional rung of every pixel, and the intervals of the ladder that occur in each block of 8 x 8 pixels, as bits."""
    interval = np.zeros(radius_px.shape, np.uint8)
    for radius in ladder[1:-1]:
        interval += radius_px <= np.float32(radius)
    # Within an interval by squares of radii: the mixed kernel has then the second moment of the pixel's own.
    squares = ladder * np.abs(ladder)
    slopes = 1.0 / np.diff(squares) if len(ladder) > 1 else np.zeros(1)
    offsets = np.arange(len(slopes)) - squares[: len(slopes)] * slopes
    rungs = np.abs(radius_px)
    rungs *= radius_px
    rungs *= cv2.LUT(interval, np.resize(slopes, 256).astype(np.float32))
    rungs += cv2.LUT(interval, np.resize(offsets, 256).astype(np.float32))
    # Rounding must not push a pixel out of its interval, or its block would not know of it.
    np.maximum(rungs, interval, out=rungs)
    np.minimum(rungs, interval + np.float32(1.0), out=rungs)
    height, width = radius_px.shape
    bits = np.left_shift(np.int64(1), interval, dtype=np.int64)
    in_rows = np.bitwise_or.reduce(bits.reshape(height // BLOCK_PX, BLOCK_PX, width), axis=1)
    return rungs, np.bitwise_or.reduce(in_rows.reshape(height // BLOCK_PX, width // BLOCK_PX, BLOCK_PX), axis=2)


def _build_layers(
    light: np.ndarray, rungs: np.ndarray, blocks: np.ndarray, ladder: np.ndarray, threads: ThreadPoolExecutor
) -> list[_Layer]:
    """The layers that hold any pixel, from back to front, each continued behind what stands in front of it."""
    there = int(np.bitwise_or.reduce(blocks, axis=None))
    coarse_roots = np.sqrt(light[:, 1::FILL_STRIDE, 1::FILL_STRIDE])
    coarse_rungs = np.ascontiguousarray(rungs[1::FILL_STRIDE, 1::FILL_STRIDE])

    def build(k: int) -> _Layer | None:
        own = (1 << k) | (1 << k >> 1)
        if not there & own:
            return None
        in_front = there & ~((2 << k) - 1)
        occupied = [j for j in range(k + 1, len(ladder)) if there & (1 << j | 1 << j >> 1)]
        layer = _Layer(
            number=k,
            radius_px=float(abs(ladder[k])),
            own=own,
            in_front=in_front | (there & (1 << k)),
            behind_or_own=(2 << k) - 1,
            hidden_px=math.ceil(max((abs(ladder[j]) for j in occupied), default=0.0)),
            fill=None,
        )
        return replace(layer, fill=_fill_behind(layer, coarse_roots, coarse_rungs)) if occupied else layer

    return [layer for layer in threads.map(build, range(len(ladder))) if layer is not None]


def _fill_behind(layer: _Layer, roots: np.ndarray, rungs: np.ndarray) -> np.ndarray | None:
    """Continue a layer behind what stands in front of it, by averages over ever wider surroundings of what can be seen.

    Opacity is continued like light: behind an object with the layer on one side and something farther on the other, the layer
    ends in between. Colours are averaged as square roots of light, about as the eye does: a lamp some way off is no reason for a
    bright rim in the dark.
    """
    opacity = layer.opacity(rungs)
    if not opacity.any():
        return None
    filled = _push_pull(cv2.merge([*(roots * opacity), opacity]), np.float32(1.0) - layer.hides(rungs))
    planes = np.stack(cv2.split(filled))
    planes[:-1] *= planes[:-1] / np.maximum(planes[-1], np.float32(1e-6))
    # No farther than it can be seen: where depth is noisy, a little light always passes the layers in front.
    half = math.ceil((layer.hidden_px + layer.radius_px) / FILL_STRIDE) + 1
    near = cv2.dilate((opacity > 0.0).astype(np.uint8), np.ones((2 * half + 1, 2 * half + 1), np.uint8))
    planes *= near.astype(np.float32)
    return planes


def _times(planes: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """(H, W, n) times (H, W)."""
    return cv2.multiply(planes, cv2.merge([factor] * planes.shape[2]))


def _push_pull(planes: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Fill (H, W, n > 1) where the weight (H, W) is 0 and keep it where it is 1; `planes` come multiplied by the weight."""
    height, width = weight.shape
    if min(height, width) < 2:
        mean = planes.sum(axis=(0, 1)) / max(float(weight.sum()), 1e-12)
        return np.asarray(planes + (1.0 - weight)[..., None] * mean.astype(np.float32))
    half = ((width + 1) // 2, (height + 1) // 2)
    coarse_weight = cv2.resize(weight, half, interpolation=cv2.INTER_AREA)
    coarse = cv2.resize(planes, half, interpolation=cv2.INTER_AREA)
    # A coarse pixel that is a quarter seen is taken as it is: what is near counts more than what is far.
    gain = np.minimum(np.float32(4.0), np.float32(1.0) / np.maximum(coarse_weight, np.float32(1e-6)))
    coarser = _push_pull(_times(coarse, gain), coarse_weight * gain)
    wide = cv2.resize(coarser, (width, height), interpolation=cv2.INTER_LINEAR)
    return cv2.add(planes, _times(wide, np.float32(1.0) - weight))


# Rendering


def _narrowed(radius_px: float, divisor: int) -> float:
    """Radius, in reduced pixels, of the kernel that with the resampling has the second moment of `radius_px`."""
    # Averaging over d pixels adds (d^2 - 1) / 12 to the variance, linear interpolation between their centres d^2 / 6 in the mean.
    resampling = (divisor**2 - 1) / 12.0 + divisor**2 / 6.0
    return math.sqrt(radius_px**2 - 4.0 * resampling) / divisor


def _blurred(planes: np.ndarray, layer: _Layer, divisor: int, kernel: str, inside: tuple[slice, slice]) -> list[np.ndarray]:
    """Blur (n, h, w) planes with a layer's kernel and cut out the part `inside`, whose bounds are multiples of the divisor."""
    if divisor == 1:
        apply = prepare_blur(layer.radius_px, kernel)
        return [apply(plane)[inside] for plane in planes]
    apply = prepare_blur(_narrowed(layer.radius_px, divisor), kernel)
    height, width = (size // divisor for size in planes.shape[1:])
    top, left = inside[0].start // divisor, inside[1].start // divisor
    bottom, right = inside[0].stop // divisor, inside[1].stop // divisor
    # One coarse pixel more on each side, so that neighbours are interpolated alike at their common edge.
    y0, y1, x0, x1 = max(0, top - 1), min(height, bottom + 1), max(0, left - 1), min(width, right + 1)
    size = ((x1 - x0) * divisor, (y1 - y0) * divisor)
    cut = (
        slice((top - y0) * divisor, (bottom - y0) * divisor),
        slice((left - x0) * divisor, (right - x0) * divisor),
    )
    finished = []
    for plane in planes:
        coarse = apply(cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA))
        finished.append(cv2.resize(coarse[y0:y1, x0:x1], size, interpolation=cv2.INTER_LINEAR)[cut])
    return finished


def _widened(span: Span, margin: int, step: int, limits: Span) -> Span:
    """A span with a margin on both sides, out to multiples of a step, within limits that are such multiples."""
    return max(limits[0], (span[0] - margin) // step * step), min(limits[1], -(-(span[1] + margin) // step) * step)


def _add_behind(planes: np.ndarray, origin: tuple[int, int], layer: _Layer, rungs: np.ndarray, place: tuple[Span, Span]) -> None:
    """Add to a layer's planes, which begin at `origin`, what it looks like behind the things in front of it within a place."""
    assert layer.fill is not None
    height, width = planes.shape[1:]
    top, bottom = _widened(place[0], 0, FILL_STRIDE, (origin[0], origin[0] + height))
    left, right = _widened(place[1], 0, FILL_STRIDE, (origin[1], origin[1] + width))
    hides = layer.hides(rungs[top:bottom, left:right])
    # One coarse pixel more on each side, so that neighbours are interpolated alike at their common edge.
    y, x = max(0, top // FILL_STRIDE - 1), max(0, left // FILL_STRIDE - 1)
    part = layer.fill[:, y : bottom // FILL_STRIDE + 1, x : right // FILL_STRIDE + 1]
    size = (part.shape[2] * FILL_STRIDE, part.shape[1] * FILL_STRIDE)
    y, x = top - y * FILL_STRIDE, left - x * FILL_STRIDE
    for plane, coarse in zip(planes, part, strict=True):
        wide = cv2.resize(coarse, size, interpolation=cv2.INTER_LINEAR)[y : y + bottom - top, x : x + right - left]
        target = plane[top - origin[0] : bottom - origin[0], left - origin[1] : right - origin[1]]
        cv2.accumulateProduct(wide, hides, target)


def _layer_in_tile(scene: _Scene, layer: _Layer, rows: Span, columns: Span) -> tuple[Span, Span, list[np.ndarray]] | None:
    """A blurred layer in a tile: the rows and columns in which it can be seen, and its planes there, (light, opacity) blurred."""
    divisor = 1 if scene.exact else layer.divisor
    step = max(divisor, FILL_STRIDE)
    reach = blur_reach_px(layer.radius_px, scene.kernel) + (2 * divisor if divisor > 1 else 0)
    # Where everything around stands in front, nothing can be seen of the layer.
    if scene.where(layer.behind_or_own, rows, columns, layer.hidden_px + BLOCK_PX) is None:
        return None
    place = scene.where(layer.own, rows, columns, reach + layer.hidden_px)
    if place is None:
        return None
    rows, columns = (
        _widened(span, reach + layer.hidden_px, step, limits) for span, limits in zip(place, (rows, columns), strict=True)
    )
    if rows[0] >= rows[1] or columns[0] >= columns[1]:
        return None
    height, width = scene.rungs.shape
    (y0, y1), (x0, x1) = _widened(rows, reach, step, (0, height)), _widened(columns, reach, step, (0, width))
    rungs, light = scene.rungs[y0:y1, x0:x1], scene.light[:, y0:y1, x0:x1]
    planes = np.empty((len(light) + 1, y1 - y0, x1 - x0), np.float32)
    planes[-1] = layer.opacity(rungs)
    np.multiply(light, planes[-1], out=planes[:-1])
    if layer.fill is not None:
        hidden = scene.where(layer.in_front, (y0, y1), (x0, x1), 0)
        if hidden is not None:
            _add_behind(planes, (y0, x0), layer, scene.rungs, hidden)
    inside = (slice(rows[0] - y0, rows[1] - y0), slice(columns[0] - x0, columns[1] - x0))
    return rows, columns, _blurred(planes, layer, divisor, scene.kernel, inside)


def _render_tile(scene: _Scene, rows: Span, columns: Span) -> np.ndarray:
    """Linear light of a tile, (channels, h, w): the layers that meet it, from front to back.

    A layer shows through what the layers in front let pass. With the rung just in front of it, it shares pixels: there the two
    are parts of one surface, which cover side by side (A + B), and not two surfaces that cover by chance (A + B - A B).
    """
    size = (rows[1] - rows[0], columns[1] - columns[0])
    total = np.zeros((len(scene.light) + 1, *size), np.float32)
    passing = np.ones(size, np.float32)
    neighbour: tuple[int, tuple[slice, slice], np.ndarray] | None = None
    for layer in reversed(scene.layers):
        part = _layer_in_tile(scene, layer, rows, columns)
        if part is None:
            continue
        (y0, y1), (x0, x1), planes = part
        place = (slice(y0 - rows[0], y1 - rows[0]), slice(x0 - columns[0], x1 - columns[0]))
        opacity = planes[-1]
        # Of the light that the layers in front let pass, this one takes opacity / (1 - the neighbour's opacity), at most all.
        if neighbour is not None and neighbour[0] == layer.number + 1:
            beside = np.ones(size, np.float32)
            beside[neighbour[1]] -= neighbour[2]
            share = passing[place] / np.maximum(np.maximum(beside[place], opacity), np.float32(1e-6))
        else:
            share = passing[place]
        for sum_so_far, plane in zip(total[:, place[0], place[1]], planes, strict=True):
            cv2.accumulateProduct(share, plane, sum_so_far)
        passing[place] -= share * opacity
        neighbour = (layer.number, place, opacity)
        if not (passing > 1e-4).any():
            break
    # Every pixel belongs to a layer of its own; the floor is for rounding only.
    return np.asarray(total[:-1] / np.maximum(total[-1], np.float32(1e-6)))


def _tiles(height: int, width: int) -> list[tuple[Span, Span]]:
    rows = [(y, min(y + TILE_PX[0], height)) for y in range(0, height, TILE_PX[0])]
    columns = [(x, min(x + TILE_PX[1], width)) for x in range(0, width, TILE_PX[1])]
    return list(product(rows, columns))


@lru_cache(maxsize=1)
def _threads_of(process: int) -> ThreadPoolExecutor:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    return ThreadPoolExecutor(cores, thread_name_prefix="defocus")


def _threads() -> ThreadPoolExecutor:
    """As many threads as cores, started once a process (a forked child has none of its parent's threads)."""
    return _threads_of(os.getpid())


def _linear_planes(picture: np.ndarray, gamma: float, padding: tuple[int, int]) -> np.ndarray:
    """(channels, H, W) linear light of a picture, continued at the bottom and the right."""
    bottom, right = padding
    channels = 1 if picture.ndim == 2 else picture.shape[2]
    light = np.empty((channels, picture.shape[0] + bottom, picture.shape[1] + right), np.float32)
    for channel in range(channels):
        grey = picture if picture.ndim == 2 else cv2.extractChannel(picture, channel)
        linear = to_linear(grey, gamma)
        light[channel] = cv2.copyMakeBorder(linear, 0, bottom, 0, right, BORDER) if bottom or right else linear
    return light


def defocus_by_map(
    picture: np.ndarray,
    defocus_px: np.ndarray,
    kernel: str = "disk",
    gamma: float = DEFAULT_GAMMA,
    layers: int = DEFAULT_LAYERS,
    *,
    exact: bool = False,
) -> np.ndarray:
    """Blur every pixel of a sharp picture by its own radius, near things over far ones.

    Args:
        picture: (H, W) or (H, W, 3), uint8, uint16, or floating point in [0, 1].
        defocus_px: (H, W) signed blur radius, pixels: rising with depth, positive behind the plane of focus; radii are cut off
            at half of the picture's longer side.
        kernel: 'disk' or 'gaussian' (sigma is half the radius).
        gamma: of the picture, 0.1 to 10.
        layers: largest number of layers, 3 to 60; the ladder of radii becomes coarser where it would need more.
        exact: blur wide layers at full resolution too: several times slower, with sharp rims of blur disks.

    Returns:
        The same shape and type.

    Raises:
        InputError: shapes that do not fit, NaN, or a parameter out of range.
    """
    check_picture(picture)
    check_kernel(kernel)
    check_layers(layers)
    if defocus_px.shape != picture.shape[:2]:
        raise InputError(f"the defocus map is {defocus_px.shape}, the picture {picture.shape[:2]}: they must be of one size")
    height, width = picture.shape[:2]
    limit = LARGEST_RADIUS_SHARE * max(height, width)
    radius = np.clip(defocus_px, -limit, limit, dtype=np.float32)
    nearest, farthest = float(radius.min()), float(radius.max())
    if math.isnan(nearest):
        raise InputError("the defocus map has NaN: fill holes in depth first (fill_depth)")
    ladder = _ladder(farthest, nearest, layers)
    if not ladder.any():
        return picture.copy()

    bottom, right = -height % ALIGNMENT_PX, -width % ALIGNMENT_PX
    if bottom or right:
        radius = cv2.copyMakeBorder(radius, 0, bottom, 0, right, BORDER)
    threads = _threads()
    to_light = threads.submit(_linear_planes, picture, gamma, (bottom, right))
    rungs, blocks = _place_on_ladder(radius, ladder)
    light = to_light.result()
    scene = _Scene(light, rungs, blocks, tuple(_build_layers(light, rungs, blocks, ladder, threads)), kernel, exact)
    finished = np.empty(light.shape, picture.dtype)

    def render(tile: tuple[Span, Span]) -> None:
        (y0, y1), (x0, x1) = tile
        finished[:, y0:y1, x0:x1] = from_linear(_render_tile(scene, *tile), gamma, picture.dtype)

    list(threads.map(render, _tiles(*rungs.shape)))
    if picture.ndim == 2:
        return np.ascontiguousarray(finished[0, :height, :width])
    return np.ascontiguousarray(cv2.merge(list(finished))[:height, :width])


def defocus_scene(  # noqa: PLR0917 - the order of the source's model
    picture: np.ndarray,
    depth_m: np.ndarray,
    lens: Lens,
    position_steps: float,
    kernel: str = "disk",
    gamma: float = DEFAULT_GAMMA,
    layers: int = DEFAULT_LAYERS,
    *,
    exact: bool = False,
    breathing: bool = False,
    centre_px: tuple[float, float] | None = None,
) -> np.ndarray:
    """What a lens at a position would have seen of a scene whose sharp picture and depth are known.

    Args:
        picture: (H, W) or (H, W, 3), sharp all over; uint8, uint16, or floating point in [0, 1].
        depth_m: (H, W) z in metres; 0, negative and NaN: no reading, filled from beside; +inf allowed.
        lens: with the pixel pitch of this picture (`f / fx` where only intrinsics are known).
        position_steps: where the lens stands; beyond infinity focus allowed.
        kernel: 'disk' or 'gaussian'.
        gamma: of the picture, 0.1 to 10.
        layers: largest number of layers, 3 to 60.
        exact: see `defocus_by_map`.
        breathing: also enlarge the picture as the sensor moves away, by `breathing_scale`; the picture counts as taken at
            infinity focus.
        centre_px: (x, y) that stays when it breathes: the principal point; None: the picture's middle.

    Returns:
        The same shape and type as the picture.

    Raises:
        InputError: shapes that do not fit, no depth at all, a position that the lens does not have, a parameter out of range.

    Source: Intelligent Autofocus, eq. 1 to 4, for a scene with depth.
    """
    check_picture(picture)
    if depth_m.shape != picture.shape[:2]:
        raise InputError(f"the depth image is {depth_m.shape}, the picture {picture.shape[:2]}: they must be of one size")
    defocus_px = defocus_map(fill_depth(depth_m), lens, position_steps)
    if breathing:
        scale = breathing_scale(lens, position_steps)
        picture = scale_about(picture, scale, centre_px)
        defocus_px = scale_about(defocus_px, scale, centre_px, cv2.INTER_NEAREST)
    return defocus_by_map(picture, defocus_px, kernel, gamma, layers, exact=exact)
