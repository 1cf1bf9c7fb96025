"""`auxfocus estimate`: how far a picture is out of focus, patch by patch."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from auxfocus_ros.errors import ConfigurationError, InputError

DEFAULT_PATCH_PX = 512
SMALLEST_PATCH_PX = 64
LEAST_CONTRAST = 0.008
"""Of a patch averaged over 4 x 4 px, standard deviation over mean, in linear light: below it there is nothing to tell by."""
EXAMPLES = """examples:
  auxfocus estimate photo.jpg
  auxfocus estimate photo.jpg --lens bench_25mm --position 1700 --json
  auxfocus estimate photo.jpg --patch 256 -o blur.png
  auxfocus estimate photo.jpg --roi 800 600 512 512 --json

The picture, or the region of it, is covered with square patches. Each has x and y (of its upper left corner, pixels of the
picture), size, radius_px (of the blur disk) and sigma_px (half the width of the middle 68 % of what it may be); with a lens,
steps: how far the motor is from focus, which way is not in one picture. Where a patch has no texture, or is black or burnt out,
these are null.
"""


def add_parser(subparsers: Any, line: str) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "estimate", help=line, description=line, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("image", type=Path, metavar="IMAGE", help="a picture of any kind that OpenCV reads")
    add("--lens", metavar="LENS", help="lens file: a shipped name or a path; gives steps")
    add("--position", type=float, metavar="STEPS", help="where the motor stands (default: the middle of the lens's range)")
    add("--roi", type=int, nargs=4, metavar=("X", "Y", "WIDTH", "HEIGHT"), help="region of the picture, pixels (default: all)")
    add("--patch", type=int, default=DEFAULT_PATCH_PX, metavar="N", help="edge of a patch, 64 px or more (default: 512)")
    add("--gamma", type=float, default=2.2, metavar="X", help="of the picture, 0.1 to 10 (default: 2.2)")
    add("--weights", type=Path, metavar="FILE", help="other weights than those that are shipped")
    add("-o", "--output", type=Path, metavar="PICTURE", help="draw the patches over the picture: .png, .jpg, .tif, .bmp, .webp")
    add("--json", action="store_true", help="print the patches as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Estimate, and say or draw it."""
    from auxfocus_ros.autofocus.networks import load_radius_estimator
    from auxfocus_ros.commands.distribution import WRITABLE, check_output, encoded, write
    from auxfocus_ros.optics.lens_file import load_defocus_model
    from auxfocus_ros.rig.picture_files import load_picture

    if arguments.patch < SMALLEST_PATCH_PX:
        raise ConfigurationError(f"--patch {arguments.patch}: must be at least {SMALLEST_PATCH_PX} px")
    if not 0.1 <= arguments.gamma <= 10:
        raise ConfigurationError(f"--gamma {arguments.gamma:g}: must be from 0.1 to 10")
    if arguments.position is not None and arguments.lens is None:
        raise ConfigurationError("--position needs --lens: steps of which lens?")
    if arguments.output is not None:
        check_output(arguments.output, "--output", WRITABLE, [arguments.image])
    model = None if arguments.lens is None else load_defocus_model(arguments.lens)
    position = None if model is None else _position(model, arguments.position)
    picture, _ = load_picture(arguments.image)
    left, top, width, height = _region(picture, arguments.roi, arguments.image)
    estimator = load_radius_estimator(arguments.weights)
    patches = []
    for x, y, size_x, size_y in tiles(left, top, width, height, arguments.patch):
        patch = at_gamma_22(np.ascontiguousarray(picture[y : y + size_y, x : x + size_x]), arguments.gamma)
        found: dict[str, Any] = {"x": x, "y": y, "size": max(size_x, size_y), "radius_px": None, "sigma_px": None}
        if textured(patch):
            estimate = estimator.estimate(patch)
            found |= {"radius_px": round(estimate.radius_px, 3), "sigma_px": round(estimate.sigma_px, 3)}
        if model is not None and position is not None:
            found["steps"] = None if found["radius_px"] is None else steps_of(model, position, found["radius_px"])
        patches.append(found)
    if arguments.output is not None:
        write(arguments.output, encoded(drawn(picture, patches, model is not None), arguments.output))
    if arguments.json:
        said = {"image": str(arguments.image), "width": picture.shape[1], "height": picture.shape[0], "lens": arguments.lens}
        print(json.dumps({**said, "position_steps": position, "patches": patches}, allow_nan=False))
    else:
        show(patches)
    return 0


def _position(model: Any, given: float | None) -> float:
    low, high = model.min_position_steps, model.max_position_steps
    if given is not None and not low <= given <= high:
        raise ConfigurationError(f"--position {given:g}: this lens goes from {low:g} to {high:g} steps")
    return 0.5 * (low + high) if given is None else given


