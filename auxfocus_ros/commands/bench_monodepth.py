"""`auxfocus bench monodepth`: depth from one camera against its bars, and against baselines that do not look at the picture."""

from __future__ import annotations

import argparse
import importlib
import os
from pathlib import Path
from types import ModuleType
from typing import Any

from auxfocus_ros.commands.bench_monodepth_scenes import DEFAULT_DATA

PARTS = {
    "sim": "bench_monodepth_sim",
    "gate": "bench_monodepth_sim",
    "segmentation": "bench_monodepth_sim",
    "real": "bench_monodepth_real",
    "target": "bench_monodepth_target",
    "time": "bench_monodepth_time",
    "autofocus": "bench_monodepth_autofocus",
}
"""Part -> its module: `run_part(part, options)` gives every figure, with `bars`; `show(result, console)` prints them."""
DEFAULT_REPEATS = 60
WIDTH = 180
EXAMPLES = """examples:
  auxfocus bench monodepth --json out/bench/monodepth.json
  auxfocus bench monodepth --part target --part real --data ../shared/data
  auxfocus bench monodepth --part time --network mine.onnx
"""


def add_parser(subparsers: Any) -> None:
    """Declare the benchmark."""
    line = "depth from one camera: errors, the gate, segmentation, real scenes, metres at a target, time, autofocus"
    parser = subparsers.add_parser(
        "monodepth", help=line, description=line, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--part", action="append", choices=(*PARTS, "all"), help="one part alone; may be repeated (default: all of them)")
    add("--quick", action="store_true", help="a small share of everything: to see that it works")
    add("--seed", type=int, default=0, help="of targets, noise and training (default: 0)")
    add("--repeats", type=int, default=DEFAULT_REPEATS, help=f"measurements of each time (default: {DEFAULT_REPEATS})")
    add(
        "--processes",
        type=int,
        default=min(os.cpu_count() or 1, 8),
        help="that work side by side, where nothing is timed (default: %(default)s)",
    )
    add(
        "--data", type=Path, default=DEFAULT_DATA, metavar="DIR",
        help="the collection with the real scenes that the repository does not carry (default: %(default)s)",
    )  # fmt: skip
    add("--network", type=Path, metavar="FILE", help="a depth network in place of ours, in all parts but the first three")
    add(
        "--work", type=Path, default=Path("out/bench/monodepth"), metavar="DIR",
        help="where filmed worlds and trainings are kept, and gone on from (default: %(default)s)",
    )  # fmt: skip
    add("--json", type=Path, metavar="FILE", help="save every figure")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure the parts; 1 when a bar is missed."""
    from rich.console import Console

    from auxfocus_ros.commands.bench_parts import run_parts

    console = Console(width=WIDTH)

    def measure(part: str) -> dict[str, Any]:
        module = module_of(part)
        result: dict[str, Any] = module.run_part(part, arguments)
        module.show(result, console)
        return result

    return run_parts("monodepth", PARTS, arguments, measure)


def module_of(part: str) -> ModuleType:
    """Whose `run_part` and `show` a part has."""
    return importlib.import_module(f"auxfocus_ros.commands.{PARTS[part]}")
