"""`auxfocus bench topics`: the source `topics` on a stream that comes late, out of order and with holes.

A simulated rig in one process publishes as drivers do; this process passes pictures and clouds on, each with a delay of its own,
and loses some; a second rig in a third process matches them. Every picture and every cloud carries its number (in its first pixel
and its first point), so that a wrong pair shows.
"""

from __future__ import annotations

import argparse
import heapq
import json
import sys
import tempfile
import time
from array import array
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from auxfocus_ros.errors import AuxfocusError
from auxfocus_ros.graph import NodeDescription

RATE_HZ = 20.0
START_TIMEOUT_S = 60.0
DRAIN_S = 2.0
"""How long after the last message the matched pairs may still come."""
DRIVER = {"image": "/driver/image_raw", "camera_info": "/driver/camera_info", "points": "/driver/points"}


def add_parser(subparsers: Any) -> None:
    """Declare the benchmark."""
    line = "drivers' topics with jitter and losses: every pair that could match, and none wrongly"
    parser = subparsers.add_parser("topics", help=line, description=line, epilog="example: auxfocus bench topics --seconds 30")
    parser.add_argument("--seconds", type=float, default=30.0, help="length of the stream (default: 30)")
    parser.add_argument("--jitter", type=float, default=0.02, help="largest delay added to a message, seconds (default: 0.02)")
    parser.add_argument("--loss", type=float, default=0.1, help="share of pictures and of clouds that is lost (default: 0.1)")
    parser.add_argument("--scene", default="corridor", help="what is simulated (default: corridor)")
    parser.add_argument("--seed", type=int, default=0, help="of jitter and losses (default: 0)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="save every figure")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure and print; 1 when a pair is missing or wrong."""
    from rich.console import Console
    from rich.table import Table

    from auxfocus_ros.commands.processes import private_domain
    from auxfocus_ros.ros.transport import use_shipped_profile

    private_domain()
    use_shipped_profile()
    print(f"[bench] seed {arguments.seed}", file=sys.stderr, flush=True)
    row = measure(arguments.scene, arguments.seconds, arguments.jitter, arguments.loss, arguments.seed)
    table = Table(*row, title=f"topics: {1e3 * arguments.jitter:g} ms of jitter, {100 * arguments.loss:g} % lost, {RATE_HZ:g} Hz")
    table.add_row(*(str(value) for value in row.values()))
    Console(width=160).print(table)
    if arguments.json is not None:
        from auxfocus_ros.commands.bench_stream import machine

        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        about = {"date": date.today().isoformat(), "machine": machine(), "command": "auxfocus bench topics"}
        arguments.json.write_text(json.dumps({**about, "seed": arguments.seed, "results": [row]}, indent=2))
    return 0 if row["met"] else 1


def measure(scene: str, seconds: float, jitter_s: float, loss: float, seed: int) -> dict[str, Any]:
    """The stream from its start to its end; what was matched."""
    from auxfocus_ros.commands.processes import GraphProcesses
    from auxfocus_ros.commands.watch import Watcher

    logs = Path("out/bench/log/topics")
    with tempfile.TemporaryDirectory(prefix="auxfocus-topics-") as folder:
        rig = Path(folder) / "rig.yaml"
        # Without noise, the extrinsics do not matter here: what is there is said, so that clouds pass as they come.
        rig.write_text(
            yaml.safe_dump({
                "name": "driver",
                "topics": DRIVER,
                "optical_from_points": {"rotation_rpy_rad": [0.0, 0.0, 0.0]},
                "match_tolerance_s": 0.05,
            })
        )  # fmt: skip
        simulated: dict[str, bool | int | float | str] = {
            "source": "simulation",
            "path": scene,
            "rate_hz": RATE_HZ,
            "width_px": 320,
            "height_px": 240,
        }
        with (
            GraphProcesses([NodeDescription("gimbal_rig", simulated)], namespace="sim", log_directory=logs / "sim") as sim,
            GraphProcesses(
                [NodeDescription("gimbal_rig", {"source": "topics", "rig": str(rig)})],
                namespace="live",
                log_directory=logs / "live",
            ) as live,
            Watcher("auxfocus_bench") as watcher,
        ):
            relay = Relay(watcher.node, jitter_s, loss, seed)

            def turn() -> None:
                sim.check()
                live.check()
                relay.send_what_is_due()

            watcher.spin_until(lambda: relay.matched() > 10, START_TIMEOUT_S, "not ten pairs", each=turn)
            first = relay.newest + 1
            spin(watcher, relay, seconds, turn)
            last = relay.newest
            relay.taking = False
            spin(watcher, relay, DRAIN_S, turn)
            figures = watcher.figures.get("live/gimbal_rig", {})
    return relay.result(first, last, figures)


def spin(watcher: Any, relay: Relay, seconds: float, turn: Any) -> None:
    """Spin in turns of a millisecond at most while something waits to be sent."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        watcher.turn(0.001 if relay.waiting else 0.01)
        turn()


class Relay:
    """Passes the simulator's messages on, late and with holes, and hears what is made of them."""

    def __init__(self, node: Any, jitter_s: float, loss: float, seed: int) -> None:
        """Subscribe and publish on a node that the caller spins."""
        from sensor_msgs.msg import CameraInfo, Image, PointCloud2

        from auxfocus_ros.ros.qos import profile

        self._random = np.random.default_rng(seed)
        self._jitter_s, self._loss = jitter_s, loss
        self.waiting: list[tuple[float, int, str, Any]] = []
        self.taking = True
        self.newest = -1
        self._order = 0
        self._numbers: dict[int, int] = {}
        self.sent: dict[str, set[int]] = {role: set() for role in DRIVER}
        # By the stamp under which the second rig gives them: number of the picture, number of the cloud.
        self.given: dict[str, dict[int, int]] = {"image": {}, "points": {}}
        deep = profile(reliable=True, depth=50)
        kinds = {"image": Image, "camera_info": CameraInfo, "points": PointCloud2}
        topics = {"image": "camera/image_raw", "camera_info": "camera/camera_info", "points": "points"}
        self._publishers = {role: node.create_publisher(kind, DRIVER[role], deep) for role, kind in kinds.items()}
        for role, kind in kinds.items():
            node.create_subscription(kind, f"/sim/{topics[role]}", partial(self._take, role), deep)
        for role in self.given:
            node.create_subscription(
                kinds[role], f"/live/{topics[role]}", lambda message, role=role: self._hear(role, message), deep
            )

    def _take(self, role: str, message: Any) -> None:
        """A message of the simulator: numbered by its stamp, then lost or sent later."""
        from auxfocus_ros.ros.stamps import to_ns

        if not self.taking:
            return
        stamp_ns = to_ns(message.header.stamp)
        number = self._numbers.setdefault(stamp_ns, len(self._numbers))
        self.newest = max(self.newest, number)
        if role != "camera_info" and self._random.random() < self._loss:
            return
        if role == "image":
            message.data[0:2] = array("B", divmod(number, 256))  # in the first pixel
        elif role == "points":
            message.data[0:4] = array("B", np.float32(number).tobytes())
        due_s = time.monotonic() + self._random.uniform(0.0, self._jitter_s)
        self._order += 1
        heapq.heappush(self.waiting, (due_s, self._order, role, (number, message)))

    def send_what_is_due(self) -> None:
        """Publish every message whose time has come."""
        while self.waiting and self.waiting[0][0] <= time.monotonic():
            _, _, role, (number, message) = heapq.heappop(self.waiting)
            self._publishers[role].publish(message)
            self.sent[role].add(number)

    def _hear(self, role: str, message: Any) -> None:
        from auxfocus_ros.ros.stamps import to_ns

        stamp_ns = to_ns(message.header.stamp)
        if role == "image":
            self.given[role][stamp_ns] = 256 * message.data[0] + message.data[1]
        else:
            self.given[role][stamp_ns] = int(np.frombuffer(bytes(message.data[0:4]), np.float32)[0])

    def matched(self) -> int:
        """Pairs given so far."""
        return len(self.given["image"].keys() & self.given["points"].keys())

    def result(self, first: int, last: int, figures: dict[str, str]) -> dict[str, Any]:
        """What became of the frames from `first` to `last`. Raises AuxfocusError when nothing could have matched."""
        could = {number for number in self.sent["image"] & self.sent["points"] if first <= number <= last}
        if not could:
            raise AuxfocusError("not one picture went out together with its cloud")
        pictures, clouds = self.given["image"], self.given["points"]
        pairs = [(pictures[stamp], clouds[stamp]) for stamp in pictures.keys() & clouds.keys()]
        right = {picture for picture, cloud in pairs if picture == cloud}
        wrong = sum(picture != cloud for picture, cloud in pairs)
        missing = len(could - right)
        return {
            "frames": last - first + 1, "could match": len(could), "matched": len(could & right),
            "missing": missing, "wrong": wrong,
            "unmatched pictures": figures.get("unmatched_pictures", "-"),
            "unmatched clouds": figures.get("unmatched_clouds", "-"),
            "late": figures.get("late", "-"), "lost": figures.get("lost", "-"), "met": missing == 0 and wrong == 0,
        }  # fmt: skip
