"""`auxfocus bench autofocus`: tables 2 to 5 of Intelligent Autofocus printed again, ours beside theirs, and every bar of ours.

Everything in one run, on planes cut from photographs that nothing is trained on, through the shipped bench lens, and on real
focal stacks. A move is one commanded position, a capture one frame looked at; a run that fails counts at the cap.
"""

from __future__ import annotations

import argparse
import importlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

PARTS = {
    "table2": ("bench_autofocus_tables", "table_2_part"),
    "tables45": ("bench_autofocus_tables", "tables_45_part"),
    "runs": ("bench_autofocus_tables", "runs_part"),
    "cost": ("bench_autofocus_cost", "cost_part"),
    "real": ("bench_autofocus_real", "real_part"),
    "following": ("bench_following", "run_part"),
}
"""Part -> its module and the function that measures it."""
ON_ONE_CORE = {"cost"}
DEFAULT_REPEATS = 60
DEFAULT_DATA = Path("../shared/data")


def add_parser(subparsers: Any) -> None:
    """Declare the benchmark."""
    from auxfocus_ros.commands.bench_autofocus_tables import SETUPS

    line = "moves, errors and cost of every way of focusing, against the source's tables and our bars"
    parser = subparsers.add_parser(
        "autofocus",
        help=line,
        description=line,
        epilog="example: auxfocus bench autofocus --part runs --setup ours --json out/bench/autofocus.json",
    )
    add = parser.add_argument
    add("--part", action="append", choices=(*PARTS, "all"), help="one part alone; may be repeated (default: all of them)")
    names = ", ".join(setup.name for setup in SETUPS)
    add(
        "--setup",
        action="append",
        choices=[setup.name for setup in SETUPS],
        metavar="NAME",
        help=f"of the runs, these rows: {names}",
    )
    add("--quick", action="store_true", help="a small share of the runs: to see that it works")
    add("--seed", type=int, default=0, help="of distances, depth readings and noise (default: 0)")
    add("--repeats", type=int, default=DEFAULT_REPEATS, help=f"measurements of each time (default: {DEFAULT_REPEATS})")
    add("--processes", type=int, default=min(os.cpu_count() or 1, 8), help="for the simulated runs (default: %(default)s)")
    add(
        "--data",
        type=Path,
        default=DEFAULT_DATA,
        metavar="DIR",
        help="the collection with the real stacks (default: %(default)s)",
    )
    add("--json", type=Path, metavar="FILE", help="save every figure, and every run")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure the parts; 1 when a bar is missed."""
    from auxfocus_ros.commands import bench_autofocus_showing as showing
    from auxfocus_ros.commands.bench_parts import run_parts

    def measure(part: str) -> dict[str, Any]:
        result = measured(part, arguments)
        showing.SHOW[part](result)
        return result

    return run_parts("autofocus", PARTS, arguments, measure)


def measured(part: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """One part's figures."""
    from auxfocus_ros.commands.bench_distribution import on_one_core

    module, function = PARTS[part]
    measure: Callable[[argparse.Namespace], dict[str, Any]] = getattr(
        importlib.import_module(f"auxfocus_ros.commands.{module}"), function
    )
    return on_one_core(measure, arguments) if part in ON_ONE_CORE else measure(arguments)
