"""Presets for drivers: the topics, frames and limits that were looked up in the drivers' own repositories.

The golden table is the check against a slip of the hand in a file: what it says was read there, not taken from the files.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from auxfocus_ros.optics.config_path import config_dir
from auxfocus_ros.rig import load_rig
from auxfocus_ros.rig.rig_file import FocusControl

RIGS = config_dir() / "rigs"
DRIVERS_PAGE = Path(__file__).parents[2] / "docs" / "drivers.md"


@dataclass(frozen=True)
class Preset:
    """What a preset must say, and what its comments must name. match_tolerance_s: half the longer period, rounded up."""

    source: str
    topics: dict[str, str]
    match_tolerance_s: float
    focus_control: FocusControl | None = None
    points_frame: str | None = None
    frames_in_words: tuple[str, ...] = field(default=())


PRESETS = {
    "realsense2_camera": Preset(
        "github.com/realsenseai/realsense-ros",
        {
            "image": "/camera/camera/color/image_raw",
            "camera_info": "/camera/camera/color/camera_info",
            "depth": "/camera/camera/aligned_depth_to_color/image_raw",
        },
        0.02,
        FocusControl("none"),
        frames_in_words=("camera_color_optical_frame",),
    ),
    "depthai_ros": Preset(
        "github.com/luxonis/depthai-ros",
        {"image": "/oak/rgb/image_raw", "camera_info": "/oak/rgb/camera_info", "depth": "/oak/stereo/image_raw"},
        0.02,
        FocusControl("parameter", "rgb.r_focus", "counts", 0.0, 255.0, 1.0),
        frames_in_words=("oak_rgb_camera_optical_frame",),
    ),
    "usb_cam": Preset(
        "github.com/ros-drivers/usb_cam",
        {"image": "/image_raw", "camera_info": "/camera_info"},
        0.05,
        FocusControl("parameter", "focus", "counts", 0.0, 255.0, 1.0),
        frames_in_words=("'default_cam'",),
    ),
    "v4l2_camera": Preset(
        "gitlab.com/boldhearts/ros2_v4l2_camera",
        {"image": "/image_raw", "camera_info": "/camera_info"},
        0.05,
        FocusControl("parameter", "focus_absolute", "counts", 0.0, 250.0, 5.0),
        frames_in_words=("camera_frame_id, 'camera'",),
    ),
    "camera_ros": Preset(
        "github.com/christianrauch/camera_ros",
        {"image": "/camera/image_raw", "camera_info": "/camera/camera_info"},
        0.05,
        # 15 dioptres over 925 - 445 = 480 counts.
        FocusControl("parameter", "LensPosition", "dioptres", 0.0, 15.0, 0.03125),
        frames_in_words=("frame_id, 'camera'",),
    ),
    "ouster": Preset("github.com/ouster-lidar/ouster-ros", {"points": "/ouster/points"}, 0.05, points_frame="os_lidar"),
    "livox": Preset("github.com/Livox-SDK/livox_ros_driver2", {"points": "/livox/lidar"}, 0.05, points_frame="livox_frame"),
}


def comments_of(name: str) -> str:
    """A preset's comments as one line of words."""
    lines = (RIGS / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    return " ".join(line.partition("#")[2].strip() for line in lines if "#" in line)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_says_what_its_driver_does(name: str) -> None:
    rig, wanted = load_rig(name), PRESETS[name]
    assert rig.name == name
    assert dict(rig.topics) == wanted.topics
    assert rig.match_tolerance_s == wanted.match_tolerance_s
    assert rig.focus_control == wanted.focus_control
    assert rig.points_frame == wanted.points_frame


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_leaves_to_the_driver_what_differs_from_camera_to_camera(name: str) -> None:
    rig = load_rig(name)
    assert (rig.camera, rig.camera_frame, rig.optical_from_points) == (None, None, None)
    assert (rig.depth_unit_m, rig.lens, rig.gimbal) == (None, None, None)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_names_its_sources_and_frames(name: str) -> None:
    comments, wanted = comments_of(name), PRESETS[name]
    source = re.search(r"Source(?: unless said otherwise)?: (\S+?/\S+?/\S+?)[,. ]", comments + " ")
    assert source is not None and source[1] == wanted.source
    for frame in wanted.frames_in_words:
        assert frame in comments


@pytest.mark.parametrize("name", PRESETS)
def test_every_value_has_its_own_source(name: str) -> None:
    """A comment above each key that a driver settles, and in it where it was read: a file, a page or a README's section."""
    text = (RIGS / f"{name}.yaml").read_text(encoding="utf-8")
    keys = set(yaml.safe_load(text)) & {"topics", "focus_control", "points"}
    assert keys
    for key in keys:
        before = text[: text.index(f"\n{key}:") + 1]
        inside = text[len(before) :].split("\n\n")[0]
        comment = before.rstrip("\n").split("\n\n")[-1] + inside
        assert re.search(r"#.*(README|\.cpp|\.py|\.yaml|issue \d)", comment), f"{name}: no source at {key}"


@pytest.mark.parametrize("name", PRESETS)
def test_topics_stand_on_their_own(name: str) -> None:
    """Absolute and valid: where the nodes run must not change what a driver's topics are called."""
    for topic in load_rig(name).topics.values():
        assert re.fullmatch(r"(/[A-Za-z_][A-Za-z0-9_]*)+", topic)


@pytest.mark.parametrize("name", PRESETS)
def test_the_example_keeps_our_own_topics_apart(name: str) -> None:
    """A driver whose topics are called as the graph's own needs a namespace for the graph; the others do not."""
    own = {"/camera/image_raw", "/camera/camera_info", "/points", "/depth/image_raw"}
    commands = re.findall(r"auxfocus up .*", (RIGS / f"{name}.yaml").read_text(encoding="utf-8"))
    assert len(commands) == 1 and f"--source topics --rig {name}" in commands[0]
    assert ("--namespace" in commands[0]) == bool(own & set(load_rig(name).topics.values()))


@pytest.mark.parametrize("name", PRESETS)
def test_the_example_says_where_depth_comes_from(name: str) -> None:
    """What the preset does not name is named beside it; a depth image is not taken unless asked for."""
    command = re.findall(r"auxfocus up .*", (RIGS / f"{name}.yaml").read_text(encoding="utf-8"))[0]
    topics = load_rig(name).topics
    assert ("--depth depth" in command) == ("depth" in topics)
    assert ("gimbal_rig.points_topic=" in command) == ("points" not in topics and "depth" not in topics)
    assert ("gimbal_rig.image_topic=" in command) == ("image" not in topics)


def test_the_page_on_drivers_names_every_preset_and_its_topics() -> None:
    page = DRIVERS_PAGE.read_text(encoding="utf-8")
    for name, wanted in PRESETS.items():
        assert f"`{name}`" in page
        for topic in wanted.topics.values():
            assert f"`{topic}`" in page, f"{name}: {topic}"
