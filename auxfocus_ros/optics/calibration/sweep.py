"""Blur and scale of many tiles of a focal sweep, each against the frame in which it is sharpest.

A sweep is a series of pictures of one scene at known lens positions. Its scene is cut into tiles. Each tile is looked for in
every frame with the search for pairs, starting from its sharpest frame and going outwards, each frame from what its neighbour
gave. The radii on both sides of the sharpest frame then say, to a fraction of a frame, where the tile would have been sharpest:
with the sensor at v the radius is `K |v - v0|`, and what is measured is the blur beyond that of the sharpest frame,
`K^2 ((v - v0)^2 / scale^2 - (v_b - v0)^2)`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.errors import InputError
from auxfocus_ros.optics.calibration.light import Light, Pyramid, is_flat, linear_light
from auxfocus_ros.optics.calibration.pair import CalibrationOptions, calibrate_light
from auxfocus_ros.optics.calibration.patch import Patch
from auxfocus_ros.optics.calibration.refine import Match, PicturePair
from auxfocus_ros.optics.lens import Lens

Progress = Callable[[int, int], None]

LEAST_FRAMES = 3
TILES_DOWN = (4, 1.5)
"""Sizes of tiles, as parts of the picture's shorter side: small ones for scenes of many depths, large ones for wide blur."""
TILES_A_FRAME = 2
"""How many tiles of each size are measured that are sharpest in the same frame."""
_TEXTURE_SHARE = 0.05  # of the most textured tile's texture that a tile must have
_LEAST_SCORE = 0.75
_LEAST_PAIRS = 3
_WORST_MISFIT = 0.12
_CUT = 1.25  # a tile is cut out with this much room on each side, in tiles' sides, for what breathing moves


@dataclass(frozen=True)
class Measured:
    """One tile in one frame, against its own best focus.

    Attributes:
        position_steps: where the lens stood.
        radius_px: of the blur disk on the sensor.
        scale: against the picture at best focus.
        sigma_px: standard error of the radius.
    """

    position_steps: float
    radius_px: float
    scale: float
    sigma_px: float


@dataclass(frozen=True)
class TileSweep:
    """One tile through a sweep.

    Attributes:
        patch: of the sharpest frame, pixels.
        best_position_steps: where it is sharpest, between the frames.
        misfit: root mean square of what that growth leaves, against the radii's own root mean square.
        measured: in each frame that could be compared.
    """

    patch: Patch
    best_position_steps: float
    misfit: float
    measured: tuple[Measured, ...]


@dataclass(frozen=True, eq=False)
class Sweep:
    """Frames of a sweep as the calibration keeps them.

    positions_steps: (n,) rising. sensor_m: (n,) sensor distances there. lights: (n) pictures (H, W), float16 linear light.
    """

    positions_steps: NDArray[np.float64]
    sensor_m: NDArray[np.float64]
    lights: tuple[NDArray[np.float16], ...]

    @classmethod
    def of(
        cls, pictures: Sequence[Callable[[], NDArray[np.generic]]], positions_steps: Sequence[float], lens: Lens, gamma: float
    ) -> Sweep:
        """Read the pictures.

        Args:
            pictures: give (H, W) or (H, W, 3) pictures, one for each position.
            positions_steps: where the lens stood, all different.
            lens: what positions mean.
            gamma: of the pictures.

        Raises:
            InputError: too few frames, positions that are equal or that the lens does not know, pictures of different sizes.
        """
        positions = np.array(positions_steps, np.float64)
        if len(pictures) != positions.size or positions.size < LEAST_FRAMES:
            raise InputError(f"a sweep of {positions.size} frames: at least {LEAST_FRAMES} are needed, a position for each")
        order = np.argsort(positions, kind="stable")
        positions = positions[order]
        if not np.isfinite(positions).all() or (np.diff(positions) <= 0.0).any():
            raise InputError("two frames of the sweep have the same position, or one that is no number: each needs its own")
        sensor = np.asarray(lens.sensor_distance_m(positions))
        if not np.isfinite(sensor).all():
            wrong = float(positions[~np.isfinite(sensor)][0])
            raise InputError(f"the lens's table says nothing of position {wrong:g}, at which a frame of the sweep was taken")
        lights: list[NDArray[np.float16]] = []
        for index in order:
            light = linear_light(pictures[index](), gamma)
            if lights and light.shape != lights[0].shape:
                (h1, w1), (h2, w2) = lights[0].shape, light.shape
                where = f"{w2} x {h2} at position {positions_steps[index]:g}"
                raise InputError(f"frames of the sweep are of different sizes: {w1} x {h1}, and {where}")
            lights.append(light.astype(np.float16))
        return cls(positions, sensor, tuple(lights))


