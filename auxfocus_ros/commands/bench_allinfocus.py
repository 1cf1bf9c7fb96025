"""`auxfocus bench allinfocus`: capture strategies, fusion of stills and of video, and what each costs, rivals in the same run."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

PARTS = {
    "truth": ("bench_allinfocus_fusion", "truth"),
    "real": ("bench_allinfocus_fusion", "real"),
    "time": ("bench_allinfocus_fusion", "time"),
    "sweep": ("bench_allinfocus_sweep", None),
    "strategies": ("bench_allinfocus_strategies", None),
    "video": ("bench_allinfocus_video", None),
    "cost": ("bench_allinfocus_cost", None),
}
"""Part -> its module, whose `run_part` measures and prints it, and what that is told besides."""
EXAMPLES = """examples:
  auxfocus bench allinfocus --json out/bench/allinfocus.json
  auxfocus bench allinfocus --part truth --part real --data ../shared/data
  auxfocus bench allinfocus --figures out/figures          (the pictures of docs/all-in-focus.md, nothing measured)
"""


def add_parser(subparsers: Any) -> None:
    """Declare the benchmark."""
    from auxfocus_ros.commands.bench_allinfocus_fusion import add_options

    line = "all in focus: which frames are captured, how good and how fast they are fused, against rivals"
    parser = subparsers.add_parser(
        "allinfocus", help=line, description=line, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--part", action="append", choices=(*PARTS, "all"), help="one part alone; may be repeated (default: all of them)")
    add_options(parser)
    add("--pictures", type=Path, metavar="DIR", help="leave example frames of the video part here")
    add("--figures", type=Path, metavar="DIR", help="draw figures 9 and 11 of the source on our data instead")
    add("--json", type=Path, metavar="FILE", help="save every figure")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure the parts; 1 when a bar is missed."""
    from auxfocus_ros.commands.bench_parts import require_numbers, run_parts

    if arguments.figures is not None:
        require_numbers(arguments)
        from auxfocus_ros.commands.bench_allinfocus_figures import draw_figures

        for file in draw_figures(arguments.figures, arguments.seed):
            print(file)
        return 0
    return run_parts("allinfocus", PARTS, arguments, lambda part: measure_of(part)(arguments))


def measure_of(part: str) -> Callable[[argparse.Namespace], dict[str, Any]]:
    """What measures a part."""
    name, told = PARTS[part]
    measure: Callable[..., dict[str, Any]] = importlib.import_module(f"auxfocus_ros.commands.{name}").run_part
    return measure if told is None else partial(measure, told)
