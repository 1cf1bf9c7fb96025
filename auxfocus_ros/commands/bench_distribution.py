"""`auxfocus bench distribution`: the auxiliary focus image, its parts and its page, against rivals and bars.

Everything in one run on the same data. Rivals take turns with each other, measurement by measurement, so that a drift of the
machine hits all alike; medians and quartiles are printed.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

PARTS = ("counts", "slope", "image", "page", "objects")
ON_ONE_CORE = {"counts", "slope", "image"}
THREAD_NUMBERS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
DEFAULT_REPEATS = 40


def add_parser(subparsers: Any) -> None:
    """Declare the benchmark."""
    line = "counting against its rivals, whole images, the lens's marker on the page, and objects against labels"
    parser = subparsers.add_parser(
        "distribution",
        help=line,
        description=line,
        epilog="example: auxfocus bench distribution --part counts --part image --json out/bench/distribution.json",
    )
    parser.add_argument(
        "--part", action="append", choices=(*PARTS, "all"), help="one part alone; may be repeated (default: all of them)"
    )
    parser.add_argument(
        "--repeats", type=int, default=DEFAULT_REPEATS, help=f"measurements of each time (default: {DEFAULT_REPEATS})"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="save every figure")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure the parts; 1 when a bar is missed."""
    from auxfocus_ros.commands.bench_stream import machine
    from auxfocus_ros.errors import ConfigurationError

    if arguments.repeats < 1:
        raise ConfigurationError(f"--repeats {arguments.repeats}: wanted at least 1")
    wanted = arguments.part or ["all"]
    results: dict[str, Any] = {}
    for part in PARTS:
        if part in wanted or "all" in wanted:
            print(f"[bench] {part}", file=sys.stderr, flush=True)
            measure, show = _part(part)
            results[part] = on_one_core(measure, arguments) if part in ON_ONE_CORE else measure(arguments)
            show(results[part])
    if arguments.json is not None:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        about = {"date": date.today().isoformat(), "machine": machine(), "command": "auxfocus bench distribution"}
        arguments.json.write_text(json.dumps({**about, "repeats": arguments.repeats, "results": results}, indent=2))
    return 0 if all(result.get("met") is not False for result in results.values()) else 1


def on_one_core(measure: Callable[[argparse.Namespace], dict[str, Any]], arguments: argparse.Namespace) -> dict[str, Any]:
    """A part in a process of its own, all of whose threads are pinned to one core, with one thread for every library.

    A library that has started its threads keeps them: they are told in the environment, and a new process has none yet.
    """
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    cores, before = os.sched_getaffinity(0), {name: os.environ.get(name) for name in THREAD_NUMBERS}
    os.environ.update(dict.fromkeys(THREAD_NUMBERS, "1"))
    os.sched_setaffinity(0, {max(cores)})  # which a new process inherits
    try:
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            return pool.submit(measured_alone, measure, arguments).result()
    finally:
        os.sched_setaffinity(0, cores)
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def measured_alone(measure: Callable[[argparse.Namespace], dict[str, Any]], arguments: argparse.Namespace) -> dict[str, Any]:
    """In the process that is pinned: OpenCV, too, works in the thread that calls it."""
    import cv2

    cv2.setNumThreads(1)
    return measure(arguments)


def _part(name: str) -> tuple[Callable[[argparse.Namespace], dict[str, Any]], Callable[[dict[str, Any]], None]]:
    """How a part is measured and shown; only what is wanted is imported."""
    if name in {"counts", "slope"}:
        from auxfocus_ros.commands import bench_counting

        return (bench_counting.counts_part, show_counts) if name == "counts" else (bench_counting.slope_part, show_slope)
    if name == "image":
        from auxfocus_ros.commands.bench_drawing import image_part

        return image_part, show_images
    if name == "page":
        from auxfocus_ros.commands.bench_page import page_part

        return page_part, show_plainly("page")
    from auxfocus_ros.commands.bench_objects import objects_part

    return objects_part, show_plainly("objects")


