"""`auxfocus bench monodepth`: depth from one camera against its bars, and against baselines that do not look at the picture."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from datetime import date
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
    add("--processes", type=int, default=min(os.cpu_count() or 1, 8), help="for the autofocus runs (default: %(default)s)")
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

    from auxfocus_ros.commands.bench_autofocus_showing import show_bars
    from auxfocus_ros.commands.bench_stream import machine
    from auxfocus_ros.commands.focus import finite
    from auxfocus_ros.errors import ConfigurationError

    for flag in ("repeats", "processes"):
        if getattr(arguments, flag) < 1:
            raise ConfigurationError(f"--{flag} {getattr(arguments, flag)}: wanted at least 1")
    if arguments.seed < 0:
        raise ConfigurationError(f"--seed {arguments.seed}: wanted at least 0")
    wanted = arguments.part or ["all"]
    console = Console(width=WIDTH)
    results: dict[str, Any] = {}
    for part in PARTS:
        if part in wanted or "all" in wanted:
            print(f"[bench] {part}", file=sys.stderr, flush=True)
            module = module_of(part)
            results[part] = module.run_part(part, arguments)
            module.show(results[part], console)
    bars = [entry for result in results.values() for entry in result.get("bars", ())]
    about = {
        "date": date.today().isoformat(),
        "machine": machine(),
        "command": "auxfocus bench monodepth",
        "seed": arguments.seed,
    }
    show_bars(bars, f"{about['machine']}, {about['date']}, seed {arguments.seed}{', quick' if arguments.quick else ''}")
    if arguments.json is not None:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        said = {**about, "quick": arguments.quick, "bars": bars, "results": results}
        arguments.json.write_text(json.dumps(finite(said), indent=1, allow_nan=False, default=float))
    return 0 if all(entry["met"] for entry in bars) else 1


def module_of(part: str) -> ModuleType:
    """Whose `run_part` and `show` a part has."""
    return importlib.import_module(f"auxfocus_ros.commands.{PARTS[part]}")
