"""The judge of what moves: its features by hand, what it learns, and the shipped one on a world it has not seen."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from auxfocus_ros.errors import ConfigurationError
from auxfocus_ros.learning import fitting
from auxfocus_ros.monodepth.geometry.residual_motion import StripMotion
from auxfocus_ros.monodepth.networks import load_motion_network
from auxfocus_ros.monodepth.networks.motion_goal import MotionGoal, StripRow
from auxfocus_ros.monodepth.networks.motion_network import FEATURES, STILL_CAMERA_PX, MotionNetwork, motion_features, moves

STANDING = StripMotion(
    where=np.ones((40, 20), bool), pixels=600, height_px=40, width_px=20, across_px=0.04, across_spread_px=0.05, along_px=0.1,
    lower_px=0.1, lower_spread_px=0.1, ground_px=4.0, ground_spread_px=0.1, reach_px=120.0, cut_off=False, still=False,
    angle_rad=(0.0, 0.0),
)  # fmt: skip


def test_features_are_logarithms_of_lengths() -> None:
    found = motion_features(replace(STANDING, across_px=0.97, along_px=-2.9, lower_px=0.9))
    assert found.shape == (FEATURES,) and found.dtype == np.float32
    assert (
        found[0] == pytest.approx(math.log(1.0)) and found[2] == pytest.approx(0.0) and found[3] == pytest.approx(math.log(3.0))
    )
    assert found[4] == 1.0 and found[8] == pytest.approx(math.log(600)) and found[13] == 0.0
    assert motion_features(replace(STANDING, along_px=2.9))[13] == 1.0


def test_without_ground_nothing_is_said_of_it() -> None:
    unknown = replace(STANDING, along_px=math.nan, lower_px=math.nan, ground_px=math.nan, ground_spread_px=math.nan)
    found = motion_features(unknown)
    assert np.isfinite(found).all()
    assert [found[index] for index in (2, 3, 4, 5, 6, 13, 14)] == [0.0] * 7


def test_the_shipped_judge_tells_the_plain_cases() -> None:
    network = load_motion_network()
    across, ahead = replace(STANDING, across_px=6.0), replace(STANDING, along_px=-3.8, lower_px=-3.8)
    assert moves(network, [STANDING, across, ahead], []).tolist() == [False, True, True]


def test_what_goes_far_beyond_the_ground_at_its_foot_moves_for_certain() -> None:
    network = load_motion_network()
    # 2 px and 0.6 of the ground's 4 px: 4.4 px; with nothing across, of which networks have seen little.
    far, cut_off = (replace(STANDING, across_px=0.0, along_px=-8.0, lower_px=-8.0, cut_off=cut) for cut in (False, True))
    unknown = replace(cut_off, lower_px=math.nan, along_px=math.nan, ground_px=math.nan, ground_spread_px=math.nan)
    assert moves(network, [far], []).tolist() == [True]
    assert moves(network, [unknown], []).tolist() == [False]


def test_of_a_camera_that_stands_what_goes_moves() -> None:
    network = load_motion_network()
    strips = [replace(STANDING, still=True, across_px=STILL_CAMERA_PX + step, ground_px=math.nan, along_px=math.nan,
                      lower_px=math.nan, reach_px=0.0) for step in (-0.1, 0.1)]  # fmt: skip
    assert moves(network, strips, []).tolist() == [False, True]


def test_the_way_back_has_its_say() -> None:
    network = load_motion_network()
    unsure, gone = replace(STANDING, across_px=1.9, across_spread_px=0.8), replace(STANDING, across_px=6.0)
    alone = [bool(moves(network, [strip], [])[0]) for strip in (STANDING, gone)]
    assert alone == [False, True]
    assert moves(network, [STANDING, gone], [STANDING]).tolist() == moves(network, [STANDING, gone], [STANDING] * 3).tolist()
    assert moves(network, [unsure], [gone]).tolist() == [True]
    assert moves(network, [unsure], [STANDING]).tolist() == [False]
    assert moves(network, [STANDING], [STANDING, gone]).tolist() == moves(network, [STANDING], [gone]).tolist()  # the best counts


def test_it_learns_what_tells_them_apart(tmp_path: Path) -> None:
    lot = np.random.default_rng(3)
    rows = [
        StripRow(
            motion_features(replace(STANDING, across_px=float(lot.uniform(1.0, 4.0) if moved else lot.uniform(0.0, 0.3)))), moved
        )
        for moved in lot.random(400) < 0.3
    ]
    network = MotionNetwork()
    goal = MotionGoal(rows)
    fitting.fit(
        network, goal, MotionGoal(rows[:100]), fitting.Schedule(30, 64, 1e-2), seed=1, checkpoint=tmp_path / "c", resume=False
    )
    with torch.inference_mode():
        answers = network(torch.from_numpy(np.stack([row.features for row in rows]))) > 0
    assert np.mean(answers.numpy() == [row.moved for row in rows]) > 0.98
    assert network.mean.tolist() == pytest.approx(np.mean([row.features for row in rows], axis=0).tolist(), abs=1e-4)


def test_strips_of_one_kind_alone_teach_nothing() -> None:
    with pytest.raises(ConfigurationError, match="of 3 strips none moved; wanted both kinds"):
        MotionGoal([StripRow(motion_features(STANDING), moved=False)] * 3)
    with pytest.raises(ConfigurationError, match="of 0 strips"):
        MotionGoal([])
