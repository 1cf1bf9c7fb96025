"""What keeps a lidar from being exact, against what the formulas say: seeds are fixed, bounds are four standard deviations."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auxfocus_ros.rig.simulation.beams import PATTERNS
from auxfocus_ros.rig.simulation.lidar import Echoes, Lidar, LidarNoise
from auxfocus_ros.rig.simulation.opengl import load_mujoco

QUIET = LidarNoise(range_sigma_m=0.0, weak_sigma_m=0.0, dropout_share=0.0, footprint=False)
REACH_M = PATTERNS["spinning_16"].reach_m
RAYS = 904 * 16


def compiled(world: str) -> tuple[Any, Any]:
    """Model and data of what stands in a worldbody."""
    mujoco = load_mujoco()
    model = mujoco.MjModel.from_xml_string(f"<mujoco><worldbody>{world}</worldbody></mujoco>")
    data = mujoco.MjData(model)
    mujoco.mj_kinematics(model, data)
    return model, data


def echoes_of(world: str, noise: LidarNoise, seed: int = 0, height_m: float = 0.0, **others: Any) -> Echoes:
    """One scan of 16 beams from above the origin."""
    model, data = compiled(world)
    lidar = Lidar(model, PATTERNS["spinning_16"], noise, **others)
    return lidar.echoes(model, data, np.array([0.0, 0.0, height_m]), np.eye(3), 0.0, rng=np.random.default_rng(seed))


def sphere(radius_m: float) -> str:
    """The inside of a sphere round the sensor: one range, met squarely all over."""
    return f'<geom type="sphere" size="{radius_m}"/>'


def within(count: float, expected: float, variance: float) -> bool:
    """Whether a count lies within four standard deviations."""
    return abs(count - expected) <= 4.0 * math.sqrt(variance) + 1e-9


def normal_share(value: np.ndarray) -> np.ndarray:
    """Of a normal distribution, what lies below."""
    return np.vectorize(lambda x: 0.5 * math.erfc(-x / math.sqrt(2.0)))(value)


def test_range_noise_of_a_strong_return() -> None:
    echoes = echoes_of(sphere(5.0), replace(QUIET, range_sigma_m=0.02))
    error = echoes.range_m - 5.0
    assert len(error) == RAYS
    assert within(error.mean(), 0.0, 0.02**2 / RAYS)
    assert within(error.std(), 0.02, 0.02**2 / (2 * RAYS))


@pytest.mark.parametrize("radius_m", [5.0, 20.0])
def test_range_noise_grows_as_the_signal_weakens(radius_m: float) -> None:
    """With 40 %, the signal is 4 (35.4 m / range)^2 of the threshold, and the variance 1 cm^2 + 36 cm^2 over that."""
    echoes = echoes_of(sphere(radius_m), replace(QUIET, range_sigma_m=0.01, weak_sigma_m=0.06), reflectivity={0: 0.4})
    sigma = math.sqrt(0.01**2 + 0.06**2 / (4.0 * (REACH_M / radius_m) ** 2))
    assert len(echoes.range_m) == RAYS
    assert within(echoes.range_m.std(), sigma, sigma**2 / (2 * RAYS))


def test_range_noise_grows_as_a_surface_is_met_more_flatly() -> None:
    noise = replace(QUIET, weak_sigma_m=0.06)
    echoes = echoes_of('<geom type="plane" size="0 0 1"/>', noise, height_m=1.5, reflectivity={0: 0.4})
    exact = echoes_of('<geom type="plane" size="0 0 1"/>', replace(QUIET, enabled=False), height_m=1.5)
    pairs = np.isin(exact.ray, echoes.ray)
    error, true_m = echoes.range_m - exact.range_m[pairs], exact.range_m[pairs]
    signal = 4.0 * (1.5 / true_m) * (REACH_M / true_m) ** 2
    scaled = error / (0.06 / np.sqrt(signal))
    near, far = true_m < 8.0, true_m > 15.0
    for part in (near, far):
        assert part.sum() > 800
        assert within(scaled[part].std(), 1.0, 1.0 / (2 * part.sum()))
    assert error[far].std() > 2.0 * error[near].std()


@pytest.mark.parametrize(("signal", "share"), [(1.0, 0.5), (1.2, 0.841345), (0.9, 0.308538), (4.0, 1.0)])
def test_weak_returns_are_lost(signal: float, share: float) -> None:
    """10 % at the reach is the threshold: half of the pulses. A fifth more is one standard deviation of the receiver's noise."""
    echoes = echoes_of(sphere(REACH_M), replace(QUIET, threshold_snr=5.0), reflectivity={0: 0.1 * signal})
    assert within(len(echoes.ray), share * RAYS, share * (1.0 - share) * RAYS)


