"""One picture out of several that were focused at different distances: the ways to fuse them, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from auxfocus_ros.allinfocus.fusion.focus import fuse_focus
from auxfocus_ros.allinfocus.fusion.frames import ArrayFrames, Frames, Fused, check_alike
from auxfocus_ros.allinfocus.fusion.gfdf import fuse_gfdf
from auxfocus_ros.allinfocus.fusion.pyramid import fuse_pyramid
from auxfocus_ros.allinfocus.fusion.tiles import TILE_PX, Told, check_tile_px
from auxfocus_ros.errors import ConfigurationError, InputError

__all__ = [
    "DEFAULT_METHOD",
    "METHODS",
    "TILE_PX",
    "ArrayFrames",
    "Frames",
    "Fused",
    "Way",
    "check_alike",
    "describe_methods",
    "fuse",
]

DEFAULT_METHOD = "focus"


@dataclass(frozen=True)
class Way:
    """A fusion that can be asked for by name.

    describe: one line, for help texts. function: of two or more frames, the edge of a tile in pixels, and what is told of
    progress.
    """

    describe: str
    function: Callable[[Frames, int, Told | None], Fused]


METHODS: dict[str, Way] = {
    "focus": Way("the sharpest frame, seams where they do not show, means where frames are equally good", fuse_focus),
    "gfdf": Way("guided-filter focus regions, as Qiu et al. 2019", fuse_gfdf),
    "pyramid": Way("Laplacian pyramid, region energy, as Wang and Chang 2011", fuse_pyramid),
}


def fuse(frames: Frames, method: str = DEFAULT_METHOD, *, tile_px: int = TILE_PX, told: Told | None = None) -> Fused:
    """Make one picture of frames that were focused at different distances.

    The frames are read tile by tile, twice, and are never in memory together; the picture does not depend on the tiles.

    Args:
        frames: aligned and equally exposed, in the order of their focus: (H, W) or (H, W, 3), uint8 or uint16.
        method: one of METHODS.
        tile_px: edge of a tile, a multiple of 32 px.
        told: called now and then with how many tiles are done and of how many.

    Returns:
        The picture, of the frames' shape and type, and which frame each pixel is sharpest in. One frame comes back as it is, and
        nothing tells where it is in focus.

    Raises:
        ConfigurationError: no such method; the message names them all. Or tiles of another size.
        InputError: no frame.
    """
    if method not in METHODS:
        raise ConfigurationError(f"there is no fusion '{method}': the methods are {', '.join(METHODS)}")
    check_tile_px(tile_px)
    if not len(frames):
        raise InputError("there is no frame to fuse")
    if len(frames) == 1:
        height, width = frames.shape[:2]
        only = np.array(frames.read(0, (0, height), (0, width)))
        return Fused(only, np.full((height, width), np.nan, np.float32))
    return METHODS[method].function(frames, tile_px, told)


def describe_methods() -> str:
    """A line for each method, for a help text."""
    width = max(len(name) for name in METHODS)
    return "\n".join(f"  {name:<{width}}  {way.describe}" for name, way in METHODS.items())
