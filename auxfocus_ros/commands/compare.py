"""`auxfocus compare`: two analyses side by side, the differences that matter first."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from auxfocus_ros.errors import InputError

EXAMPLES = """examples:
  auxfocus compare out/run_1 out/run_2
  auxfocus compare out/flight_default out/flight_large_share --json

A and B are output folders of `auxfocus analyze`. Differences are sorted by their effect: the change in multiples of the standard
deviation that chance alone would give it. Two analyses of the same pictures are compared picture by picture.

keys of --json: same_pictures, settings (name: A's and B's value), differences (key, text, unit, more_is, a, b, change, spread,
effect, clear, better); null: not known.
"""
DAMAGED = (AttributeError, IndexError, KeyError, OSError, TypeError, ValueError)
"""What figures raise that are made of values of another kind, and columns that cannot be decompressed."""


def add_parser(subparsers: Any, line: str) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "compare", help=line, description=line, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("a", type=Path, metavar="A", help="an output folder of `auxfocus analyze`")
    add("b", type=Path, metavar="B", help="another one")
    add("--json", action="store_true", help="print the comparison as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Compare and print."""
    from auxfocus_ros.analysis.comparing import compare

    try:
        (a, frames_a), (b, frames_b) = loaded(arguments.a), loaded(arguments.b)
        comparison = compare(a, b, frames_a, frames_b)
    except InputError:
        raise
    except DAMAGED as error:
        which = f"{arguments.a} and {arguments.b}: one of them"
        raise InputError(f"{which} was changed or is damaged: analyse again ({type(error).__name__}: {error})") from error
    if arguments.json:
        print(json.dumps(comparison.as_dict(), allow_nan=False))
    else:
        for name, folder, summary in (("A", arguments.a, a), ("B", arguments.b, b)):
            print(f"{name}: {folder} ({summary['frames']} frames, {summary['analysed_s']:.4g} s)")
        print(comparison.text())
    return 0


def loaded(folder: Path) -> tuple[dict[str, Any], Any]:
    """Summary and table of an output folder.

    Raises:
        InputError: it has none, or is of several recordings.
    """
    from auxfocus_ros.analysis.output import FRAMES, read_summary
    from auxfocus_ros.analysis.tables import FrameTable

    summary = read_summary(folder)
    if "recordings" in summary:
        names = ", ".join(one["folder"] for one in summary["recordings"][:5])
        raise InputError(f"{folder}: of several recordings: name the folder of one, there are {names}")
    return summary, FrameTable(folder / FRAMES)