def test_a_floor_is_lost_with_range_and_incidence() -> None:
    """Pulse by pulse, the chance is that of the normal distribution; the floor is 20 %."""
    model, data = compiled('<geom type="plane" size="0 0 1"/>')
    lidar = Lidar(model, PATTERNS["spinning_16"], QUIET, reflectivity={0: 0.2})
    echoes = lidar.echoes(model, data, np.array([0.0, 0.0, 1.5]), np.eye(3), 0.0, rng=np.random.default_rng(3))
    down = -lidar.pattern.scan().directions[:, 2]
    range_m = 1.5 / np.maximum(down, 1e-6)
    signal = 2.0 * down * (REACH_M / range_m) ** 2
    chance = np.where((down > 0.0) & (range_m <= 100.0), normal_share((signal - 1.0) * 5.0), 0.0)
    assert within(len(echoes.ray), chance.sum(), (chance * (1.0 - chance)).sum())
    assert 0.1 < chance[(down > 0.0)].mean() < 0.95


def test_some_pulses_are_lost_for_no_reason() -> None:
    echoes = echoes_of(sphere(5.0), replace(QUIET, dropout_share=0.05))
    assert within(len(echoes.ray), 0.95 * RAYS, 0.05 * 0.95 * RAYS)


def test_glass_met_squarely_sends_back_its_share() -> None:
    world = sphere(6.0) + '<geom type="sphere" size="3" group="4"/>'
    echoes = echoes_of(world, QUIET, glass={1: 0.3}, reflectivity={1: 1.0})
    assert len(echoes.ray) == RAYS
    back = np.abs(echoes.range_m - 3.0) < 1e-9
    assert (back == (echoes.geom == 1)).all() and np.abs(echoes.range_m[~back] - 6.0).max() < 1e-9
    assert within(back.sum(), 0.3 * RAYS, 0.3 * 0.7 * RAYS)


def test_glass_sends_back_less_when_met_flatly() -> None:
    """A pane 2 m ahead: the cosine of the incidence is the x of the ray, and the share falls with its tenth power."""
    world = sphere(20.0) + '<geom type="box" pos="2.005 0 0" size=".005 8 3" group="4"/>'
    model, data = compiled(world)
    lidar = Lidar(model, PATTERNS["spinning_16"], QUIET, glass={1: 0.5}, reflectivity={0: 1.0, 1: 1.0})
    echoes = lidar.echoes(model, data, np.zeros(3), np.eye(3), 0.0, rng=np.random.default_rng(5))
    rays = lidar.pattern.scan().directions
    on_pane = (rays[:, 0] > 0.0) & (np.abs(rays[:, 1]) <= 4.0 * rays[:, 0]) & (np.abs(rays[:, 2]) <= 1.5 * rays[:, 0])
    back = np.zeros(len(rays), bool)
    back[echoes.ray[echoes.geom == 1]] = True
    assert not (back & ~on_pane).any()
    for low, high in ((0.97, 1.0), (0.85, 0.97), (0.2, 0.7)):
        part = on_pane & (rays[:, 0] > low) & (rays[:, 0] <= high)
        chance = 0.5 * rays[part, 0] ** 10
        assert part.sum() > 500 and within(back[part].sum(), chance.sum(), (chance * (1.0 - chance)).sum())
    assert len(echoes.ray) == RAYS


def test_glass_without_a_share_lets_everything_through() -> None:
    echoes = echoes_of(sphere(6.0) + '<geom type="sphere" size="3" group="4"/>', QUIET)
    assert len(echoes.ray) == RAYS and not echoes.geom.any()


def test_a_thin_wire_is_met_by_its_share_of_the_footprints() -> None:
    """A wire of 4 mm, 5 m away; columns of pulses are 35 mm apart there, their footprints 15 mm wide.

    A pulse is met by the wire in proportion to how much of its footprint's width the wire covers.
    """
    model, data = compiled(sphere(12.0) + '<geom type="cylinder" size=".002 3" pos="5 .009 0"/>')
    pattern = PATTERNS["spinning_16"]
    lidar = Lidar(model, pattern, replace(QUIET, footprint=True), reflectivity={0: 1.0, 1: 1.0})
    scan, window = pattern.scan(), (0.02475, 0.02525)
    rays = scan.directions[(scan.time_s >= window[0]) & (scan.time_s < window[1])]
    azimuth, level = np.arctan2(rays[:, 1], rays[:, 0]), np.hypot(rays[:, 0], rays[:, 1])
    distance = math.hypot(5.0, 0.009)
    wire, half_wire = math.atan2(0.009, 5.0), math.asin(0.002 / distance)
    half_beam = 0.5 * pattern.divergence_rad[0] / level
    covered = np.minimum(azimuth + half_beam, wire + half_wire) - np.maximum(azimuth - half_beam, wire - half_wire)
    chance = np.clip(covered, 0.0, None) / (2.0 * half_beam)
    rng, scans, met = np.random.default_rng(7), 300, 0
    for _ in range(scans):
        echoes = lidar.echoes(model, data, np.zeros(3), np.eye(3), 0.0, window=window, rng=rng)
        met += int((echoes.geom == 1).sum())
        assert len(echoes.ray) == len(rays)
    assert 0.0 < chance.max() < 0.3 and chance.sum() > 0.5
    assert within(met, scans * chance.sum(), scans * (chance * (1.0 - chance)).sum())


