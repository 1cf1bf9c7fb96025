"""`auxfocus bench autofocus`: tables 2 to 5 of Intelligent Autofocus printed again, ours beside theirs, and every bar of ours.

Everything in one run, on planes cut from photographs that nothing is trained on, through the shipped bench lens, and on real
focal stacks. A move is one commanded position, a capture one frame looked at; a run that fails counts at the cap.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from collections.abc import Callable
from datetime import date
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
    from auxfocus_ros.commands.bench_stream import machine
    from auxfocus_ros.commands.focus import finite
    from auxfocus_ros.errors import ConfigurationError

    for flag in ("repeats", "processes"):
        if getattr(arguments, flag) < 1:
            raise ConfigurationError(f"--{flag} {getattr(arguments, flag)}: wanted at least 1")
    if arguments.seed < 0:
        raise ConfigurationError(f"--seed {arguments.seed}: wanted at least 0")
    wanted = arguments.part or ["all"]
    results: dict[str, Any] = {}
    for part in PARTS:
        if part in wanted or "all" in wanted:
            print(f"[bench] {part}", file=sys.stderr, flush=True)
            results[part] = measured(part, arguments)
            showing.SHOW[part](results[part])
    bars = [entry for result in results.values() for entry in result.get("bars", ())]
    about = {
        "date": date.today().isoformat(),
        "machine": machine(),
        "command": "auxfocus bench autofocus",
        "seed": arguments.seed,
    }
    showing.show_bars(bars, f"{about['machine']}, {about['date']}, seed {arguments.seed}{', quick' if arguments.quick else ''}")
    if arguments.json is not None:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        said = {**about, "quick": arguments.quick, "bars": bars, "results": results}
        arguments.json.write_text(json.dumps(finite(said), indent=1, allow_nan=False, default=float))
    return 0 if all(entry["met"] for entry in bars) else 1


def measured(part: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """One part's figures."""
    from auxfocus_ros.commands.bench_distribution import on_one_core

    module, function = PARTS[part]
    measure: Callable[[argparse.Namespace], dict[str, Any]] = getattr(
        importlib.import_module(f"auxfocus_ros.commands.{module}"), function
    )
    return on_one_core(measure, arguments) if part in ON_ONE_CORE else measure(arguments)
