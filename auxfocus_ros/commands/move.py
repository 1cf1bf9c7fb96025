"""`auxfocus move`: move the lens of a running graph from a shell."""

from __future__ import annotations

import argparse
import json
import math
import sys
from typing import Any

EXAMPLES = """examples:
  auxfocus move --distance 2.5          focus at 2.5 m
  auxfocus move --distance inf          focus at infinity
  auxfocus move --position 1400         motor steps
  auxfocus move --position -20 --relative
"""


def add_parser(subparsers: Any, line: str) -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "move", help=line, description=line, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("--position", type=float, metavar="STEPS", help="motor steps")
    target.add_argument("--distance", type=float, metavar="M", help="metres in front of the camera; inf is infinity")
    target.add_argument("--dioptre", type=float, metavar="D", help="1 / metres; 0 is infinity")
    parser.add_argument("--relative", action="store_true", help="from the present position, distance or power")
    parser.add_argument(
        "--speed", type=float, default=0.0, metavar="STEPS_PER_S", help="at most this fast (default: the lens's own)"
    )
    parser.add_argument("--timeout", type=float, default=15.0, metavar="S", help="give up after this many seconds (default: 15)")
    parser.add_argument("--namespace", default="", help="namespace of the graph")
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Send the goal, wait for its end, say how it ended; 1 when the lens did not get there."""
    import rclpy
    from rclpy.executors import SingleThreadedExecutor

    from auxfocus_ros.ros.lens_client import LensClient

    by = next(name for name in ("position", "distance", "dioptre") if getattr(arguments, name) is not None)
    rclpy.init()
    try:
        node = rclpy.create_node("auxfocus_move", namespace=arguments.namespace or None)
        executor = SingleThreadedExecutor()
        executor.add_node(node)
        client = LensClient(node, executor)
        outcome = client.move(
            by,
            getattr(arguments, by),
            relative=arguments.relative,
            max_speed_steps_per_s=arguments.speed,
            timeout_s=arguments.timeout,
        )
        client.close()
        node.destroy_node()
    finally:
        rclpy.try_shutdown()
    distance_m = outcome.focus_distance_m
    if arguments.json:
        finite = {"focus_distance_m": distance_m if math.isfinite(distance_m) else None}
        print(json.dumps({**outcome.__dict__, **finite, "at_infinity": distance_m == math.inf}))
    elif outcome.reached:
        where = (
            "beyond infinity" if math.isnan(distance_m) else "at infinity" if math.isinf(distance_m) else f"at {distance_m:.3f} m"
        )
        print(f"position {outcome.position_steps:.1f} steps, focus {where}, after {outcome.duration_s:.2f} s")
    else:
        print(f"auxfocus move: {outcome.message}", file=sys.stderr)
    return 0 if outcome.reached else 1
