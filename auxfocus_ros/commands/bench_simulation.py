"""`auxfocus bench simulation`: how true the simulated rig is, and how fast it plays into the graph.

The rate is counted where a user would see it: this process takes picture, camera_info and cloud from the graph and counts the
stamps that all three have. Rig, lens and, in the cases that say so, `aux_focus` are processes of their own.
"""

from __future__ import annotations

import argparse
import json
import struct
import sys
import time
from collections import Counter
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from auxfocus_ros.errors import AuxfocusError
from auxfocus_ros.graph import GraphOptions, describe_graph

# (width, height, with aux_focus) -> (asked for, bar), frames a second; no bar where the issue is not this one's.
RATES: dict[tuple[int, int, bool], tuple[float, float | None]] = {
    (640, 480, False): (40.0, 20.0),
    (640, 480, True): (40.0, None),
    (1280, 720, False): (20.0, 8.0),
    (1280, 720, True): (20.0, None),
}
LIDARS = ("spinning_16", "spinning_64", "non_repeating")
FOCUS_DISTANCES_M = (1.6, 3.0, 5.0, float("inf"))
WARM_UP_S = 4.0
START_TIMEOUT_S = 60.0
PARTS = ("blur", "lidar", "labels", "rate")


def add_parser(subparsers: Any) -> None:
    """Declare the benchmark."""
    line = "the simulated rig: its blur, lidar and labels against the truth, and its rate through the graph"
    parser = subparsers.add_parser(
        "simulation",
        help=line,
        description=line,
        epilog="example: auxfocus bench simulation --scene corridor --json out/bench/simulation.json",
    )
    parser.add_argument("--scene", default="corridor", help="scene of the rates (default: corridor)")
    parser.add_argument("--seconds", type=float, default=20.0, help="measured time of each rate (default: 20)")
    parser.add_argument("--part", action="append", choices=PARTS, help="one part alone; may be repeated (default: all)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="save every figure")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure every part; 1 when a bar is missed."""
    measures = {"blur": blur, "lidar": lidar, "labels": labels, "rate": lambda: rates(arguments.scene, arguments.seconds)}
    results: dict[str, list[dict[str, Any]]] = {}
    for part in arguments.part or PARTS:
        print(f"[bench] {part}", file=sys.stderr, flush=True)
        results[part] = measures[part]()
        show(part, results[part])
    if arguments.json is not None:
        from auxfocus_ros.commands.bench_stream import machine

        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        about = {"date": date.today().isoformat(), "machine": machine(), "command": "auxfocus bench simulation"}
        arguments.json.write_text(json.dumps({**about, "scene": arguments.scene, "results": results}, indent=2))
    return 0 if all(row["met"] is not False for rows in results.values() for row in rows) else 1


def show(part: str, rows: list[dict[str, Any]]) -> None:
    """A table of one part."""
    from rich.console import Console
    from rich.table import Table

    table = Table(*rows[0], title=f"simulation: {part}")
    for row in rows:
        table.add_row(
            *(f"{value:.4g}" if isinstance(value, float) else "-" if value is None else str(value) for value in row.values())
        )
    Console(width=160).print(table)


def blur() -> list[dict[str, Any]]:
    """Ten depths of a tilted plane, for each distance that the lens focuses."""
    from auxfocus_ros.rig.simulation.accuracy import measure_blur

    return [
        {
            "focus_m": str(focus), "depth_m": reading.depth_m, "optics_px": reading.radius_px, "measured_px": reading.measured_px,
            "error_px": reading.measured_px - reading.radius_px, "met": reading.met,
        }
        for focus in FOCUS_DISTANCES_M
        for reading in measure_blur(focus)
    ]  # fmt: skip


def lidar() -> list[dict[str, Any]]:
    """Every shipped scene with every lidar on both mounts."""
    from auxfocus_ros.rig.simulation import shipped_scenes
    from auxfocus_ros.rig.simulation.accuracy import measure_lidar

    rows = []
    for scene in shipped_scenes():
        for kind in LIDARS:
            for mount in ("gimbal", "fixed"):
                reading = measure_lidar(scene, kind, mount)
                rows.append({**asdict(reading), "mount": mount, "met": reading.met})
    return rows


def labels() -> list[dict[str, Any]]:
    """Every shipped scene."""
    from auxfocus_ros.rig.simulation import shipped_scenes
    from auxfocus_ros.rig.simulation.accuracy import measure_labels

    return [{**asdict(reading), "met": reading.met} for reading in map(measure_labels, shipped_scenes())]


def stamp_of(message: bytes) -> int:
    """Stamp of a serialised message that begins with a header, nanoseconds: after CDR's four bytes, seconds and nanoseconds.

    What counts must not slow what is counted: a picture is not unpacked for its stamp.
    """
    seconds, nanoseconds = struct.unpack_from("<iI" if message[1] & 1 else ">iI", message, 4)
    return int(seconds) * 1_000_000_000 + int(nanoseconds)


def rates(scene: str, seconds: float) -> list[dict[str, Any]]:
    """Every case of RATES."""
    from auxfocus_ros.commands.processes import private_domain
    from auxfocus_ros.ros.transport import use_shipped_profile

    private_domain()
    use_shipped_profile()
    return [rate(scene, seconds, *case, *bars) for case, bars in RATES.items()]


def rate(  # noqa: PLR0917 - a case and its bar
    scene: str, seconds: float, width_px: int, height_px: int, drawn: bool, asked_hz: float, bar_hz: float | None
) -> dict[str, Any]:
    """One case: graph up, warm-up, count, everything down."""
    from sensor_msgs.msg import CameraInfo, Image, PointCloud2

    from auxfocus_ros.commands.processes import GraphProcesses
    from auxfocus_ros.commands.watch import Watcher
    from auxfocus_ros.ros.qos import profile
    from auxfocus_ros.ros.stamps import to_ns

    rig = {"rate_hz": asked_hz, "width_px": width_px, "height_px": height_px}
    graph = describe_graph(GraphOptions(source="simulation", path=scene, parameters={"gimbal_rig": rig}))
    if not drawn:
        graph = [node for node in graph if node.executable != "aux_focus"]
    heard: Counter[int] = Counter()
    images: set[int] = set()

    def hear(message: bytes) -> None:
        heard[stamp_of(message)] += 1

    name = f"{width_px}x{height_px}" + ("_drawn" if drawn else "")
    with (
        GraphProcesses(graph, log_directory=Path("out/bench/log/simulation") / name) as processes,
        Watcher("auxfocus_bench") as watcher,
    ):
        create = watcher.node.create_subscription
        # Deep enough that what this one process is slow to take is not lost on its last step.
        taken = profile(reliable=False, depth=20)
        if drawn:
            create(Image, "aux_focus/image", lambda message: images.add(to_ns(message.header.stamp)), taken)
        for kind, topic in ((Image, "camera/image_raw"), (CameraInfo, "camera/camera_info"), (PointCloud2, "points")):
            create(kind, topic, hear, taken, raw=True)
        watcher.spin_until(lambda: bool(heard), START_TIMEOUT_S, "no frame", each=processes.check)
        watcher.spin_for(WARM_UP_S, each=processes.check)
        heard.clear()
        images.clear()
        began = time.monotonic()
        watcher.spin_for(seconds, each=processes.check)
        elapsed = time.monotonic() - began
        pairs, drawn_pictures = sum(count == 3 for count in heard.values()), len(images)
        watcher.spin_for(1.1)
        figures = watcher.figures.get("gimbal_rig", {})
    if not pairs:
        raise AuxfocusError(f"{name}: not one pair came in {seconds:g} s: see out/bench/log/simulation")
    rate_hz = pairs / elapsed
    return {
        "picture": f"{width_px} x {height_px}", "aux_focus": drawn, "pairs": pairs, "rate_hz": rate_hz,
        "drawn_hz": drawn_pictures / elapsed if drawn else None, "exposure_to_publish_p95_ms": figures.get("latency_p95_ms", "-"),
        "bar_hz": bar_hz, "met": None if bar_hz is None else rate_hz >= bar_hz,
    }  # fmt: skip
