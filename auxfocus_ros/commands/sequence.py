"""`auxfocus sequence`: a longer recording for benchmarks, made from a short one."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from auxfocus_ros.errors import ConfigurationError

DEFAULT_SEQUENCE = Path("out/bench/sequence.mcap")


def add_parser(subparsers: Any, line: str) -> None:
    """Declare the command."""
    example = "example: auxfocus sequence samples/rgb_lidar_road -o out/road_30hz.mcap --seconds 10"
    parser = subparsers.add_parser("sequence", help=line, description=line, epilog=example)
    parser.add_argument("recording", type=Path, help="a recording with pictures and clouds")
    parser.add_argument("-o", "--output", type=Path, default=DEFAULT_SEQUENCE, help=f"what is made (default: {DEFAULT_SEQUENCE})")
    parser.add_argument("--width", type=int, default=1280, help="of the pictures, pixels (default: 1280)")
    parser.add_argument("--height", type=int, default=720, help="of the pictures, pixels (default: 720)")
    parser.add_argument("--points", type=int, default=100_000, help="in each cloud (default: 100000)")
    parser.add_argument("--rate", type=float, default=30.0, help="pairs a second (default: 30)")
    parser.add_argument("--seconds", type=float, default=10.0, help="length (default: 10)")
    parser.add_argument("--seed", type=int, default=0, help="of the points' jitter (default: 0)")
    parser.set_defaults(run=run)


def make(recording: Path, output: Path, **options: Any) -> Path:
    """Make a sequence, with progress on standard error."""
    from rich.console import Console
    from rich.progress import Progress

    from auxfocus_ros.rig.sequence import make_sequence

    output.parent.mkdir(parents=True, exist_ok=True)
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task(f"sequence {output}", total=None)
        make_sequence(
            recording, output, progress=lambda done, total: progress.update(task, completed=done, total=total), **options
        )
    return output


def default_sequence() -> Path:
    """The benchmarks' sequence, 10 s of 1280 x 720 with 100,000 points at 30 Hz, made on first use.

    Raises:
        ConfigurationError: the bundled recording is missing.
    """
    from auxfocus_ros.optics import share_dir

    recording = share_dir() / "samples" / "rgb_lidar_road"
    if not DEFAULT_SEQUENCE.exists():
        if not recording.is_dir():
            raise ConfigurationError(f"the sample {recording} is missing: `make samples` makes it from the original data")
        make(recording, DEFAULT_SEQUENCE)
    return DEFAULT_SEQUENCE


def run(arguments: argparse.Namespace) -> int:
    """Make it."""
    print(f"seed {arguments.seed}", file=sys.stderr)
    options = {"width_px": arguments.width, "height_px": arguments.height, "points": arguments.points, "rate_hz": arguments.rate}
    print(make(arguments.recording, arguments.output, seconds=arguments.seconds, seed=arguments.seed, **options))
    return 0
