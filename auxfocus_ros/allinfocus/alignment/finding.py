"""Aligning the frames of a focal stack: each is compared with its neighbour, which is blurred nearly alike, outwards from the
reference, and with the reference itself, so that small errors do not add up.

One frame is read at a time, and what is kept of it is small.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.allinfocus.alignment.exposure import exposure_of
from auxfocus_ros.allinfocus.alignment.matching import Match, beginning, correlation_of, match_level, warped
from auxfocus_ros.allinfocus.alignment.result import Alignment
from auxfocus_ros.allinfocus.alignment.shake import one_sided, sharpest_share, slope_powers
from auxfocus_ros.allinfocus.alignment.starts import shifted_starts, start_by_features
from auxfocus_ros.allinfocus.alignment.views import Floats, View, greyed, reduced, reduced_size, resized, views_of
from auxfocus_ros.allinfocus.alignment.warps import HOMOGRAPHY, SIMILARITY, Warp, at_scale, common_rectangle
from auxfocus_ros.allinfocus.fusion.frames import Picture, describe
from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.optics.defocus import DEFAULT_GAMMA

FINDING_PX = 1_000_000
"""Pixels of the reduced pictures in which warps are found."""
COLOUR_PX = 60_000
"""And of those in which exposures are compared."""
LEAST_QUALITY = 0.35
"""Below, a frame does not show what its neighbour shows."""
POOR_QUALITY = 0.6
"""Below, features are asked for another place to begin."""
WORTH_A_JUMP = 0.05
"""By so much the textures must correlate better far from where a frame is expected: patterns repeat themselves."""
LESS_APART = 0.85
"""A homography is taken in place of a similarity where it leaves no more than this of what the textures lack to agreement: the
rims of blurred things look a little like a keystone, too.
"""
MOST_GAIN = 2.5
MOST_LOST = 0.03
"""Share of the picture that may be clipped in one frame alone."""
MOST_ONE_SIDED = 1.2
"""How much weaker slopes may be along one direction, as a factor of their power; a frame's neighbours seem to change by half."""
LEAST_SHARE = 0.01
"""Of the picture, in which a suspect frame must be the sharpest to be used."""
LEAST_TEXTURE = 0.01
"""Mean square of a level's evened texture, below which a picture shows nothing."""

Told = Callable[[int], None]


@dataclass(frozen=True, eq=False)
class _Small:
    """What is kept of a frame while others are compared with it. views: its levels on the reference's pixels; colour: as well."""

    views: list[View]
    colour: Floats


