"""Blur radius and scale between two pictures of one plane, one focused and one not (section 3 of the source, figure 3).

Coarse to fine: every radius and scale at a fraction of the size, the best of them again with as much of the patch as its radius
leaves, then refined from level to level. A wide blur leaves nothing in the small details, so that it is never looked at in full
size: what a pair costs does not grow with its radius.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.declaration import demand_valid, parameter
from auxfocus_ros.errors import InputError
from auxfocus_ros.optics.calibration.coarse import correlate
from auxfocus_ros.optics.calibration.light import Pyramid, is_flat, linear_light
from auxfocus_ros.optics.calibration.patch import Patch, check_patch, most_textured_patch
from auxfocus_ros.optics.calibration.refine import Match, PicturePair, refine, rooted

KernelName = Literal["disk", "gaussian"]

_COARSE_SIDE_PX = 72.0  # the first level is the one whose patch comes nearest to this
_RADIUS_RATIO = 1.3  # from one radius tried to the next
_SCALE_STEP = 0.01
_FINE_RADIUS_PX = 12.0  # a blur this wide, in pixels of a level, has no more to tell at the next finer one
_SHARP_PX = 1.5  # below this, which of the two pictures is the sharp one is worth a question
_SURE_SCORE = 0.95  # nor does a poor match leave that question settled
_LEAST_SCORE = 0.5
_SWAPPED_PX = 0.7  # from here on the pictures count as given the wrong way round; less may be noise
_STEPS = 12


@dataclass(frozen=True)
class CalibrationOptions:
    """How two pictures are compared.

    Raises:
        ConfigurationError: with every problem in one line.
    """

    kernel: KernelName = parameter("disk", "shape of the blur; of a Gaussian, sigma is half the radius")
    gamma: float = parameter(2.2, "of the pictures; 1: they are linear in light", minimum=0.1, maximum=10.0)
    max_radius_px: float = parameter(
        0.0, "largest radius to look for; 0: a quarter of the patch", unit="px", minimum=0.0, maximum=2000.0
    )
    max_scale_change: float = parameter(0.15, "largest change of scale to look for, up or down", minimum=0.0, maximum=0.5)

    def __post_init__(self) -> None:
        """Check every field."""
        demand_valid(self, "calibration options")


@dataclass(frozen=True)
class PairCalibration:
    """What was found between two pictures.

    Attributes:
        match: radius, scale, shift and score, with standard errors.
        patch: of the focused picture, what was compared.
        kernel: the blur's shape. gamma: of the pictures.
        largest_radius_px: what the patch allowed.
    """

    match: Match
    patch: Patch
    kernel: str
    gamma: float
    largest_radius_px: float

    @property
    def at_limit(self) -> bool:
        """Whether the radius is as large as the patch allows: then the true one may be larger."""
        return self.match.radius_px >= 0.97 * self.largest_radius_px

    def described(self) -> dict[str, Any]:
        """Plain values by the names of the command's JSON."""
        match = self.match
        return {
            "radius_px": match.radius_px,
            "scale": match.scale,
            "score": match.score,
            "sigma_px": 0.5 * match.radius_px if self.kernel == "gaussian" else None,
            "sensor_radius_px": match.radius_px * match.scale,
            "shift_px": list(match.shift_px),
            "radius_sigma_px": match.radius_sigma_px,
            "scale_sigma": match.scale_sigma,
            "kernel": self.kernel,
            "gamma": self.gamma,
            "roi": list(self.patch),
            "largest_radius_px": self.largest_radius_px,
        }


def calibrate_pair(
    focused: NDArray[Any],
    defocused: NDArray[Any],
    options: CalibrationOptions | None = None,
    patch: tuple[int, int, int, int] | None = None,
) -> PairCalibration:
    """Find the blur and the scale that turn one picture into the other.

    Args:
        focused: (H, W) or (H, W, 3) BGR, uint8, uint16 or floating point in [0, 1].
        defocused: the same scene with another focus; size and number of channels as the first.
        options: how to compare; None: the defaults.
        patch: (x, y, width, height) of the focused picture, all of it in one plane and in focus; None: the most textured part.

    Returns:
        Radius in pixels of the focused picture (the blur comes first, then the scale: eq. 1), scale and score.

    Raises:
        InputError: pictures that cannot be compared: of different sizes, too small, flat, a patch outside, the second sharper
            than the first, or a blur as wide as the patch allows.

    Source: Intelligent Autofocus, section 3.
    """
    options = options if options is not None else CalibrationOptions()
    if focused.shape[:2] != defocused.shape[:2]:
        (h1, w1), (h2, w2) = focused.shape[:2], defocused.shape[:2]
        raise InputError(f"the pictures are of different sizes: the focused one {w1} x {h1}, the defocused one {w2} x {h2}")
    light, other = linear_light(focused, options.gamma), linear_light(defocused, options.gamma)
    if is_flat(other):
        raise InputError("the defocused picture shows nothing that could be matched: it is flat")
    chosen = check_patch(Patch(*patch), light) if patch is not None else most_textured_patch(light)
    found = calibrate_light(PicturePair(Pyramid(light), Pyramid(other), chosen, options.kernel), options)
    if found.match.radius_px < 0.0:
        raise InputError(
            f"the focused picture is the more blurred of the two, by about {-found.match.radius_px:.3g} px: "
            "give them the other way round"
        )
    if found.match.score < _LEAST_SCORE:
        raise InputError(
            f"no blur makes the two pictures alike (score {found.match.score:.2f}): do they show the same scene, and the patch "
            "one plane of it?"
        )
    if found.at_limit:
        raise InputError(
            f"the blur is as wide as the patch allows ({found.largest_radius_px:.3g} px with {chosen.width} x {chosen.height}): "
            "give a larger patch, or raise the largest radius"
        )
    return found


