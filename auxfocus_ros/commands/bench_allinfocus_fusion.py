"""The fusion of stills in `auxfocus bench allinfocus`: how good, with a truth and without, and how fast, rivals beside ours.

Every method, and every rival, gets the very same aligned frames. One and the same method of ours, the default one, is held
against the bars in every row; our other methods are shown.
"""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path
from typing import Any

PARTS = {
    "truth": ("bench_allinfocus_fusion_scores", "truth_part", "show_scores"),
    "real": ("bench_allinfocus_fusion_scores", "real_part", "show_scores"),
    "time": ("bench_allinfocus_fusion_time", "time_part", "show_times"),
}
"""Part -> its module, the function that measures it, and the one that prints it."""
DEFAULT_DATA = Path("../shared/data")
DEFAULT_REPEATS = 7


def add_options(parser: argparse.ArgumentParser) -> None:
    """What `run_part` wants to be told."""
    add = parser.add_argument
    add("--quick", action="store_true", help="a few small stacks: to see that it works")
    add("--seed", type=int, default=0, help="of the noise (default: 0)")
    add("--repeats", type=int, default=DEFAULT_REPEATS, help="measurements of each time (default: %(default)s)")
    add(
        "--data",
        type=Path,
        default=DEFAULT_DATA,
        metavar="DIR",
        help="the collection with the real stacks (default: %(default)s)",
    )


def run_part(part: str, options: argparse.Namespace) -> dict[str, Any]:
    """Measure a part and print it.

    Args:
        part: of PARTS.
        options: what `add_options` declares: quick, seed, repeats, data.

    Returns:
        Every figure, for JSON, with `bars`: each with what was asked, what was reached, and `met`.
    """
    module_name, measure, show = PARTS[part]
    module = importlib.import_module(f"auxfocus_ros.commands.{module_name}")
    result: dict[str, Any] = getattr(module, measure)(options)
    getattr(module, show)(result)
    return result
