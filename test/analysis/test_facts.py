"""What a recording is known to be, and to lack, before it is read."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from auxfocus_ros.analysis.facts import RecordingFacts, fingerprint, look_at, recording_files
from auxfocus_ros.analysis.options import AnalysisOptions
from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.optics.camera import CameraModel
from auxfocus_ros.optics.lens_file import load_lens
from auxfocus_ros.rig import structured_points
from auxfocus_ros.rig.recording_writer import RecordingWriter

START_NS = 1_700_000_000_000_000_000
CAMERA = CameraModel(64, 48, 60.0, 60.0, 31.5, 23.5)
POINTS = structured_points(np.array([[0.0, 0.0, 2.0]], np.float32))


def write(path: Path, *parts: str, count: int = 3) -> Path:
    """Pictures at 10 Hz with whatever of 'camera', 'points', 'depth' and 'lens'."""
    with RecordingWriter(path) as writer:
        for index in range(count):
            stamp_ns = START_NS + index * 100_000_000
            writer.add_picture(stamp_ns, "camera", np.full((48, 64, 3), index, np.uint8))
            if "camera" in parts:
                writer.add_camera(stamp_ns, "camera", CAMERA)
            if "points" in parts:
                writer.add_points(stamp_ns, "lidar", POINTS)
            if "depth" in parts:
                writer.add_depth(stamp_ns, "camera", np.full((48, 64), 2000, np.uint16))
            if "lens" in parts:
                writer.add_lens_state(stamp_ns, "camera", load_lens("bench_25mm"), 1500.0)
    return path


def look(path: Path, **options: str) -> RecordingFacts:
    return look_at(path, AnalysisOptions(**options))


def test_the_bundled_road(samples: Path) -> None:
    facts = look(samples / "rgb_lidar_road")
    assert facts.name == "rgb_lidar_road" and facts.duration_s == pytest.approx(0.5)
    assert (facts.pictures, facts.picture_width_px, facts.picture_height_px) == (2, 1920, 1200)
    assert facts.topics["points"] == "/points" and facts.counts["/points"] == 2
    assert facts.has_depth and facts.has_cloud and not facts.has_depth_image and facts.has_intrinsics
    assert not facts.has_lens_states and not facts.has_joints and facts.damage == "" and facts.problems == ()
    assert [line.partition(":")[0].partition(" (")[0] for line in facts.lacks] == ["no lens states", "no lens"]
    assert facts.size_bytes == sum(file.stat().st_size for file in recording_files(samples / "rgb_lidar_road"))


def test_a_recording_that_lacks_nothing(tmp_path: Path) -> None:
    facts = look(write(tmp_path / "a.mcap", "camera", "points", "lens"))
    assert facts.lacks == () and facts.lens_name == "bench_25mm" and facts.start_ns == START_NS


@pytest.mark.parametrize(
    ("parts", "has_depth", "words"),
    [
        (["camera", "lens"], False, "no depth (neither a cloud nor a depth image): the distribution of depth"),
        (["points", "lens"], False, "no intrinsics"),
        (["depth", "lens"], True, "no intrinsics"),
        (["camera", "points"], True, "no lens states: focus distance"),
    ],
)
def test_what_is_not_there_is_said(tmp_path: Path, parts: list[str], has_depth: bool, words: str) -> None:
    facts = look(write(tmp_path / "a.mcap", *parts), lens="bench_25mm")
    assert len(facts.lacks) == 1 and facts.lacks[0].startswith(words)
    assert facts.has_depth == has_depth


def test_a_single_picture_is_a_recording(tmp_path: Path) -> None:
    facts = look(write(tmp_path / "a.mcap", count=1))
    assert (facts.pictures, facts.duration_s) == (1, 0.0)


def test_what_is_no_recording(tmp_path: Path) -> None:
    (tmp_path / "zero.mcap").touch()
    (tmp_path / "text.mcap").write_text("hello")
    (tmp_path / "folder").mkdir()
    with RecordingWriter(tmp_path / "none.mcap"):
        pass
    with RecordingWriter(tmp_path / "blind.mcap") as writer:
        writer.add_points(START_NS, "lidar", POINTS)
    wrong = {
        "missing.mcap": "there is no recording",
        "zero.mcap": "is empty",
        "text.mcap": "not an MCAP file",
        "folder": "holds no recording",
        "none.mcap": "has no picture",
        "blind.mcap": "has no picture",
    }
    for name, words in wrong.items():
        with pytest.raises(InputError, match=words) as caught:
            look(tmp_path / name)
        assert "\n" not in str(caught.value)


def test_a_topic_of_another_type(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mcap", "camera", "points")
    (tmp_path / "rig.yaml").write_text("topics: {points: /camera/image_raw}\n")
    with pytest.raises(ConfigurationError, match="is a sensor_msgs/msg/Image; wanted sensor_msgs/msg/PointCloud2"):
        look(path, rig=str(tmp_path / "rig.yaml"))


def test_a_cut_off_recording_says_where(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mcap", "camera", "points", count=20)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 3])
    assert "is damaged at byte" in look(path).damage


def test_the_fingerprint_is_of_the_content(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mcap", "camera")
    (tmp_path / "other").mkdir()
    copy = Path(shutil.copy(path, tmp_path / "other" / "a.mcap"))
    whole = look(path).fingerprint
    assert look(copy).fingerprint == whole
    data = bytearray(copy.read_bytes())
    data[-60] ^= 1
    copy.write_bytes(data)
    assert fingerprint([copy]) != whole
    copy.write_bytes(path.read_bytes() + b"\0")
    assert fingerprint([copy]) != whole
