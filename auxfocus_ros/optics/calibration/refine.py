"""The last part of the search: from a near guess to the radius, scale and shift with the greatest correlation.

The greatest normalised cross-correlation of a model with a window of the defocused picture is the least residual when the window
is fitted by `gain * model + offset`. That is a problem of least squares with four unknowns, solved by Levenberg and Marquardt's
method in a few steps. The unknown for the radius is `sqrt(1 + r^2)`, since near 0 a picture depends on r^2: with r itself the
slope vanishes there and the search would stick.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.optics.calibration.light import Light, Pyramid
from auxfocus_ros.optics.calibration.patch import Patch
from auxfocus_ros.optics.calibration.resampling import Axis, resampled, resampled_with_slopes, smoothed
from auxfocus_ros.optics.defocus import blur

WINDOW_PX = 512
"""Largest side of what is compared, pixels of a level: more costs time and tells little."""
_LEAST_WINDOW_PX = 12
_STILL = 1e-4  # part of the residual; a step that gains less is the last
_LEAST_BENT = 0.3
_BLOCKS = 5
"""The window is cut into so many parts each way to see how well they agree."""


@dataclass(frozen=True)
class Match:
    """A blur, scale and shift that make the focused patch look like the defocused picture.

    Attributes:
        radius_px: in pixels of the focused picture, before scaling (eq. 1); below 0: the focused picture is the more blurred.
        scale: size of the defocused picture against the focused one.
        shift_px: (x, y) how far the patch's centre has moved, pixels of the defocused picture.
        score: normalised cross-correlation, at most 1.
        radius_sigma_px: standard error, from how well parts of the window agree; NaN: not known.
        scale_sigma: the same of the scale.
    """

    radius_px: float
    scale: float
    shift_px: tuple[float, float]
    score: float
    radius_sigma_px: float = math.nan
    scale_sigma: float = math.nan


@dataclass(frozen=True, eq=False)
class PicturePair:
    """What is compared: a patch of the focused picture with the defocused one, under one shape of blur."""

    focused: Pyramid
    defocused: Pyramid
    patch: Patch
    kernel: str

    def reversed(self) -> PicturePair:
        """The pictures with their parts exchanged."""
        return PicturePair(self.defocused, self.focused, self.patch, self.kernel)


@dataclass(frozen=True, eq=False)
class Problem:
    """One level's part of both pictures, cut so that every model near a guess can be compared on the same window."""

    source: Light  # of the focused picture, what the blur is applied to
    source_at: tuple[int, int]  # x, y of its first pixel
    target: Light  # of the defocused picture, smoothed
    target_at: tuple[int, int]
    centre_px: tuple[float, float]  # the patch's centre at this level
    kernel: str

    @classmethod
    def cut(cls, pair: PicturePair, level: int, near: Match) -> Problem | None:
        """Cut at a level round a guess; None where the patch leaves too little to compare."""
        patch, kernel = pair.patch, pair.kernel
        size = 2.0**level
        centre = (patch.centre_px[0] / size, patch.centre_px[1] / size)
        radius = abs(near.radius_px) / size
        spoilt = spoilt_px(1.15 * radius + 1.0, kernel) + 3.0
        light, other = pair.focused.level(level), pair.defocused.level(level)
        source_box, target_box = [], []
        for axis, (start, length, side) in enumerate(
            ((patch.x, patch.width, other.shape[1]), (patch.y, patch.height, other.shape[0]))
        ):
            half = (0.5 * length / size - spoilt) * near.scale * 0.99
            half = min(half, 0.5 * WINDOW_PX)
            middle = centre[axis] + near.shift_px[axis] / size
            low, high = max(0, math.ceil(middle - half)), min(side, math.floor(middle + half))
            if high - low < _LEAST_WINDOW_PX:
                return None
            target_box.append((low, high))
            # Of the source only what the window needs.
            reach = spoilt + 3.0
            first = (low - middle) / near.scale + centre[axis] - reach
            last = (high - middle) / near.scale + centre[axis] + reach
            limits = math.floor(start / size), min(math.ceil((start + length) / size), light.shape[1 - axis])
            source_box.append((max(limits[0], math.floor(first)), min(limits[1], math.ceil(last))))
        (sx, ex), (sy, ey) = source_box
        (tx, fx), (ty, fy) = target_box
        margin = 4
        top, left = max(0, ty - margin), max(0, tx - margin)
        target = smoothed(other[top : fy + margin, left : fx + margin])[ty - top :, tx - left :][: fy - ty, : fx - tx]
        return cls(light[sy:ey, sx:ex], (sx, sy), np.ascontiguousarray(target), (tx, ty), centre, kernel)

    def axes(self, scale: float, shift: tuple[float, float]) -> tuple[Axis, Axis]:
        """Rows and columns of the look-up."""
        rows, columns = (
            Axis.of(
                (self.target_at[axis], self.target.shape[1 - axis]),
                (self.source_at[axis], self.source.shape[1 - axis]),
                self.centre_px[axis],
                scale,
                shift[axis],
            )
            for axis in (1, 0)
        )
        return rows, columns


