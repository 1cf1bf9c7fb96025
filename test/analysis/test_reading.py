"""Parts read one by one give what the whole recording gives, whatever is wrong with it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from auxfocus_ros.analysis.facts import look_at
from auxfocus_ros.analysis.health import joined_problems, stream_health
from auxfocus_ros.analysis.options import AnalysisOptions
from auxfocus_ros.analysis.part import PartTask, StreamNotes
from auxfocus_ros.analysis.parts import plan_parts
from auxfocus_ros.analysis.reading import PartFrame, PartReading, read_part
from auxfocus_ros.errors import InputError
from auxfocus_ros.optics.camera import CameraModel
from auxfocus_ros.optics.lens_file import load_lens
from auxfocus_ros.optics.rigid import RigidTransform
from auxfocus_ros.rig import Frame, structured_points
from auxfocus_ros.rig.message_fields import (
    camera_info_fields,
    cloud_fields,
    image_fields,
    lens_state_fields,
    stamped_transform_fields,
)
from auxfocus_ros.rig.message_types import make_message, message_store
from auxfocus_ros.rig.recording import RecordingSource

START_NS = 1_700_000_000_000_000_000
STEP_NS = 100_000_000
LATE_NS = 70_000_000  # how much later than a picture its scan is recorded
CAMERA = CameraModel(64, 48, 60.0, 60.0, 31.5, 23.5)
PART_S = 1.0


class Maker:
    """A recording to be: any message, recorded at any time, with its stamp or another."""

    def __init__(self) -> None:
        self.entries: list[tuple[int, str, str, dict[str, Any]]] = []
        self.noise = np.random.default_rng(0)
        self.shape = (48, 64, 3)

    def add(self, topic: str, kind: str, fields: dict[str, Any], recorded_ns: int) -> None:
        self.entries.append((recorded_ns, topic, kind, fields))

    def picture(self, stamp_ns: int, recorded_ns: int | None = None, **wrong: Any) -> None:
        noise = self.noise.integers(0, 255, self.shape, np.uint8)
        fields = image_fields(stamp_ns, "camera_optical_frame", noise, "bgr8")
        self.add("/camera/image_raw", "sensor_msgs/msg/Image", {**fields, **wrong}, recorded_ns or stamp_ns)

    def depth(self, stamp_ns: int) -> None:
        fields = image_fields(stamp_ns, "camera_optical_frame", np.full((48, 64), 2000, np.uint16), "16UC1")
        self.add("/depth/image_raw", "sensor_msgs/msg/Image", fields, stamp_ns)

    def camera(self, stamp_ns: int, camera: CameraModel = CAMERA) -> None:
        fields = camera_info_fields(stamp_ns, "camera_optical_frame", camera)
        self.add("/camera/camera_info", "sensor_msgs/msg/CameraInfo", fields, stamp_ns)

    def cloud(self, stamp_ns: int, recorded_ns: int, **wrong: Any) -> None:
        points = structured_points(self.noise.normal(size=(50, 3)).astype(np.float32) + np.float32([0, 0, 5]))
        self.add("/points", "sensor_msgs/msg/PointCloud2", {**cloud_fields(stamp_ns, "lidar", points), **wrong}, recorded_ns)

    def lens(self, stamp_ns: int, position_steps: float) -> None:
        fields = lens_state_fields(stamp_ns, "camera", load_lens("bench_25mm"), position_steps)
        self.add("/lens/state", "auxfocus_interfaces/msg/LensState", fields, stamp_ns)

    def transform(self, stamp_ns: int) -> None:
        fields = stamped_transform_fields(stamp_ns, "camera_optical_frame", "lidar", RigidTransform.identity())
        self.add("/tf_static", "tf2_msgs/msg/TFMessage", {"transforms": [fields]}, stamp_ns)

    def flight(self, count: int) -> None:
        """Pictures at 10 Hz, scans that are recorded late, intrinsics and the lens said only now and then."""
        self.transform(START_NS)
        self.camera(START_NS)
        self.lens(START_NS, 1500.0)
        for index in range(count):
            stamp_ns = START_NS + index * STEP_NS
            self.picture(stamp_ns)
            if index % 7 != 3:
                self.cloud(stamp_ns + 5_000_000, stamp_ns + LATE_NS)
            if index % 11 == 10:
                self.cloud(stamp_ns + 50_000_000, stamp_ns + 51_000_000)  # one too many, but where the picture's own is missing

    def write(self, folder: Path) -> Path:
        from rosbags.rosbag2 import StoragePlugin, Writer

        store = message_store()
        writer: Any = Writer(folder, version=9, storage_plugin=StoragePlugin.MCAP)
        with writer:
            known: dict[str, Any] = {}
            for recorded_ns, topic, kind, fields in sorted(self.entries, key=lambda entry: entry[0]):
                if topic not in known:
                    known[topic] = writer.add_connection(topic, kind, typestore=store)
                writer.write(known[topic], recorded_ns, store.serialize_cdr(make_message(store, kind, fields), kind))
        return next(folder.glob("*.mcap"))


@pytest.fixture
def maker() -> Maker:
    return Maker()


@pytest.fixture
def read_all() -> Callable[..., tuple[list[list[PartFrame]], list[PartReading]]]:
    """All parts of a recording: their frames, and the readings with notes and problems."""

    def read(path: Path, part_s: float = PART_S, **options: Any) -> tuple[list[list[PartFrame]], list[PartReading]]:
        wanted = AnalysisOptions(part_s=part_s, **{"lead_s": 0.5, **options})
        readings = [read_part(task) for task in plan_parts(look_at(path, wanted), wanted)]
        return [list(reading) for reading in readings], readings

    return read


def told(frame: Frame) -> tuple[Any, ...]:
    """What must be the same of a frame wherever it was read."""
    lens = None if frame.lens is None else (frame.lens.stamp_ns, frame.lens.position_steps)
    cloud = None if frame.points is None else frame.points.tobytes()
    return frame.stamp_ns, frame.picture.tobytes(), cloud, np.nan_to_num(frame.points_offset_s, nan=9.0), lens, frame.camera


@pytest.mark.parametrize(("part_s", "lead_s"), [(1.0, 0.5), (1.3, 0.0), (1.05, 2.0)])
def test_parts_give_what_the_whole_gives(maker: Maker, tmp_path: Path, read_all: Any, part_s: float, lead_s: float) -> None:
    maker.flight(60)
    maker.lens(START_NS + 41 * STEP_NS - 1000, 1700.0)
    maker.camera(START_NS + 44 * STEP_NS - 1000, CameraModel(64, 48, 70.0, 70.0, 31.5, 23.5))
    path = maker.write(tmp_path / "bag")
    source = RecordingSource(path, keep_unmatched=True)
    whole = [told(frame) for frame in source.frames()]
    source.close()
    parts, readings = read_all(path, part_s, lead_s=lead_s)
    assert [told(frame) for part in parts for frame, own, _ in part if own] == whole
    for number, part in enumerate(parts):
        start_ns = START_NS + round(number * part_s * 1e9)
        lead = [told(frame)[:2] for frame, own, _ in part if not own]
        assert lead == [entry[:2] for entry in whole if start_ns - round(lead_s * 1e9) <= entry[0] < start_ns]
    health = stream_health(reading.notes for reading in readings)
    assert (health["pictures"], health["frames"], health["unreadable"]) == (60, 60, 0)
    assert (health["unmatched_pictures"], health["unmatched_ranges"]) == (8, 4)
    assert health["lens_states"] == 2 and health["clock_jumps"] == [] and health["dropped_pictures"] == 0
    assert all(recorded_ns == frame.stamp_ns for part in parts for frame, _, recorded_ns in part)


def test_a_part_is_the_same_whoever_read_what_before(maker: Maker, tmp_path: Path) -> None:
    maker.flight(40)
    maker.entries = [entry for entry in maker.entries if entry[1] != "/tf_static"]
    options = AnalysisOptions(part_s=PART_S)
    tasks = plan_parts(look_at(maker.write(tmp_path / "bag"), options), options)

    def read(task: PartTask) -> tuple[Any, ...]:
        reading = read_part(task)
        return [(told(frame), own) for frame, own, _ in reading], reading.notes, reading.problems

    forth, back = [read(task) for task in tasks], [read(task) for task in reversed(tasks)]
    assert forth == back[::-1]
    assert [problem.what.partition(":")[0] for problem in forth[2][2]] == [tasks[0].recording.name]
    half = iter(read_part(tasks[1]))
    next(half)
    assert read(tasks[1]) == forth[1]  # beside a reading that is under way
    half.close()  # type: ignore[attr-defined]
    assert read(tasks[2]) == forth[2]


def test_what_cannot_be_read_is_told_once_with_its_place(maker: Maker, tmp_path: Path, read_all: Any) -> None:
    maker.flight(30)
    for index in (8, 9, 12):  # of the first part's end, which is the second one's lead, and of the second
        maker.cloud(START_NS + index * STEP_NS, START_NS + index * STEP_NS + 1, is_bigendian=True)
        maker.picture(START_NS + index * STEP_NS + 40_000_000, encoding="bgr9")
    _, readings = read_all(maker.write(tmp_path / "bag"))
    problems = joined_problems(reading.problems for reading in readings)
    assert [(problem.where, problem.count) for problem in problems] == [
        ("/points at 0.800 s", 3), ("/camera/image_raw at 0.840 s", 3),
    ]  # fmt: skip
    assert "big-endian" in problems[0].what and "encoding 'bgr9' is not known" in problems[1].what
    assert [reading.notes.unreadable for reading in readings] == [4, 2, 0]
    health = stream_health(reading.notes for reading in readings)
    assert (health["pictures"], health["frames"], health["unmatched_pictures"], health["unmatched_ranges"]) == (33, 30, 3, 1)


def test_without_intrinsics_pictures_and_depth_images_remain(maker: Maker, tmp_path: Path, read_all: Any) -> None:
    for index in range(5):
        stamp_ns = START_NS + index * STEP_NS
        maker.picture(stamp_ns)
        maker.depth(stamp_ns)
        maker.cloud(stamp_ns, stamp_ns + 1)
    (part,), (reading,) = read_all(maker.write(tmp_path / "bag"))
    frames = [frame for frame, _, _ in part]
    assert len(frames) == 5 and all(frame.points is None for frame in frames)
    assert all(frame.depth_m is not None and (frame.depth_m == 2.0).all() for frame in frames)
    assert (frames[0].camera.width_px, frames[0].camera.height_px) == (64, 48)
    assert reading.notes.unmatched_pictures == 0 and reading.problems == ()


def test_intrinsics_of_another_shape_are_told_and_done_without(maker: Maker, tmp_path: Path, read_all: Any) -> None:
    for index in range(3):
        maker.camera(START_NS + index * STEP_NS, CameraModel(48, 48, 60.0, 60.0, 23.5, 23.5))
        maker.picture(START_NS + index * STEP_NS)
    (part,), (reading,) = read_all(maker.write(tmp_path / "bag"))
    assert len(part) == 3
    assert len(reading.problems) == 1 and "is 64 x 48 and its intrinsics are for 48 x 48" in reading.problems[0].what


def test_pictures_and_clouds_that_never_meet(maker: Maker, tmp_path: Path, read_all: Any) -> None:
    maker.camera(START_NS)
    for index in range(20):
        maker.picture(START_NS + index * STEP_NS)
        maker.cloud(START_NS + index * STEP_NS + 3 * 10**9, START_NS + index * STEP_NS + 1)
    parts, readings = read_all(maker.write(tmp_path / "bag"), 10.0)
    assert len(parts[0]) == 20 and readings[0].notes.unmatched_pictures == readings[0].notes.unmatched_ranges == 20
    (problem,) = readings[0].problems
    assert "no picture of /camera/image_raw meets a message of /points within 0.05 s" in problem.what


def test_time_that_runs_backwards(maker: Maker, tmp_path: Path, read_all: Any) -> None:
    """A looped playback, recorded: stamps begin again, the recorder's time goes on."""
    maker.camera(START_NS)
    for index in range(30):
        maker.picture(START_NS + index % 12 * STEP_NS, START_NS + index * STEP_NS)
    parts, readings = read_all(maker.write(tmp_path / "bag"))
    stamps = [round((frame.stamp_ns - START_NS) / STEP_NS) for part in parts for frame, own, _ in part if own]
    assert stamps == [index % 12 for index in range(30)]
    health = stream_health(reading.notes for reading in readings)
    assert health["stamps_backwards"] == 2 and [jump["by_s"] for jump in health["clock_jumps"]] == [-1.2, -1.2]
    said = joined_problems(reading.problems for reading in readings)
    assert len(said) == 1 and "run backwards" in said[0].what


