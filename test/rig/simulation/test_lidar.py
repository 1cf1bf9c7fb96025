"""A lidar without noise against ranges worked out on paper, and what it does with poses, windows and bad input."""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.rig.frame import cloud_bytes, fields_xyz
from auxfocus_ros.rig.simulation.beams import PATTERNS
from auxfocus_ros.rig.simulation.lidar import CLOUD_DTYPE, Lidar, LidarNoise, join_clouds
from auxfocus_ros.rig.simulation.opengl import load_mujoco

EXACT = LidarNoise(enabled=False)
WORLD = """
<geom type="plane" size="0 0 1"/>
<geom type="box" pos="6 1 1" size=".5 2 1" euler="0 0 30"/>
<geom type="sphere" pos="-4 0.5 1.5" size=".7"/>
<geom type="sphere" group="5" size=".3" pos="0.3 -0.2 1.4"/>
"""
POSITION = np.array([0.3, -0.2, 1.4])


def compiled(world: str) -> tuple[Any, Any]:
    """Model and data of what stands in a worldbody."""
    mujoco = load_mujoco()
    model = mujoco.MjModel.from_xml_string(f"<mujoco><worldbody>{world}</worldbody></mujoco>")
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    return model, data


def turned(yaw: float, pitch: float) -> np.ndarray:
    """Sensor to world: pitch about y, then yaw about z."""
    cy, sy, cp, sp = math.cos(yaw), math.sin(yaw), math.cos(pitch), math.sin(pitch)
    about_z = np.array([[cy, -sy, 0.0], [sy, cy, 0.0], [0.0, 0.0, 1.0]])
    return about_z @ np.array([[cp, 0.0, sp], [0.0, 1.0, 0.0], [-sp, 0.0, cp]])


def to_plane(rays: np.ndarray) -> np.ndarray:
    """Range to z = 0 from above: height over how fast the ray sinks."""
    sinks = -rays[:, 2]
    return np.where(sinks > 0.0, POSITION[2] / np.where(sinks > 0.0, sinks, 1.0), np.inf)


def to_sphere(rays: np.ndarray, middle: np.ndarray, radius: float) -> np.ndarray:
    """Range to a sphere seen from outside: along the ray to its nearest point to the middle, less half a chord."""
    along = rays @ (middle - POSITION)
    half_chord2 = radius**2 - ((middle - POSITION) ** 2).sum() + along**2
    return np.where((half_chord2 >= 0.0) & (along > 0.0), along - np.sqrt(np.maximum(half_chord2, 0.0)), np.inf)


