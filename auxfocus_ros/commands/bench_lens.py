"""`auxfocus bench lens`: how exactly positions and distances belong together, and how exactly the simulated stepper arrives.

The comparison with an independent ray trace stands in the tests, which print their figures as well:
`python -m pytest test/optics/test_lens_against_ray_trace.py -s`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

POSITIONS = 200_001
MOVES = 2_000
BAR_ROUND_TRIP_STEPS = 1e-6
BAR_ARRIVAL_STEPS = 0.5


def add_parser(subparsers: Any) -> None:
    """Declare the benchmark."""
    line = "round trips of the shipped lenses, and where the simulated stepper comes to rest"
    parser = subparsers.add_parser(
        "lens", help=line, description=line, epilog="example: auxfocus bench lens --json out/bench/lens.json"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the stepper's random moves (default: 0)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="save every figure")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print; 1 when a bar is missed."""
    from rich.console import Console
    from rich.table import Table

    from auxfocus_ros.optics import load_lens, shipped_lenses

    table = Table("what", "largest error", "bar", "met", title=f"lenses and stepper (seed {arguments.seed})")
    figures: dict[str, float] = {}
    for name in shipped_lenses():
        figures[f"round trip, {name}"] = round_trip_error_steps(load_lens(name))
    arrival = "stepper, {} moves from anywhere to anywhere, new goals in mid-move"
    figures[arrival.format(MOVES)] = arrival_error_steps(arguments.seed)
    met = True
    for what, error_steps in figures.items():
        bar = BAR_ROUND_TRIP_STEPS if what.startswith("round") else BAR_ARRIVAL_STEPS
        met &= error_steps < bar if what.startswith("round") else error_steps <= bar
        table.add_row(what, f"{error_steps:.3g} steps", f"{bar:g} steps", "yes" if error_steps <= bar else "no")
    Console().print(table)
    if arguments.json is not None:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps({"seed": arguments.seed, "largest_error_steps": figures}, indent=2))
    return 0 if met else 1


def round_trip_error_steps(lens: Any) -> float:
    """Largest |position -> distance -> position| over the lens's range, wherever the distance is finite, motor steps."""
    positions = np.linspace(lens.min_position_steps, lens.max_position_steps, POSITIONS)
    distances_m = lens.focus_distance_m(positions)
    finite = np.isfinite(distances_m)
    back = lens.position_for_distance(distances_m[finite])
    return float(np.max(np.abs(back - positions[finite])))


def arrival_error_steps(seed: int) -> float:
    """Largest distance between the goal and where the glass rests, over random moves of the default stepper, motor steps."""
    from auxfocus_ros.lens import SimulatedStepper, StepperConfig

    generator = np.random.default_rng(seed)
    stepper = SimulatedStepper(StepperConfig(), 1500.0, 0.0)
    now_s, worst = 0.0, 0.0
    for _ in range(MOVES):
        goal = float(generator.uniform(1050.0, 2100.0))
        bound_s = stepper.move_to(goal, now_s)
        if generator.random() < 0.5:  # half the goals are taken over while the glass moves
            now_s += float(generator.uniform(0.0, 0.3 * bound_s))
            goal = float(generator.uniform(1050.0, 2100.0))
            bound_s = stepper.move_to(goal, now_s)
        now_s += bound_s
        worst = max(worst, abs(stepper.state(now_s).position_steps - goal))
    return worst