def spoilt_px(radius_px: float, kernel: str) -> float:
    """How much of a patch's border a blur spoils for want of light from outside: a Gaussian's last per cent is let go."""
    return (1.3 if kernel == "gaussian" else 1.0) * radius_px


def signed_blur(light: Light, radius_squared: float, kernel: str) -> Light:
    """Blur by the square of a radius; below 0 the opposite change, a sharpening.

    For small blurs a picture depends linearly on r^2. Going on below 0 keeps an estimate near 0 free to fall to either side.
    """
    if radius_squared >= 0.0:
        return blur(light, math.sqrt(radius_squared), kernel)
    return 2.0 * light - blur(light, math.sqrt(-radius_squared), kernel)


def _bent(radius_squared: float) -> float:
    return math.sqrt(max(_LEAST_BENT**2, 1.0 + radius_squared))


def _squared(bent: float) -> float:
    return bent * bent - 1.0


def rooted(squared: float) -> float:
    """The root with the sign of what is under it."""
    return math.copysign(math.sqrt(abs(squared)), squared)


def refine(pair: PicturePair, level: int, near: Match, steps: int) -> Match:
    """Improve a guess at one level.

    Args:
        pair: what is compared.
        level: of the pyramids; 0 is full size.
        near: the guess.
        steps: at most so many.

    Returns:
        The best match with its standard errors; the guess itself where the patch leaves nothing to compare.
    """
    problem = Problem.cut(pair, level, near)
    if problem is None:
        return near
    size = 2.0**level
    unknowns = np.array(
        [_bent(near.radius_px * abs(near.radius_px) / size**2), near.scale, near.shift_px[0] / size, near.shift_px[1] / size]
    )
    damping, lines = 1e-3, _linearised(problem, unknowns)
    for _ in range(steps):
        normal, slope = lines.normal.sum(axis=0), lines.slope.sum(axis=0)
        step = np.linalg.solve(normal + damping * np.diag(np.diag(normal) + 1e-12), slope)
        tried = unknowns + _bounded(step, unknowns)
        tried[0] = max(tried[0], _LEAST_BENT)
        new = _linearised(problem, tried)
        if new.residual < lines.residual:
            still = lines.residual - new.residual < _STILL * lines.residual
            unknowns, lines, damping = tried, new, damping * 0.2
            if still:
                break
        else:
            damping = max(damping, 1e-4) * 8.0
            if damping > 1e3:
                break
    errors = _jackknife(lines)
    squared = _squared(unknowns[0]) * size**2
    squared_sigma = 2.0 * unknowns[0] * errors[0] * size**2
    # Near 0 the square is what has an error of its own; the root of it tells how large r might be.
    sigma = min(squared_sigma / (2.0 * math.sqrt(abs(squared)) + 1e-9), math.sqrt(squared_sigma))
    return Match(
        rooted(squared), float(unknowns[1]), (float(unknowns[2]) * size, float(unknowns[3]) * size),
        math.sqrt(max(0.0, 1.0 - lines.residual)), sigma, float(errors[1]),
    )  # fmt: skip