def measure_sweep(sweep: Sweep, options: CalibrationOptions, progress: Progress | None = None) -> list[TileSweep]:
    """Measure tiles of a sweep.

    Args:
        sweep: the frames.
        options: how pairs are compared.
        progress: told (tiles done, tiles in all).

    Returns:
        The tiles whose blur behaves as a lens's does, in no particular order; empty where none does.
    """
    chosen = [tile for down in TILES_DOWN for tile in _choose(sweep, down)]
    kept = []
    for done, (patch, best) in enumerate(chosen):
        if progress is not None:
            progress(done, len(chosen))
        tile = measure_tile(sweep, patch, best, options)
        if tile is not None:
            kept.append(tile)
    if progress is not None:
        progress(len(chosen), len(chosen))
    return kept


def _choose(sweep: Sweep, down: float) -> list[tuple[Patch, int]]:
    """The most textured tiles for every frame in which some are sharpest, each with that frame's index."""
    height, width = sweep.lights[0].shape
    side = int(min(height, width) / down) // 8 * 8
    if side < 64:
        return []
    rows, columns = (max(1, round((length - side) / (0.75 * side)) + 1) for length in (height, width))
    tops = np.linspace(0, height - side, rows).astype(int) if rows > 1 else np.array([(height - side) // 2])
    lefts = np.linspace(0, width - side, columns).astype(int) if columns > 1 else np.array([(width - side) // 2])
    patches = [Patch(int(left), int(top), side, side) for top in tops for left in lefts]
    sharpness = np.array([[_sharpness(texture, patch) for patch in patches] for texture in map(_texture, sweep.lights)])
    best = np.argmax(sharpness, axis=0)
    most = sharpness.max(axis=0)
    chosen = []
    for frame in range(len(sweep.lights)):
        here = [index for index in np.flatnonzero(best == frame) if most[index] >= _TEXTURE_SHARE * most.max()]
        here.sort(key=lambda index: -most[index])
        chosen += [(patches[index], frame) for index in here[:TILES_A_FRAME]]
    return chosen


def _texture(light: NDArray[np.float16]) -> Light:
    """Squared gradient of the root of the light, at half the size."""
    height, width = light.shape
    root = np.sqrt(cv2.resize(light.astype(np.float32), (width // 2, height // 2), interpolation=cv2.INTER_AREA))
    root = cv2.GaussianBlur(root, (0, 0), 1.0)
    return np.asarray(cv2.Sobel(root, cv2.CV_32F, 1, 0) ** 2 + cv2.Sobel(root, cv2.CV_32F, 0, 1) ** 2, np.float32)


def _sharpness(texture: Light, patch: Patch) -> float:
    # The middle of the tile alone: its border comes and goes with breathing.
    margin = patch.width // 8
    inner = texture[
        (patch.y + margin) // 2 : (patch.y + patch.height - margin) // 2,
        (patch.x + margin) // 2 : (patch.x + patch.width - margin) // 2,
    ]
    return float(inner.mean())


def measure_tile(sweep: Sweep, patch: Patch, best: int, options: CalibrationOptions) -> TileSweep | None:
    """Measure one tile in all frames.

    Args:
        sweep: the frames.
        patch: the tile, in pixels of the frame `best`.
        best: index of the frame in which it is sharpest; corrected where the pairs say otherwise.
        options: how pairs are compared.

    Returns:
        None where too few frames can be compared, or its blur does not behave as a lens's.
    """
    for _ in range(3):
        matches = _matches(sweep, patch, best, options)
        sharper = [index for index, match in matches.items() if match.radius_px < 0.0]
        if not sharper:
            break
        best = min(sharper, key=lambda index: matches[index].radius_px)
    else:
        return None
    usable = {index: match for index, match in matches.items() if match.score >= _LEAST_SCORE}
    return _fit(sweep, patch, best, usable) if len(usable) >= _LEAST_PAIRS else None


def _matches(sweep: Sweep, patch: Patch, best: int, options: CalibrationOptions) -> dict[int, Match]:
    """The tile of the best frame in every other frame, going outwards to both sides until it cannot be found."""
    height, width = sweep.lights[0].shape
    room = int((_CUT - 1.0) * patch.width) + int(0.06 * width)
    left, top = max(0, patch.x - room), max(0, patch.y - room)
    right, bottom = min(width, patch.x + patch.width + room), min(height, patch.y + patch.height + room)
    part = Patch(patch.x - left, patch.y - top, patch.width, patch.height)

    def cut(index: int) -> Pyramid:
        return Pyramid(sweep.lights[index][top:bottom, left:right].astype(np.float32))

    focused = cut(best)
    if is_flat(part.of(focused.level(0))):
        return {}
    found: dict[int, Match] = {}
    for side in (1, -1):
        near: Match | None = None
        index = best + side
        while 0 <= index < len(sweep.lights):
            pair = PicturePair(focused, cut(index), part, options.kernel)
            start = None if near is None else _further(near, sweep.positions_steps, best, index, side)
            result = calibrate_light(pair, options, start)
            if result.at_limit or result.match.score < _LEAST_SCORE or result.match.radius_px < 0.0:
                if result.match.radius_px < 0.0:
                    found[index] = result.match
                break
            found[index] = near = result.match
            index += side
    return found


def _further(match: Match, positions: NDArray[np.float64], best: int, index: int, side: int) -> Match:
    """A guess for the next frame out: everything grows with the distance from the best one."""
    more = (positions[index] - positions[best]) / (positions[index - side] - positions[best])
    shift = (match.shift_px[0] * more, match.shift_px[1] * more)
    return Match(match.radius_px * more, 1.0 + (match.scale - 1.0) * more, shift, match.score)


def _fit(sweep: Sweep, patch: Patch, best: int, matches: dict[int, Match]) -> TileSweep | None:
    """Where the tile is sharpest, and how fast its blur grows."""
    indices = sorted(matches)
    radii = np.array([matches[index].radius_px for index in indices])
    scales = np.array([matches[index].scale for index in indices])
    sigmas = np.array([matches[index].radius_sigma_px for index in indices])
    sensor, here = sweep.sensor_m[indices], sweep.sensor_m[best]
    weights = 1.0 / (0.2**2 + (0.05 * radii) ** 2 + sigmas**2)
    ends = [sweep.sensor_m[max(0, best - 1)], sweep.sensor_m[min(len(sweep.sensor_m) - 1, best + 1)]]
    tried = np.linspace(ends[0], ends[1], 401)
    shapes = np.sqrt(np.maximum(((sensor[None, :] - tried[:, None]) / scales) ** 2 - (here - tried[:, None]) ** 2, 0.0))
    for _ in range(3):
        slopes = (weights * radii * shapes).sum(axis=1) / np.maximum((weights * shapes * shapes).sum(axis=1), 1e-30)
        left = radii[None, :] - slopes[:, None] * shapes
        chosen = int(np.argmin((weights * left * left).sum(axis=1)))
        misses = np.abs(left[chosen])
        usual = float(np.median(misses / (0.2 + 0.05 * radii)))
        weights = np.where(misses > 4.0 * max(usual, 0.3) * (0.2 + 0.05 * radii), 0.0, weights)
    slope, image = float(slopes[chosen]), float(tried[chosen])
    used = weights > 0.0
    if used.sum() < _LEAST_PAIRS or slope <= 0.0:
        return None
    misfit = float(np.sqrt(np.mean(left[chosen][used] ** 2) / np.mean(radii[used] ** 2)))
    if misfit > _WORST_MISFIT:
        return None
    rest = slope * abs(here - image)
    # The best frame is itself a little off: its scale against best focus, from how the scale goes with the sensor's distance.
    away = sensor - here
    breathing = float((used * away * (scales - 1.0)).sum() / (used * away * away).sum())
    own_scale = 1.0 + breathing * (here - image)
    on_sensor = np.hypot(radii, rest) * scales
    measured = [
        Measured(float(position), float(on_sensor[n]), float(scales[n] * own_scale), float(sigmas[n]))
        for n, position in enumerate(sweep.positions_steps[indices])
        if used[n]
    ]
    position = float(np.interp(image, *_rising(sweep.sensor_m, sweep.positions_steps)))
    return TileSweep(patch, position, misfit, tuple(measured))


def _rising(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    order = np.argsort(x)
    return x[order], y[order]
