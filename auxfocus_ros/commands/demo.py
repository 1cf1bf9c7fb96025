"""`auxfocus demo`: the bundled recordings through the whole graph, the lens moved by action while they play.

Every scene is a graph of real nodes in processes of their own; this process is a client like any other: it sends goals to
`lens/move`, hears `aux_focus/image` and keeps what it hears as a film and a contact sheet.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.graph import GraphOptions, describe_graph

FILM_SIZE = (1280, 720)
FILM_RATE_HZ = 15
START_TIMEOUT_S = 120.0  # an installation that was not compiled beforehand does it now: most of a minute


@dataclass(frozen=True)
class Scene:
    """One recording and how the lens is racked through it.

    frames: how many the recording holds, said to the person who watches. options: of the graph. rig, aux_focus: parameters of the
    nodes. distances_m: where the focus goes; range_shares: the same as shares of the lens's range, where the scene has no depth.
    """

    title: str
    folder: str
    frames: int
    options: dict[str, Any]
    rig: dict[str, Any]
    aux_focus: dict[str, Any] = field(default_factory=dict)
    distances_m: tuple[float, ...] = ()
    range_shares: tuple[float, ...] = ()
    speed_steps_per_s: float = 0.0


SCENES = (
    Scene(
        "road: camera and 64-beam lidar",
        "rgb_lidar_road",
        2,
        {"lens": "field_50mm", "depth": "points"},
        {"rate_hz": 15.0, "hold_s": 8.0},
        distances_m=(8.0, 14.0, 25.0, 60.0, float("inf"), 10.0),
        speed_steps_per_s=150.0,
    ),
    Scene(
        "living room: RGB-D, defocus rendered at the lens's position",
        "rgbd_room",
        5,
        {"lens": "vga_25mm", "depth": "depth", "refocus": True},
        {"rate_hz": 15.0, "hold_s": 3.0},
        {"layout": "side_by_side"},
        distances_m=(1.2, 1.8, 2.6, 3.6, 6.0, 1.5),
        speed_steps_per_s=300.0,
    ),
    Scene(
        "circuit board: a real focal stack that follows the lens",
        "stack_circuit_board",
        7,
        {"lens": "bench_25mm", "depth": "none", "source": "focal_stack"},
        {"rate_hz": 15.0},
        {"near_m": 0.3, "far_m": 12.0},
        range_shares=(0.0, 0.5, 1.0, 0.25),
        speed_steps_per_s=600.0,
    ),
)


@dataclass
class SceneReport:
    """What a scene gave: moves as (asked, reached), rates and latencies as the nodes measured them."""

    title: str
    pictures: int = 0
    moves: list[dict[str, Any]] = field(default_factory=list)
    figures: dict[str, dict[str, str]] = field(default_factory=dict)
    duration_s: float = 0.0


def add_parser(subparsers: Any, line: str) -> None:
    """Declare the command."""
    parser = subparsers.add_parser("demo", help=line, description=line, epilog="example: auxfocus demo -o out/demo")
    parser.add_argument("-o", "--output", type=Path, default=Path("out/demo"), help="folder for what is made (default: out/demo)")
    parser.add_argument("--samples", type=Path, help="folder of the bundled recordings (default: the package's own)")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Play every scene; 1 when a move did not get where it was sent."""
    from auxfocus_ros.commands.processes import private_domain
    from auxfocus_ros.optics import share_dir
    from auxfocus_ros.rig.film import Film, contact_sheet
    from auxfocus_ros.ros.transport import use_shipped_profile

    samples = arguments.samples or share_dir() / "samples"
    if not samples.is_dir():
        raise ConfigurationError(f"no samples in {samples}: name their folder with --samples")
    domain = private_domain()
    use_shipped_profile()
    say(f"ROS domain {domain}, this machine only")
    arguments.output.mkdir(parents=True, exist_ok=True)
    reports: list[SceneReport] = []
    kept: list[np.ndarray] = []
    with Film(arguments.output / "aux_focus.mp4", *FILM_SIZE, FILM_RATE_HZ) as film:
        for scene in SCENES:
            say(f"{scene.title} ({scene.frames} frames, the lens is racked through them)")
            report, pictures = play(scene, samples, film, arguments.output / "log")
            reports.append(report)
            kept += pictures
    import cv2

    cv2.imwrite(str(arguments.output / "contact_sheet.png"), contact_sheet(kept, columns=3))
    (arguments.output / "report.json").write_text(json.dumps([vars(report) for report in reports], indent=2, allow_nan=False))
    if arguments.json:
        print(json.dumps([vars(report) for report in reports], allow_nan=False))
    else:
        print_report(reports)
        say(f"film, contact sheet and report: {arguments.output}")
    return 0 if all(move["reached"] for report in reports for move in report.moves) else 1