def _bounded(step: NDArray[np.float64], unknowns: NDArray[np.float64]) -> NDArray[np.float64]:
    """A step no larger than what the linear form may be trusted for."""
    most = np.array([max(0.5, 0.4 * unknowns[0]), 0.03, 3.0, 3.0])
    return step / max(1.0, float(np.max(np.abs(step) / most)))


@dataclass(frozen=True, eq=False)
class _Lines:
    """Normal equations by block, for the jackknife: (blocks, 4, 4) and (blocks, 4); residual: 1 - score^2."""

    normal: NDArray[np.float64]
    slope: NDArray[np.float64]
    residual: float


def _linearised(problem: Problem, unknowns: NDArray[np.float64]) -> _Lines:
    bent, scale = float(unknowns[0]), float(unknowns[1])
    shift = (float(unknowns[2]), float(unknowns[3]))
    rows, columns = problem.axes(scale, shift)
    sharp, kernel = problem.source, problem.kernel
    model, along_y, along_x = resampled_with_slopes(signed_blur(sharp, _squared(bent), kernel), rows, columns)
    apart = 0.02 * bent
    more, less = (signed_blur(sharp, _squared(bent + side), kernel) for side in (apart, -apart))
    by_bent = resampled(more - less, rows, columns) / np.float32(2.0 * apart)
    by_scale = -(along_y * rows.offsets_px[:, None] + along_x * columns.offsets_px[None, :]) / scale
    layers = [np.ones_like(model), model - model.mean(), by_bent, by_scale, -along_x / scale, -along_y / scale]
    grams = _grams(np.stack([*layers, problem.target - problem.target.mean()]))
    return _reduced(grams)


def _grams(layers: NDArray[np.float32]) -> NDArray[np.float64]:
    """Products of all pairs of layers (n, H, W), summed over each block: (blocks, n, n)."""
    count, height, width = layers.shape
    rows, columns = (np.linspace(0, side, _BLOCKS + 1).astype(int) for side in (height, width))
    grams = np.empty((_BLOCKS**2, count, count))
    for index in range(_BLOCKS**2):
        i, j = divmod(index, _BLOCKS)
        block = layers[:, rows[i] : rows[i + 1], columns[j] : columns[j + 1]].reshape(count, -1).astype(np.float64)
        grams[index] = block @ block.T
    return grams


def _reduced(grams: NDArray[np.float64]) -> _Lines:
    """From the products of (1, model, its four slopes, target) to the normal equations, with gain and offset fitted away."""
    whole = grams.sum(axis=0)
    base = whole[:2, :2] + 1e-12 * np.eye(2) * np.trace(whole[:2, :2])
    # What 1 and the model explain of every layer.
    shares = np.linalg.solve(base, whole[:2, 2:])
    gain = float(shares[1, -1])
    to_left = np.hstack([-shares.T, np.eye(5)])
    to_left[:4] *= gain
    left = to_left @ grams @ to_left.T
    residual = float(left[:, 4, 4].sum())
    power = float(whole[6, 6] - whole[0, 6] ** 2 / max(whole[0, 0], 1.0))
    matched = gain > 0.0 and power > 0.0
    return _Lines(left[:, :4, :4], left[:, :4, 4], residual / power if matched else 1.0)


def _jackknife(lines: _Lines) -> NDArray[np.float64]:
    """Standard errors of the four unknowns, from leaving out each block in turn."""
    normal, slope = lines.normal.sum(axis=0), lines.slope.sum(axis=0)
    steps = []
    for left_out, its_slope in zip(lines.normal, lines.slope, strict=True):
        rest = normal - left_out
        steps.append(np.linalg.lstsq(rest + 1e-9 * np.diag(np.diag(rest)), slope - its_slope, rcond=None)[0])
    spread = np.array(steps) - np.mean(steps, axis=0)
    count = len(steps)
    return np.asarray(np.sqrt((count - 1) / count * (spread * spread).sum(axis=0)))
