"""The warp under which a frame looks most like what it is compared with, by Gauss-Newton steps from coarse to fine.

Blur is even on all sides, so it does not move what it blurs: where two pictures are blurred alike they match in full, elsewhere
at least in their coarse texture. What counts is therefore weighted by how well the textures about each pixel correlate: parts
that are blurred much differently, things that moved, and reflections drop out. What a coarser level knows is carried into the
finer one with the weight that it has earned, and a level at which next to nothing correlates is left out. The step is that of
efficient second-order minimisation (Malis 2004: the gradient is the mean of both pictures'), which converges in few steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.alignment.views import Floats, View
from auxfocus_ros.allinfocus.alignment.warps import Warp, at_scale, furthest_px, is_possible, motion, velocities

STILL_PX = 0.005
"""A step that moves no corner farther ends a level."""
STEPS = 12
"""The most at one level."""
LEAST_AGREEMENT = 0.5
"""Textures that correlate less about a pixel tell nothing there."""
WINDOW_PX = 17
"""Width of the square in which the correlation about a pixel is taken."""
LEAST_CORRELATION = 0.5
"""Finer levels on which the textures correlate less on the whole are left out: they hold noise and the rims of blurred things."""
SLACK = 0.01
"""A step after which the correlation is lower by more is taken back."""
HELD = 1e-2
"""So little of a slope in all holds a picture without texture where it is."""
LEAST_PIXELS = 64


@dataclass(frozen=True, eq=False)
class Match:
    """Where a search stands.

    warp: from the reference's pixels to the frame's, at level 0. correlation: of the textures under it, -1 to 1, at the finest
    level that was used. known: (p, p), how firmly the p parameters are held, in that level's pixels.
    """

    warp: Warp
    correlation: float
    known: NDArray[np.float64]


def beginning(warp: Warp, parameters: int) -> Match:
    """A search that begins with a warp of level 0 and knows nothing of it."""
    return Match(warp, -1.0, np.zeros((parameters, parameters)))


def match_level(targets: Sequence[Sequence[View]], frame: Sequence[View], level: int, begun: Match) -> Match:
    """Search on at one level, with as many parameters as the search has begun with.

    Args:
        targets: levels of what the frame is compared with, all on the reference's pixels; together they decide.
        frame: levels of the frame.
        level: which one.
        begun: where the coarser level ended.

    Returns:
        The better warp, or `begun` where this level has nothing to say.
    """
    full, view = frame[0].grey.shape, frame[level].grey.shape
    factor = (view[1] / full[1], view[0] / full[0])
    there = Match(at_scale(begun.warp, factor), begun.correlation, 0.25 * begun.known)
    found = _search([target[level] for target in targets], frame[level], there)
    if found is None:
        return begun
    return Match(at_scale(found.warp, (1.0 / factor[0], 1.0 / factor[1])), found.correlation, found.known)


def _search(targets: Sequence[View], frame: View, begun: Match) -> Match | None:
    size = (frame.grey.shape[1], frame.grey.shape[0])
    parameters, fine = len(begun.known), bool(begun.known.any())
    centre, unit_px = (0.5 * (size[0] - 1), 0.5 * (size[1] - 1)), 0.5 * max(size)
    fields = _fields(size, centre, unit_px, parameters)
    slopes = [_slopes(target.texture) for target in targets]
    warp, gone = begun.warp, np.zeros(parameters)
    best: Match | None = None
    for step_number in range(STEPS + 1):
        seen = warped(frame.texture, warp, size)
        inside = warped(frame.inside, warp, size, cv2.INTER_NEAREST, 0.0)
        dx, dy = _slopes(seen)
        normal, right = begun.known.copy(), -begun.known @ gone
        correlations = []
        for target, (tx, ty) in zip(targets, slopes, strict=True):
            there = target.inside * inside
            correlations.append(correlation_of(target.texture, seen, there))
            weight = there * np.square(np.maximum(agreement(target.texture, seen) - np.float32(LEAST_AGREEMENT), 0.0))
            gx, gy = 0.5 * (dx + tx), 0.5 * (dy + ty)
            rows = np.stack([(gx * along + gy * across).ravel() for along, across in fields])
            weighted = rows * weight.ravel()
            normal += weighted @ rows.T
            right += weighted @ (target.texture - seen).ravel()
        correlation = max(correlations)
        if fine and step_number == 0 and correlation < LEAST_CORRELATION:
            return None
        if best is not None and correlation < best.correlation - SLACK:
            break
        best = Match(warp, correlation if best is None else max(correlation, best.correlation), normal)
        step = np.linalg.solve(normal + np.eye(parameters) * HELD, right)
        gone += step
        moved = warp @ motion(step / unit_px, centre, unit_px)
        moved /= moved[2, 2]
        if step_number == STEPS or not is_possible(moved, size):
            break
        change_px, warp = furthest_px(moved, warp, size), moved
        if change_px < STILL_PX:
            best = Match(warp, best.correlation, normal)
            break
    return best


def _fields(size: tuple[int, int], centre: tuple[float, float], unit_px: float, parameters: int) -> list[tuple[Floats, Floats]]:
    x, y = np.meshgrid(np.arange(size[0], dtype=np.float32), np.arange(size[1], dtype=np.float32))
    return velocities((x - centre[0]) / unit_px, (y - centre[1]) / unit_px, parameters)


def agreement(first: Floats, second: Floats) -> Floats:
    """(h, w): how two textures correlate about each pixel, -1 to 1; about 0 where there is none."""
    window = (WINDOW_PX, WINDOW_PX)
    both = cv2.blur(first * second, window)
    power = cv2.blur(first * first, window) * cv2.blur(second * second, window)
    return np.asarray(both / np.sqrt(power + np.float32(0.01)), np.float32)


def correlation_of(first: Floats, second: Floats, there: Floats) -> float:
    """How two textures correlate where `there` is 1, -1 to 1; 0 without any texture, or with too few pixels."""
    if float(there.sum()) < LEAST_PIXELS:
        return 0.0
    power = float(np.vdot(first * there, first)) * float(np.vdot(second * there, second))
    # As much again as a thousandth of the power of full contrast: noise alone does not correlate, and is no texture.
    floor = (1e-3 * float(there.sum())) ** 2
    return float(np.vdot(first * there, second)) / float(np.sqrt(power + floor))


def warped(
    picture: Floats, warp: Warp, size_px: tuple[int, int], interpolation: int = cv2.INTER_CUBIC, outside: float | None = None
) -> Floats:
    """A picture seen on the reference's pixels; what lies outside is continued by reflection, or has one value."""
    flags = interpolation | cv2.WARP_INVERSE_MAP
    if outside is None:
        return np.asarray(cv2.warpPerspective(picture, warp, size_px, flags=flags, borderMode=cv2.BORDER_REFLECT))
    return np.asarray(
        cv2.warpPerspective(picture, warp, size_px, flags=flags, borderMode=cv2.BORDER_CONSTANT, borderValue=outside)
    )


def _slopes(picture: Floats) -> tuple[Floats, Floats]:
    kernel, one = np.array([-0.5, 0.0, 0.5], np.float32), np.ones(1, np.float32)
    return (
        np.asarray(cv2.sepFilter2D(picture, cv2.CV_32F, kernel, one)),
        np.asarray(cv2.sepFilter2D(picture, cv2.CV_32F, one, kernel)),
    )
