"""The benchmark of the real sweep: its sums, and a run on a made sweep."""

from __future__ import annotations

import argparse

import cv2
import numpy as np
import pytest

from auxfocus_ros.commands import bench_allinfocus_sweep as bench
from auxfocus_ros.errors import InputError

SWEEPS = {2: bench.Quality(0.5, 20.0), 3: bench.Quality(0.7, 25.0), 4: bench.Quality(0.6, 30.0)}


def test_uniform_sweeps():
    assert bench.uniform(25, 2) == (0, 24)
    assert bench.uniform(25, 5) == (0, 6, 12, 18, 24)
    assert bench.uniform(25, 25) == tuple(range(25))


@pytest.mark.parametrize(
    ("quality", "by_q", "by_psnr"),
    [
        (bench.Quality(0.4, 10.0), 2, 2),
        (bench.Quality(0.65, 26.0), 3, 4),
        (bench.Quality(0.9, 99.0), 4, 4),
    ],
)
def test_the_smallest_equal_sweep(quality, by_q, by_psnr):
    assert bench.equal_sweep(SWEEPS, quality, "q_abf") == by_q
    assert bench.equal_sweep(SWEEPS, quality, "psnr_db") == by_psnr


def test_bars():
    rows = [
        {"frames": [0, 1, 2], "uniform_by_q_abf": 5, "uniform_by_psnr": 6, "loss": 0.005, "loss_by_default": 0.03},
        {"frames": [0, 1, 2, 3], "uniform_by_q_abf": 5, "uniform_by_psnr": 10, "loss": 0.02, "loss_by_default": 0.01},
    ]
    by_q, by_psnr, loss, by_default = bench.bars(rows)
    assert by_q["figure"] == pytest.approx(0.7) and not by_q["met"]
    assert by_psnr["figure"] == pytest.approx(7.0 / 16.0) and by_psnr["met"]
    assert loss["figure"] == 0.02 and not loss["met"]
    assert by_default["figure"] == 0.03 and not by_default["met"]


def test_an_even_model():
    model = bench.EvenModel(0.0, 10.0, 2.0, 1.0)
    assert model.radius_px(3.0, np.array([1.0, 4.0])).tolist() == [4.0, 2.0]
    assert model.half_depth_of_focus_steps(np.zeros(2)).tolist() == [0.5, 0.5]
    assert float(model.best_position_steps(0.25)) == 4.0


def test_a_run_over_made_frames(tmp_path):
    from auxfocus_ros.allinfocus.blur_map import CellGrid, blur_map_of
    from auxfocus_ros.allinfocus.strategy.cover import cover_strategy

    images = []
    for number in range(9):
        images.append(tmp_path / f"{number}.png")
        cv2.imwrite(str(images[-1]), np.full((128, 192), number, np.uint8))

    class Reader:
        def estimate(self, picture, cell_px):
            radius = np.full((2, 3), 2.0 * abs(float(picture[0, 0]) - 4.0))
            return blur_map_of(radius, CellGrid(192, 128, cell_px), 0.1)

    def judge(indices):
        nearest = min(abs(index - 4) for index in indices)
        return bench.Quality(1.0 - 0.1 * nearest, 40.0 - nearest)

    positions = [float(i) for i in range(9)]
    result = bench.measured(images, positions, judge, {"ours": lambda task: cover_strategy(task, Reader())}, quick=False)
    assert [row["start"] for row in result["rows"]] == [0, 2, 4, 6, 8]
    assert all(4 in row["frames"] and row["loss"] == 0.0 for row in result["rows"])
    assert all(row["uniform_by_q_abf"] == 3 for row in result["rows"])
    assert len(result["sweeps"]) == 8
    bench.add_default(result, judge, 9)
    assert all(row["loss_by_default"] == 0.0 for row in result["rows"])
    bench.show(result)


def test_no_sweep(tmp_path):
    with pytest.raises(InputError, match="stack_phone_dioptres is not there"):
        bench.run_part(argparse.Namespace(data=tmp_path, quick=True))
