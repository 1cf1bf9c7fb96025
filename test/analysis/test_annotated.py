"""What was found, in messages: read back by others from the file's own definitions, and held against the rows."""

from __future__ import annotations

import math
import resource
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from auxfocus_ros.analysis.annotated import KINDS, AnnotatedRecording, Drawing, annotation
from auxfocus_ros.analysis.frame import FrameAnalyst
from auxfocus_ros.analysis.frame.focus_state import focus_state
from auxfocus_ros.analysis.options import AnalysisOptions
from auxfocus_ros.analysis.part import Row
from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.optics import CameraModel, Lens, load_lens
from auxfocus_ros.rig import Frame, LensReading
from auxfocus_ros.rig.message_fields import recorded_lens_state_fields
from auxfocus_ros.rig.sizes import assumed_camera
from auxfocus_ros.view import FocusReading, draw_aux_image

WIDTH_PX, HEIGHT_PX = 160, 120
CAMERA = CameraModel(WIDTH_PX, HEIGHT_PX, 150.0, 150.0, 79.5, 59.5)
LENS = load_lens("bench_25mm")
PICTURE = cv2.GaussianBlur(np.random.default_rng(5).integers(0, 255, (HEIGHT_PX, WIDTH_PX, 3), np.uint8), (0, 0), 4.0)
WALL = np.full((HEIGHT_PX, WIDTH_PX), 8.0, np.float32)
START_NS, STEP_NS, LATER_NS = 1_700_000_000_000_000_000, 100_000_000, 30_000_000
"""Pictures are recorded a little later than they are taken."""
FIRST_ID = 41
NAN = math.nan


def lens_at(stamp_ns: int, focus_m: float = 3.0) -> LensReading:
    position = LENS.position_for_distance(focus_m)
    return LensReading(stamp_ns, position, False, LENS.focus_distance_m(position), *LENS.depth_of_field_m(position))


def frame(index: int, **changes: Any) -> Frame:
    """Things at 3 m and 5 m before a wall at 8 m, the lens focused on the nearer one."""
    stamp_ns = START_NS + index * STEP_NS
    depth_m = WALL.copy()
    depth_m[20:110, 40:90] = 3.0
    depth_m[20:110, 100:150] = 5.0
    whole = Frame(stamp_ns, PICTURE, CAMERA, depth_m=depth_m, points_offset_s=0.0, lens=lens_at(stamp_ns - 20_000_000))
    return replace(whole, **changes)


def annotated(frames: list[Frame], lens: Lens | None = LENS) -> list[tuple[bytes, Row]]:
    """What a part gives for its frames, the rows with identities as stitching makes them: others, from FIRST_ID on."""
    analyst = FrameAnalyst(AnalysisOptions(estimator=False, annotated=True), lens)
    found = []
    for number, each in enumerate(frames):
        row = analyst.row(each, number)
        analysis = analyst.analysis
        assert analysis is not None
        drawing = Drawing(*draw_aux_image(analysis.frame.picture, analysis.content, analysis.focus))
        data = annotation(analysis, drawing, each, row, recorded_ns=each.stamp_ns + LATER_NS, lens=lens)
        targets = [target | {"id": target["id"] + FIRST_ID - 1} for target in row["targets"]]
        found.append((data, row | {"targets": targets}))
    return found


def write(path: Path, entries: list[tuple[bytes, Row]]) -> Path:
    with AnnotatedRecording(path) as recording:
        for data, row in entries:
            recording.add(data, row)
    return path


def messages(path: Path) -> dict[str, list[Any]]:
    """All messages by topic, decoded with nothing but the definitions in the file; each was recorded when its picture was."""
    from rosbags.highlevel import AnyReader

    found = defaultdict(list)
    with AnyReader([path]) as reader:
        for connection, recorded_ns, data in reader.messages():
            assert connection.msgtype == KINDS[connection.topic]
            assert (recorded_ns - START_NS) % STEP_NS == LATER_NS
            found[connection.topic.removeprefix("/")].append(reader.deserialize(data, connection.msgtype))
    return found


