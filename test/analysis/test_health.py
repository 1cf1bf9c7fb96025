"""Streams with one thing wrong each, and the figures that must tell it."""

import numpy as np
import pytest

from auxfocus_ros.analysis.health import HEALTH_KEYS, joined_problems, stream_health
from auxfocus_ros.analysis.part import Problem, StreamNotes

START_NS = 1_700_000_000_000_000_000


def notes_of(stamps_s: np.ndarray, logged_s: np.ndarray | None = None, **others: int) -> list[StreamNotes]:
    """Two parts of a stream; times in seconds, both clocks from the same zero."""
    stamps, logged = (
        START_NS + np.rint(times * 1e9).astype(np.int64) for times in (stamps_s, stamps_s if logged_s is None else logged_s)
    )
    half = len(stamps) // 2
    return [
        StreamNotes(frames=half, stamps_ns=tuple(stamps[:half]), logged_ns=tuple(logged[:half]), **others),
        StreamNotes(frames=len(stamps) - half, stamps_ns=tuple(stamps[half:]), logged_ns=tuple(logged[half:])),
    ]


def steady(count: int = 400) -> np.ndarray:
    return np.arange(count) * 0.1


def test_a_sound_stream() -> None:
    rng = np.random.default_rng(0)
    stamps_s = steady() + rng.normal(0.0, 0.003, 400)
    health = stream_health(notes_of(stamps_s, stamps_s + 0.02 + rng.exponential(0.01, 400), unmatched_ranges=3, unreadable=1))
    assert set(health) == set(HEALTH_KEYS)
    assert health["rate_hz"] == pytest.approx(10.0, rel=0.02)
    assert (health["pictures"], health["frames"], health["dropped_pictures"], health["gaps"]) == (400, 400, 0, [])
    assert (health["stamps_backwards"], health["stamps_repeated"], health["clock_jumps"]) == (0, 0, [])
    assert abs(health["clock_drift_ppm"]) < 60.0 and health["clock_offset_s"] == pytest.approx(0.02, abs=0.002)
    assert health["delay_p95_s"] == pytest.approx(0.03, abs=0.008)
    assert (health["unmatched_ranges"], health["unreadable"], health["lens_rate_hz"]) == (3, 1, None)


def test_dropped_pictures_and_where() -> None:
    kept = np.ones(400, bool)
    kept[[0 + 2, 150, 151, 152, 390]] = False
    health = stream_health(notes_of(steady()[kept]))
    assert health["dropped_pictures"] == 5
    assert health["gaps"] == [
        {"time_s": 0.1, "length_s": 0.2, "missing": 1},
        {"time_s": 14.9, "length_s": 0.4, "missing": 3},
        {"time_s": 38.9, "length_s": 0.2, "missing": 1},
    ]


def test_a_camera_that_changes_its_rate_drops_nothing() -> None:
    steps_s = np.concatenate([np.full(200, 1 / 30), np.full(200, 1 / 15)])
    assert stream_health(notes_of(np.cumsum(steps_s)))["dropped_pictures"] == 0


@pytest.mark.parametrize("by_s", [5.0, 0.4, -5.0, -3600.0])
def test_a_clock_that_is_set(by_s: float) -> None:
    stamps_s = steady()
    stamps_s[120:] += by_s
    health = stream_health(notes_of(stamps_s, steady() + 0.02))
    assert health["clock_jumps"] == [{"time_s": 12.0, "by_s": pytest.approx(by_s)}]
    assert health["stamps_backwards"] == (by_s < 0)
    assert health["dropped_pictures"] == 0
    assert health["clock_drift_ppm"] == pytest.approx(0.0, abs=1.0)


def test_a_busy_recorder_is_no_clock_that_was_set() -> None:
    logged_s = steady() + 0.02
    logged_s[100:106] = logged_s[106]  # six pictures wait for the disk
    health = stream_health(notes_of(steady(), logged_s))
    assert health["clock_jumps"] == [] and health["dropped_pictures"] == 0


@pytest.mark.parametrize("ppm", [80.0, -35.0])
def test_a_clock_that_runs_slow_or_fast(ppm: float) -> None:
    rng = np.random.default_rng(1)
    time_s = np.arange(3000) * 0.1
    delay_s = 0.005 + rng.exponential(0.01, 3000) + 0.2 * (rng.random(3000) < 0.05)
    health = stream_health(notes_of(time_s * (1.0 - ppm * 1e-6), time_s + delay_s))
    assert health["clock_drift_ppm"] == pytest.approx(ppm, abs=6.0)


def test_repeated_stamps_and_lens_states() -> None:
    stamps_s = np.array([0.0, 0.1, 0.1, 0.2, 0.15, 0.3])
    lens = StreamNotes(lens_ns=tuple(START_NS + step * 20_000_000 for step in (0, 1, 2, 7, 6)), damage="x is damaged at byte 9")
    health = stream_health([*notes_of(stamps_s), lens, lens])
    assert (health["stamps_repeated"], health["stamps_backwards"]) == (1, 1)
    assert (health["lens_states"], health["lens_rate_hz"], health["lens_longest_gap_s"]) == (10, 50.0, pytest.approx(0.1))
    assert health["lens_stamps_backwards"] == 3 and health["damage"] == ["x is damaged at byte 9"]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_next_to_nothing_is_no_error(count: int) -> None:
    health = stream_health(notes_of(steady(count)))
    assert (health["pictures"], health["dropped_pictures"], health["clock_drift_ppm"]) == (count, 0, None)
    assert health["rate_hz"] == (pytest.approx(10.0) if count == 2 else None)


def test_problems_of_all_parts_are_said_once() -> None:
    general = Problem("no static transform")
    first, second = Problem("empty", "/points at 1.000 s", 2), Problem("empty", "/points at 11.000 s", 3)
    other = Problem("empty", "/depth at 12.000 s")
    assert joined_problems([[general, first], [general, second, other]]) == (
        general, Problem("empty", "/points at 1.000 s", 5), other,
    )  # fmt: skip
