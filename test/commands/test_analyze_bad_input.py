"""Bad input as a user meets it: what can be read is analysed and the rest told, or one line says what was wrong, where, and what
would be right."""

from __future__ import annotations

import json
import resource
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from distributed import LocalCluster

from auxfocus_ros.analysis.analyse import analyse
from auxfocus_ros.analysis.options import AnalysisOptions
from auxfocus_ros.analysis.output import FRAMES, REPORT, SUMMARY, WORK
from auxfocus_ros.analysis.running import Progress
from auxfocus_ros.cli import main
from auxfocus_ros.optics import CameraModel
from auxfocus_ros.rig import structured_points
from auxfocus_ros.rig.message_fields import camera_info_fields, cloud_fields, image_fields
from auxfocus_ros.rig.message_types import message_store, serialized
from auxfocus_ros.rig.recording_writer import CAMERA_INFO_TOPIC, IMAGE, IMAGE_TOPIC, POINTS_TOPIC

START_NS, STEP_NS = 1_700_000_000_000_000_000, 100_000_000
YEAR_NS = 365 * 86_400 * 10**9
CAMERA = CameraModel(96, 72, 96.0, 96.0, 47.5, 35.5)
QUICK = ("--no-estimator", "--part-s", "1", "--lead-s", "0")
INFO, CLOUD = "sensor_msgs/msg/CameraInfo", "sensor_msgs/msg/PointCloud2"
Entries = list[tuple[str, str, bytes, int]]
Analyse = Callable[..., tuple[int, list[str], list[str]]]


def picture(stamp_ns: int, **wrong: Any) -> bytes:
    """A picture of noise; `wrong` replaces fields."""
    noise = np.random.default_rng(abs(stamp_ns) // 10**8).integers(0, 255, (72, 96)).astype(np.uint8)
    return serialized(IMAGE, image_fields(stamp_ns, "camera", noise, "mono8") | wrong)


def cloud(stamp_ns: int, xyz: list[list[float]], **wrong: Any) -> bytes:
    points = structured_points(np.array(xyz, np.float32))
    return serialized(CLOUD, cloud_fields(stamp_ns, "camera", points) | wrong)


def frames(count: int, start_ns: int = START_NS, step_ns: int = STEP_NS, logged_ns: int | None = None) -> Entries:
    """Pictures with their intrinsics, stamped and recorded at 10 Hz; logged_ns: when the first is recorded instead."""
    entries: Entries = []
    for index in range(count):
        stamp_ns = start_ns + index * step_ns
        recorded_ns = stamp_ns if logged_ns is None else logged_ns + index * STEP_NS
        info = serialized(INFO, camera_info_fields(stamp_ns, "camera", CAMERA))
        entries += [(CAMERA_INFO_TOPIC, INFO, info, recorded_ns), (IMAGE_TOPIC, IMAGE, picture(stamp_ns), recorded_ns)]
    return entries


def write(path: Path, entries: Entries, container: str = "mcap", packed: str = "") -> Path:
    """A rosbag2 folder of these messages; returns its one file."""
    from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer

    plugin = StoragePlugin.MCAP if container == "mcap" else StoragePlugin.SQLITE3
    writer = Writer(path, version=9, storage_plugin=plugin)
    if packed:
        writer.set_compression(CompressionMode[packed], CompressionFormat.ZSTD)
    with writer:
        topics: dict[str, Any] = {}
        for topic, kind, data, recorded_ns in entries:
            if topic not in topics:
                topics[topic] = writer.add_connection(topic, kind, typestore=message_store())
            writer.write(topics[topic], recorded_ns, data)
    return next(path.glob(f"*.{container}*"))


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """Address of a cluster with one worker, in this process."""
    settings = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}
    with LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, protocol="tcp", dashboard_address=None, scheduler_kwargs=settings
    ) as cluster:
        yield cluster.scheduler_address