def calibrate_light(pair: PicturePair, options: CalibrationOptions, near: Match | None = None) -> PairCalibration:
    """The search itself, on linear light; `near`: start from this guess and leave the first part out.

    Where the blur is small or the match poor, the search goes both ways. Noise in the picture that is blurred makes a little blur
    fit better than none, since blur takes noise away; the other way round it errs to the other side, and the mean of the two is
    free of it.
    The radius comes out below 0 where the focused picture is clearly the more blurred one.
    """
    match, largest = search(pair, options, near)
    if match.radius_px < _SHARP_PX or match.score < _SURE_SCORE:
        match = _both_ways(match, search(pair.reversed(), options, _reversed(near))[0])
    return PairCalibration(match, pair.patch, options.kernel, options.gamma, largest)


def _reversed(match: Match | None) -> Match | None:
    if match is None:
        return None
    shift = (-match.shift_px[0] / match.scale, -match.shift_px[1] / match.scale)
    return replace(match, radius_px=0.0, scale=1.0 / match.scale, shift_px=shift)


def _both_ways(there: Match, back: Match) -> Match:
    if back.radius_px > _SHARP_PX and back.score > there.score:
        return replace(there, radius_px=-back.radius_px)
    if there.radius_px >= _SHARP_PX:
        return there
    forth = there.radius_px * abs(there.radius_px)
    again = back.radius_px * abs(back.radius_px) / there.scale**2
    radius = rooted(0.5 * (forth - again))
    if -_SWAPPED_PX < radius < 0.0:
        radius = 0.0
    return replace(there, radius_px=radius)


def search(pair: PicturePair, options: CalibrationOptions, near: Match | None = None) -> tuple[Match, float]:
    """The search one way, and the largest radius that it could have found, pixels.

    Narrow blurs come first: they leave most of the patch to be compared. Wide ones leave little, in which chance matches too.
    """
    side = min(pair.patch.width, pair.patch.height)
    largest = min(options.max_radius_px or 0.25 * side, 0.4 * side)
    first = max(0, round(math.log2(side / _COARSE_SIDE_PX)))
    if near is not None:
        return _downwards(pair, first, near), largest
    narrow = _downwards(pair, first, _first_guess(pair, options.max_scale_change, first, largest / 3.0))
    if narrow.score >= _SURE_SCORE and narrow.radius_px < 0.3 * largest:
        return narrow, largest
    wide = _downwards(pair, first, _first_guess(pair, options.max_scale_change, first, largest))
    return max(narrow, wide, key=lambda match: match.score), largest


def _downwards(pair: PicturePair, first: int, guess: Match) -> Match:
    """Refine from level to level, as long as a finer one has more to tell, or until one is fine enough to compare at all."""
    compared = False
    for level in range(first, -1, -1):
        better = refine(pair, level, guess, _STEPS)
        compared = compared or better is not guess
        guess = better
        if compared and guess.radius_px / 2.0**level > _FINE_RADIUS_PX:
            break
    return guess if compared else replace(guess, score=0.0)


def _first_guess(pair: PicturePair, reach: float, level: int, largest_px: float) -> Match:
    scales = 1.0 + np.arange(-math.ceil(reach / _SCALE_STEP), math.ceil(reach / _SCALE_STEP) + 1) * _SCALE_STEP
    scales = scales[np.abs(scales - 1.0) <= reach + 1e-9]
    found = correlate(pair, level, radii_up_to(largest_px / 2.0**level), scales.tolist())
    if not found:
        raise InputError("the patch leaves nothing to compare at its largest radius: give a larger patch")
    best = max(found, key=lambda match: match.score)
    # Again with all of the patch that this radius leaves.
    fine = [scale for scale in scales.tolist() if abs(scale - best.scale) < 2.5 * _SCALE_STEP]
    radii = [radius for radius in radii_up_to(1.7 * best.radius_px + 1.0) if radius >= 0.5 * best.radius_px]
    again = correlate(pair, level, radii, fine, (*best.shift_px, 3.0))
    best = max(again or found, key=lambda match: match.score)
    size = 2.0**level
    return Match(best.radius_px * size, best.scale, (best.shift_px[0] * size, best.shift_px[1] * size), best.score)


def radii_up_to(largest_px: float) -> list[float]:
    """Radii to try, 0 to the largest, even in how much they change a picture."""
    radii = [0.0, 0.7]
    while radii[-1] < largest_px:
        radii.append(min(radii[-1] * _RADIUS_RATIO + 0.15, largest_px))
    return [radius for radius in radii if radius <= largest_px] or [0.0]