def test_a_recording_that_was_cut_off(maker: Maker, tmp_path: Path, read_all: Any) -> None:
    maker.flight(60)
    path = maker.write(tmp_path / "bag")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10])
    parts, readings = read_all(path)
    own = [frame.stamp_ns for part in parts for frame, own, _ in part if own]
    assert 30 <= len(own) <= 40 and own == [START_NS + index * STEP_NS for index in range(len(own))]
    damage = look_at(path, AnalysisOptions()).damage
    assert "is damaged at byte" in damage
    assert {reading.notes.damage for reading in readings} <= {"", damage} and readings[-1].notes.damage == damage


def test_a_broken_place_costs_its_own_part(maker: Maker, tmp_path: Path, read_all: Any) -> None:
    """The index is whole, so the damage shows only when the part is read; parts after it know nothing of it."""
    maker.shape = (240, 320, 3)  # five to a chunk
    maker.flight(60)
    path = maker.write(tmp_path / "bag")
    data = bytearray(path.read_bytes())
    place = len(data) * 45 // 100
    data[place : place + 250_000] = bytes([255]) * 250_000
    path.write_bytes(data)
    parts, readings = read_all(path, lead_s=0.0)
    damages = [reading.notes.damage for reading in readings]
    (text,) = {damage for damage in damages if damage}
    assert "is damaged at byte" in text and 1 <= sum(map(bool, damages)) <= 2
    assert sum(own for part in parts for _, own, _ in part) >= 50
    assert stream_health(reading.notes for reading in readings)["damage"] == [text]


def test_a_task_whose_recording_has_gone(tmp_path: Path) -> None:
    task = PartTask(tmp_path / "gone.mcap", 0, 0.0, 1.0, AnalysisOptions(), "key")
    with pytest.raises(InputError, match="there is no recording"):
        list(read_part(task))
    assert read_part(task).notes == StreamNotes()
