"""Whole recordings in all three containers: what comes out is what was put in."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.optics import RigidTransform
from auxfocus_ros.rig import Frame, Source, fields_xyz, load_rig, open_source, parse_rig
from auxfocus_ros.rig.recording import RecordingSource

START_NS = 1_700_000_000_000_000_000
STEP_NS = 100_000_000


def read(path: Path, rig: Any = None, **options: Any) -> tuple[list[Frame], RecordingSource, list[str]]:
    """All frames of one pass, the source, and what was said."""
    said: list[str] = []
    source = RecordingSource(path, parse_rig(rig, "rig") if rig else None, on_problem=said.append, **options)
    try:
        return list(source.frames()), source, said
    finally:
        source.close()


def test_pairs_of_every_container(any_bag: Any, tmp_path: Path) -> None:
    any_bag.static_transform("camera_optical_frame", "lidar", (0.1, 0.2, 0.3))
    any_bag.pairs(5)
    frames, source, said = read(any_bag.write(tmp_path / "bag"))
    assert said == []
    assert [frame.stamp_ns for frame in frames] == [START_NS + i * STEP_NS for i in range(5)]
    assert (source.counts.frames, source.counts.unreadable, source.has_depth) == (5, 0, True)
    assert source.rate_hz == pytest.approx(10.0) and source.duration_s == pytest.approx(0.5)
    frame = frames[3]
    assert frame.picture.shape == (48, 64, 3) and frame.picture_encoding == "bgr8"
    assert frame.points is not None and frame.points.dtype.names == ("x", "y", "z", "intensity")
    # STEP_NS divides START_NS, so picture 3 has the grey (START_NS / STEP_NS + 3) % 200.
    assert frame.picture[0, 0, 0] == (START_NS // STEP_NS + 3) % 200
    assert fields_xyz(frame.points)[0, 2] == 2 + (START_NS // STEP_NS + 3) % 50
    assert (frame.camera.fx_px, frame.camera.width_px) == (60.0, 64)
    assert (frame.camera_frame, frame.points_frame, frame.points_offset_s) == ("camera_optical_frame", "lidar", 0.0)
    np.testing.assert_allclose(frame.optical_from_points.translation_m, [0.1, 0.2, 0.3])
    assert frames[0].optical_from_points is frames[1].optical_from_points
    assert isinstance(source, Source)


def test_a_whole_folder_a_bare_file_and_no_metadata(bag_of: Any, tmp_path: Path) -> None:
    for container in ("mcap", "db3"):
        bag = bag_of(container)
        bag.pairs(3)
        file = bag.write(tmp_path / container)
        assert len(read(file)[0]) == len(read(file.parent)[0]) == len(read(file.parent / "metadata.yaml")[0]) == 3
        (file.parent / "metadata.yaml").unlink()
        assert len(read(file.parent)[0]) == 3


def test_split_recordings_are_joined_in_natural_order(bag_of: Any, tmp_path: Path) -> None:
    folder = tmp_path / "whole"
    folder.mkdir()
    for part in (2, 10, 9):  # written in any order; 2, 9, 10 is the order of time
        bag = bag_of("mcap")
        bag.pairs(2, START_NS + part * 10**9)
        shutil.move(bag.write(tmp_path / f"p{part}"), folder / f"whole_{part}.mcap")
    frames, source, _ = read(folder)
    assert [round((frame.stamp_ns - START_NS) / 1e9) for frame in frames] == [2, 2, 9, 9, 10, 10]
    assert source.counts.frames == 6


@pytest.mark.parametrize("compression", ["MESSAGE", "FILE"])
@pytest.mark.parametrize("container", ["mcap", "db3"])
def test_compressed_folders(bag_of: Any, tmp_path: Path, container: str, compression: str) -> None:
    bag = bag_of(container)
    bag.pairs(3)
    folder = bag.write(tmp_path / "bag", compression=compression).parent
    assert len(read(folder)[0]) == 3


def test_compressed_chunks(bag_of: Any, tmp_path: Path) -> None:
    bag = bag_of("mcap")
    bag.pairs(3)
    assert len(read(bag.write(tmp_path / "bag", compression="STORAGE"))[0]) == 3
    for codec in ("BZ2", "LZ4"):
        bag = bag_of("bag")
        bag.pairs(3)
        assert len(read(bag.write(tmp_path / codec, bag_compression=codec))[0]) == 3


@pytest.mark.parametrize(("kind", "topic"), [("jpeg", "/camera/image_raw/compressed"), ("png", "/front/color/compressed")])
def test_compressed_pictures(any_bag: Any, tmp_path: Path, kind: str, topic: str) -> None:
    picture = np.tile(np.linspace(0, 250, 64, dtype=np.uint8)[None, :, None], (48, 1, 3))
    any_bag.camera_info(START_NS)
    any_bag.compressed(START_NS, picture, kind, topic)
    (frame,), source, _ = read(any_bag.write(tmp_path / "bag"))
    assert source.topics.image == topic
    assert np.abs(frame.picture.astype(int) - picture).max() <= (3 if kind == "jpeg" else 0)
    assert frame.points is None and frame.depth_m is None and not source.has_depth


def test_depth_images(any_bag: Any, tmp_path: Path) -> None:
    millimetres = np.arange(48 * 64, dtype=np.uint16).reshape(48, 64)
    metres = millimetres.astype(np.float32) / 1000
    metres[0, 1] = -1.0
    for index in range(2):
        any_bag.camera_info(START_NS + index * STEP_NS)
        any_bag.image(START_NS + index * STEP_NS)
    any_bag.image(START_NS, millimetres, "16UC1", topic="/depth/image_raw")
    any_bag.image(START_NS + STEP_NS, metres, "32FC1", topic="/depth/image_raw")
    path = any_bag.write(tmp_path / "bag")
    (first, second), source, _ = read(path)
    assert source.topics.depth == "/depth/image_raw"
    assert first.depth_m is not None and first.depth_m.dtype == np.float32
    assert first.depth_m[1, 2] == pytest.approx(0.066) and first.depth_m[0, 0] == 0.0
    assert second.depth_m is not None and np.isnan(second.depth_m[0, 1]) and second.depth_m[1, 2] == pytest.approx(0.066)
    (tenths, _), _, _ = read(path, {"depth": {"unit_m": 0.0001}})
    assert tenths.depth_m is not None and tenths.depth_m[1, 2] == pytest.approx(0.0066)


def test_compressed_depth(mcap_bag: Any, tmp_path: Path) -> None:
    import struct

    import cv2

    millimetres = np.full((48, 64), 1234, np.uint16)
    millimetres[0, 0] = 0
    mcap_bag.camera_info(START_NS)
    mcap_bag.image(START_NS)
    png = cv2.imencode(".png", millimetres)[1].tobytes()
    data = np.frombuffer(struct.pack("<iff", 0, 0.0, 0.0) + png, np.uint8)
    mcap_bag.compressed(START_NS, millimetres, topic="/d/compressedDepth", format="16UC1; compressedDepth png", data=data)
    (frame,), _, _ = read(mcap_bag.write(tmp_path / "a"))
    assert frame.depth_m is not None
    assert frame.depth_m[1, 1] == pytest.approx(1.234) and frame.depth_m[0, 0] == 0.0


def test_quantised_compressed_depth() -> None:
    """compressed_depth_image_transport: depth = a / (value - b), 0 is no reading. With a = 100, b = 10: 60 is 2 m."""
    import struct
    from types import SimpleNamespace

    import cv2

    from auxfocus_ros.rig.picture_decoding import decode_depth

    raw = np.array([[60, 0], [110, 35]], np.uint16)
    png = cv2.imencode(".png", raw)[1].tobytes()
    data = np.frombuffer(struct.pack("<iff", 0, 100.0, 10.0) + png, np.uint8)
    depth_m = decode_depth(SimpleNamespace(format="32FC1; compressedDepth png", data=data))
    np.testing.assert_allclose(depth_m, [[2.0, np.nan], [1.0, 4.0]])


@pytest.mark.parametrize(
    ("encoding", "pixel", "wanted"),
    [
        ("rgb8", [[1, 2, 3]], ("bgr8", [3, 2, 1])),
        ("bgra8", [[1, 2, 3, 9]], ("bgr8", [1, 2, 3])),
        ("rgba8", [[1, 2, 3, 9]], ("bgr8", [3, 2, 1])),
        ("8UC3", [[1, 2, 3]], ("bgr8", [1, 2, 3])),
        ("mono8", [7], ("mono8", 7)),
        ("8UC1", [7], ("mono8", 7)),
    ],
)
def test_encodings(mcap_bag: Any, tmp_path: Path, encoding: str, pixel: Any, wanted: Any) -> None:
    picture = np.tile(np.array(pixel, np.uint8), (48, 64) if encoding in ("mono8", "8UC1") else (48, 64, 1))
    mcap_bag.camera_info(START_NS)
    mcap_bag.image(START_NS, picture, encoding)
    (frame,), _, _ = read(mcap_bag.write(tmp_path / "bag"))
    assert frame.picture_encoding == wanted[0]
    assert frame.picture[5, 5].tolist() == wanted[1]


def test_sixteen_bits_bayer_and_padded_rows(mcap_bag: Any, tmp_path: Path) -> None:
    grey = np.full((48, 64), 257 * 100, np.uint16)
    # A red scene through an RGGB mosaic: only the pixels with even row and even column see it.
    mosaic = np.zeros((48, 64), np.uint8)
    mosaic[::2, ::2] = 200
    padded = np.full((48, 70), 9, np.uint8)
    padded[:, 64:] = 255
    swapped = grey.byteswap()
    mcap_bag.camera_info(START_NS)
    mcap_bag.image(START_NS, grey, "mono16")
    mcap_bag.image(START_NS + STEP_NS, mosaic, "bayer_rggb8")
    mcap_bag.image(START_NS + 2 * STEP_NS, padded, "mono8", width=64)
    mcap_bag.image(START_NS + 3 * STEP_NS, swapped, "mono16", is_bigendian=1)
    (first, second, third, fourth), _, said = read(mcap_bag.write(tmp_path / "bag"))
    assert said == []
    assert first.picture.dtype == np.uint8 and abs(int(first.picture[3, 3]) - 100) <= 1
    assert second.picture[20, 20].tolist() == [0, 0, 200]
    assert third.picture.shape == (48, 64) and (third.picture == 9).all()
    assert abs(int(fourth.picture[3, 3]) - 100) <= 1


def test_start_end_and_repeated_passes(any_bag: Any, tmp_path: Path) -> None:
    any_bag.pairs(10)
    path = any_bag.write(tmp_path / "bag")
    source = RecordingSource(path, start_s=0.2, end_s=0.5)
    stamps = [[round((f.stamp_ns - START_NS) / STEP_NS) for f in source.frames()] for _ in range(2)]
    assert stamps == [[2, 3, 4], [2, 3, 4]]
    assert source.counts.frames == 6
    assert source.duration_s == pytest.approx(0.3 + 0.1)
    impossible: list[Any] = [{"start_s": -1.0}, {"start_s": 2.0, "end_s": 1.0}, {"start_s": 100.0}]
    for wrong in impossible:
        with pytest.raises(ConfigurationError, match="start_s"):
            RecordingSource(path, **wrong)


def test_a_part_is_what_the_whole_has_there(any_bag: Any, tmp_path: Path) -> None:
    """The lens spoke before the part and the last scan is recorded after it; both belong to its pictures."""
    any_bag.camera_info(START_NS)
    any_bag.lens_state(START_NS, 1500.0)
    for index in range(10):
        any_bag.image(START_NS + index * STEP_NS)
        any_bag.cloud(START_NS + index * STEP_NS + 5_000_000, log_ns=START_NS + index * STEP_NS + 150_000_000)
    source = RecordingSource(any_bag.write(tmp_path / "bag"), start_s=0.5, end_s=0.8)
    frames = list(source.frames())
    assert [round((frame.stamp_ns - START_NS) / STEP_NS) for frame in frames] == [5, 6, 7]
    assert all(frame.lens is not None and frame.lens.position_steps == 1500.0 for frame in frames)
    assert all(frame.points_offset_s == pytest.approx(0.005) for frame in frames)
    assert (source.counts.frames, source.counts.unmatched_pictures) == (3, 0)


def test_nearest_cloud_one_to_one_and_the_rest_counted(mcap_bag: Any, tmp_path: Path) -> None:
    """Pictures at 30 Hz, scans at 10 Hz recorded a tenth of a second after they began: each scan has one picture."""
    mcap_bag.camera_info(START_NS)
    for index in range(30):
        mcap_bag.image(START_NS + index * 33_333_333)
    for index in range(10):
        stamp_ns = START_NS + index * STEP_NS + 5_000_000
        mcap_bag.cloud(stamp_ns, log_ns=stamp_ns + 100_000_000)
    path = mcap_bag.write(tmp_path / "bag")
    frames, source, _ = read(path)
    assert [round((frame.stamp_ns - START_NS) / 33_333_333) for frame in frames] == list(range(0, 30, 3))
    assert all(frame.points_offset_s == pytest.approx(0.005, abs=1e-6) for frame in frames)
    assert (source.counts.unmatched_pictures, source.counts.unmatched_clouds) == (20, 0)
    frames, source, _ = read(path, keep_unmatched=True)
    assert len(frames) == 30
    assert sum(frame.points is not None for frame in frames) == 10


def test_intrinsics_follow_the_picture_of_their_stamp(mcap_bag: Any, tmp_path: Path) -> None:
    for index in range(4):
        stamp_ns = START_NS + index * STEP_NS
        mcap_bag.image(stamp_ns, log_ns=stamp_ns - 1)  # the picture is recorded just before its camera_info
        mcap_bag.camera_info(stamp_ns, k=[60.0 + index, 0, 31.5, 0, 60, 23.5, 0, 0, 1])
    frames, _, _ = read(mcap_bag.write(tmp_path / "bag"))
    assert [frame.camera.fx_px for frame in frames] == [60.0, 61.0, 62.0, 63.0]


def test_binning_region_and_rectified_pictures(mcap_bag: Any, tmp_path: Path) -> None:
    roi = mcap_bag.make("sensor_msgs/msg/RegionOfInterest", x_offset=10, y_offset=4, height=48, width=64, do_rectify=False)
    mcap_bag.camera_info(START_NS, width=128, height=96, roi=roi, d=[0.1, 0, 0, 0, 0])
    mcap_bag.image(START_NS)
    (frame,), _, _ = read(mcap_bag.write(tmp_path / "roi"))
    assert (frame.camera.cx_px, frame.camera.cy_px, frame.camera.width_px) == (21.5, 19.5, 64)
    assert frame.camera.distortion[0] == 0.1
    rectified = type(mcap_bag)("mcap")
    rectified.camera_info(START_NS, width=128, height=96, binning_x=2, binning_y=2, d=[0.1, 0, 0, 0, 0])
    rectified.image(START_NS, topic="/camera/image_rect_color")
    (frame,), _, _ = read(rectified.write(tmp_path / "rect"))
    assert frame.camera.distortion_model == "none"
    # Halved: (31.5 + 0.5) / 2 - 0.5 = 15.5.
    assert (frame.camera.fx_px, frame.camera.cx_px) == (30.0, 15.5)


def test_the_rig_file_wins_over_the_recording(mcap_bag: Any, tmp_path: Path) -> None:
    mcap_bag.static_transform("camera_optical_frame", "lidar", (9.0, 9.0, 9.0))
    mcap_bag.pairs(1)
    rig = {
        "camera": {"frame": "eye", "width": 64, "height": 48, "k": [77, 77, 31, 23]},
        "points": {"frame": "scanner"},
        "optical_from_points": {"quaternion_xyzw": [0, 0, 0, 1], "translation_m": [1, 2, 3]},
    }
    (frame,), _, _ = read(mcap_bag.write(tmp_path / "bag"), rig)
    assert (frame.camera.fx_px, frame.camera_frame, frame.points_frame) == (77.0, "eye", "scanner")
    assert frame.optical_from_points.translation_m.tolist() == [1, 2, 3]


def test_transforms_through_a_chain_and_backwards(mcap_bag: Any, tmp_path: Path) -> None:
    mcap_bag.static_transform("base", "camera_optical_frame", (1.0, 0.0, 0.0))
    mcap_bag.static_transform("base", "mast", (0.0, 2.0, 0.0))
    mcap_bag.static_transform("mast", "lidar", (0.0, 0.0, 3.0))
    mcap_bag.pairs(1)
    (frame,), _, said = read(mcap_bag.write(tmp_path / "bag"))
    # lidar -> mast adds (0, 0, 3), mast -> base adds (0, 2, 0), base -> optical takes (1, 0, 0) away.
    np.testing.assert_allclose(frame.optical_from_points.translation_m, [-1, 2, 3])
    assert said == []


def test_no_transform_is_said_once(mcap_bag: Any, tmp_path: Path) -> None:
    mcap_bag.pairs(3)
    frames, _, said = read(mcap_bag.write(tmp_path / "bag"))
    assert np.array_equal(frames[0].optical_from_points.rotation, RigidTransform.identity().rotation)
    assert len(said) == 1 and "no static transform from 'lidar' to 'camera_optical_frame'" in said[0]


def test_lens_states_ride_along(any_bag: Any, tmp_path: Path) -> None:
    any_bag.pairs(3)
    any_bag.lens_state(START_NS - STEP_NS // 2, 1000.0)
    any_bag.lens_state(START_NS + STEP_NS // 2, 1500.0)
    frames, _, _ = read(any_bag.write(tmp_path / "bag"))
    assert [frame.lens.position_steps for frame in frames if frame.lens is not None] == [1000.0, 1500.0, 1500.0]


def test_topics_are_chosen_by_type_name_and_content(mcap_bag: Any, tmp_path: Path) -> None:
    for topic in ("/front/infra/image_raw", "/front/color/image_raw", "/front/color/image_raw/aux_focus"):
        mcap_bag.image(START_NS, topic=topic)
    mcap_bag.compressed(START_NS, np.zeros((48, 64, 3), np.uint8), topic="/front/color/image_raw/compressed")
    mcap_bag.image(START_NS, np.ones((48, 64), np.uint16), "16UC1", topic="/front/range/image")
    mcap_bag.image(START_NS, topic="/front/depth_colormap/image")
    for topic in ("/front/infra/camera_info", "/front/color/camera_info"):
        mcap_bag.camera_info(START_NS, topic=topic)
    mcap_bag.cloud(START_NS, topic="/velodyne_points")
    mcap_bag.cloud(START_NS, topic="/map")
    _, source, _ = read(mcap_bag.write(tmp_path / "bag"))
    topics = source.topics
    assert (topics.image, topics.camera_info) == ("/front/color/image_raw", "/front/color/camera_info")
    assert (topics.depth, topics.points) == ("/front/range/image", "/velodyne_points")


def test_two_equal_topics_are_not_guessed_between(mcap_bag: Any, tmp_path: Path) -> None:
    for side in ("left", "right"):
        mcap_bag.image(START_NS, topic=f"/{side}/image_raw")
        mcap_bag.camera_info(START_NS, topic=f"/{side}/camera_info")
    path = mcap_bag.write(tmp_path / "bag")
    with pytest.raises(ConfigurationError, match=r"could be the image: /left/image_raw, /right/image_raw; name one"):
        read(path)
    _, source, _ = read(path, {"topics": {"image": "/right/image_raw"}})
    assert source.topics.camera_info == "/right/camera_info"
    _, source, _ = read(path, topics={"image": "/left/image_raw"})
    assert source.topics.camera_info == "/left/camera_info"
    with pytest.raises(ConfigurationError, match=r"has no topic /up; of that type it has /left/image_raw, /right/image_raw"):
        read(path, topics={"image": "/up"})
    with pytest.raises(ConfigurationError, match="wanted sensor_msgs/msg/PointCloud2"):
        read(path, topics={"image": "/left/image_raw", "points": "/right/image_raw"})
    with pytest.raises(ConfigurationError, match="no role 'picture'"):
        read(path, topics={"picture": "/left/image_raw"})


def test_open_source(mcap_bag: Any, tmp_path: Path) -> None:
    mcap_bag.pairs(2)
    path = mcap_bag.write(tmp_path / "bag")
    assert len(list(open_source("recording", path).frames())) == 2
    with pytest.raises(ConfigurationError, match=r"no source of kind 'film': the kinds are recording, focal_stack"):
        open_source("film", path)
    with pytest.raises(ConfigurationError, match="has no option 'rate'"):
        open_source("recording", path, rate=3)
    with pytest.raises(InputError, match="there is no recording"):
        open_source("recording", tmp_path / "none.mcap")
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(InputError, match=r"a\.txt is not a recording: wanted a \.mcap, \.db3 or \.bag"):
        open_source("recording", tmp_path / "a.txt")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no recording"):
        open_source("recording", tmp_path / "empty")


def test_the_bundled_road(samples: Path) -> None:
    frames, source, said = read(samples / "rgb_lidar_road")
    assert said == [] and source.rate_hz == pytest.approx(2.0)
    assert [frame.picture.shape for frame in frames] == [(1200, 1920, 3)] * 2
    assert [len(frame.points) for frame in frames if frame.points is not None] == [101340, 98805]
    rig = load_rig("road_64")
    assert rig.optical_from_points is not None
    for frame in frames:
        assert frame.camera == rig.camera
        np.testing.assert_allclose(frame.optical_from_points.as_matrix(), rig.optical_from_points.as_matrix(), atol=1e-9)
        u_px, v_px = frame.camera.project(frame.optical_points_m())
        inside = (u_px > 0) & (u_px < 1920) & (v_px > 0) & (v_px < 1200)
        assert 10_000 < inside.sum() < 15_000


def test_the_bundled_room(samples: Path) -> None:
    frames, source, said = read(samples / "rgbd_room")
    assert said == [] and len(frames) == 5 and source.topics.points is None
    for frame in frames:
        assert frame.depth_m is not None and frame.depth_m.shape == (480, 640)
        seen = frame.depth_m[frame.depth_m > 0]
        assert len(seen) > 150_000 and seen.min() > 0.3 and seen.max() < 12.0  # a living room
        assert frame.camera.fx_px == 518.0


def test_points_land_on_things_through_a_fisheye(shared_data: Path, tmp_path: Path) -> None:
    """The hall: a calibration board stands 1.5 to 3 m away in the left half of the picture, the hall behind it is far."""
    about = json.loads((shared_data / "rgb_lidar_hall" / "calibration_derived.json").read_text())
    stand = about["camera_in_lidar_frame"]
    angles, shift = [stand[key] for key in ("roll", "pitch", "yaw")], [stand[key] for key in "xyz"]
    camera = {"width": 1920, "height": 1208, "distortion_model": "fisheye", "k": about["K"], "d": about["D"]}
    rig = {"camera": camera, "points_from_optical": {"rotation_rpy_rad": angles, "translation_m": shift}}
    folder = shared_data / "rgb_lidar_hall"
    description = {"images": f"{folder}/pose*.png", "points": f"{folder}/pose*_full.pcd", "rate_hz": 1, "rig": rig}
    (tmp_path / "folder.yaml").write_text(json.dumps(description))
    frames = list(open_source("recording", tmp_path).frames())
    assert len(frames) == 4
    optical = frames[0].optical_points_m()
    u_px, v_px = frames[0].camera.project(optical)
    # As seen in the picture: the board's middle is near (500, 370); the wall behind it is beyond 3 m.
    near = (np.hypot(u_px - 500, v_px - 370) < 120) & np.isfinite(u_px)
    assert near.sum() > 100
    assert np.median(optical[near, 2]) < 2.9
    beside = (np.abs(u_px - 900) < 100) & (np.abs(v_px - 300) < 100)
    assert np.median(optical[beside, 2]) > 5.0


def test_a_kitti_folder(shared_data: Path, tmp_path: Path) -> None:
    about = json.loads((shared_data / "drive_lidar" / "calibration_derived.json").read_text())
    rectify, from_lidar = np.eye(4), np.eye(4)
    rectify[:3, :3], from_lidar[:3] = about["R_rect_00"], about["RT_velo_to_cam"]
    k = np.array(about["P_rect_00"])[:, :3]
    rig = {
        "camera": {"width": 1242, "height": 375, "k": k.reshape(-1).tolist()},
        "optical_from_points": {"matrix": (rectify @ from_lidar).tolist()},
    }
    folder = shared_data / "drive_lidar"
    description = {"images": f"{folder}/image/*.png", "points": f"{folder}/velodyne/*.bin", "rate_hz": 10, "rig": rig}
    (tmp_path / "folder.yaml").write_text(json.dumps(description))
    source = open_source("recording", tmp_path, start_s=0.4, end_s=0.8)
    frames = list(source.frames())
    assert len(frames) == 4 and source.duration_s == pytest.approx(0.4)
    assert frames[0].stamp_ns == 400_000_000
    optical = frames[1].optical_points_m()
    u_px, v_px = frames[1].camera.project(optical)
    # The car ahead, straight in the middle of the road: some 10 m away.
    ahead = (np.abs(u_px - 630) < 40) & (np.abs(v_px - 270) < 20)
    assert 5.0 < np.median(optical[ahead, 2]) < 20.0


def test_refocus_wants_depth_and_a_lens(samples: Path) -> None:
    with pytest.raises(ConfigurationError, match="refocus needs a lens"):
        open_source("recording", samples / "rgbd_room", refocus=True)
    with pytest.raises(ConfigurationError, match="neither depth images nor points"):
        open_source("focal_stack", samples / "stack_circuit_board", lens="bench_25mm", refocus=True)
    source = open_source("recording", samples / "rgbd_room", lens="bench_25mm", refocus=True)
    assert source.follows_lens and source.has_depth
    sharp = next(open_source("recording", samples / "rgbd_room").frames())
    source.set_lens_position(2100.0)  # 0.4 m: the room is far behind
    assert next(source.frames()).picture.std() < sharp.picture.std()
    source.close()
