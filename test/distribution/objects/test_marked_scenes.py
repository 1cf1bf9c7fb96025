"""Objects on real pictures that were marked by hand, and on short simulated runs: levels a little under what is reached."""

from __future__ import annotations

from pathlib import Path

import pytest

from auxfocus_ros.commands import bench_objects

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def _from_the_root(monkeypatch):
    monkeypatch.chdir(HERE.parents[2])


@pytest.mark.parametrize(
    ("name", "recall", "precision"),
    [
        ("rgb_lidar_road", 0.8, 0.7),
        ("rgbd_room", 0.7, 0.7),
        ("rgb_lidar_hall", 0.7, 0.7),
        ("drive_lidar", 0.75, 0.5),
        ("rgbd_handheld", 0.8, 0.7),
    ],
)
def test_marked_scenes(name, recall, precision):
    file = HERE / "annotations" / f"{name}.json"
    if not bench_objects.data_of(file).exists():
        pytest.skip(f"{name}: its pictures are not here ({bench_objects.data_of(file)})")
    row = bench_objects._real(file)
    assert row["recall"] >= recall and row["precision"] >= precision
    assert row["depth_within_3_percent"] >= 0.7


@pytest.mark.parametrize(
    ("scene", "sensor", "recall", "precision"),
    [("road", "spinning_64", 0.75, 0.7), ("table_top", "depth_camera", 0.8, 0.85), ("corridor", "spinning_16", 0.7, 0.7)],
)
def test_simulated_scenes(scene, sensor, recall, precision):
    row = bench_objects._simulated(scene, sensor, 0.7, tracked=False)
    assert row["recall"] >= recall and row["precision"] >= precision
    assert row["depth_within_3_percent"] >= 0.9


def test_scans_that_do_not_repeat():
    """A Livox-like lidar, frame by frame, so that the memory of scans has something to join."""
    row = bench_objects._simulated("portrait_walk", "non_repeating", 10.0, tracked=True)
    assert row["recall"] >= 0.65 and row["precision"] >= 0.6
    assert row["depth_within_3_percent"] >= 0.9 and row["identity_kept"] >= 0.9
