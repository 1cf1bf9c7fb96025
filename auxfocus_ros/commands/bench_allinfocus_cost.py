"""What judging a whole frame costs in `auxfocus bench allinfocus`: the global estimators, and what they spare.

The source's patch network, applied to patch after patch, gives the same answer as its global form without sharing anything
between patches that overlap; OpenCV's Tenengrad over the frame says how fast this machine is. All run on the two cores that the
bar is about, on the same real frame, in turn.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.commands.bench_autofocus_cases import load_plane, plane_names
from auxfocus_ros.commands.bench_autofocus_cost import tenengrad
from auxfocus_ros.commands.bench_autofocus_counting import bar
from auxfocus_ros.commands.bench_autofocus_runs import PATCH_PX

FRAME_PX, CELL_PX = (3840, 2160), 64
SMALL_PX, SMALL_CELL_PX = (640, 480), 32
THREADS = 2
BAR_MS, DIFFERENCE_BAR = 150.0, 1e-4
TENENGRAD, PATCHWISE = "Tenengrad, OpenCV", "reference, patch by patch"
REFERENCE, OURS = "reference, global", "ours"
PLANES = 4
"""Different pictures that the frame is laid out with."""
SOFTEST_PX = 12.0


def run_part(options: argparse.Namespace) -> dict[str, Any]:
    """Measure and print.

    Args:
        options: `quick`, `repeats`, as `bench_allinfocus_fusion.add_options` declares them.

    Returns:
        As `cost_part`.
    """
    result = cost_part(2 if options.quick else options.repeats, FRAME_PX)
    show(result)
    return result


def cost_part(repeats: int, frame_px: tuple[int, int]) -> dict[str, Any]:
    """All ways on a frame of (width, height) px.

    Returns:
        Every figure, for JSON: `rows` with medians and quartiles, the largest relative difference between the reference's two
        forms, and `bars`.
    """
    from auxfocus_ros.allinfocus.networks import load_blur_map_estimator
    from auxfocus_ros.allinfocus.networks.global_step import load_global_step_estimator
    from auxfocus_ros.autofocus.networks import load_reference_estimator
    from auxfocus_ros.commands.bench_counting import by_turns, quartiles

    ours, reference, patches = load_blur_map_estimator(), load_global_step_estimator(), load_reference_estimator()
    large, small = frame(frame_px), frame(SMALL_PX)
    ways: dict[tuple[str, int], Callable[[], Any]] = {
        (TENENGRAD, CELL_PX): lambda: tenengrad(large[..., 1]),
        (REFERENCE, CELL_PX): lambda: reference.estimate_steps(large, CELL_PX),
        (PATCHWISE, CELL_PX): lambda: patchwise(patches, large, CELL_PX),
        (OURS, CELL_PX): lambda: ours.estimate(large, CELL_PX),
        (TENENGRAD, SMALL_CELL_PX): lambda: tenengrad(small[..., 1]),
        (OURS, SMALL_CELL_PX): lambda: ours.estimate(small, SMALL_CELL_PX),
    }
    with threads(THREADS):
        times = by_turns(ways, repeats)
    one_by_one = patchwise(patches, large, CELL_PX)
    difference = relative_difference(reference.estimate_steps(large, CELL_PX), one_by_one)
    sizes = {CELL_PX: frame_px, SMALL_CELL_PX: SMALL_PX}
    rows = [
        {
            "what": what,
            "frame_px": list(sizes[cell]),
            "cell_px": None if what == TENENGRAD else cell,
            "repeats": len(of_way),
            **quartiles(of_way),
        }
        for (what, cell), of_way in times.items()
    ]
    median = {way: quartiles(of_way)["median_ms"] for way, of_way in times.items()}
    said = f"{frame_px[0]} x {frame_px[1]}, every {CELL_PX} px"
    return {
        "threads": THREADS,
        "patches": int(np.isfinite(one_by_one).sum()),
        "rows": rows,
        "faster_than_patchwise": median[PATCHWISE, CELL_PX] / median[REFERENCE, CELL_PX],
        "largest_relative_difference": difference,
        "bars": [
            *(bar(f"{what}, {said}", median[what, CELL_PX], BAR_MS, "<=", unit="ms") for what in (OURS, REFERENCE)),
            bar("reference, its two forms, relative", difference, DIFFERENCE_BAR, "<="),
        ],
    }


def frame(size_px: tuple[int, int]) -> np.ndarray:
    """(height, width, 3) uint8: real pictures side by side, the lower the softer."""
    import cv2

    planes = [load_plane(name) for name in plane_names()[:PLANES]]
    edge = planes[0].shape[0]
    width, height = size_px
    across, down = -(-width // edge), -(-height // edge)
    rows = []
    for row in range(down):
        sharp = np.hstack([planes[(row + column) % PLANES] for column in range(across)])
        rows.append(cv2.GaussianBlur(sharp, (0, 0), SOFTEST_PX * row / (down - 1)) if row else sharp)
    return np.ascontiguousarray(np.vstack(rows)[:height, :width])


def patchwise(estimator: Any, picture: np.ndarray, cell_px: int) -> NDArray[np.float64]:
    """(rows, columns) steps of the patch about each cell's centre, one after another; NaN where it reaches over the edge."""
    import cv2

    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))
    height, width = grey.shape
    found = np.full((-(-height // cell_px), -(-width // cell_px)), np.nan)
    for row, column in np.ndindex(found.shape):
        y, x = (number * cell_px + cell_px // 2 - PATCH_PX // 2 for number in (row, column))
        if min(y, x) >= 0 and y + PATCH_PX <= height and x + PATCH_PX <= width:
            found[row, column] = estimator.estimate_steps(grey[y : y + PATCH_PX, x : x + PATCH_PX])
    return found


def relative_difference(shared: NDArray[Any], one_by_one: NDArray[np.float64]) -> float:
    """The largest of cells that have a patch of their own and are more than a step from focus."""
    judged = one_by_one > 1.0
    return float(np.max(np.abs(shared[judged] - one_by_one[judged]) / one_by_one[judged], initial=0.0))


@contextmanager
def threads(count: int) -> Iterator[None]:
    """PyTorch's and OpenCV's, for a while."""
    import cv2
    import torch

    before = torch.get_num_threads(), cv2.getNumThreads()
    torch.set_num_threads(count)
    cv2.setNumThreads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        cv2.setNumThreads(before[1])


def show(result: dict[str, Any]) -> None:
    """The table, and what came of the bar."""
    from auxfocus_ros.commands.bench_autofocus_showing import print_table, table_of

    table = table_of("what", "frame", "cells", "median", "quartiles", title=f"a whole frame, {result['threads']} threads")
    for row in result["rows"]:
        width, height = row["frame_px"]
        cells = "" if row["cell_px"] is None else f"{row['cell_px']} px"
        spread = f"{row['low_ms']:.1f} to {row['high_ms']:.1f} ms"
        table.add_row(row["what"], f"{width} x {height}", cells, f"{row['median_ms']:.1f} ms", spread)
    print_table(table)
    print(
        f"the reference's {result['patches']} patches: its global form is {result['faster_than_patchwise']:.0f} times as fast as "
        f"patch by patch, and differs by {result['largest_relative_difference']:.1e} of a value at most"
    )
    for one in result["bars"]:
        verdict = "met" if one["met"] else "missed"
        print(f"{one['what']}: {one['figure']:.3g} {one['unit']} {one['sign']} {one['bar']:g} {one['unit']}: {verdict}")
