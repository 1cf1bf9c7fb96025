"""Rig files: what they say, and what cannot be right in them."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.rig import camera_from_values, load_rig, parse_rig, shipped_rigs
from auxfocus_ros.rig.rig_file import FocusControl, GimbalDescription, rotation_from_rpy

CAMERA = {"width": 64, "height": 48, "k": [60.0, 60.0, 31.5, 23.5]}
FOCUS = {"kind": "parameter", "name": "rgb_camera.focus", "unit": "counts", "minimum": 0, "maximum": 255, "step": 1}


@pytest.mark.parametrize("name", shipped_rigs())
def test_shipped_rigs_load(name: str) -> None:
    rig = load_rig(name)
    assert rig.name == name
    assert rig.camera is not None or rig.topics


def test_road_64_says_what_its_file_says() -> None:
    rig = load_rig("road_64")
    assert rig.camera is not None and rig.optical_from_points is not None
    assert rig.camera.distortion == (-0.1192, 0.162, 0.00073985, 0.0014, 0.0)
    assert (rig.points_frame, rig.lens, rig.match_tolerance_s) == ("lidar", "bench_25mm", 0.05)
    # 10 m ahead of the lidar (x forward) is 0.999405 * 10 - 0.0869361 = 9.9071 m ahead of the camera.
    assert rig.optical_from_points.apply(np.array([[10.0, 0, 0]]))[0, 2] == pytest.approx(9.9071139, abs=1e-4)


def test_nine_numbers_and_short_distortion() -> None:
    camera = camera_from_values(64, 48, [60, 0, 31.5, 0, 61, 23.5, 0, 0, 1], [0.1, 0.2, 0.3, 0.4])
    assert (camera.fx_px, camera.fy_px, camera.distortion_model) == (60.0, 61.0, "plumb_bob")
    assert camera.distortion == (0.1, 0.2, 0.3, 0.4, 0.0)
    assert camera_from_values(64, 48, [60, 60, 31, 23], [1, 2, 3, 4], "fisheye").distortion_model == "equidistant"
    assert camera_from_values(64, 48, [60, 60, 31, 23], [0.0] * 5, None).distortion_model == "none"
    assert camera_from_values(64, 48, [60, 60, 31, 23], [], "plumb_bob").distortion_model == "none"
    with pytest.raises(InputError, match="skew"):
        camera_from_values(64, 48, [60, 0.5, 31.5, 0, 61, 23.5, 0, 0, 1])


@settings(deadline=None, max_examples=50)
@given(st.tuples(*[st.floats(-1.5, 1.5)] * 3), st.tuples(*[st.floats(-10, 10)] * 3))
def test_three_spellings_of_one_transform(angles: tuple[float, ...], shift: tuple[float, ...]) -> None:
    by_angles = parse_rig({"optical_from_points": {"rotation_rpy_rad": list(angles), "translation_m": list(shift)}}, "f")
    assert by_angles.optical_from_points is not None
    quaternion = list(by_angles.optical_from_points.as_quaternion())
    by_quaternion = parse_rig({"optical_from_points": {"quaternion_xyzw": quaternion, "translation_m": list(shift)}}, "f")
    by_matrix = parse_rig({"optical_from_points": {"matrix": by_angles.optical_from_points.as_matrix().tolist()}}, "f")
    back = parse_rig({"points_from_optical": {"matrix": by_angles.optical_from_points.inverse().as_matrix()[:3].tolist()}}, "f")
    for other in (by_quaternion, by_matrix, back):
        assert other.optical_from_points is not None
        np.testing.assert_allclose(other.optical_from_points.as_matrix(), by_angles.optical_from_points.as_matrix(), atol=1e-7)


def test_rpy_turns_about_fixed_axes() -> None:
    # Roll 90 deg takes y to z; yaw 90 deg then leaves z alone: y -> z. And x -> x -> y.
    rotation = rotation_from_rpy(math.pi / 2, 0.0, math.pi / 2)
    np.testing.assert_allclose(rotation @ [0, 1, 0], [0, 0, 1], atol=1e-12)
    np.testing.assert_allclose(rotation @ [1, 0, 0], [0, 1, 0], atol=1e-12)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "empty"),
        ([1], "wanted keys and values"),
        ({"extrinsics": {}}, "unknown key 'extrinsics'"),
        ({"point": {"frame": "lidar"}}, "did you mean 'points'"),
        ({"camera": {"width": 64, "k": [1, 1, 1, 1]}}, "'height' is missing"),
        ({"camera": {**CAMERA, "k": [0, 0, 0, 0]}}, "focal length"),
        ({"camera": {**CAMERA, "k": [1, 2, 3]}}, "4 or 9"),
        ({"camera": {**CAMERA, "k": [1, 2, 3, "x"]}}, "not a finite number"),
        ({"camera": {**CAMERA, "k": [float("nan"), 2, 3, 4]}}, "not a finite number"),
        ({"camera": {**CAMERA, "distortion_model": "barrel", "d": [0.1]}}, "distortion_model"),
        ({"optical_from_points": {}}, "exactly one of"),
        ({"optical_from_points": {"matrix": [[1, 0, 0, 0]] * 3}}, "rotation"),
        ({"optical_from_points": {"matrix": [[1, 0, 0]] * 3}}, "4 numbers"),
        ({"optical_from_points": {"quaternion_xyzw": [0, 0, 0, 0]}}, "quaternion"),
        ({"optical_from_points": {"quaternion_xyzw": [0, 0, 0, 1]}, "points_from_optical": {}}, "exclude each other"),
        ({"topics": {"picture": "/a"}}, "unknown key 'picture'"),
        ({"topics": {"image": 3}}, "not a topic's name"),
        ({"depth": {"unit_m": 0}}, "not above zero"),
        ({"match_tolerance_s": -1}, "not above zero"),
        ({"match_tolerance_s": True}, "not a finite number"),
        ({"lens": 25}, "lens's name"),
        ({"topics": {"joint_state": "/a"}}, "did you mean 'joint_states'"),
        ({"gimbal": "pan_tilt_gimbal"}, "wanted keys and values"),
        ({"gimbal": {}}, "'urdf' is missing"),
        ({"gimbal": {"urdf": 3}}, "gimbal.urdf: 3 is not a URDF's name or path"),
        ({"gimbal": {"urdf": "a", "base_frame": ""}}, "gimbal.base_frame: '' is not a frame's name"),
        ({"gimbal": {"urdf": "a", "baseframe": "b"}}, "did you mean 'base_frame'"),
        ({"focus_control": {}}, "focus_control.kind: None is none of none, parameter"),
        ({"focus_control": {"kind": "action"}}, "focus_control.kind: 'action'"),
        ({"focus_control": {"kind": ["topic"]}}, "focus_control.kind"),
        ({"focus_control": {"kind": "none", "step": 1}}, "'step' says how to focus"),
        ({"focus_control": {**FOCUS, "name": ""}}, "focus_control.name: '' is not a parameter's name"),
        ({"focus_control": {**FOCUS, "unit": "metres"}}, "focus_control.unit: 'metres' is none of counts, dioptres, steps"),
        ({"focus_control": {**FOCUS, "unit": []}}, "focus_control.unit"),
        ({"focus_control": {"kind": "topic", "name": "/focus"}}, "'unit' is missing; a topic needs"),
        ({"focus_control": {**FOCUS, "minimum": 255}}, "minimum 255 is not below maximum 255"),
        ({"focus_control": {**FOCUS, "maximum": float("inf")}}, "focus_control.maximum: inf is not a finite number"),
        ({"focus_control": {**FOCUS, "step": 0}}, "focus_control.step: 0 is not above zero"),
        ({"focus_control": {**FOCUS, "step": 256}}, "focus_control.step: 256"),
    ],
)
def test_what_cannot_be_right(content: object, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        parse_rig(content, "here.yaml")
    assert str(caught.value).startswith("here.yaml")
    assert "\n" not in str(caught.value)


def test_files_that_are_not_there_or_not_yaml(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no rig 'nothing': shipped rigs are .*road_64"):
        load_rig("nothing")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_rig(tmp_path / "none.yaml")
    (tmp_path / "bad.yaml").write_text("name: [\n")
    with pytest.raises(ConfigurationError, match=r"bad\.yaml line 2"):
        load_rig(tmp_path / "bad.yaml")


def test_a_lens_file_stands_relative_to_its_rig_file(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("lens: glass.yaml\n")
    rig = load_rig(tmp_path / "mine.yaml")
    assert rig.lens == str(tmp_path / "glass.yaml")
    assert rig.name == "mine"


def test_a_rig_without_gimbal_and_focus_says_so() -> None:
    rig = parse_rig({"name": "plain"}, "f")
    assert rig.gimbal is None and rig.focus_control is None


def test_gimbal_and_focus_control() -> None:
    rig = parse_rig({"gimbal": {"urdf": "pan_tilt_gimbal"}, "focus_control": FOCUS}, "f")
    assert rig.gimbal == GimbalDescription("pan_tilt_gimbal", "base_link")
    assert rig.focus_control == FocusControl("parameter", "rgb_camera.focus", "counts", 0.0, 255.0, 1.0)
    rig = parse_rig({"gimbal": {"urdf": "a.urdf", "base_frame": "deck"}, "focus_control": {"kind": "none"}}, "f")
    assert rig.gimbal == GimbalDescription("a.urdf", "deck")
    assert rig.focus_control == FocusControl()
    # One step may span the whole range: a lens with two positions.
    two = parse_rig({"focus_control": {**FOCUS, "maximum": 1}}, "f").focus_control
    assert two is not None and two.step == two.maximum - two.minimum == 1.0


def test_topics_of_the_gimbal_and_the_rangefinder() -> None:
    topics = {"joint_states": "/joint_states", "gimbal_command": "/gimbal/command", "range": "/range"}
    assert parse_rig({"topics": topics}, "f").topics == topics


def test_a_urdf_file_stands_relative_to_its_rig_file_and_a_name_is_shipped(tmp_path: Path) -> None:
    for written, wanted in (
        ("arm.urdf", str(tmp_path / "arm.urdf")),
        ("../arm.xml", str(tmp_path / "../arm.xml")),
        ("/robots/arm.urdf", "/robots/arm.urdf"),
        ("pan_tilt_gimbal", "pan_tilt_gimbal"),
    ):
        (tmp_path / "mine.yaml").write_text(f"gimbal: {{urdf: {written}}}\n")
        rig = load_rig(tmp_path / "mine.yaml")
        assert rig.gimbal is not None and rig.gimbal.urdf == wanted


def test_the_example_in_the_documentation_is_a_rig() -> None:
    import yaml

    from auxfocus_ros.rig import rig_file

    documentation = rig_file.__doc__ or ""
    example = documentation[documentation.index("    name: ") :]
    for name, number in (("fx, fy, cx, cy", "60, 60, 32, 24"), ("k1, k2, p1, p2, k3", "0, 0, 0, 0, 0.1")):
        example = example.replace(name, number)
    example = example.replace("[[r, r, r, t], [r, r, r, t], [r, r, r, t]]", "[[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]")
    content = yaml.safe_load(example)
    # All keys but the other spelling of the extrinsics.
    assert set(content) == set(rig_file.KEYS) - {"points_from_optical"}
    rig = parse_rig(content, "the example")
    assert set(rig.topics) == set(rig_file.TOPIC_ROLES)
    assert rig.gimbal is not None and rig.focus_control is not None and rig.focus_control.unit == "counts"


def test_a_depth_camera_of_its_own_is_read(tmp_path: Path) -> None:
    file = tmp_path / "rig.yaml"
    file.write_text("depth: {unit_m: 0.0002, camera: {width: 640, height: 480, k: [570, 571, 319, 239]}}\n")
    rig = load_rig(str(file))
    assert rig.depth_camera is not None
    assert (rig.depth_unit_m, rig.depth_camera.width_px, rig.depth_camera.fy_px) == (0.0002, 640, 571.0)
    file.write_text("depth: {camera: {width: 640}}\n")
    with pytest.raises(ConfigurationError, match=r"depth\.camera: 'height' is missing"):
        load_rig(str(file))
