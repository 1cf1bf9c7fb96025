"""The graph as a stranger meets it: a client with rclpy and the interfaces alone moves the lens and reads the focus marker."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.graph

CLIENT = Path(__file__).with_name("stranger.py")


def test_a_stranger_moves_the_lens_and_reads_the_marker(start_node: Callable[..., Any], samples: Path, tmp_path: Path) -> None:
    nodes = [
        start_node("lens_actuator", initial_position_steps=1100.0),
        start_node("aux_focus"),
        start_node("gimbal_rig", path=str(samples / "rgb_lidar_road"), rate_hz=5.0),
    ]
    done = subprocess.run(
        [sys.executable, str(CLIENT), "4.0"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, "\n".join([done.stderr, *(node.text() for node in nodes)])
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen["modules_of_ours"] == []
    assert seen["error_code"] == 0
    # a step of the bench lens at 4 m is about 4 cm; half of it is what a stepper may miss
    assert seen["focus_distance_m"] == pytest.approx(4.0, abs=0.03)
    assert seen["near_limit_m"] < seen["focus_distance_m"] < seen["far_limit_m"]
    assert seen["points"] > 1000
    assert seen["axis_depth_m"] == sorted(seen["axis_depth_m"])
    # DISTANCE was farther before: nearer is lower in the image, rows grow downward
    assert not seen["focus_px"] < seen["focus_px_before"]
    for node in nodes:
        assert node.stop() == 0, node.text()
