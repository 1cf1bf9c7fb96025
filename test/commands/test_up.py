"""`auxfocus up` and `auxfocus move` as a user types them, against each other."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.graph

AUXFOCUS = [sys.executable, "-m", "auxfocus_ros.cli"]


def children_of(process_id: int) -> list[int]:
    """Process ids whose parent this is."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == process_id:
                found.append(int(entry.name))
    return found


def has_own_signals(process_id: int) -> bool:
    """Whether a node has come as far as its own handler of SIGTERM, from when on it minds its parent (bit 14 of SigCgt)."""
    try:
        status = Path(f"/proc/{process_id}/status").read_text()
    except OSError:
        return False
    caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)


@pytest.fixture
def running(domain: int, samples: Path) -> Iterator[subprocess.Popen[str]]:
    command = [*AUXFOCUS, "up", str(samples / "rgbd_room"), "--depth", "depth", "--rate", "5", "--port", "0", "--json"]
    command += ["--all-in-focus"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    yield process
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    process.communicate(timeout=15)


def test_the_lens_of_a_running_graph_moves_and_ctrl_c_leaves_nothing_behind(running: subprocess.Popen[str]) -> None:
    move = subprocess.run(
        [*AUXFOCUS, "move", "--distance", "2.5", "--json", "--timeout", "20"],
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )
    assert move.returncode == 0, move.stderr
    assert json.loads(move.stdout)["focus_distance_m"] == pytest.approx(2.5, rel=0.01)
    refused = subprocess.run([*AUXFOCUS, "move", "--position", "99999"], capture_output=True, text=True, timeout=40, check=False)
    assert refused.returncode == 1
    assert "2100" in refused.stderr  # the limit, in words
    assert running.stdout is not None
    states = (json.loads(running.stdout.readline()) for _ in range(15))  # one a second
    all_nodes = {"lens_actuator", "gimbal_rig", "aux_focus", "autofocus", "all_in_focus", "operator_panel"}
    state = next(state for state in states if all_nodes <= set(state))
    with urllib.request.urlopen(f"http://127.0.0.1:{state['operator_panel']['port']}/", timeout=10) as page:
        assert b"<title>" in page.read()
    nodes = children_of(running.pid)
    assert len(nodes) == 6
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=15)
    assert running.returncode == 0, said
    assert not [node for node in nodes if Path(f"/proc/{node}").exists()]


def test_a_killed_command_leaves_no_node_behind(running: subprocess.Popen[str]) -> None:
    ends = time.monotonic() + 30.0
    while len(nodes := children_of(running.pid)) < 6 or not all(has_own_signals(node) for node in nodes):
        assert time.monotonic() < ends
        time.sleep(0.1)
    running.kill()
    running.wait(5.0)
    ends = time.monotonic() + 40.0  # a node that the middleware holds fast is ended after 20 s
    while any(Path(f"/proc/{node}").exists() for node in nodes):
        assert time.monotonic() < ends
        time.sleep(0.1)


def test_a_recording_played_once_ends_by_itself_and_leaves_its_film(domain: int, samples: Path, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    command = [*AUXFOCUS, "up", str(samples / "rgbd_room"), "--depth", "depth", "--once", "--rate", "5", "--no-panel"]
    command += ["--video", str(film)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr
    import av

    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert 1 <= sum(1 for _ in container.decode(stream)) <= 5


def test_a_node_that_cannot_start_ends_the_command_with_its_words(domain: int, tmp_path: Path) -> None:
    nothing = tmp_path / "not_a_recording.mcap"
    nothing.write_bytes(b"no")
    result = subprocess.run(
        [*AUXFOCUS, "up", str(nothing), "--port", "0"], capture_output=True, text=True, timeout=60, check=False, env=os.environ
    )
    assert result.returncode == 2
    assert "not_a_recording.mcap" in result.stderr
    assert "Traceback" not in result.stderr


def test_moving_without_a_lens_is_said_in_one_line(domain: int) -> None:
    result = subprocess.run(
        [*AUXFOCUS, "move", "--distance", "2", "--timeout", "1"], capture_output=True, text=True, timeout=30, check=False
    )
    assert result.returncode == 2
    assert "no lens answers on lens/move" in result.stderr


def test_a_port_that_is_taken_is_said_with_the_way_out(domain: int, samples: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [*AUXFOCUS, "up", str(samples / "rgbd_room"), "--depth", "depth", "--port", str(port)]
        result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 2
    assert str(port) in result.stderr and "Traceback" not in result.stderr
