"""The shipped Fast DDS profile: that it is chosen rightly, that Fast DDS takes it, and what is said of shared memory."""

import fcntl
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.ros import transport
from auxfocus_ros.ros.transport import (
    PROFILE_VARIABLES,
    SEGMENT_BYTES,
    check_shared_memory,
    profile_environment,
    profile_path,
    use_shipped_profile,
)

SHARED_MEMORY = Path("/dev/shm")
KILTED, JAZZY = PROFILE_VARIABLES["fastdds"], PROFILE_VARIABLES["fastrtps"]


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, str]]:
    """`installed("fastdds")`: an environment in which just these packages are installed."""

    def make(*packages: str) -> dict[str, str]:
        for name in packages:
            (tmp_path / "ros" / "share" / name).mkdir(parents=True)
        monkeypatch.setattr(sys, "prefix", str(tmp_path / "nothing"))
        return {"AMENT_PREFIX_PATH": f"{tmp_path / 'other'}{os.pathsep}{tmp_path / 'ros'}"}

    return make


def test_the_profile_is_well_formed_and_says_what_the_code_says() -> None:
    space = {"dds": "http://www.eprosima.com"}
    root = ElementTree.parse(profile_path()).getroot()
    sizes = [int(element.text or "") for element in root.iterfind(".//dds:segment_size", space)]
    assert sizes == [SEGMENT_BYTES]
    described = {element.text for element in root.iterfind(".//dds:transport_descriptor/dds:transport_id", space)}
    used = [element.text for element in root.iterfind(".//dds:userTransports/dds:transport_id", space)]
    assert described == set(used)
    kinds = [element.text for element in root.iterfind(".//dds:transport_descriptor/dds:type", space)]
    assert kinds == ["SHM", "UDPv4"]  # shared memory first
    participant = root.find(".//dds:participant", space)
    assert participant is not None and participant.get("is_default_profile") == "true"


@pytest.mark.parametrize(
    ("packages", "variables"),
    [(("fastdds",), [KILTED]), (("fastrtps",), [JAZZY]), ((), [KILTED, JAZZY]), (("fastdds", "fastrtps"), [KILTED, JAZZY])],
)
def test_the_variable_is_the_one_that_the_installed_fast_dds_reads(
    installed: Callable[..., dict[str, str]], packages: tuple[str, ...], variables: list[str]
) -> None:
    environ = installed(*packages)
    assert profile_environment(environ) == dict.fromkeys(variables, str(profile_path()))
    line = use_shipped_profile(environ)
    assert str(profile_path()) in line and "\n" not in line
    assert {name: environ.get(name) for name in variables} == dict.fromkeys(variables, str(profile_path()))
    assert profile_environment(environ) == {}  # a child inherits it and is not told twice


@pytest.mark.parametrize(
    "chosen",
    [
        {KILTED: "/home/pilot/mine.xml"},
        {JAZZY: "/home/pilot/mine.xml"},
        {"FASTDDS_BUILTIN_TRANSPORTS": "LARGE_DATA"},
        {"RMW_IMPLEMENTATION": "rmw_cyclonedds_cpp"},
    ],
)
def test_what_the_user_has_chosen_stays(chosen: dict[str, str]) -> None:
    environ = dict(chosen)
    line = use_shipped_profile(environ)
    assert environ == chosen
    assert next(iter(chosen.values())) in line and "\n" not in line


def test_fast_dds_named_as_the_middleware_is_no_other_choice() -> None:
    assert profile_environment({"RMW_IMPLEMENTATION": "rmw_fastrtps_cpp"})


def test_a_missing_profile_is_said_with_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "config_dir", lambda: tmp_path)
    with pytest.raises(ConfigurationError, match=re.escape(str(tmp_path / "dds" / "fastdds_shm.xml"))):
        use_shipped_profile({})


