"""`auxfocus bench analysis`: how fast recordings are analysed, in how much memory, on how many workers, and if one is lost."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path
from types import ModuleType
from typing import Any

PARTS = {
    "speed": "bench_analysis_speed",
    "memory": "bench_analysis_memory",
    "dask": "bench_analysis_dask",
    "killed": "bench_analysis_killed",
    "reading": "bench_analysis_reading",
}
"""Part -> its module: `run_part(options)` gives every figure, with `bars`; `show(result)` prints them."""
DEFAULT_REPEATS = 3
EXAMPLES = """examples:
  auxfocus bench analysis --json out/bench/analysis.json
  auxfocus bench analysis --part speed --repeats 5
  auxfocus bench analysis --quick                          (tiny recordings: to see that it works; the bars mean nothing)
"""


def add_parser(subparsers: Any) -> None:
    """Declare the benchmark."""
    line = "analysis of recordings: speed, memory, Dask workers, a worker that is killed, reading against rosbags"
    parser = subparsers.add_parser(
        "analysis", help=line, description=line, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--part", action="append", choices=(*PARTS, "all"), help="one part alone; may be repeated (default: all of them)")
    add("--quick", action="store_true", help="tiny recordings, once: to see that it works")
    add("--seed", type=int, default=0, help="of the clouds' noise (default: 0)")
    add("--repeats", type=int, default=DEFAULT_REPEATS, help=f"measurements of each figure (default: {DEFAULT_REPEATS})")
    add(
        "--work", type=Path, default=Path("out/bench/analysis"), metavar="DIR",
        help="where recordings are made and kept, 12 GB in all (default: %(default)s)",
    )  # fmt: skip
    add("--json", type=Path, metavar="FILE", help="save every figure")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure the parts; 1 when a bar is missed."""
    from auxfocus_ros.commands.bench_parts import run_parts

    def measure(part: str) -> dict[str, Any]:
        module = module_of(part)
        result: dict[str, Any] = module.run_part(arguments)
        module.show(result)
        return result

    return run_parts("analysis", PARTS, arguments, measure)


def module_of(part: str) -> ModuleType:
    """Whose `run_part` and `show` a part has."""
    return importlib.import_module(f"auxfocus_ros.commands.{PARTS[part]}")
