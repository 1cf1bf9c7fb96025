"""The bundled samples are what the script makes of the original data, and carry their licences."""

import subprocess
import sys
from pathlib import Path

from auxfocus_ros.rig.bag import Bag

NAMES = ("rgb_lidar_road", "rgbd_room", "stack_circuit_board")
LIMIT_BYTES = 15_000_000


def content(recording: Path) -> list[tuple[str, str, int, bytes]]:
    with Bag(recording) as bag:
        topics = [channel.topic for channel in bag.channels]
        return [(m.topic, m.type, m.log_ns, bytes(m.data)) for m in bag.messages(topics)]


def test_size_licences_and_notice(samples: Path) -> None:
    assert sum(path.stat().st_size for path in samples.rglob("*") if path.is_file()) < LIMIT_BYTES
    notice = (samples.parent / "NOTICE").read_text()
    readme = (samples / "README.md").read_text()
    for name in NAMES:
        assert any(path.name.startswith("LICENSE") for path in (samples / name).iterdir())
        assert f"samples/{name}" in notice and f"`{name}`" in readme


def test_the_script_makes_them_again(samples: Path, shared_data: Path, tmp_path: Path) -> None:
    command = [sys.executable, "tools/make_samples.py", "--data", str(shared_data), "-o", str(tmp_path)]
    done = subprocess.run(command, cwd=samples.parent, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    for name in NAMES[:2]:
        assert content(tmp_path / name) == content(samples / name)
    stack = NAMES[2]
    for path in (samples / stack).iterdir():
        assert (tmp_path / stack / path.name).read_bytes() == path.read_bytes()


def test_the_script_says_what_is_missing(samples: Path, tmp_path: Path) -> None:
    command = [sys.executable, "tools/make_samples.py", "--data", str(tmp_path / "none"), "-o", str(tmp_path / "out")]
    done = subprocess.run(command, cwd=samples.parent, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "name the collection of real data with --data" in done.stderr
