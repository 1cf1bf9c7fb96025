"""The bars of the simulated rig: its blur, lidar and labels against the truth, on the shipped scenes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from auxfocus_ros.rig.simulation import shipped_scenes
from auxfocus_ros.rig.simulation.accuracy import (
    BlurReading,
    blur_between_px,
    depth_between_pixels,
    measure_blur,
    measure_labels,
    measure_lidar,
    spread_by_disk,
)


def test_the_disks_line_spread_by_hand() -> None:
    """A step blurred by a disk: half at its middle, all of it one radius away, and 0.8045 half-way (t = 1/2)."""
    step = np.repeat([0.0, 1.0], 200)
    blurred = spread_by_disk(step, 40.0)
    # The step lies between two pixels, half a pixel before the upper one.
    assert np.interp(199.5, np.arange(400), blurred) == pytest.approx(0.5, abs=1e-3)
    expected = 0.5 + (0.5 * math.sqrt(0.75) + math.asin(0.5)) / math.pi
    assert expected == pytest.approx(0.8045, abs=1e-4)
    assert np.interp(199.5 + 20.0, np.arange(400), blurred) == pytest.approx(expected, abs=1e-3)
    assert blurred[199 + 42] == pytest.approx(1.0)


@pytest.mark.parametrize("radius_px", [0.8, 1.3, 6.0, 21.7])
def test_the_measurement_finds_a_radius_that_is_known(radius_px: float) -> None:
    soft = spread_by_disk(np.repeat([0.1, 0.9], 60), 0.8)  # an edge that is not quite sharp itself
    assert blur_between_px(soft, spread_by_disk(soft, radius_px)) == pytest.approx(radius_px, abs=0.05)


def test_what_is_finer_than_a_pixel_reads_as_half_a_pixel_at_most() -> None:
    step = np.repeat([0.1, 0.9], 60)
    assert blur_between_px(step, step) <= 0.5


def test_a_wrong_blur_would_be_found() -> None:
    assert not BlurReading(3.0, 10.0, 10.6).met
    assert BlurReading(3.0, 10.0, 10.4).met and BlurReading(3.0, 0.2, 0.6).met


@pytest.mark.parametrize("focus_m", [1.6, 3.0, 5.0, math.inf])
def test_rendered_blur_is_the_optics_radius_at_ten_depths(focus_m: float) -> None:
    readings = measure_blur(focus_m)
    assert len({round(reading.depth_m, 2) for reading in readings}) == 10
    assert [reading for reading in readings if not reading.met] == []
    assert max(reading.radius_px for reading in readings) > 1.0


def test_depth_between_pixels_is_exact_on_a_plane_and_silent_at_edges() -> None:
    rows, columns = np.mgrid[0:40, 0:40].astype(np.float64)
    depth = (1.0 / (0.1 + 0.002 * columns + 0.001 * rows)).astype(np.float32)
    labels = np.zeros((40, 40), np.uint16)
    pixels = np.array([[10.3, 20.7], [5.5, 6.25]])
    found, true_m = depth_between_pixels(depth, labels, pixels)
    assert found.tolist() == [0, 1]
    assert true_m == pytest.approx(1.0 / (0.1 + 0.002 * pixels[:, 0] + 0.001 * pixels[:, 1]), rel=1e-6)
    labels[:, 11:] = 1
    assert depth_between_pixels(depth, labels, pixels)[0].tolist() == [1]
    depth[:, 11:] *= 2.0
    assert depth_between_pixels(depth, np.zeros_like(labels), pixels)[0].tolist() == [1]


@pytest.mark.parametrize("kind", ["spinning_16", "spinning_64", "non_repeating"])
@pytest.mark.parametrize("scene", shipped_scenes())
def test_lidar_points_are_where_the_depth_says(scene: str, kind: str) -> None:
    reading = measure_lidar(scene, kind, "fixed" if kind == "spinning_16" else "gimbal", frames=1)
    assert reading.points > 200
    assert reading.met, reading


@pytest.mark.parametrize("scene", shipped_scenes())
def test_points_of_a_thing_lie_in_its_box(scene: str) -> None:
    reading = measure_labels(scene, frames=2)
    assert reading.points > 100
    assert reading.met, reading
