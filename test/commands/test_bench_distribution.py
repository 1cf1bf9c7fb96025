"""`auxfocus bench distribution`: its counts, and those of its rivals, against counts worked out here. Times are not judged."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from auxfocus_ros.commands.bench_counting import by_turns, difference, fit, quartiles, road_cloud
from auxfocus_ros.commands.histogram_rivals import Task, rivals_of
from auxfocus_ros.distribution import SCALES, AcrossAxis, DepthAxis, count_depth_image

INSTALLED = {"numpy.histogram2d", "numpy.bincount, clipped", "cv2.calcHist"} | {
    name for name, module in {"fast-histogram": "fast_histogram", "boost-histogram": "boost_histogram"}.items()
    if importlib.util.find_spec(module)
}  # fmt: skip


@pytest.mark.long
def test_the_counts_part_through_the_command(tmp_path: Path) -> None:
    file = tmp_path / "bench.json"
    command = [sys.executable, "-m", "auxfocus_ros.cli", "bench", "distribution", "--part", "counts", "--repeats", "1"]
    result = subprocess.run([*command, "--json", str(file)], capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode in (0, 1), result.stderr  # 1: a bar was missed, which one measurement on a busy machine may do
    cases = json.loads(file.read_text())["results"]["counts"]["cases"]
    assert {case["scale"] for case in cases} == set(SCALES)
    for case in cases:
        assert {row["what"] for row in case["rows"]} == {"auxfocus", *INSTALLED}
        assert {"fast-histogram", "boost-histogram"} == INSTALLED & {"fast-histogram", "boost-histogram"} | set(case["missing"])
        for row in case["rows"]:
            assert row["beyond_rounding"] == 0 and row["differing"] <= 2e-3 * case["readings"], row
    assert "auxfocus" in result.stdout and "of the fastest" not in result.stderr


@pytest.fixture
def depth_m() -> np.ndarray:
    """A small depth image with every kind of pixel that is no reading, and readings at and beyond both ends of 1 to 8 m."""
    image = np.random.default_rng(3).uniform(0.5, 12.0, (40, 64)).astype(np.float32)
    image[0, :6] = [0.0, -1.0, np.nan, np.inf, 1.0, 8.0]
    return image


@pytest.mark.parametrize("scale", SCALES)
def test_all_count_alike(depth_m: np.ndarray, scale: str) -> None:
    axis = DepthAxis(1.0, 8.0, 16, scale)  # type: ignore[arg-type]
    task = Task.of_depth(depth_m, axis, 32)
    exact = task.exact()
    inside = depth_m[(depth_m >= 1.0) & (depth_m <= 8.0)]
    assert exact.sum() == len(inside)
    assert exact[:, 0].sum() == np.sum((depth_m[:, :2] >= 1.0) & (depth_m[:, :2] <= 8.0))  # two pixels a column
    assert list(exact.sum(axis=1)) == list(np.histogram(inside.astype(np.float64), axis.edges_m())[0])
    rivals, missing = rivals_of(task)
    assert {rival.name for rival in rivals} == INSTALLED and not INSTALLED & set(missing)
    for rival in rivals:
        assert difference(rival.count(), exact, task)["beyond_rounding"] == 0, rival
    ours = count_depth_image(depth_m, axis, AcrossAxis.of_picture(64, 32)).counts
    assert difference(ours, exact, task) == {"differing": 0, "beyond_rounding": 0}


def test_a_reading_in_a_wrong_cell_is_found(depth_m: np.ndarray) -> None:
    task = Task.of_depth(depth_m, DepthAxis(1.0, 8.0, 16, "linear"), 32)
    wrong = task.exact()
    row, column = np.argwhere(wrong[:-1] > 0)[0]
    wrong[row, column] -= 1
    wrong[row + 1, column] += 1
    assert difference(wrong, task.exact(), task)["differing"] == 1
    assert difference(wrong, task.exact(), task)["beyond_rounding"] == 1


def test_everybody_has_as_many_turns() -> None:
    order: list[str] = []
    times = by_turns({name: lambda name=name: order.append(name) for name in "abc"}, 3)  # type: ignore[misc]
    assert {name: len(values) for name, values in times.items()} == {"a": 3, "b": 3, "c": 3}
    assert order == list("abc" + "aabbcc" + "bbccaa" + "ccaabb")  # once before all, and each once more before it is measured
    assert quartiles([0.001, 0.002, 0.003]) == {"median_ms": 2.0, "low_ms": 1.5, "high_ms": 2.5}


def test_the_fit_of_what_is_linear() -> None:
    rows = [{"points": size, "counting": {"median_ms": 0.02 + 2e-6 * size}} for size in (10**4, 10**5, 10**6, 10**7)]
    found = fit(rows, "counting")
    assert found["ms_per_million_points"] == pytest.approx(2.0) and found["fixed_ms"] == pytest.approx(0.02)
    assert found["log_log_slope"] == pytest.approx(1.0, abs=0.03) and found["met"]
    quadratic = [{"points": size, "counting": {"median_ms": (size / 1e5) ** 2}} for size in (10**4, 10**5, 10**6, 10**7)]
    assert fit(quadratic, "counting")["log_log_slope"] == pytest.approx(2.0) and not fit(quadratic, "counting")["met"]


def test_the_cloud_of_the_slope_is_in_the_picture() -> None:
    from auxfocus_ros.distribution import project_cloud

    cloud, optical_from_points, camera = road_cloud(5000)
    assert cloud.shape == (5000, 3) and len(project_cloud(cloud, optical_from_points, camera)) > 4900
