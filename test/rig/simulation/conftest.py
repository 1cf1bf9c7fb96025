"""`scene`: a small world for the simulator's tests, in which a person walks before a wall and a pane of glass."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import yaml

WORLD = """<mujoco>
  <visual><quality shadowsize="0" offsamples="0" numslices="36"/><headlight ambient=".4 .4 .4" diffuse=".3 .3 .3"/></visual>
  <asset>
    <texture name="sky" type="skybox" builtin="gradient" rgb1=".5 .7 .9" rgb2=".2 .3 .5" width="64" height="384"/>
    <texture name="photo" type="2d" file="photo.jpg"/><material name="photo" texture="photo"/>
    <texture name="cube" type="cube" file="photo.jpg"/><material name="cube" texture="cube"/>
  </asset>
  <worldbody>
    <light pos="0 0 10" dir="-.3 .2 -1" directional="true" diffuse=".6 .6 .6"/>
    <geom name="ground" type="plane" size="100 100 1" material="photo" contype="0" conaffinity="0"/>
    <geom name="wall" type="box" pos="15 0 2" size=".1 8 2" material="cube" contype="0" conaffinity="0"/>
    <geom name="pane" type="box" pos="5 1.5 1.5" size=".01 .6 1" rgba=".5 .6 .7 .3" contype="0" conaffinity="0"/>
    <body name="walker" mocap="true">
      <geom name="trunk" type="capsule" fromto="0 0 .9 0 0 1.5" size=".22" material="cube" contype="0" conaffinity="0"/>
      <body name="leg" pos="0 .1 .8">
        <joint name="hip" axis="0 1 0"/>
        <geom type="capsule" fromto="0 0 0 0 0 -.7" size=".08" rgba=".1 .1 .5 1" contype="0" conaffinity="0"/>
      </body>
    </body>
  </worldbody>
</mujoco>
"""


def scene_content() -> dict[str, Any]:
    """A scene file's content that is right; tests change it."""
    return {
        "name": "yard",
        "title": "somebody walks before a wall",
        "model": "yard.xml",
        "duration_s": 1.0,
        "rate_hz": 10.0,
        "seed": 5,
        "camera": {"width_px": 160, "height_px": 120, "lens": "field_50mm", "sensor_width_m": 0.036, "exposure_s": 0.004},
        "platform": {"position_m": [0, 0, 1.5], "shake": {"rotation_rad": 0.005, "translation_m": 0.005, "frequency_hz": 8}},
        "gimbal": {"follow": "walker"},
        "depth_sensor": {"kind": "spinning_16", "mount": "gimbal"},
        "things": [
            {
                "body": "walker",
                "label": "person",
                "path": {"kind": "line", "from_m": [6, -1, 0], "to_m": [6, 1, 0], "speed_m_per_s": 1.0},
                "gait": [{"joint": "hip", "amplitude_rad": 0.5, "stride_m": 1.4}],
            },
            {"geom": "wall", "label": "building"},
            {"geom": "pane", "label": "glass", "glass": 0.1},
        ],
    }


@pytest.fixture
def scene(tmp_path: Path) -> Callable[..., Path]:
    """`scene(change, change_world)`: the path of a scene file; its content is handed to `change`, the world's text too."""

    def write(
        change: Callable[[dict[str, Any]], object] = lambda content: None,
        change_world: Callable[[str], str] = lambda text: text,
    ) -> Path:
        textures = tmp_path / "textures"
        textures.mkdir(exist_ok=True)
        picture = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
        cv2.imwrite(str(textures / "photo.jpg"), cv2.resize(picture, (256, 256), interpolation=cv2.INTER_NEAREST))
        (tmp_path / "yard.xml").write_text(change_world(WORLD))
        content = scene_content()
        change(content)
        path = tmp_path / "yard.yaml"
        path.write_text(yaml.safe_dump(content))
        return path

    return write
