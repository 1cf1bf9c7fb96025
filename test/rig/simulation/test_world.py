"""The world in time: what the gimbal does on a platform that shakes, and what cannot be compiled."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.rig.gimbal import GimbalCommand
from auxfocus_ros.rig.simulation import load_scene
from auxfocus_ros.rig.simulation.gimbal_control import looking_at, stabilised_angles
from auxfocus_ros.rig.simulation.world import OPTICAL_FRAME, World
from auxfocus_ros.rig.urdf import load_urdf

GIMBAL = "pan_tilt_gimbal"


def still(content: dict[str, Any]) -> None:
    """Nobody is followed, nothing shakes."""
    content["gimbal"] = {"pan_rad": 0.0, "tilt_rad": 0.0}
    content["platform"].pop("shake")


def shaking(content: dict[str, Any]) -> None:
    content["gimbal"] = {"pan_rad": 0.2, "tilt_rad": 0.1}
    content["platform"]["shake"] = {"rotation_rad": 0.01, "translation_m": 0.005, "frequency_hz": 8}


def open_world(path: Path, **options: Any) -> World:
    return World(load_scene(path).with_options(**options), load_urdf(GIMBAL))


def optical_axes(world: World, seconds: float) -> np.ndarray:
    """(N, 3) direction of view at 100 Hz, after half a second."""
    axes = []
    for time_s in np.arange(0.01, seconds, 0.01):
        world.advance(time_s)
        world.look(time_s)
        if time_s > 0.5:
            axes.append(world.world_from(OPTICAL_FRAME).rotation[:, 2])
    return np.array(axes)


def test_looking_at_by_hand() -> None:
    assert looking_at(np.array([1.0, 0.0, 0.0])) == (0.0, -0.0)
    assert looking_at(np.array([0.0, 2.0, 0.0])) == pytest.approx((math.pi / 2, 0.0))  # to the left
    assert looking_at(np.array([1.0, 0.0, -1.0])) == pytest.approx((0.0, math.pi / 4))  # down


def test_on_a_level_platform_nothing_has_to_be_stabilised() -> None:
    assert stabilised_angles(0.3, -0.2, np.eye(3)) == pytest.approx((0.3, -0.2))


def test_a_platform_that_has_turned_is_turned_back_by_the_pan() -> None:
    turn = 0.4
    c, s = math.cos(turn), math.sin(turn)
    base_from_level = np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]]).T
    assert stabilised_angles(0.3, -0.2, base_from_level) == pytest.approx((0.3 - turn, -0.2))


def test_the_gimbal_stands_where_the_scene_says(scene: Callable[..., Path]) -> None:
    world = open_world(scene(still))
    world.advance(1.0)
    world.look(1.0)
    pose = world.world_from(OPTICAL_FRAME)
    assert pose.rotation[:, 2] == pytest.approx([1.0, 0.0, 0.0], abs=1e-3)
    assert pose.rotation[:, 0] == pytest.approx([0.0, -1.0, 0.0], abs=1e-3)
    robot = load_urdf(GIMBAL)
    offset = robot.transform(robot.root, OPTICAL_FRAME, {joint.name: 0.0 for joint in robot.moving_joints}).translation_m
    assert pose.translation_m == pytest.approx(offset + np.array([0.0, 0.0, 1.5]), abs=1e-3)


def test_stabilising_holds_the_view_against_the_platform(scene: Callable[..., Path]) -> None:
    path = scene(shaking)
    held = optical_axes(open_world(path), 4.0)[:, 1:].std(axis=0)
    loose = optical_axes(open_world(path, stabilise=False), 4.0)[:, 1:].std(axis=0)
    assert (loose > 0.004).all()  # it does shake
    assert (held < 0.3 * loose).all()
    assert (held > 0.0).any()  # a motor is no miracle


def test_weak_motors_hold_less(scene: Callable[..., Path], tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "config/urdf/pan_tilt_gimbal.urdf").read_text()
    robot = load_urdf(GIMBAL)
    effort = f'effort="{robot.joints["pan_joint"].max_effort:g}"'
    assert effort in text
    (tmp_path / "weak.urdf").write_text(text.replace(effort, 'effort="0.0005"'))

    def weak(content: dict[str, Any]) -> None:
        shaking(content)
        content["gimbal"]["urdf"] = "weak.urdf"

    path = scene(shaking)
    strong = optical_axes(open_world(path), 3.0)[:, 1].std()
    settings = load_scene(scene(weak))
    feeble = optical_axes(World(settings, load_urdf(settings.gimbal.urdf)), 3.0)[:, 1].std()
    assert feeble > 2.0 * strong


def test_what_is_followed_stays_in_the_middle(scene: Callable[..., Path]) -> None:
    world = open_world(scene())
    walker = world.parts.things[0]
    for time_s in (0.5, 1.0, 1.5):
        world.advance(time_s)
        world.look(time_s)
        position = world.world_from(OPTICAL_FRAME).inverse().apply(world.middle_of(walker)[None])[0]
        assert abs(position[0] / position[2]) < 0.02
        assert abs(position[1] / position[2]) < 0.02


def test_a_command_turns_the_gimbal_within_its_limits_and_says_so(scene: Callable[..., Path]) -> None:
    world = open_world(scene(still))
    limit = next(joint for joint in load_urdf(GIMBAL).moving_joints if joint.name == "pan_joint")
    said = world.command(GimbalCommand(("pan_joint",), (limit.upper + 1.0,)))
    assert len(said) == 1 and "pan_joint" in said[0] and f"{limit.upper:.4g}" in said[0]
    angles, speeds = [], []
    for reading in world.advance(3.0):
        angles.append(reading.positions_rad[0])
        speeds.append(reading.velocities_rad_per_s[0])
    assert angles[-1] == pytest.approx(limit.upper, abs=0.01)
    assert max(angles) < limit.upper + 0.02
    assert max(speeds) < 1.1 * limit.max_speed


def test_a_command_that_cannot_be_changes_nothing(scene: Callable[..., Path]) -> None:
    world = open_world(scene(still))
    with pytest.raises(InputError):
        world.command(GimbalCommand(("pan_joint",), (math.nan,)))
    readings = world.advance(0.5)
    assert readings[-1].positions_rad == pytest.approx((0.0, 0.0), abs=1e-3)


def test_readings_come_at_100_hz_whatever_the_frames(scene: Callable[..., Path]) -> None:
    world = open_world(scene(still))
    stamps = [reading.stamp_ns for end in (0.033, 0.066, 0.1) for reading in world.advance(end)]
    assert stamps == [1_000_000_000 + 10_000_000 * number for number in range(11)]


def test_a_run_is_repeated_exactly(scene: Callable[..., Path]) -> None:
    path = scene()
    first, second = open_world(path), open_world(path)
    one = [reading.positions_rad for reading in first.advance(1.0)]
    assert one == [reading.positions_rad for reading in second.advance(1.0)]
    first.reset()
    assert one == [reading.positions_rad for reading in first.advance(1.0)]
    other = open_world(path, seed=6)
    assert one != [reading.positions_rad for reading in other.advance(1.0)]


def nowhere(content: dict[str, Any]) -> None:
    content["things"][0]["body"] = "ghost"


def no_joint(content: dict[str, Any]) -> None:
    content["things"][0]["gait"][0]["joint"] = "tail"


def follows_nobody(content: dict[str, Any]) -> None:
    content["gimbal"]["follow"] = "ghost"


def unchanged(content: dict[str, Any]) -> None:
    """The scene as it is."""


def replaced(old: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return change


@pytest.mark.parametrize(
    ("edit", "change_world", "words"),
    [
        (nowhere, str, "has no body 'ghost'"),
        (no_joint, str, "has no joint 'tail'"),
        (follows_nobody, str, "there is no thing 'ghost'"),
        (unchanged, replaced('mocap="true"', ""), 'must give it mocap="true"'),
        (unchanged, replaced('file="photo.jpg"', 'file="lost.jpg"'), r"texture 'photo': there is no file lost\.jpg"),
        (unchanged, replaced('file="photo.jpg"', 'file="photo.bmp"'), r"photo\.bmp is neither PNG nor JPEG"),
        (unchanged, replaced("</worldbody>", ""), "MuJoCo cannot read it"),
        (unchanged, replaced('material="cube"', 'material="velvet"'), "MuJoCo cannot"),
        (unchanged, lambda text: "this is no XML", "MuJoCo cannot read it"),
    ],
)
def test_worlds_that_cannot_be_are_refused_in_one_line(
    scene: Callable[..., Path], edit: Any, change_world: Callable[[str], str], words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        open_world(scene(edit, change_world))
    assert "\n" not in str(caught.value)


def test_a_texture_that_is_no_picture_is_refused(scene: Callable[..., Path], tmp_path: Path) -> None:
    path = scene()
    (tmp_path / "textures" / "photo.jpg").write_bytes(b"not a picture")
    with pytest.raises(ConfigurationError, match=r"photo\.jpg is no picture"):
        open_world(path)


def test_a_thing_inside_the_camera_is_named_with_time_and_place(scene: Callable[..., Path]) -> None:
    def through_the_camera(content: dict[str, Any]) -> None:
        still(content)
        content["things"][0]["path"] = {"kind": "line", "from_m": [4, 0, 0.3], "to_m": [-4, 0, 0.3], "speed_m_per_s": 4.0}
        content["duration_s"] = 2.0

    with pytest.raises(ConfigurationError, match=r"trunk is inside the camera at 1\.\d s"):
        open_world(scene(through_the_camera))


def test_a_gimbal_that_is_no_pan_and_tilt_is_refused(scene: Callable[..., Path], tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "config/urdf/pan_tilt_gimbal.urdf").read_text()
    (tmp_path / "odd.urdf").write_text(text.replace('<axis xyz="0 1 0"/>', '<axis xyz="1 0 0"/>'))
    with pytest.raises(ConfigurationError, match="wanted a pan about z, then a tilt about y"):
        World(load_scene(scene()), load_urdf(tmp_path / "odd.urdf"))
