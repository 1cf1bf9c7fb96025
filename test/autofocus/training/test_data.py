"""Samples on disk: an interrupted simulation goes on where it was, and another plan begins anew."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from auxfocus_ros.autofocus.training import data
from auxfocus_ros.autofocus.training.data import PatchPlan, simulated

PLAN = PatchPlan((), 24, 5, "bench_25mm", plain=False, procedural_share=1.0)


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data, "SHARD_ROWS", 8)


def test_an_interrupted_simulation_goes_on(tmp_path: Path) -> None:
    whole = simulated(tmp_path / "whole", PLAN, 1, lambda done, of: None)

    def interrupt(done: int, of: int) -> None:
        if done == 16:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulated(tmp_path / "halves", PLAN, 1, interrupt)
    told: list[tuple[int, int]] = []
    halves = simulated(tmp_path / "halves", PLAN, 1, lambda done, of: told.append((done, of)))
    assert told == [(16, 24), (24, 24)]
    for name, values in whole.items():
        assert values.shape[0] == 24
        np.testing.assert_allclose(np.asarray(values, np.float64), np.asarray(halves[name], np.float64), atol=2e-3)


def test_what_is_there_is_read_and_another_plan_begins_anew(tmp_path: Path) -> None:
    first = np.array(simulated(tmp_path, PLAN, 1, lambda done, of: None)["radius_px"])
    told: list[int] = []
    again = simulated(tmp_path, PLAN, 1, lambda done, of: told.append(done))
    assert told == [24]
    np.testing.assert_array_equal(first, again["radius_px"])
    other = simulated(tmp_path, dataclasses.replace(PLAN, seed=6), 1, lambda done, of: None)
    assert not np.array_equal(first, other["radius_px"])