def test_what_fills_the_footprint_keeps_the_range_of_its_middle() -> None:
    """Spreading does not blur a smooth surface: the floor's ranges are exact."""
    noisy = echoes_of('<geom type="plane" size="0 0 1"/>', replace(QUIET, footprint=True), height_m=1.5)
    exact = echoes_of('<geom type="plane" size="0 0 1"/>', replace(QUIET, enabled=False), height_m=1.5)
    assert len(noisy.ray) > 4000
    assert np.abs(noisy.range_m - exact.range_m[np.isin(exact.ray, noisy.ray)]).max() < 1e-9


EDGE = sphere(5.0) + "".join(f'<geom type="box" pos="4.5 {0.1 * n} 0" size=".05 .025 3"/>' for n in range(-20, 21))


def test_some_pulses_on_an_edge_are_reported_between_both() -> None:
    """With a share of 1 all pulses that light two things at once fly; with 0.3, three tenths of them, and none with 0."""
    all_of, some, none = (
        echoes_of(EDGE, replace(QUIET, footprint=True, flying_share=share), seed=2, reflectivity=dict.fromkeys(range(42), 1.0))
        for share in (1.0, 0.3, 0.0)
    )
    edges = int((all_of.geom == -1).sum())
    assert edges > 100 and not (none.geom == -1).any()
    assert within((some.geom == -1).sum(), 0.3 * edges, 0.3 * 0.7 * edges)
    between = some.range_m[some.geom == -1]
    assert between.min() > 4.4 and between.max() < 5.0
    assert len(all_of.ray) == len(some.ray) == len(none.ray) == RAYS


def test_echoes_further_apart_than_a_pulse_is_long_do_not_mix() -> None:
    noise = replace(QUIET, footprint=True, flying_share=1.0)
    echoes = echoes_of(EDGE.replace('size="5.0"', 'size="8.0"'), noise, reflectivity=dict.fromkeys(range(42), 1.0))
    assert not (echoes.geom == -1).any() and len(set(echoes.geom.tolist())) > 10


@pytest.mark.parametrize("name", list(PATTERNS))
def test_the_same_seed_gives_the_same_cloud(name: str) -> None:
    model, data = compiled(EDGE + '<geom type="box" pos="2 0 0" size=".01 1 1" group="4"/>')

    def cloud(seed: int) -> bytes:
        lidar = Lidar(model, PATTERNS[name], glass={42: 0.5})
        return lidar.scan(model, data, np.zeros(3), np.eye(3), 0.3, np.random.default_rng(seed)).tobytes()

    assert cloud(1) == cloud(1)
    assert cloud(1) != cloud(2)


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from(list(PATTERNS)),
    st.builds(
        LidarNoise,
        range_sigma_m=st.floats(0.0, 1.0),
        weak_sigma_m=st.floats(0.0, 1.0),
        dropout_share=st.floats(0.0, 1.0),
        flying_share=st.floats(0.0, 1.0),
    ),
    st.integers(0, 99),
)
def test_whatever_the_noise_points_are_finite_and_within_range(name: str, noise: LidarNoise, seed: int) -> None:
    rng = np.random.default_rng(seed)
    model, data = compiled(
        EDGE + '<geom type="plane" size="0 0 1" pos="0 0 -1"/><geom type="box" pos="2 0 0" size=".01 1 1" group="4"/>'
    )
    lidar = Lidar(model, PATTERNS[name], noise, glass={43: 0.5})
    cloud = lidar.scan(model, data, rng.uniform(-0.5, 0.5, 3), np.eye(3), float(rng.uniform(0, 30)), rng)
    xyz = np.stack([cloud[axis] for axis in "xyz"], axis=-1).astype(np.float64)
    range_m = np.linalg.norm(xyz, axis=1)
    assert np.isfinite(xyz).all() and np.isfinite(cloud["intensity"]).all()
    assert (range_m >= lidar.pattern.range_min_m - 1e-4).all() and (range_m <= lidar.pattern.range_max_m + 1e-4).all()
    assert (cloud["intensity"] >= 0.0).all() and (cloud["intensity"] <= 255.0).all()
    assert len(cloud) <= lidar.pattern.rays and (cloud["ring"] < lidar.pattern.rows).all()
