"""The baseline that knows only the mean depth of each row."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from auxfocus_ros.errors import InputError
from auxfocus_ros.monodepth.evaluation.baselines import RowMeanBaseline
from auxfocus_ros.monodepth.evaluation.metrics import frame_errors, mean_errors


def test_rows_by_hand() -> None:
    first = np.array([[0.0, np.nan], [2.0, 4.0], [0.0, 0.0], [8.0, np.inf], [np.nan, 0.0]])
    second = np.array([[0.0, 0.0], [9.0, 0.0], [0.0, 0.0], [8.0, 99.0], [0.0, 0.0]])
    learnt = RowMeanBaseline.learnt_from([first, second], cap_m=80.0)
    # Row 1: (2 + 4 + 9) / 3; row 3: 8; row 2 lies between; rows 0 and 4 have their neighbour's.
    assert learnt.row_depth_m.tolist() == [5.0, 5.0, 6.5, 8.0, 8.0]
    assert learnt.predict(3).tolist() == [[d, d, d] for d in (5.0, 5.0, 6.5, 8.0, 8.0)]


def test_what_depends_on_the_row_alone_is_known_exactly() -> None:
    depth_m = np.repeat(np.geomspace(40.0, 2.0, 30)[:, None], 20, axis=1)
    errors = frame_errors(RowMeanBaseline.learnt_from([depth_m], cap_m=80.0).predict(20), depth_m, cap_m=80.0).errors
    assert errors is not None
    assert errors.abs_rel == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(
    ("depths_m", "said"),
    [([np.ones((3, 2)), np.ones((4, 2))], "one height"), ([np.zeros((3, 2))], "no frame has"), ([], "no frame has")],
)
def test_bad_input(depths_m: list[np.ndarray], said: str) -> None:
    with pytest.raises(InputError, match=said):
        RowMeanBaseline.learnt_from(depths_m, cap_m=10.0)


def test_a_real_hand_held_camera(shared_data: Path) -> None:
    files = [shared_data / "rgbd_handheld" / f"frame-{number:06d}.depth.png" for number in range(70, 100, 6)]
    if not files[0].is_file():
        pytest.skip("rgbd_handheld is not in the shared data")
    frames = [cv2.imread(str(file), cv2.IMREAD_UNCHANGED) / 1000.0 for file in files]
    learnt = RowMeanBaseline.learnt_from(frames, cap_m=10.0).predict(640)
    mean = mean_errors(frame_errors(learnt, frame, cap_m=10.0) for frame in frames)
    assert mean.errors is not None
    assert not math.isnan(mean.errors.rmse_log)
    assert 0.15 < mean.errors.abs_rel < 0.25
