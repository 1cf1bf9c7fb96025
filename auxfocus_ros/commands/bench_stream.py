"""`auxfocus bench stream`: `aux_focus` on 1280 x 720 pictures with 100,000-point clouds at 30 Hz.

Rig, lens, node and viewer are processes of their own. Each pair is counted where a user would see it: this process hears
`aux_focus/focus_marker`, which the node publishes right after the image, and takes its arrival minus the picture's stamp (the
moment of its release) as the latency. That is a little more than stamp to publish, which the node measures itself and reports
beside it. A viewer process takes the images; in the second case it is stopped (SIGSTOP), as a frozen viewer is.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import time
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

from auxfocus_ros.commands.own_modules import own_module
from auxfocus_ros.errors import AuxfocusError
from auxfocus_ros.graph import GraphOptions, describe_graph

CASES = ("viewer reading", "viewer stopped", "no viewer")
BARS = {"viewer reading": (29.5, 25.0), "viewer stopped": (29.5, 50.0), "no viewer": (29.5, 25.0)}
WARM_UP_S = 6.0
START_TIMEOUT_S = 30.0


def add_parser(subparsers: Any) -> None:
    """Declare the benchmark."""
    line = "aux_focus on a stream of 1280 x 720 pictures with 100,000-point clouds at 30 Hz"
    parser = subparsers.add_parser("stream", help=line, description=line, epilog="example: auxfocus bench stream --seconds 60")
    parser.add_argument("--seconds", type=float, default=60.0, help="measured time of each case (default: 60)")
    parser.add_argument("--sequence", type=Path, help="the sequence (default: made from the bundled road recording, 10 s)")
    parser.add_argument("--case", action="append", choices=CASES, help="one case alone; may be repeated (default: all)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="save every figure")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure every case; 1 when a bar is missed."""
    from rich.console import Console
    from rich.table import Table

    from auxfocus_ros.commands.processes import private_domain
    from auxfocus_ros.commands.sequence import default_sequence
    from auxfocus_ros.ros.transport import use_shipped_profile

    private_domain()
    use_shipped_profile()
    sequence = arguments.sequence or default_sequence()
    with sequence.open("rb") as file:  # into the page cache: the first case would wait for the disk, the others not
        while file.read(1 << 24):
            pass
    results = []
    for case in arguments.case or CASES:
        print(f"[bench] {case}: {arguments.seconds:g} s", file=sys.stderr, flush=True)
        results.append(measure(case, sequence, arguments.seconds))
    columns = (
        "case",
        "pairs released",
        "pairs handled",
        "rate",
        "stamp to marker p50",
        "p95",
        "max",
        "stamp to publish p95 (node)",
        "bar",
    )
    table = Table(*columns, title="aux_focus, 1280 x 720 + 100,000 points at 30 Hz")
    for row in results:
        rate_bar, p95_bar = BARS[row["case"]]
        table.add_row(
            row["case"], str(row["released"]), str(row["handled"]), f"{row['rate_hz']:.2f} Hz", f"{row['p50_ms']:.1f} ms",
            f"{row['p95_ms']:.1f} ms", f"{row['max_ms']:.1f} ms", f"{row['node_p95_ms']} ms",
            ("met" if row["met"] else "missed") + f": {rate_bar:g} Hz, {p95_bar:g} ms",
        )  # fmt: skip
    Console(width=160).print(table)
    if arguments.json is not None:
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        about = {"date": date.today().isoformat(), "machine": machine(), "command": "auxfocus bench stream"}
        arguments.json.write_text(json.dumps({**about, "results": results}, indent=2))
    return 0 if all(row["met"] for row in results) else 1


def machine() -> str:
    """Processor, cores, Python: what a figure was taken on."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
        name = names[0] if names else name
    return f"{name}, {os.cpu_count()} cores, Python {platform.python_version()}"


def measure(case: str, sequence: Path, seconds: float) -> dict[str, Any]:
    """One case: graph and viewer up, warm-up, measurement, everything down."""
    from auxfocus_interfaces.msg import FocusMarker
    from auxfocus_ros.commands.processes import GraphProcesses
    from auxfocus_ros.commands.watch import Watcher
    from auxfocus_ros.ros.qos import EVENT
    from auxfocus_ros.ros.stamps import to_ns

    graph = describe_graph(
        GraphOptions(path=str(sequence.resolve()), lens="field_50mm", parameters={"gimbal_rig": {"rate_hz": 30.0}})
    )
    latencies: list[float] = []
    stamps: set[int] = set()
    measuring = False

    def on_marker(message: FocusMarker) -> None:
        stamp_ns = to_ns(message.header.stamp)
        if measuring:
            latencies.append(1e3 * (time.time_ns() - stamp_ns) * 1e-9)
        stamps.add(stamp_ns)

    viewer: subprocess.Popen[bytes] | None = None
    with (
        GraphProcesses(graph, log_directory=Path("out/bench/log") / case.replace(" ", "_")) as processes,
        Watcher("auxfocus_bench") as watcher,
    ):
        try:
            watcher.node.create_subscription(FocusMarker, "aux_focus/focus_marker", on_marker, EVENT)
            if case != "no viewer":
                viewer = subprocess.Popen([*own_module("auxfocus_ros.commands.viewer"), "aux_focus/image"])
            watcher.spin_until(lambda: bool(stamps), START_TIMEOUT_S, "no focus marker", each=processes.check)
            watcher.spin_for(WARM_UP_S / 2, each=processes.check)
            if case == "viewer stopped" and viewer is not None:
                viewer.send_signal(signal.SIGSTOP)
            watcher.spin_for(WARM_UP_S / 2, each=processes.check)
            released = int(watcher.figures["gimbal_rig"]["total"])
            began, measuring = time.monotonic(), True
            watcher.spin_for(seconds, each=processes.check)
            elapsed, measuring = time.monotonic() - began, False
            watcher.spin_for(1.1)
            released = int(watcher.figures["gimbal_rig"]["total"]) - released
            figures = watcher.figures["aux_focus"]
        finally:
            if viewer is not None:
                viewer.send_signal(signal.SIGCONT)
                viewer.terminate()
                viewer.wait(5.0)
    if not latencies:
        raise AuxfocusError(f"{case}: not one pair was handled in {seconds:g} s: see out/bench/log")
    latencies.sort()
    rate_bar, p95_bar = BARS[case]
    row: dict[str, Any] = {
        "case": case,
        "seconds": elapsed,
        "released": released,
        "handled": len(latencies),
        "rate_hz": len(latencies) / elapsed,
        "p50_ms": latencies[len(latencies) // 2],
        "p95_ms": latencies[int(0.95 * (len(latencies) - 1))],
        "max_ms": latencies[-1],
        "node_p95_ms": figures.get("latency_p95_ms", "-"),
        "node_p50_ms": figures.get("latency_p50_ms", "-"),
        "largest_gap_ms": max((later - earlier) * 1e-6 for earlier, later in pairwise(sorted(stamps))),
        "aux_focus": figures,
        "gimbal_rig": watcher.figures["gimbal_rig"],
    }
    return {**row, "met": bool(row["rate_hz"] >= rate_bar and row["p95_ms"] <= p95_bar)}