def find_alignment(
    read: Callable[[int], Picture], count: int, *, reference: int | None = None, told: Told | None = None
) -> Alignment:
    """Find how each frame of a stack lies to one of them, and how its exposure differs.

    Args:
        read: gives frame `index` whole, (H, W) or (H, W, 3) uint8 or uint16, all alike, in the order of their focus; asked for
            one after another, most of them once.
        count: how many there are.
        reference: the frame that stays as it is; None: the middle one, or the nearest to it that has texture.
        told: hears how many frames are done.

    Raises:
        InputError: frames that are not alike. ConfigurationError: no frame, or a reference that is not there.
    """
    if count < 1:
        raise ConfigurationError("there is no frame to align")
    if reference is not None and not 0 <= reference < count:
        raise ConfigurationError(f"the reference is frame {reference}: the stack has the frames 0 to {count - 1}")
    return _Finding(read, count, told).find(count // 2 if reference is None else reference, reference is None)


class _Finding:
    """One search."""

    def __init__(self, read: Callable[[int], Picture], count: int, told: Told | None) -> None:
        self._read, self._count, self._told, self._done = read, count, told, 0
        self._full: tuple[int, ...] = ()
        self._dtype: np.dtype[np.generic] | None = None

    def find(self, reference: int, may_move: bool) -> Alignment:
        first = self._small(reference)
        if may_move:
            for other in sorted(range(self._count), key=lambda index: (abs(index - reference), index)):
                first = first if other == reference else self._small(other)
                if _has_texture(first.views):
                    reference = other
                    break
            else:
                first = self._small(reference)
        self._reference, self._first = reference, first
        channels = 1 if first.colour.ndim == 2 else 3
        self._small_warps = np.tile(np.eye(3), (self._count, 1, 1))
        self._gains = np.ones((self._count, channels))
        self._quality = np.ones(self._count)
        self._aligned = np.ones(self._count, np.bool_)
        self._powers = [np.empty(0)] * self._count
        self._words: dict[int, list[str]] = {}
        self._powers[reference] = slope_powers(first.views[0].grey, np.ones_like(first.views[0].grey))
        if not _has_texture(first.views):
            self._quality[reference] = 0.0
            self._doubt(reference, "has no texture to align by")
        self._tell()
        self._chain(range(reference + 1, self._count))
        self._chain(range(reference - 1, -1, -1))
        self._judge_shake()
        return self._result()

    def _chain(self, indices: range) -> None:
        """Outwards from the reference, each frame compared with the last one that could be aligned, and with the reference."""
        before, warp, step = self._first, np.eye(3), np.eye(3)
        for index in indices:
            frame = self._small(index)
            targets = [before.views] if before is self._first else [self._first.views, before.views]
            found = _aligned(targets, frame.views, warp, step)
            size = (frame.views[0].grey.shape[1], frame.views[0].grey.shape[0])
            seen = _seen(frame, found.warp, size)
            quality = _quality(before.views, seen.views)
            self._quality[index] = quality
            if quality < LEAST_QUALITY:
                words = (
                    "could not be aligned: it shows something else" if _has_texture(frame.views) else "has no texture to align by"
                )
                self._doubt(index, words)
                self._aligned[index] = False
                self._small_warps[index] = warp
            else:
                step, warp, before = np.linalg.inv(warp) @ found.warp, found.warp, seen
                self._small_warps[index] = warp
                self._compare_light(index, seen)
            self._powers[index] = slope_powers(seen.views[0].grey, _inside(frame.views[0].grey, found.warp, size))
            self._tell()

    def _compare_light(self, index: int, seen: _Small) -> None:
        inside = resized(seen.views[0].inside, (seen.colour.shape[1], seen.colour.shape[0]))
        exposure = exposure_of(self._first.colour, seen.colour, inside)
        self._gains[index] = exposure.gains
        strongest = float(np.exp(np.abs(np.log(exposure.gains)).max()))
        if strongest > MOST_GAIN:
            self._doubt(index, f"is exposed otherwise by a factor of {strongest:.1f}")
        elif exposure.lost > MOST_LOST:
            self._doubt(index, f"is overexposed in {100 * exposure.lost:.0f} % of the picture")

    def _judge_shake(self) -> None:
        """Compare the slopes of each frame with those of the two aligned frames nearest to it: with one it could be either."""
        weaker = np.ones(self._count + 2)
        for index in range(self._count):
            others = [other for other in range(self._count) if self._aligned[other] and other != index]
            beside = sorted(others, key=lambda other: abs(other - index))[:2]
            if self._aligned[index] and len(beside) == 2:
                neighbours = np.exp(np.mean([np.log(self._powers[other]) for other in beside], axis=0))
                weaker[index + 1] = one_sided(self._powers[index], neighbours)
        for index in range(self._count):
            if weaker[index + 1] > MOST_ONE_SIDED and weaker[index + 1] == weaker[index : index + 3].max():
                by = f"edges weaker by a factor of {weaker[index + 1]:.1f}"
                self._doubt(index, f"is blurred along one direction, the camera moved ({by})")

    def _needless(self) -> tuple[int, ...]:
        good = [index for index in range(self._count) if self._aligned[index] and index not in self._words]
        if not good:
            return ()
        # In the reference's light.
        lit = [np.mean(gains) ** (2.0 / DEFAULT_GAMMA) * powers for gains, powers in zip(self._gains, self._powers, strict=True)]
        others = np.array([lit[index] for index in good])
        suspect = [index for index in sorted(self._words) if self._aligned[index]]
        return tuple(index for index in suspect if sharpest_share(lit[index], others) < LEAST_SHARE)

    def _result(self) -> Alignment:
        small = self._first.views[0].grey.shape
        factor = (self._full[1] / small[1], self._full[0] / small[0])
        warps = np.stack([at_scale(warp, factor) for warp in self._small_warps])
        crop = common_rectangle(warps[self._aligned], (self._full[1], self._full[0]))
        suspect = tuple(sorted(self._words))
        reasons = tuple(", ".join(self._words[index]) for index in suspect)
        return Alignment(
            self._reference, warps, self._gains, self._quality, crop, suspect, reasons, self._aligned, self._needless()
        )

    def _doubt(self, index: int, words: str) -> None:
        self._words.setdefault(index, []).append(words)

    def _tell(self) -> None:
        self._done += 1
        if self._told is not None:
            self._told(self._done)

    def _small(self, index: int) -> _Small:
        picture = self._read(index)
        if not self._full:
            if picture.dtype not in (np.uint8, np.uint16) or picture.ndim not in (2, 3) or picture.shape[2:] not in ((), (3,)):
                raise InputError(
                    f"frame {index} is {picture.dtype} of shape {picture.shape}: wanted (H, W) or (H, W, 3), uint8 or uint16"
                )
            self._full, self._dtype, self._described = picture.shape, picture.dtype, (index, describe(picture))
        elif picture.shape != self._full or picture.dtype != self._dtype:
            raise InputError(
                f"frame {index} is {describe(picture)}, frame {self._described[0]} is {self._described[1]}: all frames of a "
                "stack must be alike"
            )
        size = (picture.shape[1], picture.shape[0])
        small = reduced(picture, reduced_size(size, FINDING_PX))
        fewer = reduced_size(size, COLOUR_PX)
        return _Small(views_of(greyed(small)), resized(small, fewer))


def _aligned(targets: Sequence[Sequence[View]], frame: Sequence[View], warp: Warp, step: Warp) -> Match:
    """The best warp that can be found for a frame, its neighbour's and the neighbour's own step being known."""
    coarsest = len(frame) - 1
    begun = [beginning(start, SIMILARITY) for start in shifted_starts(targets[-1], frame, warp @ step)]
    expected, *others = (match_level(targets, frame, coarsest, start) for start in begun)
    found = max(others, key=lambda match: match.correlation, default=expected)
    if found.correlation < expected.correlation + WORTH_A_JUMP:
        found = expected
    found = _finer(targets, frame, found, range(coarsest - 1, -1, -1))
    if _quality_under(targets[-1], frame, found.warp) < POOR_QUALITY:
        start = start_by_features(targets[-1][0].grey, frame[0].grey)
        if start is not None:
            other = _finer(targets, frame, beginning(start, SIMILARITY), range(min(coarsest, 1), -1, -1))
            found = max(found, other, key=lambda match: _quality_under(targets[-1], frame, match.warp))
    return found


def _finer(targets: Sequence[Sequence[View]], frame: Sequence[View], found: Match, levels: range) -> Match:
    """Down to the finest level; at the last but one it shows whether a similarity is enough."""
    for level in levels:
        found = match_level(targets, frame, level, found)
        if level == 1:
            free = match_level(targets, frame, level, beginning(found.warp, HOMOGRAPHY))
            if 1.0 - free.correlation < LESS_APART * (1.0 - found.correlation):
                found = free
    return found


def _seen(frame: _Small, warp: Warp, size: tuple[int, int]) -> _Small:
    """A frame on the reference's pixels."""
    fewer = (frame.colour.shape[1], frame.colour.shape[0])
    colour = warped(frame.colour, at_scale(warp, (fewer[0] / size[0], fewer[1] / size[1])), fewer, cv2.INTER_LINEAR)
    return _Small(views_of(warped(frame.views[0].grey, warp, size), _inside(frame.views[0].grey, warp, size)), colour)


def _inside(grey: Floats, warp: Warp, size: tuple[int, int]) -> Floats:
    return warped(np.ones_like(grey), warp, size, cv2.INTER_NEAREST, 0.0)


def _quality_level(views: Sequence[View]) -> int:
    """The level at which blur hardly matters any more, and texture still is many."""
    return min(2, len(views) - 1)


def _quality(target: Sequence[View], seen: Sequence[View]) -> float:
    level = _quality_level(target)
    return max(0.0, correlation_of(target[level].texture, seen[level].texture, target[level].inside * seen[level].inside))


def _quality_under(target: Sequence[View], frame: Sequence[View], warp: Warp) -> float:
    level = _quality_level(target)
    full, view = frame[0].grey.shape, frame[level].grey.shape
    size = (view[1], view[0])
    there = at_scale(warp, (view[1] / full[1], view[0] / full[0]))
    inside = target[level].inside * warped(frame[level].inside, there, size, cv2.INTER_NEAREST, 0.0)
    return correlation_of(target[level].texture, warped(frame[level].texture, there, size), inside)


def _has_texture(views: Sequence[View]) -> bool:
    texture: NDArray[np.float32] = views[_quality_level(views)].texture
    return float(np.mean(texture * texture)) > LEAST_TEXTURE
