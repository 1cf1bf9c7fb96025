"""The depth that a stack tells of: where each pixel is sharpest, as metres where it is known how far each frame was focused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.commands.focus_stack import Stack
from auxfocus_ros.errors import ConfigurationError

MILLIMETRES_M = 0.001
MOST = 65535


def focus_distances_m(stack: Stack, lens: Any | None) -> NDArray[np.float64] | None:
    """(n,) how far each frame is focused, in the order of `stack.images`, metres, infinity allowed; None: not known.

    Raises:
        ConfigurationError: a lens where nothing says where it stood, or which does not reach a frame's position.
    """
    values = np.array(stack.values)
    if stack.unit == "m":
        return values
    if stack.unit == "dioptres":
        with np.errstate(divide="ignore"):
            return np.asarray(1.0 / values)
    if lens is None:
        return None
    if stack.unit != "steps":
        raise ConfigurationError("--lens: nothing says where the lens stood for each photograph: name --positions")
    for image, value in zip(stack.images, values, strict=True):
        if not lens.contains(float(value)):
            raise ConfigurationError(
                f"{image.name}: {value:g} steps is beyond the lens {lens.name}, which has "
                f"{lens.min_position_steps:g} to {lens.max_position_steps:g} steps"
            )
    return np.asarray(lens.focus_distance_m(values))


def drawn_depth(depth_m: NDArray[np.float32], path: Path) -> tuple[NDArray[Any], str]:
    """Depth as a file holds it, and what it holds: float metres in a TIFF, else 16-bit millimetres, 0: unknown."""
    if path.suffix.lower() != ".png":
        return depth_m, "metres, NaN where nothing tells"
    millimetres = np.nan_to_num(depth_m / MILLIMETRES_M, nan=0.0, posinf=MOST)
    return np.clip(np.rint(millimetres), 0, MOST).astype(np.uint16), f"millimetres, 0 where nothing tells, at most {MOST}"


def drawn_index(frame_index: NDArray[np.float32], numbers: NDArray[np.float64], path: Path) -> tuple[NDArray[Any], str]:
    """Frame numbers as a file holds them, and what it holds: floats in a TIFF, else stretched over 16 bit, 0: unknown.

    Args:
        frame_index: (H, W), which of the fused frames, between them where that can be told; NaN: unknown.
        numbers: (m,) of the fused frames in the stack.
        path: of the file.
    """
    first, last = float(numbers.min()), float(numbers.max())
    index = np.interp(frame_index, np.arange(len(numbers)), numbers).astype(np.float32)
    index[np.isnan(frame_index)] = np.nan
    if path.suffix.lower() != ".png":
        return index, "frame numbers (positions are not known in metres), NaN where nothing tells"
    stretched = 1.0 + (index - first) * (MOST - 1.0) / max(last - first, 1.0)
    return (
        np.nan_to_num(np.rint(stretched), nan=0.0).astype(np.uint16),
        f"frame numbers (positions are not known in metres): 1 is frame {first:g}, {MOST} frame {last:g}, 0 where nothing tells",
    )