@contextmanager
def little_room(most_bytes: int) -> Iterator[None]:
    """No file may grow beyond this."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def stamp_ns(message: Any) -> int:
    return int(message.header.stamp.sec) * 10**9 + int(message.header.stamp.nanosec)


def test_the_messages_say_what_the_rows_say(tmp_path: Path) -> None:
    entries = annotated([frame(0), frame(1), frame(2)])
    found = messages(write(tmp_path / "annotated.mcap", entries))
    assert {topic: len(given) for topic, given in found.items()} == {topic.removeprefix("/"): 3 for topic in KINDS}
    for topic in found.keys() - {"aux_focus/markers", "lens/state"}:
        assert [stamp_ns(message) for message in found[topic]] == [START_NS + index * STEP_NS for index in range(3)]
        assert {message.header.frame_id for message in found[topic]} == {"camera_optical_frame"}
    for (_, row), array, marker, lens_state in zip(
        entries, found["aux_focus/targets"], found["aux_focus/focus_marker"], found["lens/state"], strict=True
    ):
        assert [target.id for target in array.targets] == [target["id"] for target in row["targets"]]
        assert len(array.targets) == 2 and min(target.id for target in array.targets) >= FIRST_ID
        assert array.selected_id == next((target["id"] for target in row["targets"] if target["selected"]), 0)
        for target, known in zip(array.targets, row["targets"], strict=True):
            assert (target.depth_m, target.in_focus, target.selected) == (known["depth_m"], known["in_focus"], known["selected"])
            box = target.roi.x_offset, target.roi.y_offset, target.roi.width, target.roi.height
            assert box == tuple(known[name] for name in ("left_px", "top_px", "width_px", "height_px"))
            assert (target.state, target.source) == (target.STATE_TRACKED, target.SOURCE_LARGE_OBJECT)
            assert target.position_m.z > 0.0
        assert (marker.state, marker.focus_distance_m) == (marker.STATE_FINITE, row["focus_distance_m"])
        assert (marker.near_limit_m, marker.far_limit_m) == (row["near_limit_m"], row["far_limit_m"])
        counted = marker.points_inside + marker.points_nearer + marker.points_farther
        assert (counted, marker.points_inside / counted) == (row["readings"], row["in_depth_of_field"])
        assert (lens_state.position_steps, lens_state.lens_name) == (row["lens_position_steps"], LENS.name)
        assert (stamp_ns(lens_state), lens_state.header.frame_id) == (row["stamp_ns"] - 20_000_000, "camera_optical_frame")
        assert marker.lens_stamp == lens_state.header.stamp
    assert found["aux_focus/targets"][-1].selected_id >= FIRST_ID  # chosen from the second frame on
    info = found["camera/camera_info"][0]
    assert (info.width, info.height, info.k.tolist()) == (WIDTH_PX, HEIGHT_PX, CAMERA.matrix().reshape(-1).tolist())


def test_the_picture_is_the_auxiliary_focus_image(tmp_path: Path) -> None:
    found = messages(write(tmp_path / "annotated.mcap", annotated([frame(0)])))
    (message,), (marker,) = found["aux_focus/image/compressed"], found["aux_focus/focus_marker"]
    image = cv2.imdecode(message.data, cv2.IMREAD_UNCHANGED)
    assert (marker.image_height_px, marker.image_width_px, 3) == image.shape
    assert message.format == "bgr8; jpeg compressed bgr8"
    picture = marker.picture
    assert (picture.width, picture.height) == (WIDTH_PX, HEIGHT_PX)
    line = image[round(marker.focus_px)].astype(int) - PICTURE[round(marker.focus_px) - picture.y_offset]
    assert np.abs(line).max() > 60  # something is drawn there


def test_the_scene_stands_where_it_is(tmp_path: Path) -> None:
    found = messages(write(tmp_path / "annotated.mcap", annotated([frame(0)])))
    plane, slab, boxes, stale, *words = found["aux_focus/markers"][0].markers
    assert [point.z for point in plane.points] == pytest.approx([3.0] * 8)
    # The corner of the picture, half a pixel within its edge: 79.5 / 150 * 3 m.
    assert max(point.x for point in plane.points) == pytest.approx(1.59)
    assert len(slab.points) == 24 and min(point.z for point in slab.points) < 3.0 < max(point.z for point in slab.points)
    assert (boxes.type, boxes.action, len(boxes.points) % 24, len(boxes.colors)) == (boxes.LINE_LIST, 0, 0, len(boxes.points))
    assert stale.action == stale.DELETEALL
    assert "3.00 m" in [word.text for word in words]
    assert all((marker.header.frame_id, marker.lifetime.sec) == ("camera_optical_frame", 1) for marker in (plane, slab, boxes))


def test_words_about_a_target_name_the_identity_that_lasts(tmp_path: Path) -> None:
    entries = annotated([frame(0), frame(1), frame(2, depth_m=WALL)])
    held = messages(write(tmp_path / "annotated.mcap", entries))["aux_focus/targets"][2]
    assert held.selected_id >= FIRST_ID
    assert held.message.startswith(f"the target (object {held.selected_id}) has not been seen for 0.1 s")
    target = next(target for target in held.targets if target.selected)
    assert (target.state, target.id) == (target.STATE_HELD, held.selected_id)
    assert target.last_seen.nanosec == pytest.approx(STEP_NS, abs=1000)


def test_a_lens_state_that_stays_the_same_is_written_once(tmp_path: Path) -> None:
    one, other = lens_at(START_NS), lens_at(START_NS + STEP_NS, focus_m=8.0)
    frames = [frame(index, lens=lens) for index, lens in enumerate((one, one, other, other, other))]
    states = messages(write(tmp_path / "annotated.mcap", annotated(frames)))["lens/state"]
    assert [state.focus_distance_m for state in states] == pytest.approx([3.0, 8.0])


def test_what_a_recording_lacks_is_not_made_up(tmp_path: Path) -> None:
    camera = assumed_camera(WIDTH_PX, HEIGHT_PX)
    bare = frame(0, lens=None, camera=camera)
    old = frame(1, lens=lens_at(START_NS - 5 * 10**9), camera=camera, depth_m=None, points_offset_s=NAN)
    found = messages(write(tmp_path / "annotated.mcap", annotated([bare, old], lens=None)))
    assert set(found) == {"aux_focus/image/compressed", "aux_focus/targets", "aux_focus/focus_marker"}
    target = found["aux_focus/targets"][0].targets[0]
    assert target.depth_m == pytest.approx(3.0)  # a depth image says that without intrinsics
    assert math.isnan(target.position_m.x)
    for marker in found["aux_focus/focus_marker"]:
        assert (marker.state, marker.lens_stamp.sec) == (marker.STATE_UNKNOWN, 0)


@pytest.mark.parametrize("lens", [LENS, None])
@pytest.mark.parametrize("position_steps", [NAN, 1300.0, LENS.infinity_position_steps, LENS.infinity_position_steps - 100.0])
@pytest.mark.parametrize("distances_m", [(NAN, NAN, NAN), (2.0, 1.5, 3.0), (math.inf, 9.0, math.inf)])
def test_a_lens_state_says_what_the_rows_were_made_of(
    lens: Lens | None, position_steps: float, distances_m: tuple[float, float, float]
) -> None:
    reading = LensReading(START_NS, position_steps, True, *distances_m)
    fields = recorded_lens_state_fields(reading, lens, "eye")
    said = FocusReading.of_distances(
        fields["focus_distance_m"], fields["near_limit_m"], fields["far_limit_m"], fields["beyond_infinity"]
    )
    assert repr(said) == repr(focus_state(reading, START_NS, lens).reading)  # NaN is not equal to itself
    assert fields["moving"] is True
    assert math.isnan(fields["hyperfocal_distance_m"]) == (lens is None)


def test_definitions_stand_in_the_file(tmp_path: Path) -> None:
    from rosbags.highlevel import AnyReader

    path = write(tmp_path / "annotated.mcap", annotated([frame(0)]))
    with AnyReader([path]) as reader:
        about = {connection.topic: connection for connection in reader.connections}
    targets = about["/aux_focus/targets"].msgdef.data
    assert "FocusTarget[] targets" in targets and "float64 depth_sigma_m" in targets  # those of what is in it too
    latched = [topic for topic, each in about.items() if each.ext.offered_qos_profiles]
    assert latched == ["/lens/state"]


def test_the_same_frames_give_the_same_bytes_wherever(tmp_path: Path) -> None:
    files = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        files.append(write(tmp_path / folder / "annotated.mcap", annotated([frame(0), frame(1)])))
    first, second = (file.read_bytes() for file in files)
    assert first == second
    write(files[1], annotated([frame(0)]))  # takes the other's place
    assert len(messages(files[1])["aux_focus/targets"]) == 1
    assert [path.name for path in files[1].parent.iterdir()] == ["annotated.mcap"]


def test_a_recording_without_frames_is_one(tmp_path: Path) -> None:
    from rosbags.highlevel import AnyReader

    with AnyReader([write(tmp_path / "annotated.mcap", [])]) as reader:
        assert list(reader.messages()) == []


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    entries = annotated([frame(0), frame(1)])
    path = write(tmp_path / "annotated.mcap", entries)
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"annotated\.mcap: cannot be written: no room is left"), little_room(4096):
        write(path, entries)
    assert path.read_bytes() == before
    assert [left.name for left in tmp_path.iterdir()] == ["annotated.mcap"]


def test_what_does_not_belong_together_is_refused(tmp_path: Path) -> None:
    (data, row), (_, next_row) = annotated([frame(0), frame(1)])
    for wrong in (next_row, row | {"targets": row["targets"][:1]}):
        with pytest.raises(ValueError, match=rf"frame {wrong['frame']}: the annotation is of another frame than the row"):
            write(tmp_path / "annotated.mcap", [(data, wrong)])
    with pytest.raises(ConfigurationError, match="no folder"):
        AnnotatedRecording(tmp_path / "missing" / "annotated.mcap")
    assert list(tmp_path.iterdir()) == []
