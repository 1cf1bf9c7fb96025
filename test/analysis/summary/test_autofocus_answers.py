"""What the methods would have done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from auxfocus_ros.analysis.summary.autofocus_answers import autofocus_answers


def test_by_hand(frame_table: Callable[..., Any]) -> None:
    """Best at 100. From 130 to 105: nearer and in focus; from 95 to 90: farther, yet in focus; from 100 to 180: farther."""
    table = frame_table(
        np.arange(5) / 10,
        lens_position_steps=[130.0, 95.0, 100.0, 100.0, 100.0],
        target_best_steps=[100.0, 100.0, 100.0, np.nan, 100.0],
        next_bayes_steps=[105.0, 90.0, 180.0, 100.2, np.nan],
        says_bayes=np.array(["looks", "looks", "looks", "in_focus", None], dtype=object),
    )
    said = autofocus_answers(table, 20.0)
    assert list(said) == ["bayes"]
    bayes = said["bayes"]
    assert bayes["asked"] == 4
    assert bayes["moves_share"] == pytest.approx(3 / 4)
    assert bayes["off_mean_steps"] == pytest.approx(95 / 3)
    assert bayes["stood_off_mean_steps"] == pytest.approx(35 / 3)
    assert bayes["nearer_share"] == pytest.approx(2 / 3)
    assert bayes["lands_share"] == pytest.approx(2 / 3)
    assert bayes["says"] == {"looks": 0.75, "in_focus": 0.25}


def test_unknown_targets_and_depth_of_focus(frame_table: Callable[..., Any]) -> None:
    table = frame_table(
        [0.0, 0.1], lens_position_steps=5.0, next_depth_steps=9.0, says_depth=np.array(["looks"] * 2, dtype=object)
    )
    depth = autofocus_answers(table, np.nan)["depth"]
    assert (depth["moves_share"], depth["asked"]) == (1.0, 2)
    assert np.isnan(depth["off_mean_steps"]) and np.isnan(depth["nearer_share"]) and np.isnan(depth["lands_share"])


def test_rare_words_are_counted_together(frame_table: Callable[..., Any]) -> None:
    words = np.array([f"w{number:02d}" for number in range(10)] + ["w03"], dtype=object)
    says = autofocus_answers(frame_table(np.arange(11) / 10, says_bayes=words), np.nan)["bayes"]["says"]
    assert list(says) == ["w03", "w00", "w01", "w02", "w04", "w05", "w06", "w07", "other"]
    assert says["w03"] == says["other"] == pytest.approx(2 / 11)