def say(text: str) -> None:
    """Progress, on standard error."""
    print(f"[demo] {text}", file=sys.stderr, flush=True)


def play(scene: Scene, samples: Path, film: Any, logs: Path) -> tuple[SceneReport, list[np.ndarray]]:
    """One scene: graph up, lens racked, pictures kept, graph down; its report and three pictures for the contact sheet."""
    from auxfocus_ros.commands.processes import GraphProcesses
    from auxfocus_ros.commands.watch import Watcher
    from auxfocus_ros.optics import load_lens
    from auxfocus_ros.ros.lens_client import LensClient

    report = SceneReport(scene.title)
    path = samples / scene.folder
    if not path.exists():
        raise ConfigurationError(f"the sample {path} is missing: `make samples` makes it from the original data")
    lens = load_lens(scene.options["lens"])
    parameters = {"gimbal_rig": scene.rig, "aux_focus": scene.aux_focus}
    graph = describe_graph(GraphOptions(path=str(path.resolve()), parameters=parameters, **scene.options))
    pictures: list[np.ndarray] = []
    newest: list[np.ndarray] = []

    def heard(picture: np.ndarray, _: Any) -> None:
        newest[:] = [picture.copy()]
        film.add(picture)
        report.pictures += 1

    began = time.monotonic()
    with GraphProcesses(graph, log_directory=logs / scene.folder) as processes, Watcher("auxfocus_demo") as watcher:
        watcher.hear_pictures("aux_focus/image", heard)
        client = LensClient(watcher.node, watcher.executor)
        watcher.spin_until(lambda: bool(newest), START_TIMEOUT_S, "no auxiliary focus image", each=processes.check)
        span = lens.max_position_steps - lens.min_position_steps
        goals = [("distance", distance) for distance in scene.distances_m]
        goals += [("position", lens.min_position_steps + share * span) for share in scene.range_shares]
        for index, (by, value) in enumerate(goals):
            outcome = client.move(by, value, max_speed_steps_per_s=scene.speed_steps_per_s)
            asked = "infinity" if value == float("inf") else f"{value:g} {'m' if by == 'distance' else 'steps'}"
            reached_m = outcome.focus_distance_m if np.isfinite(outcome.focus_distance_m) else None
            report.moves.append(
                {
                    "asked": asked,
                    "reached": outcome.reached,
                    "position_steps": round(outcome.position_steps, 2),
                    "focus_distance_m": reached_m,
                    "duration_s": round(outcome.duration_s, 3),
                    "message": outcome.message,
                }
            )
            say(f"  lens to {asked}: " + (f"{outcome.duration_s:.2f} s" if outcome.reached else outcome.message))
            watcher.spin_for(1.6, each=processes.check)
            if index in (0, len(goals) // 2, len(goals) - 1):
                pictures.append(newest[0])
        report.figures = dict(watcher.figures)
        client.close()
    report.duration_s = round(time.monotonic() - began, 1)
    return report, pictures


def print_report(reports: list[SceneReport]) -> None:
    """A short table of rates and latencies."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title="auxfocus demo: rates and latencies, as the nodes measured them")
    for column in ("scene", "pictures", "aux_focus rate", "stamp to publish p50", "p95", "moves reached", "mean move"):
        table.add_column(column, justify="left" if column == "scene" else "right")
    for report in reports:
        figures = report.figures.get("aux_focus", {})
        reached = sum(move["reached"] for move in report.moves)
        mean_s = sum(move["duration_s"] for move in report.moves) / max(1, len(report.moves))
        table.add_row(
            report.title.partition(":")[0],
            str(report.pictures),
            f"{figures.get('rate_hz', '-')} Hz",
            f"{figures.get('latency_p50_ms', '-')} ms",
            f"{figures.get('latency_p95_ms', '-')} ms",
            f"{reached} of {len(report.moves)}",
            f"{mean_s:.2f} s",
        )
    Console().print(table)