def _region(picture: np.ndarray, roi: list[int] | None, path: Path) -> tuple[int, int, int, int]:
    height, width = picture.shape[:2]
    left, top, wide, high = roi or (0, 0, width, height)
    if left < 0 or top < 0 or left + wide > width or top + high > height:
        raise InputError(f"--roi {left} {top} {wide} {high}: it must lie in the picture {path}, which is {width} x {height}")
    if min(wide, high) < SMALLEST_PATCH_PX:
        what = "--roi" if roi else f"picture {path}"
        raise InputError(f"{what} is {wide} x {high}: blur is estimated of {SMALLEST_PATCH_PX} px each way or more")
    return left, top, wide, high


def tiles(left: int, top: int, width: int, height: int, size: int) -> list[tuple[int, int, int, int]]:
    """Patches (x, y, width, height) that cover a region, as few as can, evenly spread. Where a region is smaller than a
    patch, so is the patch.
    """
    spans = []
    for start, edge in ((left, width), (top, height)):
        length = min(size, edge)
        number = -(-edge // length)
        starts = [start + round(index * (edge - length) / max(1, number - 1)) for index in range(number)]
        spans.append([(begin, length) for begin in starts])
    return [(x, y, wide, high) for y, high in spans[1] for x, wide in spans[0]]


def at_gamma_22(patch: np.ndarray, gamma: float) -> np.ndarray:
    """The levels as they would be at the gamma that the network is trained for."""
    if abs(gamma - 2.2) < 1e-6:
        return patch
    table = np.rint(255.0 * (np.arange(256) / 255.0) ** (gamma / 2.2)).astype(np.uint8)
    return table[patch]


def textured(patch: np.ndarray) -> bool:
    """Whether there is anything in a patch by which blur can be told: some contrast that is not noise, most of it not clipped."""
    import cv2

    from auxfocus_ros.optics.defocus import to_linear

    grey = patch if patch.ndim == 2 else patch.mean(axis=2).astype(np.uint8)
    if np.mean(grey >= 253) > 0.7 or np.mean(grey <= 2) > 0.9:
        return False
    linear = to_linear(grey)
    small = cv2.resize(linear, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    return bool(small.std() > LEAST_CONTRAST * (small.mean() + 0.01))


def steps_of(model: Any, position_steps: float, radius_px: float) -> float:
    """How many steps away focus is, where the blur is that of the model at a position; the mean of the two sides that exist."""
    found = []
    for side, end in ((-1.0, model.min_position_steps), (1.0, model.max_position_steps)):
        away = np.linspace(0.0, abs(end - position_steps), 400)
        radius = np.asarray(model.radius_px(position_steps, position_steps + side * away), np.float64)
        usable = np.isfinite(radius)
        if usable.sum() >= 2 and radius[usable][-1] >= radius_px:
            found.append(float(np.interp(radius_px, np.maximum.accumulate(radius[usable]), away[usable])))
    if found:
        return round(sum(found) / len(found), 2)
    # Beyond both ends of the range: as far as the blur of a step there says.
    a_step = abs(model.max_position_steps - model.min_position_steps) / 1000
    slope = float(
        model.radius_px(
            position_steps, position_steps + a_step * (1 if position_steps < model.max_position_steps - a_step else -1)
        )
    )
    return round(radius_px * a_step / slope, 2) if math.isfinite(slope) and slope > 0 else 0.0


def drawn(picture: np.ndarray, patches: list[dict[str, Any]], in_steps: bool) -> np.ndarray:
    """The picture with each patch framed, from green (in focus) over yellow to red, with its blur in figures."""
    import cv2

    out = picture.copy() if picture.ndim == 3 else cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
    for patch in patches:
        x, y, size = patch["x"], patch["y"], patch["size"]
        right, bottom = min(x + size, out.shape[1]) - 1, min(y + size, out.shape[0]) - 1
        thick = max(1, size // 170)
        radius = patch["radius_px"]
        if radius is None:
            colour, lines = (160, 160, 160), ["no texture"]
        else:
            warm = min(1.0, math.log2(1 + radius) / 6)
            colour = (40, round(255 * min(1.0, 2 - 2 * warm)), round(255 * min(1.0, 2 * warm)))
            lines = [f"{radius:.1f} +- {patch['sigma_px']:.1f} px"]
            lines += [f"{patch['steps']:.0f} steps"] if in_steps else []
        cv2.rectangle(out, (x + thick, y + thick), (right - thick, bottom - thick), colour, thick)
        scale = size / 420
        for number, text in enumerate(lines):
            (wide, high), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, scale, thick)
            place = ((x + right - wide) // 2, (y + bottom) // 2 + round((number + 0.5 - 0.5 * (len(lines) - 1)) * 1.7 * high))
            cv2.putText(out, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, (0, 0, 0), thick + 2 * max(1, thick), cv2.LINE_AA)
            cv2.putText(out, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, colour, thick, cv2.LINE_AA)
    return np.asarray(out)


def show(patches: list[dict[str, Any]]) -> None:
    """A table for people."""
    from rich.console import Console
    from rich.table import Table

    table = Table()
    columns = list(patches[0])
    for column in columns:
        table.add_column(column, justify="right")
    for patch in patches:
        table.add_row(*("-" if patch[column] is None else f"{patch[column]:g}" for column in columns))
    Console().print(table)
