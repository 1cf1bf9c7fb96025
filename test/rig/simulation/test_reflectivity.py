"""How bright a geom is to a lidar."""

import numpy as np
import pytest

from auxfocus_ros.rig.simulation.opengl import load_mujoco
from auxfocus_ros.rig.simulation.reflectivity import surface_reflectivity

ASSETS = """<asset>
  <material name="green" rgba="0 1 0 1"/>
  <texture name="halves" type="2d" builtin="checker" rgb1="1 1 1" rgb2="0 0 0" width="64" height="64"/>
  <material name="halves" texture="halves"/><material name="dim" texture="halves" rgba=".5 .5 .5 1"/>
</asset>"""


@pytest.mark.parametrize(
    ("colour", "expected"),
    [
        ("", 0.5**2.2),  # MuJoCo's own grey, 0.2176
        ('rgba="1 0 0 1"', 0.2126),
        ('rgba="0 0 0 1"', 0.03),
        ('rgba="1 1 1 1"', 0.95),
        ('material="green"', 0.7152),
        ('material="green" rgba="0 0 1 1"', 0.0722),  # a geom's own colour wins over its material's
        ('material="halves"', 0.5),
        ('material="dim"', 0.5 * 0.5**2.2),
    ],
)
def test_reflectivity_is_the_brightness_in_linear_light(colour: str, expected: float) -> None:
    xml = f'<mujoco>{ASSETS}<worldbody><geom size="1" rgba="1 1 1 1"/><geom size="1" {colour}/></worldbody></mujoco>'
    assert surface_reflectivity(load_mujoco().MjModel.from_xml_string(xml)) == pytest.approx([0.95, expected], abs=1e-3)


def test_a_model_without_materials() -> None:
    model = load_mujoco().MjModel.from_xml_string('<mujoco><worldbody><geom size="1"/></worldbody></mujoco>')
    assert np.asarray(surface_reflectivity(model)) == pytest.approx([0.5**2.2], abs=1e-9)