def to_box(rays: np.ndarray, middle: np.ndarray, size: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """Range to a box: it is between three pairs of planes; the last way in must come before the first way out."""
    start, ray = (POSITION - middle) @ turn, rays @ turn
    with np.errstate(divide="ignore"):
        ends = np.stack([(-size - start) / ray, (size - start) / ray])
    way_in, way_out = ends.min(axis=0).max(axis=1), ends.max(axis=0).min(axis=1)
    return np.where((way_in <= way_out) & (way_in > 0.0), way_in, np.inf)


@pytest.mark.parametrize("name", list(PATTERNS))
@pytest.mark.parametrize(("yaw", "pitch"), [(0.0, 0.0), (0.4, 0.1), (3.0, -0.2)])
def test_ranges_are_those_on_paper(name: str, yaw: float, pitch: float) -> None:
    model, data = compiled(WORLD)
    pattern, turn = PATTERNS[name], turned(yaw, pitch)
    rays = pattern.scan(0.1).directions @ turn.T
    surfaces = [
        to_plane(rays),
        to_box(rays, np.array([6.0, 1.0, 1.0]), np.array([0.5, 2.0, 1.0]), turned(math.radians(30.0), 0.0)),
        to_sphere(rays, np.array([-4.0, 0.5, 1.5]), 0.7),
    ]
    nearest = np.min(surfaces, axis=0)
    expected = np.flatnonzero((nearest >= pattern.range_min_m) & (nearest <= pattern.range_max_m))
    echoes = Lidar(model, pattern, EXACT).echoes(model, data, POSITION, turn, 0.1)
    assert len(expected) > 500
    assert (echoes.ray == expected).all()
    assert np.abs(echoes.range_m - nearest[expected]).max() < 1e-9
    assert (echoes.geom == np.argmin(surfaces, axis=0)[expected]).all()


def test_a_cloud_is_its_echoes_in_the_sensors_frame() -> None:
    model, data = compiled(WORLD)
    lidar, turn = Lidar(model, PATTERNS["spinning_16"], EXACT), turned(0.4, 0.1)
    scan, echoes = lidar.pattern.scan(), lidar.echoes(model, data, POSITION, turn, 0.0)
    cloud = lidar.scan(model, data, POSITION, turn, 0.0)
    expected = scan.directions[echoes.ray] * echoes.range_m[:, None]
    assert np.abs(fields_xyz(cloud) - expected).max() < 1e-5  # float32 at 100 m
    assert (cloud["ring"] == scan.ring[echoes.ray]).all()
    assert (cloud["t"] == np.rint(scan.time_s[echoes.ray] * 1e9)).all() and cloud["t"].max() < 50_000_000
    assert (np.diff(cloud["t"].astype(np.int64)) > 0).all()


def test_a_cloud_goes_out_as_it_is() -> None:
    """Fields at their natural places: the 16-bit ring is followed by two bytes of nothing."""
    model, data = compiled(WORLD)
    cloud = Lidar(model, PATTERNS["spinning_16"], EXACT).scan(model, data, POSITION, np.eye(3), 0.0)
    packed = cloud_bytes(cloud)
    assert cloud.dtype == CLOUD_DTYPE
    assert packed.fields == (
        ("x", 0, 7, 1),
        ("y", 4, 7, 1),
        ("z", 8, 7, 1),
        ("intensity", 12, 7, 1),
        ("ring", 16, 4, 1),
        ("t", 20, 6, 1),
    )
    assert packed.point_step == 24
    assert not packed.data.reshape(-1, 24)[:, 18:20].any()
    assert join_clouds([]).shape == (0,)


@pytest.mark.parametrize("name", list(PATTERNS))
def test_windows_that_join_give_every_pulse_once(name: str) -> None:
    model, data = compiled(WORLD)
    lidar = Lidar(model, PATTERNS[name], EXACT)
    whole = lidar.scan(model, data, POSITION, np.eye(3), 0.2)
    edges = np.linspace(0.0, 0.05, 8)
    parts = [lidar.cast(model, data, POSITION, np.eye(3), 0.2, window=(a, b)) for a, b in pairwise(edges)]
    assert join_clouds(parts).tobytes() == whole.tobytes()
    assert len(lidar.cast(model, data, POSITION, np.eye(3), 0.2, window=(0.02, 0.02))) == 0


def test_each_window_is_seen_from_its_own_pose() -> None:
    """The head comes 3 m nearer to a wall between the two halves of a scan; the front is met in the middle of it."""
    model, data = compiled('<geom type="box" pos="10 0 0" size="1 20 20"/>')
    lidar = Lidar(model, PATTERNS["spinning_16"], EXACT)
    first = lidar.cast(model, data, np.zeros(3), np.eye(3), 0.0, window=(0.0, 0.025))
    second = lidar.cast(model, data, np.array([3.0, 0.0, 0.0]), np.eye(3), 0.0, window=(0.025, 0.05))
    assert first["x"] == pytest.approx(np.full(len(first), 9.0), abs=1e-5)
    assert second["x"] == pytest.approx(np.full(len(second), 6.0), abs=1e-5)
    assert first["t"].max() < 25_000_000 <= second["t"].min()


def test_what_moves_is_met_where_it_is() -> None:
    model, data = compiled('<body mocap="true" pos="5 0 0"><geom type="box" size="1 30 30"/></body>')
    lidar = Lidar(model, PATTERNS["non_repeating"], EXACT)
    for x in (5.0, 7.5):
        data.mocap_pos[0, 0] = x
        load_mujoco().mj_kinematics(model, data)
        cloud = lidar.scan(model, data, np.zeros(3), np.eye(3), 0.0)
        assert len(cloud) == 5000 and cloud["x"] == pytest.approx(np.full(5000, x - 1.0), abs=1e-5)


@pytest.mark.parametrize(("radius", "count"), [(0.89, 0), (0.91, 14464), (99.9, 14464), (100.1, 0)])
def test_only_what_is_within_range_is_reported(radius: float, count: int) -> None:
    model, data = compiled(f'<geom type="sphere" size="{radius}"/>')
    assert len(Lidar(model, PATTERNS["spinning_16"], EXACT).scan(model, data, np.zeros(3), np.eye(3), 0.0)) == count


def test_an_empty_world_gives_an_empty_cloud() -> None:
    model, data = compiled("")
    for noise in (EXACT, LidarNoise()):
        cloud = Lidar(model, PATTERNS["spinning_16"], noise).scan(
            model, data, np.zeros(3), np.eye(3), 0.0, np.random.default_rng(0)
        )
        assert cloud.shape == (0,) and cloud.dtype == CLOUD_DTYPE


@pytest.mark.parametrize("enabled", [True, False])
def test_the_rig_is_never_met(enabled: bool) -> None:
    """The sensor sits within a body of the rig and sees the sphere round it all over; the rig is glass to it in no way."""
    model, data = compiled(
        '<geom type="sphere" size="5"/><body><geom type="box" size="2 2 2" group="5"/><geom size="1" group="5"/></body>'
    )
    noise = LidarNoise(enabled=enabled, range_sigma_m=0.0, weak_sigma_m=0.0, dropout_share=0.0)
    echoes = Lidar(model, PATTERNS["spinning_16"], noise).echoes(
        model, data, np.zeros(3), np.eye(3), 0.0, rng=np.random.default_rng(0)
    )
    assert len(echoes.ray) == 14464 and not echoes.geom.any()
    assert np.abs(echoes.range_m - 5.0).max() < 1e-9


def test_glass_is_not_there_without_noise() -> None:
    model, data = compiled('<geom type="sphere" size="6"/><geom type="sphere" size="3"/><geom type="sphere" size="2" group="4"/>')
    lidar = Lidar(model, PATTERNS["spinning_16"], EXACT, glass={1: 0.9})
    echoes = lidar.echoes(model, data, np.zeros(3), np.eye(3), 0.0)
    assert np.abs(echoes.range_m - 6.0).max() < 1e-9 and not echoes.geom.any()


@pytest.mark.parametrize(("radius", "reflectivity", "intensity"), [(5.0, 1.0, 255.0), (20.0, 1.0, 63.75), (40.0, 0.5, 7.96875)])
def test_intensity_falls_with_the_square_of_the_range_beyond_10_m(radius: float, reflectivity: float, intensity: float) -> None:
    model, data = compiled(f'<geom type="sphere" size="{radius}"/>')
    lidar = Lidar(model, PATTERNS["spinning_16"], EXACT, reflectivity={0: reflectivity})
    cloud = lidar.scan(model, data, np.zeros(3), np.eye(3), 0.0)
    assert cloud["intensity"] == pytest.approx(np.full(14464, intensity), rel=1e-5)


def test_intensity_falls_with_the_cosine_of_the_incidence() -> None:
    """On a floor 1.5 m below, the cosine is the sine of how far the ray looks down: 1.5 m over the range."""
    model, data = compiled('<geom type="plane" size="0 0 1"/>')
    lidar = Lidar(model, PATTERNS["spinning_16"], EXACT, reflectivity={0: 0.4})
    echoes = lidar.echoes(model, data, np.array([0.0, 0.0, 1.5]), np.eye(3), 0.0)
    near = echoes.range_m < 10.0
    assert near.sum() > 3000
    assert echoes.intensity[near] == pytest.approx(255.0 * 0.4 * 1.5 / echoes.range_m[near], rel=1e-5)


def test_bad_calls_are_refused_in_one_line() -> None:
    model, data = compiled(WORLD)
    lidar, rng = Lidar(model, PATTERNS["spinning_16"]), np.random.default_rng(0)
    zero, eye = np.zeros(3), np.eye(3)
    calls: list[tuple[str, Callable[[], object]]] = [
        ("another MuJoCo model", lambda: lidar.scan(compiled(WORLD)[0], data, zero, eye, 0.0, rng)),
        ("three finite numbers", lambda: lidar.scan(model, data, np.array([0.0, math.nan, 0.0]), eye, 0.0, rng)),
        ("three finite numbers", lambda: lidar.scan(model, data, np.zeros(2), eye, 0.0, rng)),
        ("rotation", lambda: lidar.scan(model, data, zero, 2.0 * eye, 0.0, rng)),
        ("rotation", lambda: lidar.scan(model, data, zero, np.full((3, 3), math.nan), 0.0, rng)),
        ("finite time", lambda: lidar.scan(model, data, zero, eye, math.nan, rng)),
        ("random generator", lambda: lidar.scan(model, data, zero, eye, 0.0)),
        ("window", lambda: lidar.cast(model, data, zero, eye, 0.0, window=(0.03, 0.02), rng=rng)),
        ("window", lambda: lidar.cast(model, data, zero, eye, 0.0, window=(0.0, math.nan), rng=rng)),
    ]
    for words, call in calls:
        with pytest.raises(InputError, match=words) as error:
            call()
        assert "\n" not in str(error.value)


def test_bad_settings_are_refused_in_one_line() -> None:
    model, _ = compiled(WORLD)
    makers: list[tuple[str, Callable[[], object]]] = [
        ("glass of geom 9: the model has geoms 0 to 3", lambda: Lidar(model, PATTERNS["spinning_16"], glass={9: 0.1})),
        ("glass of geom 1 is 1.5", lambda: Lidar(model, PATTERNS["spinning_16"], glass={1: 1.5})),
        ("reflectivity of geom 1 is nan", lambda: Lidar(model, PATTERNS["spinning_16"], reflectivity={1: math.nan})),
        ("range_sigma_m", lambda: LidarNoise(range_sigma_m=-0.1)),
        ("dropout_share", lambda: LidarNoise(dropout_share=1.1)),
        ("flying_share", lambda: LidarNoise(flying_share=math.nan)),
        ("threshold_snr", lambda: LidarNoise(threshold_snr=0.5)),
    ]
    for words, make in makers:
        with pytest.raises(ConfigurationError, match=words) as error:
            make()
        assert "\n" not in str(error.value)
