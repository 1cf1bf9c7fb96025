"""`auxfocus focus`: focus in a real focal stack, offline, by any method, and say frame by frame what it did."""

from __future__ import annotations

import argparse
import json
import math
from itertools import pairwise
from pathlib import Path
from typing import Any

from auxfocus_ros.errors import ConfigurationError

EXAMPLES = """examples:
  auxfocus focus samples/stack_circuit_board --start 0
  auxfocus focus sweep --positions sweep/focus_positions.csv --roi 800 600 512 512 --start 20 --json
  auxfocus focus sweep --roi 800 600 512 512 --method fibonacci --picture out/fibonacci.png

The photographs are taken in the order of the table of positions (or of their names); `index` counts from 0 in that order, and
`position` is the table's own number. The state of focus goes by the picture alone where neither --lens nor --depth is given.
"""
WRITABLE = (".png", ".jpg", ".jpeg", ".webp")


def add_parser(subparsers: Any, line: str) -> None:
    """Declare the command."""
    from auxfocus_ros.autofocus.methods import DEFAULT_METHOD, METHODS, describe_methods

    parser = subparsers.add_parser(
        "focus",
        help=line,
        description=f"{line}\n\nmethods:\n{describe_methods()}",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("stack", type=Path, metavar="STACK_DIR", help="a folder of photographs, or its stack.yaml")
    add(
        "--positions",
        type=Path,
        metavar="FILE",
        help="CSV: file, and focus_dioptre, focus_distance_m or position_steps (default: the folder's own)",
    )
    add(
        "--roi",
        type=int,
        nargs=4,
        metavar=("X", "Y", "W", "H"),
        help="what to focus, pixels (default: the most textured of the middle)",
    )
    add("--start", type=int, metavar="N", help="frame at which the lens stands first, from 0 (default: the middle one)")
    add("--method", default=DEFAULT_METHOD, metavar="NAME", help=f"{', '.join(METHODS)} (default: {DEFAULT_METHOD})")
    add("--lens", help="whose motor steps the positions are; a shipped name or a file (default: learn the blur from the frames)")
    add("--depth", type=float, metavar="M", help="of what is to be focused, metres; needs --lens")
    add("--depth-sigma", type=float, metavar="M", help="one standard deviation of --depth (default: 2 %% of it)")
    add("--gamma", type=float, default=2.2, metavar="X", help="of the photographs (default: 2.2)")
    add(
        "--half-depth-of-focus",
        type=float,
        metavar="X",
        help="how far from the best position is still in focus, in the positions' unit (default: the lens's, else half a frame)",
    )
    add("--max-moves", type=int, default=60, metavar="N", help="give up after so many (default: 60)")
    add("--picture", type=Path, metavar="FILE", help="write the regions that were looked at, in order")
    add("--json", action="store_true", help="print index, position, moves, captures, trace and more as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Focus, and say how; 1 where focus was not reached."""
    from auxfocus_ros.autofocus.driving import drive
    from auxfocus_ros.autofocus.methods import method, way
    from auxfocus_ros.autofocus.stack_camera import SMALLEST_REGION_PX, Region, StackCamera, check_sizes
    from auxfocus_ros.autofocus.terms import Reason
    from auxfocus_ros.commands.focus_stack import read_stack
    from auxfocus_ros.json_values import json_value
    from auxfocus_ros.optics import load_lens

    known_way = way(arguments.method)
    if arguments.picture is not None:
        check_output(arguments.picture)
    lens = load_lens(arguments.lens) if arguments.lens else None
    stack = read_stack(arguments.stack, arguments.positions, lens)
    count = len(stack.images)
    start = count // 2 if arguments.start is None else arguments.start
    if not 0 <= start < count:
        raise ConfigurationError(f"--start {start}: the stack has the frames 0 to {count - 1}")
    depth = depth_of(arguments, lens)
    region = Region(*arguments.roi) if arguments.roi else None
    images = [stack.images[index] for index in stack.order]
    check_sizes(images)
    smallest = max(known_way.patch_px, SMALLEST_REGION_PX)
    camera = StackCamera(images, stack.positions, stack.order.index(start), region, depth=depth, smallest_px=smallest)
    task = task_of(stack.positions, camera.position_steps, lens, depth, arguments)
    ran = drive(method(arguments.method)(task), camera, task)
    outcome, journal = ran.outcome, ran.journal
    frames = [stack.order[index] for index in camera.looked_at]
    final = stack.order[camera.index]
    said = {
        "index": final,
        "position": stack.values[final],
        "unit": stack.unit or "frames",
        "file": str(stack.images[final]),
        "moves": journal.moves,
        "captures": journal.captures,
        "in_focus": outcome.in_focus,
        "reason": Reason(outcome.reason).name.lower(),
        "message": outcome.message,
        "method": arguments.method,
        "start": start,
        "roi": [camera.region.x, camera.region.y, camera.region.width, camera.region.height],
        "roi_is_given": region is not None,
        "probability": outcome.probability,
        "steps": outcome.steps,
        "reversals": journal.reversals,
        "travel": journal.travel_steps,
        "trace": [
            entry(frame, stack, known) for frame, (_, known) in zip(frames, journal.trace, strict=True)
        ],
    }  # fmt: skip
    if arguments.picture is not None:
        from auxfocus_ros.commands.focus_sheet import contact_sheet

        captions = [caption(number, step, stack) for number, step in enumerate(said["trace"], 1)]
        end = (f"end: {place(final, stack)}", camera.region_of(camera.index))
        cells = [(text, camera.region_of(index)) for text, index in zip(captions, camera.looked_at, strict=True)]
        write_picture(arguments.picture, contact_sheet([*cells, end]))
    if arguments.json:
        print(json.dumps(json_value(said), allow_nan=False))
    else:
        show(said, stack)
    return 0 if outcome.reason == Reason.NONE else 1


def task_of(positions: tuple[float, ...], at: float, lens: Any | None, depth: Any | None, arguments: argparse.Namespace) -> Any:
    """What is to be focused: over the stack's positions, with the lens's model where there is one.

    Raises:
        ConfigurationError: a number that cannot be, or a depth method without depth.
    """
    from auxfocus_ros.autofocus.terms import Task
    from auxfocus_ros.optics.defocus import check_gamma
    from auxfocus_ros.optics.defocus_model import ThinLensModel

    check_gamma(arguments.gamma)
    if arguments.method == "depth" and depth is None:
        raise ConfigurationError("--method depth: needs --depth and --lens")
    half = arguments.half_depth_of_focus
    if half is None and lens is None:
        gaps = sorted(after - before for before, after in pairwise(positions))
        half = 0.5 * gaps[len(gaps) // 2]
    return Task(
        positions[0],
        positions[-1],
        at,
        model=None if lens is None else ThinLensModel(lens),
        half_depth_of_focus_steps=half,
        positions_steps=positions,
        depth=depth,
        gamma=arguments.gamma,
        max_moves=arguments.max_moves,
        max_captures=2 * arguments.max_moves + 1,
    )


def depth_of(arguments: argparse.Namespace, lens: Any | None) -> Any | None:
    """The depth that the command line gives. Raises ConfigurationError."""
    from auxfocus_ros.autofocus.terms import DepthReading

    if arguments.depth is None:
        if arguments.depth_sigma is not None:
            raise ConfigurationError("--depth-sigma: needs --depth")
        return None
    if lens is None:
        raise ConfigurationError("--depth: needs --lens, which says where a depth is in focus")
    sigma_m = 0.02 * arguments.depth if arguments.depth_sigma is None else arguments.depth_sigma
    return DepthReading(arguments.depth, sigma_m)


def entry(frame: int, stack: Any, known: Any) -> dict[str, Any]:
    """What is said of one frame that was looked at."""
    import numpy as np

    indices = np.array(stack.order, float)
    best = known.best_position_steps
    return {
        "index": frame,
        "position": stack.values[frame],
        "radius_px": known.blur_radius_px,
        "sigma_px": known.blur_sigma_px,
        "best_index": float(np.interp(best, stack.positions, indices)) if math.isfinite(best) else math.nan,
        "probability_in_focus": known.probability_in_focus,
        "state": known.state.name.lower(),
        "message": known.message,
    }


def place(frame: int, stack: Any) -> str:
    """A frame for a person."""
    value = f" at {stack.values[frame]:.4g} {stack.unit}" if stack.unit else ""
    return f"frame {frame}{value}"


def caption(number: int, step: dict[str, Any], stack: Any) -> str:
    """A frame that was looked at, above its picture."""
    blur = f", blur {step['radius_px']:.1f} px" if math.isfinite(step["radius_px"]) else ""
    return f"{number}: {place(step['index'], stack)}{blur}"


def show(said: dict[str, Any], stack: Any) -> None:
    """For a person."""
    x, y, width, height = said["roi"]
    chosen = "as given" if said["roi_is_given"] else "the most textured of the middle"
    print(f"region {width} x {height} at ({x}, {y}): {chosen}")
    for number, step in enumerate(said["trace"], 1):
        blur = f", blur {step['radius_px']:.2f} +- {step['sigma_px']:.2f} px" if math.isfinite(step["radius_px"]) else ""
        best = f", focus near frame {step['best_index']:.1f}" if math.isfinite(step["best_index"]) else ""
        said_then = f": {step['message']}" if step["message"] else ""
        print(f"{number:3}  {place(step['index'], stack)}{blur}{best}{said_then}")
    ending = "in focus" if said["in_focus"] else f"not in focus ({said['reason']})"
    told = f": {said['message']}" if said["message"] else ""
    file = Path(said["file"]).name
    print(f"{ending}: {place(said['index'], stack)}, {file}; {said['moves']} moves, {said['captures']} captures{told}")


def check_output(path: Path) -> None:
    """Raise ConfigurationError where a picture cannot be written."""
    if path.suffix.lower() not in WRITABLE:
        raise ConfigurationError(f"--picture {path}: wanted a name that ends in {' or '.join(WRITABLE)}")
    if not path.parent.is_dir():
        raise ConfigurationError(f"--picture {path}: there is no folder {path.parent}")


def write_picture(path: Path, picture: Any) -> None:
    """Write a picture. Raises ConfigurationError where that fails."""
    import cv2

    if not cv2.imwrite(str(path), picture):
        raise ConfigurationError(f"--picture {path}: cannot be written")
