"""The sensor against EMVA 1288's linear model, and against electrons drawn one frame at a time."""

from typing import Any

import numpy as np
import pytest

from auxfocus_ros.errors import ConfigurationError, InputError
from auxfocus_ros.rig.simulation.camera_sensor import POOL, STRIP, SensorConfig, expose, gain_in_use

GAMMA = 2.2


def sensor(**changes: Any) -> SensorConfig:
    values: dict[str, Any] = {"exposure_s": 0.004, "reference_exposure_s": 0.004, "full_well_e": 12_000.0, "read_noise_e": 6.0}
    return SensorConfig(**{**values, **changes})


def flat(level: int, size: int = 256) -> np.ndarray:
    return np.full((size, size, 3), level, np.uint8)


def electrons(level: int, light: float, config: SensorConfig) -> float:
    return float((level / 255) ** GAMMA * light * config.exposure_s / config.reference_exposure_s * config.full_well_e)


def drawn(level: int, light: float, config: SensorConfig, seed: int) -> np.ndarray:
    """What the sensor delivers, by Poisson's distribution itself."""
    rng = np.random.default_rng(seed)
    count = rng.poisson(electrons(level, light, config), 400_000) + rng.normal(0.0, config.read_noise_e, 400_000)
    linear = np.clip(np.clip(count, 0.0, config.full_well_e) * config.gain / config.full_well_e, 0.0, 1.0)
    return np.rint(255 * linear ** (1 / GAMMA))


# Exposure


def test_exposure_without_noise() -> None:
    ramp = np.arange(256, dtype=np.uint8).reshape(1, 256)
    np.testing.assert_array_equal(expose(ramp, 1.0, sensor(), None), ramp)
    # Half of the light: 128 * 0.5^(1 / 2.2) = 93.4; double clips what is above 255 * 0.5^(1 / 2.2) = 186.1.
    half = expose(ramp, 0.5, sensor(), None)
    assert (half[0, 128], half[0, 255]) == (93, 186)
    double = expose(ramp, 1.0, sensor(exposure_s=0.008), None)
    assert (double[0, 93], double[0, 186], double[0, 187], double[0, 255]) == (127, 255, 255, 255)
    np.testing.assert_array_equal(expose(ramp, 0.25, sensor(exposure_s=0.008), None), half)
    assert not expose(ramp, 0.0, sensor(), None).any()


def test_gain_does_not_bring_back_what_the_well_has_lost() -> None:
    # Four times the light fills the well from 0.25 on: all white, and a gain below 1 makes it all one grey.
    ramp = np.arange(256, dtype=np.uint8).reshape(1, 256)
    low = expose(ramp, 4.0, sensor(gain=0.25), None)
    # 0.25^(1 / 2.2) = 0.5325: 135.8 both as what fills the well and as the white that is left.
    assert (low[0, 100], low[0, 136], low[0, 255]) == (100, 136, 136)
    noisy = expose(flat(255), 4.0, sensor(gain=0.25), np.random.default_rng(1))
    assert noisy.max() == 136  # nor does noise
    high = expose(ramp, 0.25, sensor(gain=4.0), None)
    np.testing.assert_array_equal(high, ramp)


def test_auto_gain() -> None:
    auto = sensor(gain=8.0, auto_gain=True)
    assert [gain_in_use(light, auto) for light in (2.0, 1.0, 0.5, 0.2, 0.125, 0.01, 0.0)] == [1, 1, 2, 5, 8, 8, 8]
    assert gain_in_use(0.01, sensor(gain=1000.0, auto_gain=True)) == 16
    assert gain_in_use(0.01, sensor(gain=0.5, auto_gain=True)) == 1
    assert gain_in_use(1.0, sensor(gain=8.0, auto_gain=True, exposure_s=0.001)) == 4
    assert gain_in_use(0.01, sensor(gain=3.0)) == 3
    means = [expose(flat(120), light, auto, np.random.default_rng(1)).mean() for light in (1.0, 0.5, 0.2)]
    np.testing.assert_allclose(means, 120.0, atol=0.1)
    assert expose(flat(120), 0.05, auto, np.random.default_rng(1)).mean() < 100


# Noise


@pytest.mark.parametrize(
    ("gain", "full_well_e", "read_noise_e"), [(1.0, 12_000.0, 6.0), (4.0, 12_000.0, 20.0), (2.0, 3000.0, 0.0)]
)
def test_photon_transfer_curve(gain: float, full_well_e: float, read_noise_e: float) -> None:
    config = sensor(gain=gain, full_well_e=full_well_e, read_noise_e=read_noise_e)
    light, per_electron = 1.0 / gain, gain / full_well_e
    means, variances = [], []
    for number, level in enumerate((60, 90, 120, 150, 180, 210)):
        got = expose(flat(level), light, config, np.random.default_rng(number))
        linear = (got / 255.0) ** GAMMA
        # Rounding to 8 bits scatters too: a twelfth of a level squared, taken to linear light.
        step = GAMMA / 255.0 * (level / 255.0) ** (GAMMA - 1.0)
        means.append(linear.mean())
        variances.append(linear.var() - step**2 / 12.0)
        assert linear.mean() == pytest.approx((level / 255.0) ** GAMMA, rel=4e-3)
        wanted = per_electron**2 * (electrons(level, light, config) + read_noise_e**2)
        assert variances[-1] == pytest.approx(wanted, rel=0.05)
    # The curve's slope is the system gain K: grey value by electron.
    slope = np.polyfit(means, variances, 1)[0]
    assert slope == pytest.approx(per_electron, rel=0.05)


