"""What one frame costs in `auxfocus bench monodepth`: the whole estimator, from the picture to its depth, on two cores."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from auxfocus_ros.commands.bench_autofocus_counting import bar

THREADS = 2
FRAME_PX = (640, 480)
SIZES_PX: tuple[tuple[int, int] | None, ...] = ((640, 192), None, (640, 480))
"""What the network sees; None: what it takes of itself for a frame of FRAME_PX."""
JUDGED_PX, BAR_MS = (640, 192), 60.0
WARM_UP, QUICK_REPEATS = 5, 3


def run_part(part: str, options: argparse.Namespace) -> dict[str, Any]:
    """Measure. options: quick, repeats, network."""
    return time_part(QUICK_REPEATS if options.quick else options.repeats, str(options.network or ""))


def time_part(repeats: int, network: str = "") -> dict[str, Any]:
    """Every size in turn, after a warm-up.

    Args:
        repeats: of each.
        network: a depth network's file in place of ours.

    Returns:
        `rows` with medians and quartiles, and `bars`.
    """
    from auxfocus_ros.commands.bench_allinfocus_cost import threads
    from auxfocus_ros.commands.bench_counting import by_turns, quartiles
    from auxfocus_ros.monodepth.inference import DepthNetworkOptions, assumed_camera, load_depth_estimator

    ways: dict[tuple[int, int], Callable[[], Any]] = {}
    pictures: dict[tuple[int, int], tuple[int, int]] = {}
    for size in SIZES_PX:
        wide, high = size or (0, 0)
        estimator = load_depth_estimator(DepthNetworkOptions(network, network_width_px=wide, network_height_px=high))
        shape = size or FRAME_PX
        seen, picture, camera = estimator.network_size_px(*shape), picture_of(shape), assumed_camera(*shape)
        pictures[seen] = shape
        ways[seen] = lambda e=estimator, p=picture, c=camera: e.estimate(p, c)  # type: ignore[misc]
    with threads(THREADS):
        for way in ways.values():
            for _ in range(WARM_UP):
                way()
        times = by_turns(ways, repeats)
    rows: list[dict[str, Any]] = [
        {"frame_px": list(pictures[size]), "network_px": list(size), "repeats": len(taken), **quartiles(taken)}
        for size, taken in times.items()
    ]
    median = next(row["median_ms"] for row in rows if tuple(row["network_px"]) == JUDGED_PX)
    what = f"one {JUDGED_PX[0]} x {JUDGED_PX[1]} frame on {THREADS} cores"
    return {"threads": THREADS, "rows": rows, "bars": [bar(what, median, BAR_MS, "<=", unit="ms")]}


def picture_of(size_px: tuple[int, int]) -> NDArray[np.uint8]:
    """A real picture of (width, height)."""
    from auxfocus_ros.commands.bench_counting import bundled_frames

    return np.asarray(cv2.resize(bundled_frames("rgbd_room")[0].picture, size_px, interpolation=cv2.INTER_AREA), np.uint8)


def show(result: Mapping[str, Any], console: Any) -> None:
    """The table."""
    from auxfocus_ros.commands.bench_autofocus_showing import table_of

    table = table_of("frame", "network sees", "median", "quartiles", title=f"depth of one frame, {result['threads']} threads")
    for row in result["rows"]:
        sizes = [f"{width} x {height}" for width, height in (row["frame_px"], row["network_px"])]
        table.add_row(*sizes, f"{row['median_ms']:.1f} ms", f"{row['low_ms']:.1f} to {row['high_ms']:.1f} ms")
    console.print(table)
