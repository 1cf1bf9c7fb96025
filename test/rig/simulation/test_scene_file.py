"""Scene files: what is read, and what is refused with one line that names file and key."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.rig.simulation import load_scene, shipped_scenes
from auxfocus_ros.rig.simulation.scene_file import LightSettings, parse_scene


def test_a_scene_is_read_with_its_defaults(scene: Callable[..., Path]) -> None:
    read = load_scene(scene())
    assert (read.name, read.title, read.seed) == ("yard", "somebody walks before a wall", 5)
    assert read.model.name == "yard.xml" and read.model.is_absolute()
    assert read.camera.reference_exposure_s == 0.004  # an exposure alone shows the world as it was made
    assert read.gimbal.stabilise and read.gimbal.urdf == "pan_tilt_gimbal"
    assert read.things[0].path is not None and read.things[0].gait[0].stride_m == 1.4
    assert read.things[2].is_geom and read.things[2].glass == 0.1
    assert read.light.at(3.0) == 1.0


def test_options_win(scene: Callable[..., Path]) -> None:
    read = load_scene(scene()).with_options(
        seed=9, rate_hz=25.0, width_px=320, height_px=200, depth_sensor="depth_camera", mount="fixed", light=0.25, noise=False
    )
    assert (read.seed, read.rate_hz, read.camera.width_px, read.camera.height_px) == (9, 25.0, 320, 200)
    assert (read.depth_sensor.kind, read.depth_sensor.mount, read.depth_sensor.noise) == ("depth_camera", "fixed", False)
    assert read.light.at(0.0) == 0.25 and not read.camera.noise


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"width_px": 5}, "width_px"),
        ({"rate_hz": math.nan}, "rate_hz"),
        ({"seed": -1}, "seed"),
        ({"depth_sensor": "radar"}, "radar"),
        ({"mount": "tail"}, "tail"),
        ({"light": -0.1}, "light"),
    ],
)
def test_options_that_cannot_be_are_named(scene: Callable[..., Path], options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        load_scene(scene()).with_options(**options)


def test_light_goes_from_point_to_point() -> None:
    light = LightSettings(2.0, ((1.0, 1.0), (3.0, 0.5), (3.0, 0.1), (5.0, 0.1)))
    # Worked out by hand: half-way between 1 and 0.5 is 0.75, times the level 2.
    assert [light.at(t) for t in (0.0, 1.0, 2.0, 4.0, 9.0)] == pytest.approx([2.0, 2.0, 1.5, 0.2, 0.2])


def change(*keys: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    def apply(content: dict[str, Any]) -> None:
        place: Any = content
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = value

    return apply


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (lambda c: c.pop("model"), "'model' is missing"),
        (change("model", value="attic.xml"), "there is no file .*attic.xml"),
        (change("camra", value={}), "unknown key 'camra'; did you mean 'camera'"),
        (change("camera", "exposure_s", value=-1.0), "camera.exposure_s"),
        (change("camera", "exposure_s", value=float("nan")), "camera.exposure_s"),
        (change("camera", "width_px", value=100.5), "camera.width_px: 100.5 is not a whole number"),
        (change("camera", "widht_px", value=100), "did you mean 'width_px'"),
        (change("platform", "path", value={"kind": "line"}), "leave position_m and heading_rad out"),
        (change("platform", "position_m", value=[0, 0]), "platform.position_m"),
        (change("gimbal", "tilt_rad", value="down"), "gimbal.tilt_rad"),
        (change("gimbal", "stabilise", value="yes please"), "gimbal.stabilise"),
        (change("depth_sensor", "kind", value="spinning_17"), "did you mean 'spinning_1?6'"),
        (change("light", value={"changes": [[2, 1], [1, 0]]}), "the times must rise"),
        (change("light", value={"changes": [[2, -1]]}), "below zero"),
        (change("things", value={"body": "walker"}), "things: wanted a list"),
        (change("things", 0, "geom", value="wall"), "exactly one of body and geom"),
        (change("things", 1, "path", value={"kind": "line"}), "only bodies move"),
        (change("things", 1, "geom", value="pane"), "'pane' stands there twice"),
        (change("things", 0, "gait", 0, "stride_m", value=0.0), r"gait\[0\].stride_m"),
        (change("things", 0, "path", "sped_m_per_s", value=3.0), "did you mean 'speed_m_per_s'"),
        (change("things", 2, "glass", value=1.5), r"things\[2\].glass"),
        (change("duration_s", value=0.0), "duration_s"),
        (change("seed", value=-3), "seed"),
    ],
)
def test_what_cannot_be_is_said_with_file_and_key(scene: Callable[..., Path], edit: Any, words: str) -> None:
    path = scene(edit)
    with pytest.raises(ConfigurationError, match=words) as caught:
        load_scene(path)
    assert str(path.parent) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_scene_names_those_that_ship() -> None:
    with pytest.raises(ConfigurationError, match="there is no scene 'moon'") as caught:
        load_scene("moon")
    assert all(name in str(caught.value) for name in shipped_scenes())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5000) | st.floats() | st.text(max_size=8),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=8), children, max_size=4),
    max_leaves=12,
)


@given(
    st.dictionaries(
        st.sampled_from(["model", "camera", "platform", "gimbal", "things", "light", "depth_sensor", "rate_hz", "seed", "name"]),
        JSON,
    )
)
def test_any_yaml_is_read_or_refused_in_one_line(content: dict[str, Any]) -> None:
    try:
        parse_scene(yaml.safe_load(yaml.safe_dump(content)), Path("/nowhere/scene.yaml"))
    except ConfigurationError as error:
        assert "\n" not in str(error)
    else:
        pytest.fail("a scene without a world was read")