@pytest.mark.parametrize(
    ("level", "light", "gain"), [(0, 1.0, 1.0), (3, 1.0, 1.0), (15, 0.25, 4.0), (40, 0.1, 16.0), (250, 1.0, 1.0)]
)
def test_distribution_in_the_dark_and_at_white(level: int, light: float, gain: float) -> None:
    config = sensor(gain=gain)
    got = expose(flat(level, 400), light, config, np.random.default_rng(8)).reshape(-1)
    truth = drawn(level, light, config, 9)
    shares, wanted = (np.cumsum(np.bincount(values.astype(int), minlength=256)) / values.size for values in (got, truth))
    # Kolmogorov's distance: 0.01 is what Gaussian noise in 32 levels a standard deviation may differ by.
    assert np.abs(shares - wanted).max() < 0.015
    assert got.mean() == pytest.approx(truth.mean(), abs=0.05 + 0.01 * truth.std())
    assert got.std() == pytest.approx(truth.std(), rel=0.02)


def test_black_without_light_is_read_noise() -> None:
    # Half of the readings are below black and clipped there; the others are half of a normal distribution of 6 electrons.
    got = expose(flat(255, 400), 0.0, sensor(), np.random.default_rng(2))
    assert (got == 0).mean() == pytest.approx(0.5, abs=0.01)
    linear = (got / 255.0) ** GAMMA * 12_000
    assert linear.mean() == pytest.approx(6.0 / np.sqrt(2 * np.pi), rel=0.05)


def test_frames_are_independent() -> None:
    rng, config, picture = np.random.default_rng(4), sensor(), np.full((300, 400, 3), 120, np.uint8)
    frames = np.array([expose(picture, 1.0, config, rng) for _ in range(24)], np.float64).reshape(24, -1) - 120.0
    count = frames.shape[1]
    correlation = np.corrcoef(frames) - np.eye(24)
    assert np.abs(correlation).max() < 5.0 / np.sqrt(count)
    # A pixel scatters over time as the frame does over pixels.
    assert frames.var(axis=0, ddof=1).mean() == pytest.approx(frames.var(), rel=0.01)
    assert np.abs(frames.mean(axis=0)).max() < 6.0 * frames.std() / np.sqrt(24)


def test_noise_is_white_and_has_no_pattern() -> None:
    got = expose(np.full((480, 640, 3), 120, np.uint8), 1.0, sensor(), np.random.default_rng(6)).astype(np.float64) - 120.0
    power = np.abs(np.fft.fft(got.reshape(-1))) ** 2 / got.size / got.var()
    # Of white noise a line stands out by the logarithm of their number: 14; a pattern that returned would by thousands.
    assert power[1:].max() < 40.0
    for lag in (1, 3, 640 * 3, STRIP, 480 * 3):
        values = got.reshape(-1)
        assert abs(np.mean(values[lag:] * values[:-lag])) < 5.0 * got.var() / np.sqrt(got.size)
    colours = np.corrcoef(got.reshape(-1, 3).T) - np.eye(3)
    assert np.abs(colours).max() < 0.01


def test_the_seed_decides() -> None:
    one, same, other = (expose(flat(99), 1.0, sensor(), np.random.default_rng(seed)) for seed in (5, 5, 6))
    np.testing.assert_array_equal(one, same)
    assert (one != other).mean() > 0.3


@pytest.mark.parametrize("shape", [(1, 1), (7, 5, 3), (200, 333, 3), (480, 640)])
def test_shapes(shape: tuple[int, ...]) -> None:
    assert STRIP < 200 * 333 * 3 < POOL  # the sizes here: less than a strip, several, not a multiple
    picture = np.random.default_rng(1).integers(30, 226, shape, np.uint8)
    kept = picture.copy()
    got = expose(picture, 1.0, sensor(), np.random.default_rng(2))
    np.testing.assert_array_equal(picture, kept)
    assert (got.shape, got.dtype) == (shape, np.uint8)
    assert np.abs(got.astype(int) - picture).max() <= 12  # every value is made of its own pixel: at most 1.9 levels, 4 sigmas
    turned = np.asarray(picture[::-1, ::-1])
    np.testing.assert_array_equal(
        expose(turned, 1.0, sensor(), np.random.default_rng(2)), expose(turned.copy(), 1.0, sensor(), np.random.default_rng(2))
    )


# Bad input


@pytest.mark.parametrize("light", [-0.1, float("nan"), float("inf")])
def test_bad_light(light: float) -> None:
    with pytest.raises(InputError, match="light level"):
        expose(flat(1, 4), light, sensor(), None)


def test_bad_pictures() -> None:
    for picture in (np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3), np.uint8), np.zeros(4, np.uint8)):
        with pytest.raises(InputError, match="wanted uint8"):
            expose(picture, 1.0, sensor(), None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("exposure_s", 0.0),
        ("reference_exposure_s", 11.0),
        ("gain", 0.0),
        ("gain", float("nan")),
        ("full_well_e", 5.0),
        ("read_noise_e", -1.0),
    ],
)
def test_bad_settings(name: str, value: float) -> None:
    with pytest.raises(ConfigurationError, match=f"camera sensor: {name} is"):
        sensor(**{name: value})
