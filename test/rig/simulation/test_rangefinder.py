"""A single-beam rangefinder in small worlds."""

import math
from typing import Any

import numpy as np
import pytest

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.rig.simulation.depth_sensors import Rangefinder
from auxfocus_ros.rig.simulation.opengl import load_mujoco

WALL = '<geom type="box" pos="21 0 0" size="1 50 50"/>'


def read(
    world: str, finder: Rangefinder | None = None, position: Any = (0, 0, 0), direction: Any = (1, 0, 0), **others: Any
) -> float:
    mujoco = load_mujoco()
    model = mujoco.MjModel.from_xml_string(f"<mujoco><worldbody>{world}</worldbody></mujoco>")
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    return (finder or Rangefinder()).read(model, data, np.array(position, float), np.array(direction, float), **others)


@pytest.mark.parametrize(("direction", "expected"), [((1, 0, 0), 20.0), ((7, 0, 0), 20.0), ((1, 1, 0), 20.0 * math.sqrt(2.0))])
def test_the_range_is_that_along_the_axis(direction: tuple[float, ...], expected: float) -> None:
    assert read(WALL, direction=direction) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("direction", [(-1, 0, 0), (0, 0, 1), (0.01, 1, 0)])
def test_nothing_within_reach_is_infinity(direction: tuple[float, ...]) -> None:
    assert read(WALL, direction=direction) == math.inf


@pytest.mark.parametrize(("wall_m", "expected"), [(0.19, math.nan), (0.21, 0.21), (49.9, 49.9), (50.1, math.inf)])
def test_the_limits_of_its_range(wall_m: float, expected: float) -> None:
    world = f'<geom type="box" pos="{wall_m + 1} 0 0" size="1 50 50"/>'
    assert read(world) == pytest.approx(expected, abs=1e-9, nan_ok=True)


def test_glass_and_the_rig_are_not_met() -> None:
    assert read(f'{WALL}<geom type="box" pos="5 0 0" size=".1 1 1" group="4"/><geom size=".5" group="5"/>') == pytest.approx(
        20.0, abs=1e-9
    )


def test_a_near_wire_is_heard_before_the_wall() -> None:
    """A wire of 6 mm at 3 m covers about a quarter of the beam's 26 mm; power at 3 m is 278 times that from 50 m."""
    assert read(f'{WALL}<geom type="cylinder" pos="3 0 0" size=".003 5"/>') == pytest.approx(2.997, abs=1e-3)


def test_a_wire_too_thin_and_far_gives_no_echo() -> None:
    """At 45 m, 1 mm of a beam of 39 cm: something is there, but nothing is heard; with a wall behind, the wall is."""
    wire = '<geom type="cylinder" pos="45 0 0" size=".0005 5"/>'
    assert math.isnan(read(wire))
    assert read(f'{wire}<geom type="box" pos="48 0 0" size="1 50 50"/>') == pytest.approx(47.0, abs=1e-2)


def test_a_floor_met_flatly_gives_no_echo() -> None:
    """From 1 m up, 40 m away the cosine is 1 / 40, and (50 / 40)^2 does not make up for it; nearer by, both are kinder."""
    floor = '<geom type="plane" size="0 0 1"/>'
    assert math.isnan(read(floor, Rangefinder(beam_width_rad=0.0), (0, 0, 1), (math.sqrt(40**2 - 1), 0, -1)))
    assert read(floor, Rangefinder(beam_width_rad=0.0), (0, 0, 1), (math.sqrt(10**2 - 1), 0, -1)) == pytest.approx(10.0, abs=1e-9)


def test_noise_has_its_spread_and_its_seed() -> None:
    mujoco = load_mujoco()
    model = mujoco.MjModel.from_xml_string(f"<mujoco><worldbody>{WALL}</worldbody></mujoco>")
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)

    def readings(seed: int) -> np.ndarray:
        rng = np.random.default_rng(seed)
        return np.array([Rangefinder().read(model, data, np.zeros(3), np.array([1.0, 0.0, 0.0]), rng) for _ in range(2000)])

    assert readings(1).mean() == pytest.approx(20.0, abs=4 * 0.03 / math.sqrt(2000))
    assert readings(1).std() == pytest.approx(0.03, rel=4 / math.sqrt(4000))
    assert (readings(1) == readings(1)).all() and (readings(1) != readings(2)).any()


def test_a_noisy_reading_stays_within_range() -> None:
    finder = Rangefinder(sigma_m=5.0)
    world = '<geom type="box" pos="1.3 0 0" size="1 50 50"/>'
    values = [read(world, finder, rng=np.random.default_rng(seed)) for seed in range(30)]
    assert min(values) == 0.2 and max(values) <= 50.0


@pytest.mark.parametrize(
    ("position", "direction", "words"),
    [
        ((0, 0, math.nan), (1, 0, 0), "position"),
        ((0, 0), (1, 0, 0), "position"),
        ((0, 0, 0), (0, 0, 0), "not all 0"),
        ((0, 0, 0), (math.inf, 0, 0), "direction"),
    ],
)
def test_bad_poses_are_refused(position: tuple[float, ...], direction: tuple[float, ...], words: str) -> None:
    with pytest.raises(InputError, match=words):
        read(WALL, position=position, direction=direction)


@pytest.mark.parametrize(
    "settings", [{"range_min_m": 60.0}, {"range_max_m": math.inf}, {"sigma_m": -1.0}, {"beam_width_rad": 1.0}]
)
def test_bad_settings_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ConfigurationError, match=r"^rangefinder: [^\n]*$"):
        Rangefinder(**settings)