class Memory:
    """A folder that is shared memory as far as `check_shared_memory` can see."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.total, self.free = 8_000_000_000, 7_000_000_000
        self._locks: list[int] = []

        class Statistics:
            f_frsize = 1

        def statvfs(path: Path) -> type[Statistics]:
            assert path == folder
            Statistics.f_blocks, Statistics.f_bavail = self.total, self.free  # type: ignore[attr-defined]
            return Statistics

        monkeypatch.setattr(os, "statvfs", statvfs)

    def segment(self, name: str, size: int, *, alive: bool, lock_file: bool = True) -> None:
        with (self.folder / name).open("wb") as file:
            file.truncate(size)  # sparse
        if lock_file:
            lock = os.open(self.folder / f"{name}_el", os.O_CREAT | os.O_RDWR)
            self._locks.append(lock)
            if alive:
                fcntl.flock(lock, fcntl.LOCK_EX)

    def close(self) -> None:
        for lock in self._locks:
            os.close(lock)


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Memory]:
    memory = Memory(tmp_path, monkeypatch)
    yield memory
    memory.close()


def test_enough_shared_memory_is_not_spoken_of(memory: Memory) -> None:
    memory.segment("fastdds_0123456789abcdef", 35_127_840, alive=True)
    memory.segment("fastdds_00000000000000ff", 549_408, alive=False)  # a little leak harms nobody
    (memory.folder / "fastdds_port7411").touch()
    assert check_shared_memory(memory.folder) is None


def test_no_such_folder_is_no_problem(tmp_path: Path) -> None:
    assert check_shared_memory(tmp_path / "shm") is None


def test_the_64_mb_of_a_container_are_too_small(memory: Memory) -> None:
    memory.total = memory.free = 64 * 2**20
    line = check_shared_memory(memory.folder)
    assert line is not None and "\n" not in line
    for word in (str(memory.folder), "67 MB", "36 MB", "UDP", "--shm-size"):
        assert word in line


def test_full_shared_memory_is_said_with_who_holds_it(memory: Memory) -> None:
    memory.free = 20_000_000
    line = check_shared_memory(memory.folder)
    assert line is not None and "20 MB left" in line and "killed" not in line
    memory.segment("fastrtps_0123456789abcdef", 35_000_000, alive=False)
    line = check_shared_memory(memory.folder)
    assert line is not None and "\n" not in line
    assert (
        "20 MB left" in line
        and "35 MB are held by 1 segment of processes that were killed" in line
        and "fastdds shm clean" in line
    )


def test_segments_left_behind_are_counted_and_never_removed(memory: Memory) -> None:
    memory.segment("fastdds_0000000000000001", 35_000_000, alive=True)
    memory.segment("fastdds_0000000000000002", 35_000_000, alive=False)
    memory.segment("fastdds_0000000000000003", 35_000_000, alive=False, lock_file=False)
    memory.segment("fastdds_something_else_3", 35_000_000, alive=False)
    before = sorted(memory.folder.iterdir())
    line = check_shared_memory(memory.folder, worth_saying_bytes=50_000_000)
    assert line is not None and "\n" not in line
    assert "70 MB" in line and "2 segments of processes that were killed" in line
    assert "rm " in line and "while no ROS process runs" in line
    assert sorted(memory.folder.iterdir()) == before
    assert check_shared_memory(memory.folder, worth_saying_bytes=80_000_000) is None


def test_memory_that_cannot_be_written_is_said(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write everywhere
    line = check_shared_memory(memory.folder)
    assert line is not None and "cannot be written" in line


PARTICIPANT = """
import sys
from auxfocus_ros.ros.transport import use_shipped_profile
use_shipped_profile()
import rclpy
rclpy.init()
node = rclpy.create_node("test_transport")
print("ready", flush=True)
sys.stdin.readline()
node.destroy_node()
rclpy.shutdown()
"""


@pytest.fixture
def participant(domain: int, monkeypatch: pytest.MonkeyPatch) -> Iterator["subprocess.Popen[str]"]:
    """A real process with the shipped profile; it ends when a line comes in."""
    if not SHARED_MEMORY.is_dir() or check_shared_memory(worth_saying_bytes=2**62):
        pytest.skip(f"{SHARED_MEMORY} has no room for a segment")
    for name in (KILTED, JAZZY, "RMW_IMPLEMENTATION", "FASTDDS_BUILTIN_TRANSPORTS"):
        monkeypatch.delenv(name, raising=False)
    process = subprocess.Popen(
        [sys.executable, "-c", PARTICIPANT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n", process.communicate(timeout=10)[1]
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate(timeout=10)


def segments_of(process: "subprocess.Popen[str]") -> list[Path]:
    """A process's segments, the largest first; ROS adds a small one when discovery stays on this machine."""
    maps = Path(f"/proc/{process.pid}/maps").read_text()
    names = sorted(set(re.findall(r"/dev/shm/(?:fastdds|fastrtps)_[0-9a-f]{16}\b", maps)))
    return sorted(map(Path, names), key=lambda path: -path.stat().st_size)


@pytest.mark.graph
def test_fast_dds_takes_the_profile(participant: "subprocess.Popen[str]") -> None:
    segment, *others = segments_of(participant)
    assert SEGMENT_BYTES <= segment.stat().st_size <= transport._FILE_BYTES
    assert all(other.stat().st_size < SEGMENT_BYTES // 10 for other in others)
    assert segment not in transport._left_behind(SHARED_MEMORY)
    _, words = participant.communicate("end\n", timeout=20)
    assert participant.returncode == 0
    assert words == ""  # neither a complaint about the profile nor about the variable that names it
    assert not segment.exists()


@pytest.mark.graph
def test_a_killed_process_leaves_its_segment_and_is_told_of(participant: "subprocess.Popen[str]") -> None:
    segments = segments_of(participant)
    participant.kill()
    participant.wait(10)
    try:
        assert set(segments) <= set(transport._left_behind(SHARED_MEMORY))
        line = check_shared_memory(worth_saying_bytes=1)
        assert line is not None and "killed" in line
    finally:
        for segment in segments:
            segment.unlink(missing_ok=True)
            segment.with_name(f"{segment.name}_el").unlink(missing_ok=True)