@pytest.fixture
def analyze(cluster: str, capsys: pytest.CaptureFixture[str]) -> Analyse:
    """analyze(words...): exit status of the command, and its lines on standard output and on standard error."""

    def run(*words: object) -> tuple[int, list[str], list[str]]:
        status = main(["analyze", *QUICK, "--scheduler", cluster, *map(str, words)])
        said = capsys.readouterr()
        return status, said.out.splitlines(), said.err.splitlines()

    return run


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sound recording of 25 frames: its file, in a folder of its own."""
    return write(tmp_path_factory.mktemp("sound") / "flight", frames(25))


def summary_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / SUMMARY).read_text(), parse_constant=pytest.fail)
    return found


def test_what_is_cut_off_is_told_with_its_place_everywhere(analyze: Analyse, tmp_path: Path) -> None:
    whole = write(tmp_path / "long", frames(40))
    cut = tmp_path / "cut.mcap"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 3 // 4])
    status, out, err = analyze(cut, "-o", tmp_path / "out", "--part-s", "30")
    summary = summary_of(tmp_path / "out")
    assert (status, err) == (0, [])
    assert 20 < summary["frames"] < 40
    (damage,) = summary["streams"]["damage"]
    assert damage.startswith(f"{cut} is damaged at byte ")
    assert f"  damaged: {damage}" in out
    assert "is damaged at byte" in (tmp_path / "out" / REPORT).read_text()


def split(folder: Path) -> Path:
    """A recording in three files, of one second each."""
    folder.mkdir()
    names = []
    for number in range(3):
        file = write(folder / f"one_{number}", frames(10, START_NS + number * 10**9))
        names.append(file.name)
        shutil.move(file, folder)
    (folder / "metadata.yaml").write_text(json.dumps({"rosbag2_bagfile_information": {"relative_file_paths": names}}))
    return folder


@pytest.mark.parametrize(
    ("break_it", "line"),
    [
        (lambda file: file.unlink(), "its metadata.yaml names one_1.mcap, not there"),
        (lambda file: file.write_bytes(b""), "one_1.mcap is empty"),
        (lambda file: file.write_bytes(b"no recording"), "one_1.mcap is not an MCAP file"),
    ],
)
def test_of_a_split_recording_the_other_files_are_analysed(
    break_it: Callable[[Path], Any], line: str, analyze: Analyse, tmp_path: Path
) -> None:
    folder = split(tmp_path / "flight")
    break_it(folder / "one_1.mcap")
    status, out, err = analyze(folder, "-o", tmp_path / "out")
    assert (status, err, summary_of(tmp_path / "out")["frames"]) == (0, [], 20)
    assert sum(line in text for text in out if text.startswith("  damaged: ")) == 1


@pytest.mark.parametrize(("container", "packed"), [("mcap", "FILE"), ("db3", "FILE"), ("db3", "MESSAGE")])
def test_packed_files_are_read_without_their_metadata(container: str, packed: str, analyze: Analyse, tmp_path: Path) -> None:
    file = write(tmp_path / "flight", frames(12), container, packed)
    assert analyze(file, "-o", tmp_path / "alone")[0] == 0
    (file.parent / "metadata.yaml").unlink()
    assert analyze(file.parent, "-o", tmp_path / "folder")[0] == 0
    for name in ("alone", "folder"):
        summary = summary_of(tmp_path / name)
        assert (summary["frames"], summary["problems"], summary["streams"]["damage"]) == (12, [], [])


def test_a_packed_file_that_is_cut_off_says_where(analyze: Analyse, tmp_path: Path) -> None:
    file = write(tmp_path / "flight", frames(60), packed="FILE")
    file.write_bytes(file.read_bytes()[: file.stat().st_size * 2 // 3])
    status, out, err = analyze(file.parent, "-o", tmp_path / "out")
    assert (status, err) == (0, [])
    assert 10 < summary_of(tmp_path / "out")["frames"] < 60
    assert any(f"{file} is damaged before byte" in line and "cannot be unpacked" in line for line in out)


def test_a_database_that_nobody_closed_is_told(analyze: Analyse, tmp_path: Path) -> None:
    file = write(tmp_path / "flight", frames(12), "db3")
    database = sqlite3.connect(file)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("INSERT INTO messages (topic_id, timestamp, data) SELECT topic_id, timestamp + 1, data FROM messages")
    database.commit()
    died = tmp_path / "died"
    shutil.copytree(file.parent, died)  # as it is now, with its log beside it
    database.close()
    status, out, err = analyze(died, "-o", tmp_path / "out")
    assert (status, err, summary_of(tmp_path / "out")["frames"]) == (0, [], 12)
    assert any("was not closed: what flight.db3-wal holds is not read" in line for line in out)


HUGE = 2**32 - 1
WRONG: dict[str, tuple[str, str, bytes, str]] = {
    "encoding": (IMAGE_TOPIC, IMAGE, picture(START_NS, encoding="a\nb"), r"the picture's encoding 'a\nb' is not known"),
    "size": (IMAGE_TOPIC, IMAGE, picture(START_NS, height=HUGE, width=HUGE, step=HUGE), "does not fit height 4294967295"),
    "odd": (
        IMAGE_TOPIC,
        IMAGE,
        picture(START_NS, encoding="yuv422", width=9, height=1, step=18, data=np.zeros(18, np.uint8)),
        "the picture's encoding 'yuv422' cannot be shown as bgr8 at 9 x 1 pixels",
    ),
    "bytes": (IMAGE_TOPIC, IMAGE, b"\0\1\0\0garbage", "a message that does not fit its type sensor_msgs/msg/Image"),
    "nan": (POINTS_TOPIC, CLOUD, cloud(START_NS, [[np.nan] * 3]), "the cloud has no reading: all 1 points are NaN or infinite"),
    "width": (POINTS_TOPIC, CLOUD, cloud(START_NS, [[0, 0, 2]], width=HUGE), "is shorter than a row"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_message_that_is_wrong_costs_only_itself(name: str, analyze: Analyse, tmp_path: Path) -> None:
    topic, kind, data, line = WRONG[name]
    bad = START_NS + STEP_NS // 2
    extra = [(POINTS_TOPIC, CLOUD, cloud(START_NS, [[0, 0, 2]]), START_NS), (topic, kind, data, bad)]
    file = write(tmp_path / "flight", sorted([*frames(12), *extra], key=lambda entry: entry[3]))
    status, out, err = analyze(file, "-o", tmp_path / "out")
    summary = summary_of(tmp_path / "out")
    assert (status, err) == (0, [])
    assert (summary["frames"], summary["streams"]["unreadable"]) == (12, 1)
    assert sum(f"  problem: {topic} at 0.050 s: " in text and line in text for text in out) == 1


def test_clouds_beyond_all_measure_are_analysed(analyze: Analyse, tmp_path: Path) -> None:
    strange = [
        [0.0, 0.0, -5.0],
        [3e38, -3e38, 3e38],
        [0.0, 0.0, 1e-30],
        [1e-40, 1e-40, 1e-40],
        [0.0, 0.0, np.inf],
        [0.0, 0.0, 3.0],
    ]
    clouds = [(POINTS_TOPIC, CLOUD, cloud(stamp_ns, strange), stamp_ns) for *_, stamp_ns in frames(12)[::2]]
    file = write(tmp_path / "flight", sorted([*frames(12), *clouds], key=lambda entry: entry[3]))
    status, _, err = analyze(file, "-o", tmp_path / "out")
    assert (status, err, summary_of(tmp_path / "out")["frames"]) == (0, [], 12)


def test_a_recording_of_nothing_but_pictures_says_what_it_lacks(analyze: Analyse, tmp_path: Path) -> None:
    file = write(tmp_path / "flight", [entry for entry in frames(12) if entry[0] == IMAGE_TOPIC])
    status, out, err = analyze(file, "-o", tmp_path / "out")
    assert (status, err, summary_of(tmp_path / "out")["frames"]) == (0, [], 12)
    lacks = [line.partition("  lacks: ")[2].split(" (")[0].split(":")[0] for line in out if line.startswith("  lacks: ")]
    assert lacks == ["no depth", "no intrinsics", "no lens states", "no lens"]


TIMES: dict[str, Entries] = {
    "zero": frames(25, 0, 0, START_NS),
    "epoch": frames(25, 10**9, STEP_NS, START_NS),
    "backwards": frames(25, START_NS, -STEP_NS, START_NS),
    "standing": [(*entry[:3], START_NS) for entry in frames(25)],
    "pause": [*frames(12), *frames(13, START_NS + 10 * YEAR_NS)],
    "set": [*frames(12), *frames(13, START_NS + 12 * STEP_NS, STEP_NS, START_NS + 10 * YEAR_NS)],
}


@pytest.mark.parametrize("name", TIMES)
def test_whatever_the_clocks_say_every_picture_is_analysed(name: str, analyze: Analyse, tmp_path: Path) -> None:
    status, out, err = analyze(write(tmp_path / "flight", TIMES[name]), "-o", tmp_path / "out")
    summary = summary_of(tmp_path / "out")
    assert (status, err, summary["frames"]) == (0, [], 25)
    assert summary["recording"]["parts"] <= 5
    if name == "zero":
        assert any("/camera/image_raw has stamps of zero: the time of recording is taken instead" in line for line in out)
    if name == "backwards":
        assert summary["streams"]["stamps_backwards"] == 24
    if name == "set":
        assert len(summary["streams"]["clock_jumps"]) == 1


@pytest.mark.parametrize("time_ns", [2**63 - 1, 2**63 + 5, 2**64 - 1])
def test_times_that_cannot_be_are_left_out_and_told(time_ns: int, analyze: Analyse, tmp_path: Path) -> None:
    late = [(*entry[:3], time_ns) for entry in frames(1, START_NS + 12 * STEP_NS)]
    status, out, err = analyze(write(tmp_path / "flight", [*frames(12), *late]), "-o", tmp_path / "out")
    assert (status, err, summary_of(tmp_path / "out")["frames"]) == (0, [], 12)
    assert any("what was recorded at times that cannot be is left out" in line and str(time_ns) in line for line in out)


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, the present one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def state(folder: Path) -> dict[Path, tuple[int, int]]:
    """Of all that is in a folder: size, and when it was written."""
    return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*")}


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("empty.mcap",), "empty.mcap is empty"),
        (("folder",), "folder holds no recording: wanted a .mcap, .db3 or .bag file, or a rosbag2 folder"),
        (("/dev/null",), "/dev/null is neither a file nor a folder"),
        (("x" * 300,), "cannot be read: File name too long"),
        (("a\nb.mcap",), r"there is no recording"),
        (("\udcff.mcap",), r"\udcff.mcap: is not a name in UTF-8"),
        (("none.mcap",), "none.mcap has no picture: wanted a topic of"),
        (("flight", "flight/flight.mcap/../../flight"), "is named twice"),
        (("flight", "-o", "flight"), "-o flight: is the recording's own folder"),
        (("flight/metadata.yaml", "-o", "flight"), "-o flight: is the recording's own folder"),
        (("flight/flight.mcap", "-o", "flight"), "-o flight: is the recording's own folder"),
        (("results/annotated.mcap", "-o", "results"), "annotated.mcap there is the recording: choose another output folder"),
        (("flight", "-o", "empty.mcap"), "empty.mcap: cannot be used as an output folder: File exists"),
        (("flight", "-o", "y" * 300), "cannot be used as an output folder: File name too long"),
        (("flight", "--lens", "z" * 300), "cannot be read: File name too long"),
        (("flight", "--lens", "bad.yaml"), "bad.yaml: is not YAML"),
        (("flight", "--rig", "bad.yaml"), "bad.yaml line 1"),
        (("flight", "--topics", "image=/nowhere"), "has no topic /nowhere; of that type it has /camera/image_raw"),
        (("flight", "--topics", "points=/camera/image_raw"), "is a sensor_msgs/msg/Image; wanted sensor_msgs/msg/PointCloud2"),
        (("flight", "--lead-s", "nan"), "lead_s is NaN, it must be a number, 0 to 60"),
    ],
)
def test_what_cannot_be_analysed_ends_in_one_line(
    words: tuple[str, ...], line: str, recording: Path, analyze: Analyse, workplace: Path
) -> None:
    shutil.copytree(recording.parent, "flight")
    Path("folder").mkdir()
    Path("results").mkdir()
    shutil.copy(recording, "results/annotated.mcap")
    Path("empty.mcap").touch()
    Path("none.mcap").write_bytes(recording.read_bytes()[:30])
    Path("bad.yaml").write_text("a: [")
    before = state(workplace)
    status, out, err = analyze(*words, *(() if "-o" in words else ("-o", "out")))
    assert (status, out, len(err)) == (2, [], 1)
    assert err[0].startswith("auxfocus analyze: ") and line in err[0]
    assert state(workplace) == before


def test_a_full_disk_ends_in_one_line_and_the_next_run_goes_on(recording: Path, analyze: Analyse, tmp_path: Path) -> None:
    out, reference = tmp_path / "out", tmp_path / "reference"
    words = (recording, "-o", out, "--annotated")
    assert analyze(recording, "-o", reference, "--annotated")[0] == 0
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    sizes = {path.name: path.stat().st_size for path in (*reference.iterdir(), *(reference / WORK).iterdir())}
    parts = max(size for name, size in sizes.items() if name.startswith("part-"))
    assert sizes[FRAMES] < sizes["annotated.mcap"]
    for room, what in ((parts - 1, "the [01] finished parts are safe"), (sizes[FRAMES] - 1, FRAMES)):
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
        try:
            status, _, err = analyze(*words)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert (status, len(err)) == (2, 1) and "no room is left there" in err[0], what
        assert not list(out.rglob(".*"))
    assert analyze(*words)[0] == 0
    for name in (FRAMES, SUMMARY, REPORT, "annotated.mcap"):
        assert (out / name).read_bytes() == (reference / name).read_bytes()


@pytest.mark.parametrize("change", ["grown", "gone"])
def test_a_recording_that_changes_while_it_is_analysed_is_told(
    change: str, recording: Path, cluster: str, tmp_path: Path
) -> None:
    file = tmp_path / "flight.mcap"
    shutil.copy(recording, file)

    def told(progress: Progress) -> None:
        if progress.done == 1 and change == "gone":
            file.unlink(missing_ok=True)
        elif progress.done == 1:
            file.write_bytes(file.read_bytes() + b"more")

    options = AnalysisOptions(estimator=False, part_s=1.0, lead_s=0.0)
    results = analyse([file], tmp_path / "out", options, scheduler=cluster, told=told)
    (refused,) = results.refused
    assert results.analysed == () and not (tmp_path / "out" / SUMMARY).exists()
    lines = {"grown": "changed while it was analysed: when it is whole, delete", "gone": "cannot be read: No such file"}
    assert lines[change] in refused.why


def test_pictures_that_a_reader_passes_over_are_told(analyze: Analyse, tmp_path: Path) -> None:
    file = write(tmp_path / "flight", frames(12), "db3")
    database = sqlite3.connect(file)
    database.execute("UPDATE messages SET data = X'' WHERE rowid = 10")
    database.commit()
    database.close()
    status, out, _ = analyze(file, "-o", tmp_path / "out")
    assert status == 0 and summary_of(tmp_path / "out")["frames"] == 11
    assert any(IMAGE_TOPIC in line and line.startswith("  problem: ") for line in out)


def test_damaged_results_are_not_compared(
    recording: Path, analyze: Analyse, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = tmp_path / "good"
    assert analyze(recording, "-o", good)[0] == 0
    table = (good / FRAMES).read_bytes()
    said = summary_of(good)
    breaks: dict[str, Callable[[Path], Any]] = {
        "frames.parquet: not a table of frames": lambda folder: (folder / FRAMES).write_bytes(table[: len(table) // 2]),
        "summary.json: damaged: delete it": lambda folder: (folder / SUMMARY).write_text(json.dumps(said)[:300]),
        "damaged: delete it": lambda folder: (folder / SUMMARY).write_text("[" * 100_000),
        "one of them was changed or is damaged": lambda folder: (folder / SUMMARY).write_text(json.dumps({**said, "lag": None})),
        "of another version (9,": lambda folder: (folder / SUMMARY).write_text(json.dumps({**said, "version": "9"})),
    }
    for number, (line, break_it) in enumerate(breaks.items()):
        folder = tmp_path / str(number)
        shutil.copytree(good, folder)
        break_it(folder)
        assert main(["compare", str(good), str(folder)]) == 2
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 1 and str(folder) in lines[0] and line in lines[0]
