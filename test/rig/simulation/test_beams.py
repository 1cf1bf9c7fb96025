"""Where the three kinds of lidar look, and when."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auxfocus_ros.errors import InputError
from auxfocus_ros.rig.simulation.beams import PATTERNS

NAMES = ("spinning_16", "spinning_64", "non_repeating")
RAYS = {"spinning_16": 904 * 16, "spinning_64": 512 * 64, "non_repeating": 5000}


def test_the_three_kinds_are_there() -> None:
    assert tuple(PATTERNS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_scan_is_unit_vectors_in_order_of_time_within_its_turn(name: str) -> None:
    pattern = PATTERNS[name]
    scan = pattern.scan(0.35)
    assert scan.directions.shape == (RAYS[name], 3) and pattern.rays == RAYS[name]
    assert np.abs(np.linalg.norm(scan.directions, axis=1) - 1.0).max() < 1e-12
    assert scan.time_s[0] == 0.0 and (np.diff(scan.time_s) >= 0.0).all() and scan.time_s[-1] < 1.0 / pattern.rate_hz
    assert scan.ring.dtype == np.uint16 and set(scan.ring.tolist()) == set(range(scan.rows)) and scan.rows == pattern.rows
    assert not any(array.flags.writeable for array in (scan.directions, scan.ring, scan.time_s))


def test_spinning_16_fires_as_its_manual_says() -> None:
    """Laser IDs 0, 1, 2, 15 look -15, +1, -13, +15 deg up; 2.304 us apart, the next cycle 55.296 us after the last."""
    scan = PATTERNS["spinning_16"].scan()
    elevation_deg = np.degrees(np.arcsin(scan.directions[:, 2]))
    assert elevation_deg[[0, 1, 2, 15]] == pytest.approx([-15.0, 1.0, -13.0, 15.0], abs=1e-9)
    assert scan.ring[[0, 1, 2, 15]].tolist() == [0, 8, 1, 15]
    assert scan.time_s[[1, 15, 16]] == pytest.approx([2.304e-6, 34.56e-6, 55.296e-6], abs=1e-15)
    azimuth_deg = np.degrees(np.unwrap(np.arctan2(scan.directions[::16, 1], scan.directions[::16, 0])))
    # 20 turns a second: 360 deg * 20 / s * 55.296 us = 0.39813 deg a cycle, clockwise.
    assert np.diff(azimuth_deg) == pytest.approx(np.full(903, -0.3981312), abs=1e-9)
    assert abs(azimuth_deg[0]) == pytest.approx(180.0)


def test_spinning_64_looks_to_the_left_after_a_quarter_of_its_turn() -> None:
    """512 columns: number 128 is fired after 12.5 ms, when a clockwise turn from the rear has come to +y."""
    scan = PATTERNS["spinning_64"].scan()
    first, last = 128 * 64, 128 * 64 + 63
    high = math.radians(22.5)
    assert scan.time_s[first] == scan.time_s[last] == 0.0125
    assert scan.directions[first] == pytest.approx([0.0, math.cos(high), math.sin(high)], abs=1e-12)
    assert scan.directions[last] == pytest.approx([0.0, math.cos(high), -math.sin(high)], abs=1e-12)
    assert scan.ring[[first, last]].tolist() == [0, 63]
    # In the middle of the scan it looks ahead.
    assert scan.directions[256 * 64 + 31, 0] > 0.99


@pytest.mark.parametrize("name", ["spinning_16", "spinning_64"])
def test_a_pattern_that_repeats_is_made_once(name: str) -> None:
    assert PATTERNS[name].scan(0.0) is PATTERNS[name].scan(17.05)


def test_non_repeating_starts_where_both_prisms_pull_together() -> None:
    """At time 0 both bend to the left by a quarter of 38.4 deg: 19.2 deg in all."""
    edge = math.radians(19.2)
    assert PATTERNS["non_repeating"].scan(0.0).directions[0] == pytest.approx([math.cos(edge), math.sin(edge), 0.0], abs=1e-12)


def test_non_repeating_looks_ahead_where_the_prisms_pull_apart() -> None:
    """They turn 7294 + 4664 = 11958 times a minute against each other: half a turn takes 30 / 11958 s."""
    assert PATTERNS["non_repeating"].scan(30.0 / 11958.0).directions[0] == pytest.approx([1.0, 0.0, 0.0], abs=1e-9)


def test_non_repeating_goes_on_from_scan_to_scan_and_comes_back_after_30_s() -> None:
    pattern = PATTERNS["non_repeating"]
    first = pattern.scan(0.0).directions
    assert np.abs(pattern.scan(0.01).directions[:4000] - first[1000:]).max() < 1e-9
    assert np.abs(pattern.scan(30.0).directions - first).max() < 1e-9
    assert np.abs(pattern.scan(15.0).directions - first).max() > 0.1


def test_non_repeating_fills_its_field_with_time() -> None:
    """Of the cells of 0.5 deg in the field, a scan meets few, a second's scans most."""

    def cells(scans: int) -> float:
        directions = np.concatenate([PATTERNS["non_repeating"].scan(0.05 * number).directions for number in range(scans)])
        angle = np.arccos(np.clip(directions[:, 0], -1.0, 1.0))
        across = np.degrees(
            angle[:, None] * directions[:, 1:] / np.maximum(np.linalg.norm(directions[:, 1:], axis=1), 1e-9)[:, None]
        )
        assert np.degrees(angle.max()) <= 19.2 + 1e-9
        met = {tuple(cell) for cell in np.floor(across / 0.5).astype(int).tolist()}
        return len(met) / (math.pi * (19.2 / 0.5) ** 2)

    assert cells(1) < 0.35
    assert cells(20) > 0.9


@given(st.floats(-1e9, 1e9))
def test_non_repeating_makes_sense_at_any_time(start_s: float) -> None:
    directions = PATTERNS["non_repeating"].scan(start_s).directions
    assert np.abs(np.linalg.norm(directions, axis=1) - 1.0).max() < 1e-9
    assert directions[:, 0].min() >= math.cos(math.radians(19.2)) - 1e-9


@pytest.mark.parametrize("start_s", [math.nan, math.inf])
def test_a_time_must_be_finite(start_s: float) -> None:
    with pytest.raises(InputError, match="finite time"):
        PATTERNS["spinning_16"].scan(start_s)
