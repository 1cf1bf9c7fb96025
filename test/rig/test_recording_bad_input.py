"""What is wrong in a recording is said in one line each, and everything else comes out."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from auxfocus_ros.errors import InputError
from auxfocus_ros.rig import Frame, parse_rig, structured_points
from auxfocus_ros.rig.recording import RecordingSource

START_NS = 1_700_000_000_000_000_000
STEP_NS = 100_000_000
SECOND_NS = 10**9


def read(path: Path, rig: Any = None, **options: Any) -> tuple[list[Frame], RecordingSource, list[str], InputError | None]:
    """One pass: its frames, the source, what was said, and the error at the end, if any."""
    said: list[str] = []
    source = RecordingSource(path, parse_rig(rig, "rig") if rig else None, on_problem=said.append, **options)
    frames: list[Frame] = []
    try:
        for frame in source.frames():
            frames.append(frame)
    except InputError as error:
        return frames, source, said, error
    finally:
        source.close()
    return frames, source, said, None


def xyz_cloud(kind: str = "<f4", names: str = "xyz", value: float = 1.0) -> np.ndarray:
    points = np.zeros(4, np.dtype([(name, kind) for name in names]))
    for name in names:
        points[name] = value
    return points


BAD_CLOUDS: dict[str, tuple[Callable[[], dict[str, Any]], str]] = {
    "no z": (lambda: {"points": xyz_cloud(names="xy")}, "no field z: it has x, y"),
    "no fields": (lambda: {"points": xyz_cloud(names="i")}, "no field x, y, z"),
    "float64": (lambda: {"points": xyz_cloud("<f8")}, "field x is float64; wanted float32"),
    "integers": (lambda: {"points": xyz_cloud("<i4")}, "field x is int32; wanted float32"),
    "big-endian": (lambda: {"is_bigendian": True}, "big-endian"),
    "empty": (lambda: {"points": xyz_cloud()[:0]}, "the cloud is empty"),
    "all NaN": (lambda: {"points": xyz_cloud(value=np.nan)}, "no reading: all 4 points"),
    "all infinite": (lambda: {"points": xyz_cloud(value=np.inf)}, "no reading"),
    "short data": (lambda: {"data": np.zeros(30, np.uint8)}, "data of 30 bytes does not fit height 1 x row_step 48"),
    "short rows": (lambda: {"row_step": 20}, "row_step of 20 bytes is shorter than a row"),
    "short points": (lambda: {"point_step": 8}, "beyond point_step 8"),
}


@pytest.mark.parametrize("name", BAD_CLOUDS)
def test_a_bad_cloud_costs_only_itself(mcap_bag: Any, tmp_path: Path, name: str) -> None:
    make, words = BAD_CLOUDS[name]
    mcap_bag.static_transform("camera_optical_frame", "lidar", (0.0, 0.0, 0.0))
    mcap_bag.pairs(2)
    stamp_ns = START_NS + 2 * STEP_NS
    mcap_bag.image(stamp_ns)
    mcap_bag.cloud(stamp_ns, **make())
    mcap_bag.pairs(2, START_NS + 3 * STEP_NS)
    frames, source, said, error = read(mcap_bag.write(tmp_path / "bag"))
    assert error is None
    assert [round((frame.stamp_ns - START_NS) / STEP_NS) for frame in frames] == [0, 1, 3, 4]
    assert len(said) == 1 and said[0].startswith("/points at 0.200 s: ") and words in said[0]
    assert (source.counts.unreadable, source.counts.unmatched_pictures, source.counts.unmatched_clouds) == (1, 1, 0)


BAD_PICTURES: dict[str, tuple[dict[str, Any], str]] = {
    "encoding": ({"encoding": "bgr9"}, "encoding 'bgr9' is not known"),
    "float picture": ({"encoding": "64FC3"}, "not a picture's"),
    "short data": ({"data": np.zeros(100, np.uint8)}, "data of 100 bytes does not fit height 48 x step 192"),
    "long data": ({"data": np.zeros(48 * 192 + 1, np.uint8)}, "does not fit"),
    "short step": ({"step": 64, "data": np.zeros(48 * 64, np.uint8)}, "step of 64 bytes is shorter than a row: 64 x 3 bytes"),
    "no pixels": ({"height": 0, "data": np.zeros(0, np.uint8)}, "empty: 64 x 0"),
    "other shape": ({"height": 64, "width": 48, "step": 144}, "is 48 x 64 and its intrinsics are for 64 x 48"),
}


@pytest.mark.parametrize("name", BAD_PICTURES)
def test_a_bad_picture_costs_only_itself(any_bag: Any, tmp_path: Path, name: str) -> None:
    wrong, words = BAD_PICTURES[name]
    any_bag.static_transform("camera_optical_frame", "lidar", (0.0, 0.0, 0.0))
    any_bag.pairs(2)
    stamp_ns = START_NS + 2 * STEP_NS
    any_bag.image(stamp_ns, **wrong)
    any_bag.cloud(stamp_ns)
    any_bag.pairs(2, START_NS + 3 * STEP_NS)
    frames, source, said, error = read(any_bag.write(tmp_path / "bag"))
    assert error is None and len(frames) == 4
    assert len(said) == 1 and said[0].startswith("/camera/image_raw at 0.200 s: ") and words in said[0]
    assert (source.counts.frames, source.counts.unreadable) == (4, 1)


@pytest.mark.parametrize("cut", [0, 3, 400])
def test_a_compressed_picture_that_is_cut_off(mcap_bag: Any, tmp_path: Path, cut: int) -> None:
    import cv2

    picture = np.random.default_rng(0).integers(0, 255, (48, 64, 3)).astype(np.uint8)
    whole = cv2.imencode(".jpg", picture)[1].reshape(-1)
    mcap_bag.camera_info(START_NS)
    mcap_bag.compressed(START_NS, picture)
    mcap_bag.compressed(START_NS + STEP_NS, picture, data=whole[:cut])
    frames, _, said, _ = read(mcap_bag.write(tmp_path / "bag"))
    assert len(frames) == 1 and len(said) == 1
    assert f"('jpeg', {cut} bytes) is not a whole JPEG or PNG" in said[0]


def test_a_bad_depth_image(mcap_bag: Any, tmp_path: Path) -> None:
    depth = np.ones((48, 64), np.uint16)
    for index in range(4):
        mcap_bag.camera_info(START_NS + index * STEP_NS)
        mcap_bag.image(START_NS + index * STEP_NS)
    mcap_bag.image(START_NS, depth, "16UC1", topic="/depth")
    mcap_bag.image(START_NS + STEP_NS, depth, "32FC1", topic="/depth")
    mcap_bag.image(START_NS + 2 * STEP_NS, depth, "8UC1", topic="/depth")
    mcap_bag.image(START_NS + 3 * STEP_NS, np.ones((48, 48), np.uint16), "16UC1", topic="/depth")
    frames, source, said, _ = read(mcap_bag.write(tmp_path / "bag"))
    assert len(frames) == 1 and source.counts.unreadable == 3
    assert "step of 128 bytes is shorter than a row" in said[0]
    assert "encoding '8UC1' is not one of 16UC1" in said[1]
    assert "depth image is 48 x 48 and the picture 64 x 48" in said[2]


def test_many_bad_messages_are_not_many_lines(mcap_bag: Any, tmp_path: Path) -> None:
    mcap_bag.camera_info(START_NS)
    for index in range(60):
        mcap_bag.image(START_NS + index * STEP_NS, encoding="nonsense")
    _, source, said, _ = read(mcap_bag.write(tmp_path / "bag"))
    assert source.counts.unreadable == 60
    assert len(said) == 21 and "only counted" in said[-1]


def test_intrinsics_of_zeros(any_bag: Any, tmp_path: Path) -> None:
    any_bag.camera_info(START_NS, k=[0.0] * 9)
    any_bag.image(START_NS)
    path = any_bag.write(tmp_path / "bag")
    frames, _, said, _ = read(path)
    assert frames == []
    assert "K is zero: the camera is not calibrated; calibrate it, or give `camera` in a rig file" in said[0]
    frames, _, said, _ = read(path, {"camera": {"width": 64, "height": 48, "k": [60, 60, 31, 23]}})
    assert len(frames) == 1 and said == []


def test_no_intrinsics_no_picture_no_message(mcap_bag: Any, tmp_path: Path) -> None:
    mcap_bag.image(START_NS)
    with pytest.raises(InputError, match="no camera_info for /camera/image_raw: give `camera` in a rig file"):
        read(mcap_bag.write(tmp_path / "a"))
    only_clouds = type(mcap_bag)("mcap")
    only_clouds.cloud(START_NS)
    with pytest.raises(InputError, match=r"has no picture: wanted a topic of .*Image.*, found sensor_msgs/msg/PointCloud2"):
        read(only_clouds.write(tmp_path / "b"))


def test_an_empty_recording(bag_of: Any, tmp_path: Path) -> None:
    for container in ("mcap", "db3", "bag"):
        with pytest.raises(InputError, match="has no picture"):
            read(bag_of(container).write(tmp_path / container))
    (tmp_path / "zero.mcap").write_bytes(b"")
    with pytest.raises(InputError, match=r"zero\.mcap is empty"):
        read(tmp_path / "zero.mcap")


def test_a_picture_and_a_cloud_that_never_meet(mcap_bag: Any, tmp_path: Path) -> None:
    mcap_bag.camera_info(START_NS)
    for index in range(40):
        mcap_bag.image(START_NS + index * STEP_NS)
        mcap_bag.cloud(START_NS + index * STEP_NS + 40_000_000, log_ns=START_NS + index * STEP_NS)
    path = mcap_bag.write(tmp_path / "bag")
    frames, source, said, error = read(path, match_tolerance_s=0.01)
    assert frames == []
    assert source.counts.unmatched_pictures == 40 and source.counts.unmatched_clouds == 40
    assert error is not None and "no picture of /camera/image_raw meets a message of /points within 0.01 s" in str(error)
    assert "the nearest are 0.040 s apart; set match_tolerance_s" in str(error)
    assert said == [str(error)]
    assert len(read(path)[0]) == 40


def test_clocks_with_nothing_in_common(mcap_bag: Any, tmp_path: Path) -> None:
    mcap_bag.camera_info(START_NS)
    for index in range(5):
        mcap_bag.image(START_NS + index * STEP_NS)
        mcap_bag.cloud(5 * SECOND_NS + index * STEP_NS, log_ns=START_NS + index * STEP_NS)
    _, _, _, error = read(mcap_bag.write(tmp_path / "bag"))
    assert "their clocks have nothing in common" in str(error)


def test_stamps_that_run_backwards(mcap_bag: Any, tmp_path: Path) -> None:
    """A recording of a looped recording: the stamps start again, the time of recording goes on."""
    mcap_bag.static_transform("camera_optical_frame", "lidar", (0.0, 0.0, 0.0))
    for index in range(60):
        log_ns = START_NS + index * STEP_NS
        stamp_ns = START_NS + (index % 20) * STEP_NS
        mcap_bag.image(stamp_ns, log_ns=log_ns)
        mcap_bag.camera_info(stamp_ns)
        mcap_bag.cloud(stamp_ns + 5_000_000, log_ns=log_ns + 30_000_000)
    frames, source, said, error = read(mcap_bag.write(tmp_path / "bag"))
    assert error is None
    assert [round((frame.stamp_ns - START_NS) / STEP_NS) for frame in frames] == list(range(20)) * 3
    assert all(frame.points_offset_s == pytest.approx(0.005, abs=1e-6) for frame in frames)
    assert source.counts.unmatched_pictures == 0
    backwards = [line for line in said if "run backwards" in line]
    assert len(backwards) == len({line.split(" of ")[1].split(" ")[0] for line in backwards}) == len(said)


def test_a_clock_that_jumps_forward(mcap_bag: Any, tmp_path: Path) -> None:
    mcap_bag.camera_info(START_NS)
    for index in range(20):
        stamp_ns = START_NS + index * STEP_NS + (3600 * SECOND_NS if index >= 10 else 0)
        mcap_bag.image(stamp_ns, log_ns=START_NS + index * STEP_NS)
        mcap_bag.cloud(stamp_ns, log_ns=START_NS + index * STEP_NS + 20_000_000)
    frames, _, _, error = read(mcap_bag.write(tmp_path / "bag"))
    assert error is None and len(frames) == 20


def test_stamps_of_zero_take_the_time_of_recording(mcap_bag: Any, tmp_path: Path) -> None:
    mcap_bag.camera_info(START_NS)
    for index in range(3):
        mcap_bag.image(0, log_ns=START_NS + index * STEP_NS)
        mcap_bag.cloud(0, log_ns=START_NS + index * STEP_NS + 1000)
    frames, _, said, _ = read(mcap_bag.write(tmp_path / "bag"))
    assert [frame.stamp_ns for frame in frames] == [START_NS + index * STEP_NS for index in range(3)]
    assert sum("stamps of zero" in line for line in said) == 2


def test_a_message_whose_bytes_do_not_fit_its_type(mcap_bag: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mcap_bag.static_transform("camera_optical_frame", "lidar", (0.0, 0.0, 0.0))
    mcap_bag.pairs(3)
    serialize = mcap_bag.store.serialize_cdr
    count = iter(range(100))

    def broken(message: Any, kind: str) -> Any:
        data = serialize(message, kind)
        return bytes(data)[:60] if kind.endswith("PointCloud2") and next(count) == 1 else data

    monkeypatch.setattr(mcap_bag.store, "serialize_cdr", broken)
    frames, source, said, _ = read(mcap_bag.write(tmp_path / "bag"))
    assert len(frames) == 2 and source.counts.unreadable == 1
    assert "does not fit its type sensor_msgs/msg/PointCloud2" in said[0]


# Cut off and damaged


def noisy_pairs(bag: Any, count: int) -> None:
    """Pairs whose pictures do not compress, so that a file has many chunks or pages."""
    rng = np.random.default_rng(1)
    bag.static_transform("camera_optical_frame", "lidar", (0.0, 0.0, 0.0))
    for index in range(count):
        stamp_ns = START_NS + index * STEP_NS
        bag.camera_info(stamp_ns)
        bag.image(stamp_ns, rng.integers(0, 255, (48, 64, 3)).astype(np.uint8))
        bag.cloud(stamp_ns, structured_points(rng.normal(size=(500, 3)).astype(np.float32)))


@pytest.mark.parametrize("options", [{}, {"compression": "STORAGE"}])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.95, 0.999])
def test_an_mcap_that_is_cut_off(bag_of: Any, tmp_path: Path, part: float, options: dict[str, str]) -> None:
    bag = bag_of("mcap")
    noisy_pairs(bag, 200)
    path = bag.write(tmp_path / "bag", **options)
    size = path.stat().st_size
    with path.open("rb+") as file:
        file.truncate(int(size * part))
    frames, source, said, error = read(path)
    assert said == []
    assert len(frames) >= int(200 * min(part, 0.99)) - 3
    assert [frame.stamp_ns for frame in frames] == [START_NS + index * STEP_NS for index in range(len(frames))]
    if part < 0.99:
        assert error is not None and str(path) in str(error)
        assert "is damaged at byte" in str(error) and "s into the recording" in str(error)
        assert source.damage
    else:
        # Only the index behind the last message is gone: nothing is missing.
        assert len(frames) == 200 and (error is None or "footer" in str(error) or "reaches beyond" in str(error))


@pytest.mark.parametrize("codec", ["", "BZ2", "LZ4"])
@pytest.mark.parametrize("part", [0.3, 0.9])
def test_a_ros1_bag_that_is_cut_off(bag_of: Any, tmp_path: Path, part: float, codec: str) -> None:
    bag = bag_of("bag")
    noisy_pairs(bag, 60)
    path = bag.write(tmp_path / "bag", bag_compression=codec, chunk_bytes=40_000)
    with path.open("rb+") as file:
        file.truncate(int(path.stat().st_size * part))
    frames, _, said, error = read(path)
    assert said == [] and error is not None and "is damaged at byte" in str(error)
    # bz2 gives nothing of a block that is cut, and a chunk holds three frames.
    assert len(frames) >= int(60 * part) - 6


@pytest.mark.parametrize("part", [0.3, 0.6, 0.95])
def test_a_db3_that_is_cut_off(bag_of: Any, tmp_path: Path, part: float) -> None:
    bag = bag_of("db3")
    noisy_pairs(bag, 200)
    path = bag.write(tmp_path / "bag")
    with path.open("rb+") as file:
        file.truncate(int(path.stat().st_size * part))
    frames, _, said, error = read(path)
    assert said == [] and error is not None and "database pages are there" in str(error)
    # The index by time lies among the messages and takes its part of the file.
    assert len(frames) >= int(200 * part * 0.9)
    stamps = [frame.stamp_ns for frame in frames]
    assert stamps == sorted(stamps)


def test_scanning_gives_what_the_index_gives(any_bag: Any, tmp_path: Path) -> None:
    from auxfocus_ros.rig.bag import RosbagsPart, _File, _scan_part

    noisy_pairs(any_bag, 40)
    path = any_bag.write(tmp_path / "bag")
    indexed, scanned = RosbagsPart(path), _scan_part(_File(path, path), None)
    topics = {channel.topic for channel in indexed.channels}
    assert {(c.topic, c.type, c.count) for c in indexed.channels} == {(c.topic, c.type, c.count) for c in scanned.channels}
    assert (indexed.start_ns, indexed.end_ns) == (scanned.start_ns, scanned.end_ns)
    window = (START_NS + STEP_NS, START_NS + 20 * STEP_NS)
    first = sorted((m.topic, m.log_ns, bytes(m.data)) for m in indexed.messages(topics, *window))
    second = sorted((m.topic, m.log_ns, bytes(m.data)) for m in scanned.messages(topics, *window))
    assert first == second and len(first) == 19 * 3
    assert scanned.damage is None
    indexed.close()


@pytest.mark.parametrize("options", [{}, {"compression": "STORAGE"}])
def test_an_mcap_with_a_broken_chunk_in_the_middle(bag_of: Any, tmp_path: Path, options: dict[str, str]) -> None:
    bag = bag_of("mcap")
    noisy_pairs(bag, 400)
    path = bag.write(tmp_path / "bag", **options)
    data = bytearray(path.read_bytes())
    # A record's length in the middle of the second chunk (or compressed bytes there) becomes nonsense.
    middle = int(len(data) * 0.4)
    data[middle : middle + 30_000] = bytes([255]) * 30_000
    path.write_bytes(data)
    frames, _, said, error = read(path)
    assert error is not None and "is damaged at byte" in str(error)
    assert 200 < len(frames) < 400
    assert frames[-1].stamp_ns == START_NS + 399 * STEP_NS
    assert len(said) <= 3


def test_a_ros1_bag_that_was_never_closed(bag_of: Any, tmp_path: Path) -> None:
    bag = bag_of("bag")
    noisy_pairs(bag, 30)
    path = bag.write(tmp_path / "bag")
    data = bytearray(path.read_bytes())
    at = data.index(b"index_pos=") + len(b"index_pos=")
    data[at : at + 8] = bytes(8)
    active = tmp_path / "run.bag.active"
    active.write_bytes(data)
    frames, _, _, error = read(active)
    assert len(frames) == 30 and error is None


def test_files_that_only_claim_to_be_recordings(tmp_path: Path) -> None:
    claims = {".mcap": "is not an MCAP file", ".db3": "is not a rosbag2 .db3 file", ".bag": "is not a ROS 1 bag"}
    for suffix, words in claims.items():
        path = tmp_path / f"fake{suffix}"
        path.write_bytes(b"hello, I am not what my name says" * 10)
        with pytest.raises(InputError, match=words):
            read(path)


def test_a_db3_without_definitions_takes_the_standard_ones(bag_of: Any, tmp_path: Path) -> None:
    bag = bag_of("db3")
    bag.pairs(2)
    path = bag.write(tmp_path / "bag")
    with sqlite3.connect(path) as database:
        database.execute("DELETE FROM message_definitions")
    frames, _, _, _ = read(path)
    assert len(frames) == 2


def test_one_topic_of_an_unknown_kind_does_no_harm(mcap_bag: Any, tmp_path: Path) -> None:
    mcap_bag.pairs(2)
    mcap_bag.add("/strange", mcap_bag.make("strange_msgs/msg/Thing", a=3), START_NS)
    path = mcap_bag.write(tmp_path / "bag")
    path.write_bytes(path.read_bytes().replace(b"int32 a", b"int32 ?"))
    frames, _, _, error = read(path)
    assert len(frames) == 2 and error is None


def test_closing_ends_a_pass(any_bag: Any, tmp_path: Path) -> None:
    any_bag.pairs(20)
    source = RecordingSource(any_bag.write(tmp_path / "bag"))
    frames = source.frames()
    next(frames)
    source.close()
    source.close()
    assert len(list(frames)) < 20