def show_counts(result: dict[str, Any]) -> None:
    """A table for each depth image and scale."""
    for case in result["cases"]:
        table = _table(
            "what", "in the form", "median", "quartiles", "readings in another cell", "not by rounding",
            title=f"counts: {case['image']}, 1280 x 720 into 1280 x 256, {case['scale']} from {case['near_m']:g} to "
            f"{case['far_m']:g} m, {case['readings']} readings, one core",
        )  # fmt: skip
        for row in case["rows"]:
            spread = f"{row['low_ms']:.2f} to {row['high_ms']:.2f} ms"
            table.add_row(
                row["what"], row["form"], f"{row['median_ms']:.2f} ms", spread, str(row["differing"]), str(row["beyond_rounding"])
            )
        for name in case["missing"]:
            table.add_row(name, "not installed: pip install 'auxfocus_ros[bench]'", "-", "-", "-", "-")
        _print(table)
        said = f"{case['ratio']:.2f} of {case['fastest_rival']} (bar {case['bar']:g}): {_met(case)}"
        if case["warp_spared"]:
            warp_ms = case["warp_spared"]["median_ms"]
            said += f"; {case['ratio_with_warp']:.2f} where the rival warps the depths itself ({warp_ms:.2f} ms with numpy)"
        print(said + "\n")


def show_slope(result: dict[str, Any]) -> None:
    """Times by size, and the fits."""
    ways = list(result["fits"])
    table = _table("points", *(f"{way}, per million points" for way in ways), title="cost as points grow, one core")
    for row in result["rows"]:
        millions = row["points"] / 1e6
        cells = [f"{row[way]['median_ms']:.3f} ms, {row[way]['median_ms'] / millions:.2f} ms" for way in ways]
        table.add_row(f"{row['points']:,}", *cells)
    _print(table)
    for way, fit in result["fits"].items():
        print(
            f"{way}: log-log slope {fit['log_log_slope']:.3f} from 100,000 points on; "
            f"{fit['ms_per_million_points']:.2f} ms a million points + {fit['fixed_ms']:.3f} ms "
            f"(largest error of that line {100 * fit['largest_error_of_line']:.0f} %)"
            + (f": {_met(fit)}" if way == "counting" else "")
        )


def show_images(result: dict[str, Any]) -> None:
    """Whole images and their parts."""
    table = _table("picture", "depth from", "objects", "whole image", "quartiles", "bar", "met", "parts", title="image, one core")
    for case in result["cases"]:
        parts = ", ".join(f"{name} {part['median_ms']:.1f}" for name, part in case["parts"].items())
        table.add_row(
            f"{case['size_px'][0]} x {case['size_px'][1]}", case["source"], str(case["objects"]), f"{case['median_ms']:.1f} ms",
            f"{case['low_ms']:.1f} to {case['high_ms']:.1f} ms", f"{case['bar_ms']:g} ms", "yes" if case["met"] else "no",
            f"{parts} ms",
        )  # fmt: skip
    _print(table)


def show_plainly(title: str) -> Callable[[dict[str, Any]], None]:
    """Shows lists of rows as tables, and the rest line by line."""

    def show(result: dict[str, Any]) -> None:
        for key, value in result.items():
            if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
                columns = list(dict.fromkeys(name for row in value for name in row))
                table = _table(*columns, title=f"{title}: {key}")
                for row in value:
                    table.add_row(*(_cell(row.get(name)) for name in columns))
                _print(table)
            else:
                print(f"{title}: {key}: {_cell(value)}")

    return show


def _cell(value: Any) -> str:
    return "-" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def _met(case: dict[str, Any]) -> str:
    return "met" if case["met"] else "missed"


def _table(*columns: str, title: str) -> Any:
    from rich.table import Table

    return Table(*columns, title=title)


def _print(table: Any) -> None:
    from rich.console import Console

    Console(width=160).print(table)
