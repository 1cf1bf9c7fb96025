"""`auxfocus stack`: one picture, sharp all over, of photographs that were focused at different distances."""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from auxfocus_ros.errors import ConfigurationError, InputError

EXAMPLES = """examples:
  auxfocus stack samples/stack_circuit_board -o out/board.png
  auxfocus stack sweep --positions sweep/focus_positions.csv -o out/sweep.tif --depth out/depth.png --json
  auxfocus stack sweep -o out/few.png --select

Photographs may be JPEG, PNG or TIFF, grey or colour, 8 or 16 bit, all alike. Frames count from 0 in the order
of the table of positions, or of their names. The result is cut to what all of them show. Aligned frames lie in the output's
folder while the command runs, uncompressed and without a name.

keys of --json: files, method, reference, size, crop, frames (index, file, position, warp, gain, quality, aligned, used, suspect,
share of the picture taken from it), unsharp_share, selected, depth, warnings, seconds.
"""


def add_parser(subparsers: Any, line: str) -> None:
    """Declare the command."""
    from auxfocus_ros.allinfocus.fusion import DEFAULT_METHOD, METHODS, describe_methods
    from auxfocus_ros.commands.stack_output import DEEP, SHALLOW

    parser = subparsers.add_parser(
        "stack",
        help=line,
        description=f"{line}\n\nmethods:\n{describe_methods()}",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("stack", type=Path, metavar="DIR", help="a folder of photographs, or its stack.yaml")
    add("-o", "--output", type=Path, required=True, metavar="OUT", help=f"the picture: {', '.join((*DEEP, *SHALLOW))}")
    add(
        "--depth",
        type=Path,
        metavar="OUT2",
        help="write how far each pixel is: .png 16-bit millimetres, .tif metres; frame numbers where distances are not known",
    )
    add("--method", default=DEFAULT_METHOD, metavar="NAME", help=f"{', '.join(METHODS)} (default: {DEFAULT_METHOD})")
    add("--reference", type=int, metavar="N", help="frame that the others are aligned to, from 0 (default: the middle one)")
    add("--no-align", action="store_true", help="the photographs lie on each other already")
    add("--select", action="store_true", help="fuse only those frames that a capture strategy would have taken")
    add(
        "--positions",
        type=Path,
        metavar="FILE",
        help="CSV: file, and focus_dioptre, focus_distance_m or position_steps (default: the folder's own)",
    )
    add("--lens", metavar="NAME", help="whose motor steps the positions are, for --depth; a shipped name or a file")
    add("--report", action="store_true", help="say of each frame how it was aligned and how much was taken from it")
    add("--json", action="store_true", help="print all that as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Align, fuse, write and say how."""
    from auxfocus_ros.commands.focus_stack import read_stack
    from auxfocus_ros.commands.stack_depth import focus_distances_m
    from auxfocus_ros.commands.stack_output import DEEP, DEPTH, SHALLOW, check_output
    from auxfocus_ros.optics import load_lens

    began = time.perf_counter()
    check_method(arguments.method)
    check_output("-o", arguments.output, (*DEEP, *SHALLOW))
    if arguments.depth is not None:
        check_output("--depth", arguments.depth, DEPTH)
        if arguments.depth.resolve() == arguments.output.resolve():
            raise ConfigurationError(f"-o and --depth are both {arguments.output}: wanted two names")
    stack = read_stack(arguments.stack, arguments.positions, None, least=1)
    count = len(stack.images)
    if arguments.reference is not None and not 0 <= arguments.reference < count:
        raise ConfigurationError(f"--reference {arguments.reference}: the stack has the frames 0 to {count - 1}")
    distances_m = focus_distances_m(stack, load_lens(arguments.lens) if arguments.lens else None)
    with progress() as advance:
        said = fuse_stack(arguments, stack, distances_m, advance)
    said["seconds"]["all"] = round(time.perf_counter() - began, 3)
    for line in said["warnings"]:
        print(f"auxfocus stack: {line}", file=sys.stderr)
    if arguments.json:
        from auxfocus_ros.json_values import json_value

        print(json.dumps(json_value(said), allow_nan=False))
    else:
        show(said, arguments)
    return 0


def check_method(name: str) -> None:
    """Raise ConfigurationError unless there is such a fusion method."""
    from auxfocus_ros.allinfocus.fusion import METHODS

    if name not in METHODS:
        raise ConfigurationError(f"--method {name}: there is no such fusion: the methods are {', '.join(METHODS)}")


Advance = Callable[[str, int, int], None]
"""Hears what is being done, how many of it are done, and of how many."""


@contextmanager
def progress() -> Iterator[Advance]:
    """Bars on standard error, on a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        tasks: dict[str, Any] = {}

        def advance(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=of)
            bars.update(tasks[what], completed=done)

        yield advance


def fuse_stack(arguments: argparse.Namespace, stack: Any, distances_m: Any | None, advance: Advance) -> dict[str, Any]:
    """Do it. Returns what there is to say."""
    import numpy as np

    from auxfocus_ros.allinfocus.alignment import apply
    from auxfocus_ros.allinfocus.fusion import fuse
    from auxfocus_ros.allinfocus.fusion.frames import Fused
    from auxfocus_ros.allinfocus.fusion.scratch_frames import ScratchFrames
    from auxfocus_ros.commands.stack_frames import StackReader
    from auxfocus_ros.commands.stack_output import SHALLOW, check_room, write_picture

    chosen, selected = choose(arguments, stack)
    reader = StackReader([stack.images[index] for index in chosen])
    picture = reader.read(0)
    shape, dtype = picture.shape, picture.dtype
    folder = arguments.output.parent
    check_room(folder, (len(chosen) + 2) * picture.nbytes, f"{len(chosen)} aligned frames and the fused picture")
    del picture

    clock = time.perf_counter()
    alignment = align(arguments, reader, chosen, shape, advance)
    seconds = {"align": round(time.perf_counter() - clock, 3)}
    warnings = [
        f"{reader.images[index].name} {reason}" + ("" if index in alignment.used else ": left out")
        for index, reason in zip(alignment.suspect, alignment.reasons, strict=True)
    ]
    width, height = alignment.crop[2:]
    if min(width, height) < 1:
        raise InputError(f"{arguments.stack}: no pixel is seen by all frames: name a --reference nearer to the others")
    used = alignment.used

    clock = time.perf_counter()
    if len(used) == 1:
        fused = Fused(np.asarray(apply(reader.read(used[0]), alignment, used[0])))
        why = "there is one frame" if len(chosen) == 1 else f"none of the other {len(chosen) - 1} could be used"
        warnings.append(f"there was nothing to fuse: {why}; {reader.images[used[0]].name} is written")
    else:
        with ScratchFrames(folder, (height, width, *shape[2:]), dtype, len(used)) as frames:
            for number, index in enumerate(used):
                frames.write(number, apply(reader.read(index), alignment, index))
                advance("aligned frames", number + 1, len(used))
            fused = fuse(frames, method=arguments.method, told=lambda done, of: advance("fusion", done, of))
    seconds["fuse"] = round(time.perf_counter() - clock, 3)
    shares = shares_of(fused.frame_index, len(used))
    if fused.frame_index is not None and np.isnan(fused.frame_index).all():
        warnings.append("nothing in the frames tells which is sharper: they have no texture")

    if dtype == np.uint16 and arguments.output.suffix.lower() in SHALLOW:
        warnings.append(f"-o {arguments.output}: {arguments.output.suffix} holds 8 bit, the frames' 16 bit are rounded")
    write_picture("-o", arguments.output, fused.picture)
    depth = None
    if arguments.depth is not None:
        numbers = np.array([chosen[index] for index in used])
        depth = write_depth(arguments.depth, fused, numbers, None if distances_m is None else distances_m[numbers])
        if depth is None:
            warnings.append(f"--depth {arguments.depth} is not written: nothing tells which frame is the sharpest where")
    reasons = dict(zip(alignment.suspect, alignment.reasons, strict=True))
    return {
        "output": str(arguments.output),
        "files": [str(file) for file in reader.images],
        "method": arguments.method,
        "reference": chosen[alignment.reference],
        "size": [width, height],
        "bits": 8 * dtype.itemsize,
        "crop": list(alignment.crop),
        "frames": [
            {
                "index": chosen[number],
                "file": str(file),
                "position": stack.values[chosen[number]],
                "unit": stack.unit or "frames",
                "warp": alignment.warps[number].tolist(),
                "gain": alignment.gains[number].tolist(),
                "quality": float(alignment.quality[number]),
                "aligned": bool(alignment.aligned[number]),
                "used": number in used,
                "suspect": reasons.get(number, ""),
                "share": shares[used.index(number)] if number in used else 0.0,
            }
            for number, file in enumerate(reader.images)
        ],
        "unsharp_share": math.nan if fused.frame_index is None else float(np.isnan(fused.frame_index).mean()),
        "selected": selected,
        "depth": depth,
        "warnings": warnings,
        "seconds": seconds,
    }


def choose(arguments: argparse.Namespace, stack: Any) -> tuple[list[int], dict[str, Any] | None]:
    """Numbers of the frames that are fused, by rising position, and what the strategy says where it was asked."""
    if not arguments.select or len(stack.images) < 2:
        return list(stack.order), None
    from auxfocus_ros.commands.stack_select import select

    selection = select([stack.images[index] for index in stack.order], stack.positions)
    visited = [stack.order[place] for place in selection.indices]
    chosen = [index for index in stack.order if index in visited]
    names = ", ".join(str(index) for index in chosen)
    if arguments.reference is not None and arguments.reference not in chosen:
        raise ConfigurationError(f"--reference {arguments.reference}: the strategy has taken the frames {names}")
    told = f"{len(chosen)} of {len(stack.images)} frames ({names}): {selection.end.message}"
    return chosen, {"indices": visited, "told": told}


def align(arguments: argparse.Namespace, reader: Any, chosen: list[int], shape: tuple[int, ...], advance: Advance) -> Any:
    """The alignment of the chosen frames, or that they lie as they are."""
    import numpy as np

    from auxfocus_ros.allinfocus.alignment import Alignment, find_alignment

    count = len(chosen)
    reference = None if arguments.reference is None else chosen.index(arguments.reference)
    if not arguments.no_align and count > 1:
        return find_alignment(reader.read, count, reference=reference, told=lambda done: advance("alignment", done, count))
    height, width = shape[:2]
    return Alignment(
        count // 2 if reference is None else reference,
        np.tile(np.eye(3), (count, 1, 1)),
        np.ones((count, 1 if len(shape) == 2 else 3)),
        np.full(count, np.nan),
        (0, 0, width, height),
        (),
        (),
        np.ones(count, np.bool_),
    )


def shares_of(frame_index: Any | None, count: int) -> list[float]:
    """Which share of the picture is sharpest in each of the fused frames, NaN where the method does not say."""
    import numpy as np

    if frame_index is None:
        return [math.nan if count > 1 else 1.0] * count
    nearest = np.rint(frame_index[np.isfinite(frame_index)]).astype(np.intp)
    return [float(share) for share in np.bincount(nearest, minlength=count)[:count] / frame_index.size]


def write_depth(path: Path, fused: Any, numbers: Any, distances_m: Any | None) -> dict[str, str] | None:
    """Write what --depth asks for; None where the method has none. Returns the file, its kind, and what its numbers are."""
    from auxfocus_ros.commands.stack_depth import drawn_depth, drawn_index
    from auxfocus_ros.commands.stack_output import write_picture

    if fused.frame_index is None:
        return None
    if distances_m is None:
        picture, told = drawn_index(fused.frame_index, numbers, path)
    else:
        from auxfocus_ros.allinfocus.fusion.depth import depth_of_frames

        picture, told = drawn_depth(depth_of_frames(fused.frame_index, distances_m), path)
    write_picture("--depth", path, picture)
    return {"file": str(path), "kind": "frame" if distances_m is None else "metres", "told": told}


def show(said: dict[str, Any], arguments: argparse.Namespace) -> None:
    """For a person."""
    if said["selected"] is not None:
        print(f"selected: {said['selected']['told']}")
    taken = sum(frame["used"] for frame in said["frames"])
    left, top, width, height = said["crop"]
    reference = next(frame for frame in said["frames"] if frame["index"] == said["reference"])
    how = f"{taken} frames fused by {said['method']}, aligned to frame {said['reference']}, " if taken > 1 else ""
    print(
        f"{how}{Path(reference['file']).name}: "
        f"{said['output']}, {width} x {height} px of it from ({left}, {top}), {said['bits']} bit"
    )
    if said["depth"] is not None:
        print(f"depth: {said['depth']['file']}: {said['depth']['told']}")
    if arguments.report:
        table(said)
    times = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in said["seconds"].items())
    print(times)


def table(said: dict[str, Any]) -> None:
    """A line for each frame."""
    import numpy as np
    from rich.console import Console
    from rich.table import Table

    rows = Table("frame", "file", "position", "scale", "turn deg", "shift px", "gain", "quality", "share", "", box=None)
    width, height = said["size"]
    for frame in said["frames"]:
        warp = np.array(frame["warp"])
        middle = np.array([said["crop"][0] + 0.5 * (width - 1), said["crop"][1] + 0.5 * (height - 1), 1.0])
        moved = warp @ middle
        shift = moved[:2] / moved[2] - middle[:2]
        rows.add_row(
            str(frame["index"]),
            Path(frame["file"]).name,
            f"{frame['position']:g} {frame['unit']}",
            f"{math.sqrt(abs(np.linalg.det(warp[:2, :2]))):.4f}",
            f"{math.degrees(math.atan2(warp[1, 0] - warp[0, 1], warp[0, 0] + warp[1, 1])):.3f}",
            f"{shift[0]:.1f} {shift[1]:.1f}",
            f"{np.mean(frame['gain']):.3f}",
            f"{frame['quality']:.3f}",
            f"{100 * frame['share']:.1f} %",
            frame["suspect"],
        )
    console = Console()
    console.print(rows, width=None if console.is_terminal else 160, crop=False)
