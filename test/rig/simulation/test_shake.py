"""The platform's shake: as strong as asked, as smooth as said, the same for the same seed."""

import numpy as np
import pytest

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.rig.simulation.shake import LINE_SHARE, PlatformShake


def sampled(shake: PlatformShake, times_s: np.ndarray) -> np.ndarray:
    """(N, 6): translation, rotation."""
    return np.array([np.concatenate(shake.at(time_s)) for time_s in times_s])


@pytest.mark.parametrize("frequency_hz", [1.0, 8.0, 90.0])
def test_root_mean_square(frequency_hz: float) -> None:
    shake = PlatformShake(0.004, 0.002, frequency_hz, 3)
    # At random moments of two hours, so that no frequency is in step with them.
    values = sampled(shake, np.random.default_rng(0).uniform(0.0, 7200.0, 20_000))
    rms = np.sqrt((values**2).mean(axis=0))
    np.testing.assert_allclose(rms[:3], 0.002, rtol=0.02)
    np.testing.assert_allclose(rms[3:], 0.004, rtol=0.02)
    assert np.abs(values.mean(axis=0) / rms).max() < 0.03
    # The axes go each its own way.
    correlation = np.corrcoef(values.T) - np.eye(6)
    assert np.abs(correlation).max() < 0.05


def test_spectrum_is_a_sway_and_a_line() -> None:
    rate_hz, count = 64.0, 1 << 15
    values = sampled(PlatformShake(0.004, 0.002, 8.0, 1), np.arange(count) / rate_hz)
    power = np.abs(np.fft.rfft(values * np.hanning(count)[:, None], axis=0)) ** 2
    power /= power.sum(axis=0)
    frequency = np.fft.rfftfreq(count, 1.0 / rate_hz)

    def share(low_hz: float, high_hz: float) -> np.ndarray:
        return np.asarray(power[(frequency >= low_hz) & (frequency <= high_hz)].sum(axis=0))

    np.testing.assert_allclose(share(7.1, 8.9), LINE_SHARE, rtol=0.15)
    np.testing.assert_allclose(share(0.19, 2.01) + share(7.1, 8.9), 1.0, atol=1e-4)
    # The line is narrow, and the sway falls: per hertz there is more below its corner than above.
    assert (share(7.7, 8.3) > 0.5 * share(7.1, 8.9)).all()
    assert (share(0.2, 0.5) / 0.3 > 3.0 * share(1.0, 2.0) / 1.0).all()


def test_the_seed_decides() -> None:
    one, same, other = (PlatformShake(0.004, 0.002, 8.0, seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(np.concatenate(one.at(12.5)), np.concatenate(same.at(12.5)))
    assert np.abs(np.concatenate(one.at(12.5)) - np.concatenate(other.at(12.5))).min() > 0.0


def test_none_is_exactly_none() -> None:
    still = PlatformShake(0.0, 0.0, 0.0, 1)
    for part in still.at(3.0):
        np.testing.assert_array_equal(part, np.zeros(3))
    turning = PlatformShake(0.01, 0.0, 8.0, 1)
    np.testing.assert_array_equal(turning.at(3.0)[0], np.zeros(3))
    assert np.abs(turning.at(3.0)[1]).min() > 0.0


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ((-0.1, 0.0, 8.0), "rotation_rms_rad is -0.1: it must be from 0 to 1"),
        ((float("nan"), 0.0, 8.0), "rotation_rms_rad is nan"),
        ((0.0, 20.0, 8.0), "translation_rms_m is 20: it must be from 0 to 10"),
        ((0.1, 0.0, 0.0), "frequency_hz is 0: it must be from 0.1 to 1000"),
    ],
)
def test_bad_numbers(numbers: tuple[float, float, float], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        PlatformShake(*numbers, seed=1)
